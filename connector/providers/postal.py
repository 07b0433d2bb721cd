"""What all accounts of mail share: their settings, and how a digest of a letter is kept and read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from connector.domain.door import Read, Store
from connector.domain.events import Event
from connector.domain.mailbox import MailSettings
from connector.domain.provider import Source
from connector.domain.request import Request
from connector.domain.values import File, FileKind
from connector.letters import Mailbox, digest, fingerprint, told
from connector.providers.addresses import SafeUrl
from connector.speech import Text

KEPT = "kept:"  # a file that lies in our store already
FILES: frozenset[FileKind] = frozenset(
    {"image", "voice", "audio", "video", "document", "sticker"}
)  # what a letter can enclose
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2">'
    '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="m4 7 8 6 8-6"/></svg>'
)
Security = Literal["tls", "starttls", "none"]

_ONE = Text("either `password` or `oauth`", "либо `password`, либо `oauth`")
_ONE_HINT = Text(
    "an app password of the mailbox, or the OAuth client by which we may read it",
    "пароль приложения для ящика или клиент OAuth, которому разрешён доступ",
)
_ENCRYPTED = Text("tls or starttls (none is for this computer only)", "tls или starttls (none — только внутри машины)")
_ENCRYPT = Text("passwords and letters travel over this connection", "по этому соединению идут пароли и письма")


class OAuthSettings(BaseModel):
    """An OAuth client that may use the mailbox (XOAUTH2): its ``refresh_token`` buys tokens at ``token_url``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_url: SafeUrl = Field(examples=["https://oauth2.googleapis.com/token"])
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr
    scope: str = ""


class ServerSettings(BaseModel):
    """A mail server and who we are there. ``security`` ``none`` is for loopback only; certificates are verified, by the
    system or by the authority in the file ``ca``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = Field(min_length=1)
    port: int = Field(default=0, ge=0, le=65535)
    security: Security = "tls"
    ca: str = ""
    user: str = Field(default="", examples=["support@acme.ru"])
    password: SecretStr | None = None
    oauth: OAuthSettings | None = None

    @field_validator("security")
    @classmethod
    def _guarded(cls, value: Security, info: ValidationInfo) -> Security:
        if value == "none" and not _on_this_machine(info.data.get("host", "localhost")):
            raise ValueError(_ENCRYPTED, _ENCRYPT)
        return value

    @model_validator(mode="after")
    def _one_way_in(self) -> ServerSettings:
        if self.password is not None and self.oauth is not None:
            raise ValueError(_ONE, _ONE_HINT)
        return self


class SmtpSettings(ServerSettings):
    """How letters leave. ``pace`` is how many a minute at most; ``largest`` are the bytes that a letter may have,
    fewer where the server says so.

    ``copy`` says who keeps what we sent: ``append`` (we put it into the Sent folder by IMAP), ``server`` (it does so
    itself, as Gmail and Yandex do), ``bcc`` (we send a hidden copy to our own address), ``none``; ``auto`` is
    ``server`` for the hosts that are known to, else ``append`` where there is IMAP, else ``none``.
    """

    pace: int = Field(default=30, ge=1, le=6000)
    largest: int = Field(default=20 * 1024 * 1024, ge=65536)
    copy_: Literal["auto", "append", "server", "bcc", "none"] = Field(default="auto", alias="copy")


def usual(**server: Any) -> BeforeValidator:
    """Of ``smtp`` an account of a service says only what differs from the service's own ``server``."""
    return BeforeValidator(lambda value: {**server, **value} if isinstance(value, Mapping) else value)


class PostalSettings(MailSettings):
    """An account of mail, whichever way letters come to it."""

    smtp: SmtpSettings = Field(examples=[{"host": "smtp.acme.ru"}])


def mailbox(settings: PostalSettings) -> Mailbox:
    """The account as letters are read for it."""
    spam = {} if settings.spam is None else {"spam": settings.spam}
    return Mailbox(account=settings.account, addresses=settings.boxes, domain=settings.domain, **spam)


def frame(letter: Mapping[str, Any]) -> bytes:
    """A digest as the body of an envelope."""
    return json.dumps(letter, ensure_ascii=True, separators=(",", ":")).encode()


def parse(request: Request, settings: PostalSettings) -> list[Event]:
    """The events of the letter whose digest is the body."""
    return told(request.once(_digest), mailbox(settings))


def dedupe_key(request: Request, settings: PostalSettings) -> str:
    """The letter itself, whichever way and however often it came."""
    try:
        return f"letter:{fingerprint(request.once(_digest))}"
    except (ValueError, AttributeError, KeyError, TypeError):
        return ""


def anew(request: Request, settings: PostalSettings, read: Read, store: Store) -> Request:
    """A kept frame whose letter could not be taken apart, digested again by today's code; any other stays as it is.

    Raises what ``read`` and the digesting raise.
    """
    kept = request.once(_digest)
    if not isinstance(kept, dict) or not kept.get("broken") or not kept.get("raw"):
        return request
    at = datetime.fromisoformat(kept["received"])
    return replace(request, body=frame(digest(read(kept["raw"]), store, where=kept["where"], received=at)))


def locate(file: File, settings: PostalSettings, http: Any) -> Source:
    """All files of letters were brought with them."""
    return Source(url=KEPT + file.ref, name=file.name, mime=file.mime)


def _on_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _digest(request: Request) -> Any:
    return json.loads(request.body)
