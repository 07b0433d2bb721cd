"""What happens to a call: events as in :mod:`connector.domain.events`, which tells them all.

A PBX tells of a call in pieces, maybe doubled, late or out of order. Every piece therefore says all that it knows of
the call; :mod:`connector.handlers.calls` puts them together (facts/bitrix24-telephony-crm.md §1.13).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from connector.domain.values import File

Direction = Literal["", "incoming", "outgoing", "internal"]
# Why there was no talk, or why a leg ended; empty: a talk ended in the usual way, or nobody says.
Cause = Literal[
    "",
    "missed",  # it rang and nobody answered
    "busy",
    "refused",  # somebody declined
    "cancelled",  # whoever called gave up
    "unreachable",  # the telephone is off, congestion, the direction is not there
    "invalid",  # no such number
    "forbidden",
    "no_money",
    "voicemail",
    "after_hours",
    "lost",  # the end was not seen
    "failed",
]
Transfer = Literal["blind", "attended"]


@dataclass(frozen=True, kw_only=True)
class AboutCall:
    """Base of what a PBX tells of one call.

    ``call`` is the PBX's id that all legs of the call share. ``leg`` is the channel that this is about; empty for a
    PBX that says itself when a whole call is over. ``at`` is the PBX's own time of it (aware), else the time of
    receipt. ``client`` and ``line`` are the number of the other side and our own number, as the PBX writes them;
    ``employee`` is the extension or login that this is about. Empty means: not told here.
    """

    account: str
    call: str
    at: datetime
    leg: str = ""
    direction: Direction = ""
    client: str = ""
    name: str = ""
    line: str = ""
    employee: str = ""

    @property
    def lane(self) -> str:
        """One call."""
        return f"call.{self.account}.{self.call}"

    @property
    def position(self) -> int:
        """Milliseconds of the PBX's clock: what comes late but happened before is handled before."""
        return int(self.at.timestamp() * 1000)


@dataclass(frozen=True, kw_only=True)
class CallStarted(AboutCall):
    """A call came in or was dialled, or one more leg of it began (``leg``)."""

    kind: Literal["call.started"] = "call.started"


@dataclass(frozen=True, kw_only=True)
class CallRinging(AboutCall):
    """It rings at ``employee``; without one, at the client."""

    kind: Literal["call.ringing"] = "call.ringing"


@dataclass(frozen=True, kw_only=True)
class CallAnswered(AboutCall):
    """``employee`` talks with the client: they answered it (incoming), or the client answered theirs (outgoing)."""

    kind: Literal["call.answered"] = "call.answered"


@dataclass(frozen=True, kw_only=True)
class CallHeld(AboutCall):
    """``employee`` put the client on hold, or took them back."""

    kind: Literal["call.held"] = "call.held"
    held: bool


@dataclass(frozen=True, kw_only=True)
class CallTransferred(AboutCall):
    """``employee`` gave the call to the extension ``to``. After an attended transfer they talk already."""

    kind: Literal["call.transferred"] = "call.transferred"
    to: str
    how: Transfer = "blind"


@dataclass(frozen=True, kw_only=True)
class LegEnded(AboutCall):
    """One leg is over, or it stopped ringing at ``employee``: the call itself may go on."""

    kind: Literal["call.leg_ended"] = "call.leg_ended"
    cause: Cause = ""


@dataclass(frozen=True, kw_only=True)
class CallUnwatched(AboutCall):
    """A part of the call was not seen: nobody listened. What is known may be wrong; the PBX's history is right."""

    kind: Literal["call.unwatched"] = "call.unwatched"


@dataclass(frozen=True, kw_only=True)
class CallEnded(AboutCall):
    """The whole call is over, says the PBX; ``employee`` is who talked in the end.

    ``talk`` are seconds of talk (0: none, ``None``: not told). ``started_at``, ``answered_at`` are told by summaries.
    ``past``: read from the PBX's history, so nothing pops up any more. ``detail`` is the PBX's own word for ``cause``.
    """

    kind: Literal["call.ended"] = "call.ended"
    cause: Cause = ""
    talk: int | None = None
    started_at: datetime | None = None
    answered_at: datetime | None = None
    past: bool = False
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class CallRecorded(AboutCall):
    """There is a recording; ``recording.ref`` is the PBX's handle of it (a URL, a path, an id)."""

    kind: Literal["call.recorded"] = "call.recorded"
    recording: File


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """One phrase of a transcript; ``begin`` and ``end`` are whole seconds from the start of the call."""

    side: Literal["User", "Client"]
    begin: int
    end: int
    text: str


@dataclass(frozen=True, kw_only=True)
class CallTranscribed(AboutCall):
    """There is a transcript."""

    kind: Literal["call.transcribed"] = "call.transcribed"
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, kw_only=True)
class CallSettled(AboutCall):
    """The call looked over for a while: if it still does, it is finished in Bitrix24. We tell ourselves."""

    kind: Literal["call.settled"] = "call.settled"


@dataclass(frozen=True, kw_only=True)
class AfterCall:
    """Base of what is done once a call is finished in Bitrix24, under its ``call_id`` there."""

    portal: str
    account: str
    call: str
    call_id: str
    position: ClassVar[int] = 0


@dataclass(frozen=True, kw_only=True)
class RecordingDue(AfterCall):
    """A recording is to be attached. It may come up at the PBX minutes later, so it has a lane of its own."""

    kind: Literal["call.recording_due"] = "call.recording_due"
    recording: File

    @property
    def lane(self) -> str:
        """One recording."""
        ref = hashlib.sha256(self.recording.ref.encode()).hexdigest()[:16]
        return f"recording.{self.account}.{self.call}.{ref}"


@dataclass(frozen=True, kw_only=True)
class TranscriptDue(AfterCall):
    """A transcript is to be attached."""

    kind: Literal["call.transcript_due"] = "call.transcript_due"
    phrases: tuple[Phrase, ...]

    @property
    def lane(self) -> str:
        """The transcripts of one call."""
        return f"transcript.{self.account}.{self.call}"


@dataclass(frozen=True, kw_only=True)
class CallFinished(AfterCall):
    """The call is in Bitrix24, whole: what rules see, and what a call back is decided by.

    ``phone`` is E.164 (empty: hidden); ``user`` the Bitrix24 user it is kept under, ``employee`` their extension;
    ``status`` as in facts §1.4; ``talk`` and ``wait`` are seconds; ``missed``: a client reached nobody, ``cause`` why
    (empty: nobody says). ``entity`` and ``entity_id`` name the CRM row of the client (``CONTACT``, ``LEAD``,
    ``COMPANY``; 0: none).
    """

    kind: Literal["call.finished"] = "call.finished"
    direction: Direction
    phone: str
    name: str
    line: str
    employee: str
    user: int
    status: str
    talk: int
    wait: int
    missed: bool
    cause: Cause = ""
    started_at: datetime
    ended_at: datetime
    entity: str = ""
    entity_id: int = 0
    past: bool = False

    @property
    def conversation(self) -> str:
        """One client, whatever the call: what rules want of their CRM rows stays in order."""
        return self.phone or self.call

    @property
    def lane(self) -> str:
        """What concerns one client's calls."""
        return f"client.{self.conversation}"


# What a PBX tells, and what of it is a matter of the portal.
CALL_KINDS = (
    "call.started",
    "call.ringing",
    "call.answered",
    "call.held",
    "call.transferred",
    "call.leg_ended",
    "call.ended",
    "call.recorded",
    "call.transcribed",
    "call.unwatched",
)
CallEvent = (
    CallStarted
    | CallRinging
    | CallAnswered
    | CallHeld
    | CallTransferred
    | LegEnded
    | CallEnded
    | CallRecorded
    | CallTranscribed
    | CallUnwatched
    | CallSettled
    | RecordingDue
    | TranscriptDue
    | CallFinished
)
