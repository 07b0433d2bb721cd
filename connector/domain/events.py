"""What happened, in our vocabulary. Past tense, frozen.

Every event has a ``kind`` (its name in mappings and in the journal), a ``lane`` (what must stay in order) and a
``position`` (the sender's own sequence inside the lane, 0 when it has none).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from connector.domain.values import Contact, File, Im, Location, Person


@dataclass(frozen=True, kw_only=True)
class FromAccount:
    """Base of everything that arrives through an account."""

    account: str
    conversation: str
    position: int = 0

    @property
    def lane(self) -> str:
        """One client conversation."""
        return f"{self.account}.{self.conversation}"


@dataclass(frozen=True, kw_only=True)
class MessageReceived(FromAccount):
    """A client wrote. ``text`` is BBCode; ``album`` joins the parts of one album (facts/providers.md §2.1)."""

    kind: Literal["message.received"] = "message.received"
    message_id: str
    client: Person
    text: str = ""
    files: tuple[File, ...] = ()
    location: Location | None = None
    contact: Contact | None = None
    reply_to: str = ""
    quote: str = ""
    forwarded_from: str = ""
    sent_at: datetime | None = None
    album: str = ""


@dataclass(frozen=True, kw_only=True)
class MessageEdited(FromAccount):
    """A client changed the text of an earlier message."""

    kind: Literal["message.edited"] = "message.edited"
    message_id: str
    client: Person
    text: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class MessageDeleted(FromAccount):
    """A client took messages back."""

    kind: Literal["message.deleted"] = "message.deleted"
    message_ids: tuple[str, ...]
    client: Person


@dataclass(frozen=True, kw_only=True)
class ButtonPressed(FromAccount):
    """A client pressed a button under one of our messages. ``press_id`` is what the provider wants acknowledged."""

    kind: Literal["button.pressed"] = "button.pressed"
    press_id: str
    data: str
    client: Person
    label: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ConversationBlocked(FromAccount):
    """The client blocked us; replies will be refused until they unblock."""

    kind: Literal["conversation.blocked"] = "conversation.blocked"
    client: Person


@dataclass(frozen=True, kw_only=True)
class ConversationUnblocked(FromAccount):
    """The client let us in again."""

    kind: Literal["conversation.unblocked"] = "conversation.unblocked"
    client: Person


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """A request that means nothing to us, kept as a value: ``what`` names the sender's own kind."""

    kind: Literal["ignored"] = "ignored"
    what: str
    lane: ClassVar[str] = "ignored"
    position: ClassVar[int] = 0


@dataclass(frozen=True, kw_only=True)
class FromPortal:
    """Base of what an operator did to a ``conversation`` of ``account`` (facts/bitrix24-openlines.md §1.9)."""

    portal: str
    connector: str
    line: str
    account: str
    conversation: str
    im: Im

    @property
    def lane(self) -> str:
        """The same conversation on the way out."""
        return f"{self.account}.{self.conversation}"

    @property
    def position(self) -> int:
        """``im.message_id`` is globally monotonic (§1.9)."""
        return int(self.im.message_id) if self.im.message_id.isdigit() else 0


@dataclass(frozen=True, kw_only=True)
class ReplyWritten(FromPortal):
    """An operator, a bot or the system wrote to the client. ``author`` is ``0`` for the system."""

    kind: Literal["reply.written"] = "reply.written"
    text: str = ""
    files: tuple[File, ...] = ()
    author: str = "0"
    params: dict[str, Any] = field(default_factory=dict)
    written_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ReplyEdited(FromPortal):
    """An operator changed a reply; ``message_ids`` are the provider's own."""

    kind: Literal["reply.edited"] = "reply.edited"
    message_ids: tuple[str, ...]
    text: str = ""
    author: str = "0"


@dataclass(frozen=True, kw_only=True)
class ReplyDeleted(FromPortal):
    """An operator took a reply back."""

    kind: Literal["reply.deleted"] = "reply.deleted"
    message_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OutcomeOfReply(FromPortal):
    """Base of the word back to the portal; it never waits behind the client's own messages."""

    @property
    def lane(self) -> str:
        """The replies of one conversation."""
        return f"reply.{self.account}.{self.conversation}"


@dataclass(frozen=True, kw_only=True)
class ReplyDelivered(OutcomeOfReply):
    """The provider accepted a reply under ``message_ids``; the portal is to be told."""

    kind: Literal["reply.delivered"] = "reply.delivered"
    message_ids: tuple[str, ...]
    notes: tuple[tuple[str, str], ...] = ()
    delivered_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ReplyRefused(OutcomeOfReply):
    """The provider refused; the operator is to see why. ``why`` is (English, Russian)."""

    kind: Literal["reply.refused"] = "reply.refused"
    why: tuple[str, str]
    author: str = "0"


@dataclass(frozen=True, kw_only=True)
class AboutSession:
    """Base of what happened to an Open Lines session of an external conversation (§1.9)."""

    portal: str
    connector: str
    line: str
    account: str
    conversation: str
    session_id: str
    position: ClassVar[int] = 0

    @property
    def lane(self) -> str:
        """Facts about sessions never wait behind the conversation whose proof may need them."""
        return f"session.{self.session_id}"


@dataclass(frozen=True, kw_only=True)
class DialogStarted(AboutSession):
    """A session was opened."""

    kind: Literal["dialog.started"] = "dialog.started"


@dataclass(frozen=True, kw_only=True)
class DialogFinished(AboutSession):
    """A session was really closed, minutes to hours after the operator's *finish*."""

    kind: Literal["dialog.finished"] = "dialog.finished"


@dataclass(frozen=True, kw_only=True)
class AboutPortal:
    """Base of what concerns the portal itself; all of it shares one lane."""

    portal: str
    lane: ClassVar[str] = "portal"
    position: ClassVar[int] = 0


@dataclass(frozen=True, kw_only=True)
class AppInstalled(AboutPortal):
    """The application was installed or updated. ``grant`` is the token pair, sealed; empty when already kept."""

    kind: Literal["app.installed"] = "app.installed"
    grant: str = ""


@dataclass(frozen=True, kw_only=True)
class AppUninstalled(AboutPortal):
    """The application was removed; ``clean`` when the user ticked "delete settings and data" (platform §4.8)."""

    kind: Literal["app.uninstalled"] = "app.uninstalled"
    clean: bool = False


@dataclass(frozen=True, kw_only=True)
class LineConnected(AboutPortal):
    """A person bound an account to an open line in the settings slider (§1.10)."""

    kind: Literal["line.connected"] = "line.connected"
    connector: str
    line: str
    account: str


@dataclass(frozen=True, kw_only=True)
class LineDisconnected(AboutPortal):
    """A connector was switched off for a line, or the line was deleted; ``connector`` empty means any.

    Not ``asked``: the portal has done it already; switching off again would loop (facts/bitrix24-openlines.md §1.3).
    """

    kind: Literal["line.disconnected"] = "line.disconnected"
    connector: str
    line: str
    asked: bool = False


Event = (
    MessageReceived
    | MessageEdited
    | MessageDeleted
    | ButtonPressed
    | ConversationBlocked
    | ConversationUnblocked
    | Ignored
    | ReplyWritten
    | ReplyEdited
    | ReplyDeleted
    | ReplyDelivered
    | ReplyRefused
    | DialogStarted
    | DialogFinished
    | AppInstalled
    | AppUninstalled
    | LineConnected
    | LineDisconnected
)

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def dump(event: Event) -> str:
    """The event as JSON text; :func:`load` reads it back."""
    return _ADAPTER.dump_json(event).decode()


def load(text: str | bytes) -> Event:
    """The event that :func:`dump` wrote. Raises ``pydantic.ValidationError`` on anything else."""
    return _ADAPTER.validate_json(text)
