"""One call as far as it is known: pieces put together in whatever order they come.

The order must not matter and a repeat must change nothing, so every part of a story is a minimum, a maximum or a set of
what was told. Times are ISO text in UTC, which sorts as time does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from connector.domain.calls import (
    AboutCall,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallRecorded,
    CallRinging,
    CallStarted,
    CallTranscribed,
    CallTransferred,
    CallUnwatched,
    Direction,
    LegEnded,
)
from connector.domain.values import File

MOST = 300  # legs, people and the like; a real call has a dozen
MOST_SCRIPTS = 10
_SAID = ("direction", "client", "name", "line")
Pair = tuple[str, str]


def stamp(at: datetime) -> str:
    """A moment as stories keep it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def moment(text: str) -> datetime:
    """The moment that :func:`stamp` wrote."""
    return datetime.fromisoformat(text)


@dataclass(kw_only=True)
class Done:
    """What Bitrix24 was told: the call's id there, who sees its card, for which end we wait, whether it is finished,
    its CRM row, and which recordings and transcripts were sent on."""

    call_id: str = ""
    user: int = 0
    shown: list[int] = field(default_factory=list)
    settling: str = ""
    finished: bool = False
    entity: str = ""
    entity_id: int = 0
    sent: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Story:
    """What was told. ``unseen``: since when a part may be missing. ``said`` is by name the earliest (time, word);
    ``legs`` by id [opened, closed, cause]; ``rang`` and ``left`` by employee the latest time (and cause; ``""`` is the
    client); ``answered`` by employee [first, last] time; ``moves`` are transfers (time, from, to, how); ``ends`` are
    what the PBX said of the end.
    """

    began: str = ""
    unseen: str = ""
    said: dict[str, list[str]] = field(default_factory=dict)
    legs: dict[str, list[str]] = field(default_factory=dict)
    rang: dict[str, str] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)
    answered: dict[str, list[str]] = field(default_factory=dict)
    held: dict[str, list[str]] = field(default_factory=dict)
    moves: list[list[str]] = field(default_factory=list)
    ends: list[dict[str, Any]] = field(default_factory=list)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    scripts: list[list[dict[str, Any]]] = field(default_factory=list)
    done: Done = field(default_factory=Done)

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> Story:
        """The story that :meth:`dump` wrote; an empty one for ``None``."""
        if not kept:
            return cls()
        return cls(**{**kept, "done": Done(**kept.get("done", {}))})

    def dump(self) -> dict[str, Any]:
        """The story as JSON can hold it, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value}

    def tell(self, event: AboutCall) -> None:
        """Put one more piece in."""
        at = stamp(event.at)
        if not (isinstance(event, CallEnded) and event.started_at):
            self.began = min(filter(None, (self.began, at)))
        for name in _SAID:
            self._say(name, at, getattr(event, name))
        if isinstance(event, CallStarted):
            self._say("caller", at, event.employee)
        if (put := _PUT.get(type(event))) is not None:
            put(self, event, at)

    def word(self, name: str) -> str:
        """What was said of ``direction``, ``client``, ``name``, ``line`` or ``caller``; empty: nothing yet."""
        return self.said[name][1] if name in self.said else ""

    @property
    def direction(self) -> Direction:
        """Which way; empty while nobody has said it."""
        return cast(Direction, self.word("direction"))

    @property
    def endings(self) -> list[dict[str, Any]]:
        """What counts of ``ends``: that a call is gone says nothing once each of its legs was seen to end."""
        return [end for end in self.ends if not (end["cause"] == "lost" and self._closed)]

    @property
    def end(self) -> dict[str, Any] | None:
        """The fullest word of the PBX about the end."""
        return max(self.endings, key=lambda end: (end["talk"] is not None, end["at"], json.dumps(end)), default=None)

    @property
    def over(self) -> str:
        """When it was over; empty while it is not: the PBX says so, or every leg that we know of is closed."""
        return str(self.end["at"]) if self.end else self._closed

    @property
    def past(self) -> bool:
        """Nothing but history tells of it."""
        return bool(self.ends) and all(end["past"] for end in self.ends) and not (self.rang or self.legs)

    def ringing(self) -> list[str]:
        """Where it rings now, the longest first."""
        quiet = {who: max(self.left.get(who, [""])[0], self.answered.get(who, [""])[-1]) for who in self.rang}
        return sorted((who for who, at in self.rang.items() if at > quiet[who]), key=lambda who: (self.rang[who], who))

    def talker(self) -> str:
        """Who talks with the client, or did in the end; empty: nobody did."""
        said = self.end["employee"] if self.end and self.end["talk"] != 0 else ""
        return str(said) or self._last_talk[1]

    def next_ones(self) -> list[str]:
        """Where it rings since whoever talked gave the call away; empty: they have it still, or it rings nowhere."""
        since, talker = self._last_talk
        gone = self.left.get(talker, [""])[0] > since or any(
            at > since and who in ("", talker) and how == "blind" for at, who, _, how in self.moves
        )
        return [who for who in self.ringing() if gone and self.rang[who] > since]

    @property
    def talked_from(self) -> str:
        """When the talk began; empty: it never did."""
        if self.end and self.end["answered_at"]:
            return str(self.end["answered_at"])
        return min((first for first, _ in self.answered.values()), default="")

    def people(self) -> list[str]:
        """All employees that took part: who talked, who rang, who called."""
        talker = self.talker()
        ends = [end["employee"] for end in self.ends]
        return list(dict.fromkeys(filter(None, [talker, *ends, *sorted(self.rang, key=self.rang.__getitem__)])))

    @property
    def _closed(self) -> str:
        """When the last leg was closed; empty while one is open, and when none is known."""
        closed = [closed for _, closed, _ in self.legs.values()]
        return max(closed) if closed and all(closed) else ""

    @property
    def _last_talk(self) -> tuple[str, str]:
        """Since when who talks with the client."""
        talked = [(last, who) for who, (_, last) in self.answered.items() if who]
        talked += [(at, to) for at, _, to, how in self.moves if how == "attended"]
        return max(talked, default=("", ""))

    def files(self) -> list[File]:
        """The recordings, in order of their names at the PBX."""
        return [File(ref=ref, **about) for ref, about in sorted(self.records.items())]

    def _say(self, name: str, at: str, word: str) -> None:
        if word:
            self.said[name] = min([at, word], self.said.get(name, ["~", ""]))

    def _leg(self, leg: str) -> list[str] | None:
        if not leg or (leg not in self.legs and len(self.legs) >= MOST):
            return None
        return self.legs.setdefault(leg, ["", "", ""])


def _started(story: Story, event: CallStarted, at: str) -> None:
    if (leg := story._leg(event.leg)) is not None:
        leg[0] = min(filter(None, (leg[0], at)))


def _ringing(story: Story, event: CallRinging, at: str) -> None:
    if event.employee and _room(story.rang, event.employee):
        story.rang[event.employee] = max(at, story.rang.get(event.employee, ""))


def _answered(story: Story, event: CallAnswered, at: str) -> None:
    if _room(story.answered, event.employee):
        first, last = story.answered.get(event.employee, (at, at))
        story.answered[event.employee] = [min(first, at), max(last, at)]


def _held(story: Story, event: CallHeld, at: str) -> None:
    if _room(story.held, event.employee):
        told = [at, "held" if event.held else "back"]
        story.held[event.employee] = max(told, story.held.get(event.employee, ["", ""]))


def _transferred(story: Story, event: CallTransferred, at: str) -> None:
    _add(story.moves, [at, event.employee, event.to, event.how])


def _leg_ended(story: Story, event: LegEnded, at: str) -> None:
    if (leg := story._leg(event.leg)) is not None:
        leg[1:] = max(leg[1:], [at, event.cause])
    if (event.employee or not event.leg) and _room(story.left, event.employee):
        story.left[event.employee] = max([at, event.cause], story.left.get(event.employee, ["", ""]))


def _ended(story: Story, event: CallEnded, at: str) -> None:
    end = {
        "at": at,
        "cause": event.cause,
        "talk": event.talk,
        "employee": event.employee,
        "answered_at": stamp(event.answered_at) if event.answered_at else "",
        "past": event.past,
        "detail": event.detail[:200],
    }
    _add(story.ends, end)
    if event.started_at:
        story.began = min(filter(None, (story.began, stamp(event.started_at))))


def _unwatched(story: Story, event: CallUnwatched, at: str) -> None:
    story.unseen = min(filter(None, (story.unseen, at)))


def _recorded(story: Story, event: CallRecorded, at: str) -> None:
    if _room(story.records, event.recording.ref):
        about = {name: value for name, value in asdict(event.recording).items() if name != "ref"}
        story.records.setdefault(event.recording.ref, about)


def _transcribed(story: Story, event: CallTranscribed, at: str) -> None:
    _add(story.scripts, [asdict(phrase) for phrase in event.phrases], most=MOST_SCRIPTS)


def _add(things: list[Any], thing: Any, *, most: int = MOST) -> None:
    if thing not in things and len(things) < most:
        things.append(thing)
        things.sort(key=json.dumps)


def _room(things: Mapping[str, Any], name: str) -> bool:
    return name in things or len(things) < MOST


_PUT: Mapping[type, Callable[[Story, Any, str], None]] = {
    CallStarted: _started,
    CallRinging: _ringing,
    CallAnswered: _answered,
    CallHeld: _held,
    CallTransferred: _transferred,
    LegEnded: _leg_ended,
    CallEnded: _ended,
    CallRecorded: _recorded,
    CallTranscribed: _transcribed,
    CallUnwatched: _unwatched,
}


def together(events: Iterable[AboutCall]) -> Story:
    """The story that these events tell."""
    story = Story()
    for event in events:
        story.tell(event)
    return story
