"""What happened, in our vocabulary. Past tense, frozen.

Every event has a ``kind`` (its name in mappings and in the journal), a ``lane`` (what must stay in order) and a
``position`` (the sender's own sequence inside the lane, 0 when it has none).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from connector.domain.callbacks import CallBackChanged as CallBackChanged
from connector.domain.callbacks import CallBackEvent
from connector.domain.callbacks import CallPrepared as CallPrepared
from connector.domain.callbacks import CallRefused as CallRefused
from connector.domain.callbacks import CallRequested as CallRequested
from connector.domain.callbacks import ClientReached as ClientReached
from connector.domain.calls import CallAnswered as CallAnswered
from connector.domain.calls import CallEnded as CallEnded
from connector.domain.calls import CallEvent
from connector.domain.calls import CallFinished as CallFinished
from connector.domain.calls import CallHeld as CallHeld
from connector.domain.calls import CallRecorded as CallRecorded
from connector.domain.calls import CallRinging as CallRinging
from connector.domain.calls import CallSettled as CallSettled
from connector.domain.calls import CallStarted as CallStarted
from connector.domain.calls import CallTranscribed as CallTranscribed
from connector.domain.calls import CallTransferred as CallTransferred
from connector.domain.calls import CallUnwatched as CallUnwatched
from connector.domain.calls import LegEnded as LegEnded
from connector.domain.calls import RecordingDue as RecordingDue
from connector.domain.calls import TranscriptDue as TranscriptDue
from connector.domain.life import AppInstalled as AppInstalled
from connector.domain.life import AppUninstalled as AppUninstalled
from connector.domain.life import HandlersChecked as HandlersChecked
from connector.domain.life import LineConnected as LineConnected
from connector.domain.life import LineDisconnected as LineDisconnected
from connector.domain.mailing import LetterBounced as LetterBounced
from connector.domain.mailing import LetterReceived as LetterReceived
from connector.domain.mailing import LetterWanted as LetterWanted
from connector.domain.mailing import MachineAnswered as MachineAnswered
from connector.domain.mailing import MailEvent
from connector.domain.mapping import EventMapped as EventMapped
from connector.domain.mapping import RecordChanged as RecordChanged
from connector.domain.messages import ButtonPressed as ButtonPressed
from connector.domain.messages import ConversationBlocked as ConversationBlocked
from connector.domain.messages import ConversationUnblocked as ConversationUnblocked
from connector.domain.messages import FromAccount as FromAccount
from connector.domain.messages import MessageDeleted as MessageDeleted
from connector.domain.messages import MessageEdited as MessageEdited
from connector.domain.messages import MessageReceived as MessageReceived
from connector.domain.values import File, Im


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
    """An operator, a bot or the system wrote to the client. ``author`` is ``0`` for the system.

    ``lines`` are the messages that it is made of where several became one letter, this one among them; else empty.
    """

    kind: Literal["reply.written"] = "reply.written"
    text: str = ""
    files: tuple[File, ...] = ()
    author: str = "0"
    params: dict[str, Any] = field(default_factory=dict)
    written_at: datetime | None = None
    lines: tuple[Im, ...] = ()


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
    author: str = "0"


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
    | HandlersChecked
    | AppUninstalled
    | LineConnected
    | LineDisconnected
    | EventMapped
    | RecordChanged
    | CallEvent
    | CallBackEvent
    | MailEvent
)


@cache
def _adapter() -> TypeAdapter[Event]:
    """Made when an event is first read or written: it takes as long to make as all these classes."""
    return TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def dump(event: Event) -> str:
    """The event as JSON text; :func:`load` reads it back."""
    return _adapter().dump_json(event).decode()


def plain(event: Event) -> dict[str, Any]:
    """The event as plain data: what its JSON text says."""
    told: dict[str, Any] = _adapter().dump_python(event, mode="json")
    return told


def load(text: str | bytes) -> Event:
    """The event that :func:`dump` wrote. Raises ``pydantic.ValidationError`` on anything else."""
    return _adapter().validate_json(text)
