"""Operating seconds of the methods of one credential, reckoned in this process alone.

facts/bitrix24-platform.md §3.2; trap 8: ``operating`` is the sum of the last ten minutes, not the cost of a call. The
portal adds up in minutes, each forgotten ten minutes after it began; so do we, and believe its sum when it tells one.
``budget.lua`` does the same for all processes together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.errors import TransientError
from connector.portal.hints import HINTS

LIMIT = 480.0  # seconds, as the documentation has it; a block that comes earlier teaches better
LIVE_SHARE, BULK_SHARE = 0.9, 0.5
WINDOW = 600.0
STEP = 60.0
LEAST = 10.0  # a block after fewer seconds of ours says more about somebody else than about the limit
LIMIT_KEPT = 86400.0
FLIGHT = 180.0  # a request is over by then, answered or not
GLANCE = 1.0  # how soon the seconds of requests under way may be known
UNKNOWN = 0.5  # seconds per item of a method that was never seen
LEARNING = 0.2


@dataclass
class Usage:
    """One method. ``spans`` are ``[end of their time, seconds]``, oldest first; ``flying`` are items under way."""

    spans: list[list[float]] = field(default_factory=list)
    flying: float = 0.0
    before: float = 0.0
    period: int = 0
    limit: float = LIMIT
    limit_until: float = 0.0
    blocked: float = 0.0
    steps: int = 0
    counts: bool = True
    finish: float = 0.0
    pace: float | None = None

    @property
    def used(self) -> float:
        return sum(seconds for _, seconds in self.spans)

    def at(self, now: float) -> Usage:
        """Itself without what is over."""
        self.spans = [span for span in self.spans if span[0] > now]
        period = int(now // FLIGHT)
        if period != self.period:
            self.before = self.flying if self.period == period - 1 else 0.0
            self.period, self.flying = period, 0.0
        if self.limit_until <= now:
            self.limit = LIMIT
        return self

    def wait(self, now: float, share: float) -> float:
        """Seconds until the method may be called again by those who may use ``share`` of the limit."""
        wait, limit = max(0.0, self.blocked - now), self.limit * share
        air = (self.flying + self.before) * (UNKNOWN if self.pace is None else self.pace) if self.counts else 0.0
        if self.used + air < limit:
            return wait
        if self.used < limit:
            return max(wait, GLANCE)
        left = self.used
        for end, seconds in self.spans:
            left -= seconds
            wait = max(wait, end - now)
            if left < limit:
                break
        return wait


class Operating:
    """The methods of one credential. ``clock`` tells seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._methods = clock, dict[str, Usage]()

    def depart(self, load: Mapping[str, float]) -> None:
        """So many items of these methods are on their way."""
        for method, items in load.items():
            self._usage(method).flying += items

    def waiting(self, methods: Iterable[str], *, live: bool) -> dict[str, float]:
        """Seconds that each blocked method still waits; only blocked ones."""
        share, now = share_of(live), self._clock()
        waits = {method: self._usage(method).wait(now, share) for method in methods if method in self._methods}
        return {method: wait for method, wait in waits.items() if wait > 0}

    def note(self, method: str, told: Told, *, shared: bool = False) -> None:
        """Take in an answer. With ``shared`` the sum may belong to another counter and is never lowered by it."""
        usage, now = self._usage(method), self._clock()
        older = min(told.items, usage.before)
        usage.before -= older
        usage.flying = max(0.0, usage.flying - (told.items - older))
        if told.seconds is not None:
            new = told.seconds / max(told.items, 1e-9)
            usage.pace = new if usage.pace is None else usage.pace + LEARNING * (new - usage.pace)
            usage.counts = told.operating is not None
        fresh = told.finish is None or told.finish >= usage.finish or told.finish < usage.finish - 60
        if told.operating is None or not fresh:
            return
        usage.finish = told.finish or 0.0
        _believe(usage, now, told, shared)
        if usage.blocked <= now:
            usage.steps = 0

    def block(self, method: str) -> float:
        """The portal answered with the limit: the method waits until its reset, else in steps. Returns the seconds."""
        usage, now = self._usage(method), self._clock()
        if usage.blocked - now > 1:
            return usage.blocked - now
        if LEAST <= usage.used < usage.limit:
            usage.limit, usage.limit_until = usage.used, now + LIMIT_KEPT
        if usage.spans:
            wait, usage.steps = max(1.0, usage.spans[0][0] - now), 0
        else:
            usage.steps += 1
            wait = min(WINDOW, STEP * usage.steps)
        usage.blocked = now + wait
        return wait

    def expect(self, method: str, items: float) -> float:
        """Seconds of one call, as observed."""
        pace = self._usage(method).pace
        return (UNKNOWN if pace is None else pace) * items

    def report(self) -> dict[str, dict[str, float]]:
        """``{method: {"seconds", "limit", "reset", "blocked"}}``, all in seconds from now."""
        now = self._clock()
        return {
            method: {
                "seconds": usage.used,
                "limit": usage.limit,
                "reset": usage.spans[0][0] - now if usage.spans else 0.0,
                "blocked": max(0.0, usage.blocked - now),
            }
            for method, usage in ((name, self._usage(name)) for name in list(self._methods))
        }

    def _usage(self, method: str) -> Usage:
        return self._methods.setdefault(method, Usage()).at(self._clock())


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an answer tells: its own seconds for so many ``items``, the sum, and seconds until the oldest is forgotten.

    ``None`` is what was not told: no ``operating`` on a portal without the limit, no ``seconds`` in a refusal.
    """

    items: float = 1.0
    seconds: float | None = None
    operating: float | None = None
    reset: float | None = None
    finish: float | None = None

    @classmethod
    def of(cls, time: Mapping[str, Any], items: float) -> Told:
        """From a ``time`` block (§1.4); the reset is counted by the portal's own clock, so skew does not matter."""
        numbers = {key: _number(time.get(key)) for key in ("operating", "operating_reset_at", "finish")}
        reset, finish = numbers["operating_reset_at"], numbers["finish"]
        seconds = _number(time.get("processing"))
        return cls(
            items=items,
            seconds=_number(time.get("duration")) if seconds is None else seconds,
            operating=numbers["operating"],
            reset=min(max(reset - finish, 0.0), WINDOW) if reset and finish else None,
            finish=finish,
        )


def share_of(live: bool) -> float:
    """The part of the limit that live, or bulk, may use."""
    return LIVE_SHARE if live else BULK_SHARE


def limit_error(method: str, wait: float) -> TransientError:
    """The method used up its seconds and waits; nothing was sent."""
    hint = HINTS["operating"].with_(method=method, status=429)
    return TransientError("bitrix24.operating_limit", hint=hint, detail=method, retry_after=wait)


def _believe(usage: Usage, now: float, told: Told, shared: bool) -> None:
    """The portal's sum replaces ours: what is missing was spent this minute, what is too much was the oldest."""
    missing = (told.operating or 0.0) - usage.used
    if missing > 0:
        last = usage.spans[-1] if usage.spans else None
        if last is not None and (last[0] - WINDOW) // 60 == now // 60:
            last[1] += missing
        else:
            usage.spans.append([now + WINDOW, missing])
    elif not shared:
        while missing < 0 and usage.spans:
            gone = min(-missing, usage.spans[0][1])
            missing += gone
            usage.spans[0][1] -= gone
            if usage.spans[0][1] <= 0:
                usage.spans.pop(0)
    if usage.spans and told.reset is not None:
        usage.spans[0][0] = now + told.reset
    usage.spans.sort(key=lambda span: span[0])


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
