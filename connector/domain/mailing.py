"""What happens to letters before they are messages, and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from connector.domain.messages import FromAccount, MessageReceived

QUARANTINE = "mail.spam"  # the cause for which letters taken for spam are parked: they are held, and no failure


@dataclass(frozen=True, kw_only=True)
class LetterReceived(FromAccount):
    """A letter came. ``conversation`` is what it says of its thread by itself; the ``message`` goes on from here in the
    conversation that it belongs to by all that is known.

    All letters of an account are one lane: each is looked up among those before it, whichever thread they name.
    """

    kind: Literal["letter.received"] = "letter.received"
    message: MessageReceived

    @property
    def lane(self) -> str:
        """One mailbox."""
        return f"{self.account}.letters"


@dataclass(frozen=True, kw_only=True)
class LetterBounced(FromAccount):
    """A server could not hand over **our** letter ``message_id`` to ``recipient``.

    ``status`` is RFC 3463's (``5.1.1``) or empty, ``said`` the server's own words; not ``final``: it goes on trying.
    """

    kind: Literal["letter.bounced"] = "letter.bounced"
    message_id: str
    recipient: str = ""
    status: str = ""
    said: str = ""
    final: bool = True


@dataclass(frozen=True, kw_only=True)
class MachineAnswered(FromAccount):
    """A machine of the client's answered a letter of ours: ``text`` is BBCode. ``because`` is the id of that answer."""

    kind: Literal["machine.answered"] = "machine.answered"
    because: str
    sender: str
    text: str


@dataclass(frozen=True, kw_only=True)
class LetterWanted(FromAccount):
    """The rules want an automatic letter to the client of a conversation: ``text`` is BBCode; ``subject`` empty for the
    thread's own. ``because`` is the id of the message that it answers."""

    kind: Literal["letter.wanted"] = "letter.wanted"
    because: str
    text: str
    subject: str = ""


MailEvent = LetterReceived | LetterBounced | MachineAnswered | LetterWanted
