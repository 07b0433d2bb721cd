"""A mailbox in ``connector.yaml`` (facts/providers.md §4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from connector.providers.postal import PostalSettings, ServerSettings
from connector.speech import Text

PORTS = {"tls": 993, "starttls": 143, "none": 143}
SHARED = ("user", "ca")  # what smtp takes from imap when it does not say it itself

_WAY_IN = Text("`password` or `oauth`", "`password` или `oauth`")
_GIVE_ONE = Text(
    "an app password of the mailbox (made in its settings), or the OAuth client by which we may read it",
    "пароль приложения для ящика (создаётся в его настройках) или клиент OAuth, которому разрешён доступ",
)
_PASSWORD = Text("a password in one line", "пароль в одну строку")
_FOLDER = Text("the name of a folder", "имя папки")
_FOLDER_EXAMPLE = Text("for example INBOX or Заявки", "например INBOX или Заявки")
_ONCE = Text("each folder once", "каждая папка один раз")


def _folder(name: str) -> str:
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise ValueError(_FOLDER, _FOLDER_EXAMPLE)
    return name


Folder = Annotated[str, AfterValidator(_folder)]


class ImapSettings(ServerSettings):
    """How letters come. ``user`` is the account's ``address`` unless said otherwise.

    ``folders`` are read, each over a connection of its own; replies are filed in ``sent``, by default the folder that
    the server flags so. New letters are told by the server (IDLE), and asked for every ``poll`` seconds besides. The
    first connection begins with what comes from then on, or ``since`` so many days ago. Of letters of more than
    ``largest`` bytes only the headers are read. No flag is ever changed unless ``mark_seen``.
    """

    user: str = Field(default="", pattern=r"^[^\r\n]*$", examples=["support@acme.ru"])
    password: SecretStr | None = None
    folders: list[Folder] = Field(default_factory=lambda: ["INBOX"], min_length=1, max_length=12)
    sent: str = Field(default="", max_length=200)
    poll: float = Field(default=120.0, ge=1, le=600)
    since: int = Field(default=0, ge=0, le=3650)
    largest: int = Field(default=30 * 1024 * 1024, ge=65536)
    mark_seen: bool = False

    @field_validator("password")
    @classmethod
    def _one_line(cls, value: SecretStr | None) -> SecretStr | None:
        plain = "none" if value is None else value.get_secret_value()
        if not plain.strip() or any(sign in plain for sign in "\r\n\0"):
            raise ValueError(_PASSWORD, _GIVE_ONE)
        return value

    @model_validator(mode="after")
    def _way_in(self) -> ImapSettings:
        if self.password is None and self.oauth is None:
            raise ValueError(_WAY_IN, _GIVE_ONE)
        return self

    @field_validator("folders")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len({_named(name) for name in value}) < len(value):
            raise ValueError(_ONCE, _FOLDER_EXAMPLE)
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Where the server listens."""
        return self.host, self.port or PORTS[self.security]


class MailboxSettings(PostalSettings):
    """A mailbox: letters come by ``imap`` and leave by ``smtp``, which takes from ``imap`` who we are unless it says it
    itself."""

    model_config = ConfigDict(hide_input_in_errors=True)

    imap: ImapSettings = Field(examples=[{"host": "imap.acme.ru", "password": "${PASSWORD}"}])

    @model_validator(mode="before")
    @classmethod
    def _shared(cls, raw: Any) -> Any:
        imap, smtp = (raw.get("imap"), raw.get("smtp")) if isinstance(raw, Mapping) else (None, None)
        if not isinstance(imap, Mapping) or not isinstance(smtp, Mapping):
            return raw
        ways = () if {"password", "oauth"} & smtp.keys() else ("password", "oauth")
        taken = {name: imap[name] for name in (*SHARED, *ways) if name in imap}
        return {**raw, "smtp": {**taken, **smtp}}

    @property
    def user(self) -> str:
        """Who we are to the IMAP server."""
        return self.imap.user or self.address


def _named(folder: str) -> str:
    """INBOX is one folder in any case, all others are what they are."""
    return folder.upper() if folder.upper() == "INBOX" else folder
