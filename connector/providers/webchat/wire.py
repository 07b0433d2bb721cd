"""What the browser posts, checked field by field."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from connector.domain.request import Request
from connector.errors import Refused
from connector.providers.payload import json_object
from connector.providers.webchat.passes import LONGEST_FILE_ID
from connector.speech import Text

TEXT_LIMIT = 4000
FILES_LIMIT = 10
MARKS = ("source", "medium", "campaign", "term", "content")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e]")
# Nothing that ends a link, and nothing that shows it otherwise than it leads.
_NO_ADDRESS = re.compile(r"[\s<>\"\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHAPE = Text("Reload the page; {field} is not as it should be", "Обновите страницу; поле {field} задано неверно")
_EMPTY = Text("Write something or attach a file", "Напишите что-нибудь или приложите файл")


def _clean(value: Any) -> Any:
    return _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")) if isinstance(value, str) else value


def _short(value: Any) -> Any:
    """Facts about a page are told by the site: what is too long is cut, never a reason to lose a message."""
    return " ".join(_clean(value).split())[:300] if isinstance(value, str) else ""


def _address(value: Any) -> Any:
    """An http(s) address without its fragment, else an empty text."""
    if not isinstance(value, str) or len(value) > 2000 or _NO_ADDRESS.search(value):
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    sound = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return parts._replace(fragment="").geturl().replace("[", "%5B").replace("]", "%5D") if sound else ""


Clean = Annotated[str, BeforeValidator(_clean)]
Short = Annotated[str, BeforeValidator(_short)]
Address = Annotated[str, BeforeValidator(_address)]


class Part(BaseModel):
    """What we do not know is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)


P = TypeVar("P", bound=Part)


class PagePart(Part):
    """The page that the visitor is on."""

    url: Address = ""
    title: Short = ""


class UtmPart(Part):
    """How the visitor came to the site."""

    source: Short = ""
    medium: Short = ""
    campaign: Short = ""
    term: Short = ""
    content: Short = ""

    def marks(self) -> dict[str, str]:
        """Those that are set."""
        return {name: value for name in MARKS if (value := getattr(self, name))}


class ClientPart(Part):
    """What the visitor tells of themselves."""

    name: Short = ""
    email: Short = ""
    phone: Short = ""


class Arrival(Part):
    """``POST …/visitors``."""

    language: Short = ""
    page: PagePart = PagePart()
    utm: UtmPart = UtmPart()


class Message(Part):
    """``POST …/messages``."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")
    text: Clean = Field(default="", max_length=TEXT_LIMIT)
    files: tuple[Annotated[str, Field(max_length=LONGEST_FILE_ID)], ...] = Field(default=(), max_length=FILES_LIMIT)
    page: PagePart = PagePart()
    utm: UtmPart = UtmPart()
    client: ClientPart | None = None


class Rating(Part):
    """``POST …/rating``."""

    id: str = Field(pattern=r"^[0-9]{1,18}$")
    value: Literal["like", "dislike"]
    comment: Clean = Field(default="", max_length=1000)


class Seen(Part):
    """``POST …/seen``."""

    seq: int = Field(ge=0, le=2**53)


def said(request: Request) -> Message | Rating:
    """The message or the rating that a request bears. Raises ``Refused``: 400 or 415."""
    return request.once(_said)


def read(request: Request, kind: type[P]) -> P:
    """The body as ``kind``. Raises ``Refused``: 400 or 415."""
    try:
        return kind.model_validate(json_object(request))
    except ValidationError as error:
        field = ".".join(str(step) for step in error.errors(include_url=False)[0]["loc"][:2]) or "?"
        raise Refused("body.shape", hint=_SHAPE.with_(field=field[:40]), status=400) from None


def _said(request: Request) -> Message | Rating:
    if "value" in json_object(request):
        return read(request, Rating)
    message = read(request, Message)
    if not message.text.strip() and not message.files:
        raise Refused("message.empty", hint=_EMPTY, status=400)
    return message
