"""What a PBX tells, within reason: a story is read and written with every piece, so nothing in it may be endless, and a
clock that is years off tells no time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, TypeVar

from connector.domain.calls import AboutCall, CallEnded, CallTranscribed, Phrase

LONGEST = 200  # characters of a name, a number, the id of a leg
LONGEST_SCRIPT = 200_000  # characters of a transcript: some hours of talk
LONGEST_TALK = timedelta(days=7)
NEAR = timedelta(days=366)
_WORDS = ("client", "name", "line", "employee", "leg", "to", "detail")
Told = TypeVar("Told", bound=AboutCall)


def within_reason(event: Told, now: datetime | None) -> Told:
    """The piece with words cut to what anybody would write, and with the times that are more than a year away from
    ``now``, when it arrived, taken for ``now`` (``at``) or for not told.
    """
    return replace(event, **dict(_mended(event, now)))


def _mended(event: AboutCall, now: datetime | None) -> Iterator[tuple[str, Any]]:
    for name in _WORDS:
        if len(word := getattr(event, name, "")) > LONGEST:
            yield name, word[:LONGEST]
    if _far(event.at, now):
        yield "at", now
    if isinstance(event, CallEnded):
        yield from ((name, None) for name in ("started_at", "answered_at") if _far(getattr(event, name), now))
        yield "talk", None if event.talk is None else max(0, min(event.talk, int(LONGEST_TALK.total_seconds())))
    if isinstance(event, CallTranscribed):
        yield "phrases", tuple(_first_of(event.phrases))


def _far(at: datetime | None, now: datetime | None) -> bool:
    return at is not None and now is not None and abs(at - now) > NEAR


def _first_of(phrases: tuple[Phrase, ...]) -> Iterator[Phrase]:
    so_far = accumulate(len(phrase.text) + 1 for phrase in phrases)
    return (phrase for phrase, length in zip(phrases, so_far, strict=True) if length <= LONGEST_SCRIPT)
