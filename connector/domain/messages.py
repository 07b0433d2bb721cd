"""What clients do in a conversation of an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from connector.domain.letters import Letter
from connector.domain.values import Contact, File, Location, Page, Person


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
    """A client wrote. ``text`` is BBCode; ``album`` joins the parts of one album (facts/providers.md §2.1).

    With a ``page`` (of a site's chat; maybe an empty one) ``client`` is what this message tells of them, not all that
    is known. ``letter`` is the letter behind a message that came by mail; ``notes`` tell the operator, as (English,
    Russian) pairs, what of it is not here.
    """

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
    page: Page | None = None
    letter: Letter | None = None
    notes: tuple[tuple[str, str], ...] = ()


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
