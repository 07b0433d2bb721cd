"""What a provider folder offers: one ``PROVIDER`` manifest (DESIGN.md §7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from connector.domain.door import Door
from connector.domain.effects import Command, Dial
from connector.domain.ports import Refreshed
from connector.domain.request import Reply, Request
from connector.domain.values import File, FileKind, Receipt
from connector.speech import Text

if TYPE_CHECKING:
    from connector.domain.sources import SourceRole
    from connector.domain.telephony import Telephony


class AccountSettings(BaseModel):
    """One account in ``connector.yaml``. A provider adds its own fields; secrets are ``pydantic.SecretStr``."""

    # A process builds the models of those providers alone that its accounts have.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    account: str
    provider: str
    portal: str
    line: int | None = None
    api_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What the channel can do, as data. A ``None`` limit is not known; sizes are bytes, ``text`` is characters.

    ``faces``: the client sees the operator's name and picture beside the message.
    """

    text: int | None = None
    caption: int | None = None
    edit: bool = False
    delete: bool = False
    read_receipts: bool = False
    buttons: bool = False
    files: frozenset[FileKind] = frozenset()
    upload: int | None = None
    download: int | None = None
    window_hours: int | None = None
    faces: bool = False


class Http(Protocol):
    """The part of ``requests.Session`` that an adapter uses: ``request(method, url, **options)`` → ``Response``."""

    @property
    def request(self) -> Callable[..., Any]:
        """Send; adapters pass ``allow_redirects=False`` and a ``timeout``."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Bytes of a file that leaves with a message."""

    name: str
    mime: str
    kind: FileKind
    size: int
    url: str
    read: Callable[[], bytes]


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A command on its way out, with the files it carries (same order as ``Send.files``).

    ``idempotency_key`` is the effect's ledger key, for providers that accept one.
    """

    command: Command | Dial
    uploads: tuple[Upload, ...] = ()
    idempotency_key: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a provider's file really lies: a URL and the headers to ask with (never logged).

    ``kept:<key>`` is a file of our own media store, which nobody has to fetch.
    """

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    name: str = ""
    mime: str = ""


@dataclass(frozen=True, kw_only=True)
class Channel(Door):
    """A messenger-like role of a provider.

    ``send`` raises ``TransientError``, ``PermanentError`` or ``Stopped``; ``locate`` tells where a file lies (it may
    ask the provider). ``through`` is what both are given: the vendor's ``Http``, or the
    :class:`~connector.domain.ports.Chats` of a conversation that we keep ourselves. ``look`` tells whether the message
    of that id is seen to have left (``look(message_id, settings, http)``); ``doubt`` are the seconds after which what
    may still be under way there is seen by it.
    """

    send: Callable[[Outgoing, Any, Any], Receipt]
    locate: Callable[[File, Any, Any], Source]
    through: Literal["http", "chats"] = "http"
    look: Callable[[str, Any, Any], bool] | None = None
    doubt: float = 0.0


@dataclass(frozen=True)
class Finding:
    """One line of ``connector check``: what was looked at, whether it is right, and what to do if not.

    ``code`` is its stable name for programs (``portal.scopes``), ``mend`` the command that puts it right.
    """

    what: Text
    state: Literal["ok", "warn", "bad"]
    hint: Text | None = None
    code: str = ""
    mend: str = ""


class StandIn(Protocol):
    """A pretend provider for demo and tests: it answers our calls and writes as a customer.

    ``handle`` plays the provider's API. ``say``, ``edit``, ``attach`` and ``forge`` build the webhook request
    that the real provider would post to us, signed where it signs. ``heard`` is what the customer of
    ``conversation`` sees now: texts in order, files as ``"[file name]"``, after edits and deletions.
    """

    def handle(self, request: Request) -> Reply: ...

    def say(self, conversation: str, text: str) -> Request: ...

    def edit(self, request: Request, text: str) -> Request | None: ...

    def attach(self, conversation: str, name: str, content: bytes, caption: str = "") -> Request: ...

    def forge(self, conversation: str, text: str) -> Request: ...

    def heard(self, conversation: str) -> list[str]: ...

    def refuse_next(self, count: int = 1) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The manifest. ``settings`` is the account's model (who is only a ``source`` has no accounts);
    ``standin(settings)`` builds the pretend provider; ``demo_settings(api_url)`` gives the raw account mapping that
    points at it; ``check`` and ``connect`` look at and set up the provider's side (for instance a webhook) for a public
    hook URL. ``session(settings, http, refreshed)`` makes what the adapter is given instead of the plain ``Http``,
    where it keeps something between two calls (a token, a pace): one per account and process, used by many threads."""

    slug: str
    title: Text
    settings: type[AccountSettings] = AccountSettings
    capabilities: Capabilities = field(default_factory=Capabilities)
    channel: Channel | None = None
    telephony: Telephony | None = None
    source: SourceRole | None = None
    standin: Callable[[Any], StandIn] | None = None
    demo_settings: Callable[[str], dict[str, Any]] | None = None
    check: Callable[[Any, str, Http], Sequence[Finding]] | None = None
    connect: Callable[[Any, str, Http], Sequence[Finding]] | None = None
    session: Callable[[Any, Http, Refreshed | None], Http] | None = None
    icon_svg: str = ""
    color: str = "#1f86ff"

    @property
    def door(self) -> Door | None:
        """Where its requests come in."""
        return self.channel or self.telephony
