"""A list of an HTTP API in ``connector.yaml``."""

from __future__ import annotations

from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator

from connector.providers.addresses import SafeUrl
from connector.providers.services import ServiceSettings
from connector.speech import Text

_ONE = Text("one of basic, bearer, oauth", "что-то одно: basic, bearer или oauth")
_ONE_HINT = Text("leave the one that the service asks for", "оставьте то, чего требует сервис")
_CURSOR = Text("`cursor`, the path to the next cursor in the answer", "`cursor` — путь к следующему курсору в ответе")
_CURSOR_HINT = Text("for example cursor: meta.next_cursor", "например cursor: meta.next_cursor")
_SIZE = Text("at least 2 rows on a page", "не меньше 2 строк на странице")
_SIZE_HINT = Text(
    "the last row of each page is asked for again, to see whether rows have shifted",
    "последняя строка каждой страницы запрашивается снова: так видно, не сдвинулись ли строки",
)
_FORM = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
_NAMES = {"offset": "offset", "page": "page", "cursor": "cursor"}


class Basic(BaseModel):
    """A user and a password."""

    model_config = _FORM

    user: str = Field(min_length=1)
    password: SecretStr


class ClientCredentials(BaseModel):
    """An OAuth client (RFC 6749 §4.4) that buys tokens at ``token_url``; ``style`` tells how it proves itself there:
    by fields of the form (``body``) or by basic authentication. ``extra`` are more fields of the form."""

    model_config = _FORM

    token_url: SafeUrl = Field(examples=["https://login.example.com/oauth/token"])
    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    scope: str = ""
    style: Literal["body", "basic"] = "body"
    extra: dict[str, str] = Field(default={}, examples=[{"audience": "https://api.example.com"}])


class Access(BaseModel):
    """How we sign in: one of the three, or nothing. A key in a header of the service's own belongs into ``headers``."""

    model_config = _FORM

    basic: Basic | None = None
    bearer: SecretStr | None = None
    oauth: ClientCredentials | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Access:
        if sum(each is not None for each in (self.basic, self.bearer, self.oauth)) > 1:
            raise ValueError(_ONE, _ONE_HINT)
        return self


class Pages(BaseModel):
    """How the list is cut into pages.

    ``by``: ``none`` (one answer has all), ``link`` (the address of the next page: in the ``Link`` header, or at the
    path ``next`` in the answer), ``offset``, ``page`` (its number, from ``first`` on) or ``cursor`` (found at the path
    ``cursor`` in the answer). ``param`` is the parameter that bears it, ``size`` the rows of a page, which
    ``size_param`` bears. ``more`` and ``total`` are paths in the answer to "is there more" and to the number of all
    rows. ``steady``: no row ever leaves or changes its place in the list, so what a full read does not see is gone.
    """

    model_config = _FORM

    by: Literal["none", "link", "offset", "page", "cursor"] = "none"
    param: str = ""
    size: int = Field(default=100, ge=1, le=20_000)
    size_param: str = Field(default="", examples=["limit"])
    first: int = Field(default=1, ge=0, le=1)
    next: str = Field(default="", examples=["links.next"])
    cursor: str = Field(default="", examples=["meta.next_cursor"])
    more: str = Field(default="", examples=["meta.has_more"])
    total: str = Field(default="", examples=["meta.total"])
    steady: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Pages:
        if self.by == "cursor" and not self.cursor:
            raise ValueError(_CURSOR, _CURSOR_HINT)
        if self.by == "offset" and self.size < 2:
            raise ValueError(_SIZE, _SIZE_HINT)
        return self

    @property
    def name(self) -> str:
        """The parameter that bears the place."""
        return self.param or _NAMES.get(self.by, "")

    @property
    def trusted(self) -> bool:
        """Whether a full read sees all that there is, or tells that it may not have: then what is missing is gone.

        Pages by number and by link cannot be held against one another when rows leave the list meanwhile.
        """
        return self.steady or self.by in ("none", "cursor", "offset")


class Changed(BaseModel):
    """How to ask for what has changed: ``param`` bears the moment, written as ``format`` (or as a pattern of strftime);
    ``column`` is the path to a row's own moment; without it the next run asks from the beginning of this one on."""

    model_config = _FORM

    param: str = Field(min_length=1, examples=["updated_since"])
    format: str = Field(default="iso", pattern=r"^(iso|date|unix|unix_ms|.*%.*)$", examples=["unix"])
    column: str = Field(default="", examples=["updated_at"])


class Deleted(BaseModel):
    """A row is a tombstone when its ``column`` is one of ``is``; without ``is`` when it says anything but no."""

    model_config = _FORM

    column: str = Field(min_length=1, examples=["deleted_at"])
    is_: JsonValue = Field(default=None, alias="is", examples=[True])

    def true_of(self, said: Any) -> bool:
        """Whether ``said`` in that column means that the record was deleted."""
        if self.is_ is None:
            return bool(said) and said not in ("false", "0", "no")
        wanted = self.is_ if isinstance(self.is_, list) else [self.is_]
        return any(said == each and isinstance(said, bool) == isinstance(each, bool) for each in wanted)


class HttpJsonSettings(ServiceSettings):
    """A list of an API: ``params`` and ``headers`` go with each request, ``records`` is the path to the rows in the
    answer (empty: the answer is the list)."""

    params: dict[str, SecretStr] = Field(default={}, examples=[{"status": "all"}])
    headers: dict[str, SecretStr] = Field(default={}, examples=[{"X-Api-Key": "${ERP_KEY}"}])
    auth: Access = Access()
    records: str = Field(default="", examples=["data.items"])
    pages: Pages = Pages()
    changed: Changed | None = None
    deleted: Deleted | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Where the service's clock stands, for times without an offset."""
        return ZoneInfo(self.timezone or "UTC")
