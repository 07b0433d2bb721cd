"""The leaky bucket of one portal, reckoned in this process alone (facts/bitrix24-platform.md §3.1).

``budget.lua`` does the same sums for all processes together.
"""

from __future__ import annotations

from dataclasses import dataclass

PATIENCE = 20.0
DEFAULT_BURST, DEFAULT_RATE = 50.0, 2.0
UNLIMITED = 1000.0  # what "as many as you like" is to somebody who counts
_NOTHING_LEFT = 1e-6


@dataclass(frozen=True)
class Shape:
    """The bucket's numbers, in requests: over ``full`` the portal refuses (0: it never does), ``cap`` is ours.

    ``cap`` stays two seconds of the rate below ``full``: the portal may drain in whole seconds, and a request may be
    under way for a second. A plan that small that nothing would be left keeps half.
    """

    full: float
    rate: float

    @property
    def open(self) -> bool:
        """No limit at all (self-hosted)."""
        return self.full <= 0

    @property
    def cap(self) -> float:
        return max(1.0, self.full - min(2 * self.rate, self.full / 2))


class Bucket:
    """``now`` are seconds of any clock that does not jump."""

    def __init__(self, shape: Shape) -> None:
        self.shape, self._level, self._at = shape, 0.0, 0.0
        self._since: float | None = None
        self.epoch = 0

    def take(self, now: float, *, live: bool) -> tuple[bool, float]:
        """``(granted, seconds to wait)``.

        Live always gets a place, maybe a later one. Bulk leaves only when nobody is ahead of it, so live waits for
        one request of it at most; when all of bulk has waited 20 s, one of it takes a place in the line.
        """
        self._drain(now)
        if live:
            return True, self._place(now)
        wait = (self._at - now) + self._level / self.shape.rate
        aged = self._since is not None and now - self._since >= PATIENCE
        if wait <= _NOTHING_LEFT or aged:
            self._since = now if wait > _NOTHING_LEFT else None
            return True, self._place(now)
        if self._since is None:
            self._since = now
        return False, min(wait, max(0.0, self._since + PATIENCE - now))

    def pause(self, now: float, seconds: float) -> None:
        """The portal said that its bucket is full: nobody sends for ``seconds``, and all places are void."""
        self._drain(now)
        till = max(self._at, now + seconds)
        self._level = max(0.0, self.shape.full - (till - now) * self.shape.rate)
        self._at, self.epoch = till, self.epoch + 1

    def level(self, now: float) -> float:
        """Requests in the bucket, places taken ahead included."""
        self._drain(now)
        return self._level

    def room(self, now: float) -> tuple[float, float]:
        """``(live requests that may leave now, seconds until there is at least one)``."""
        self._drain(now)
        return room(self.shape, self._level, self._at - now)

    def _place(self, now: float) -> float:
        self._level += 1
        return (self._at - now) + max(0.0, (self._level - self.shape.cap) / self.shape.rate)

    def _drain(self, now: float) -> None:
        if now > self._at:
            self._level = max(0.0, self._level - (now - self._at) * self.shape.rate)
            self._at = now
        if self.shape.open:
            self._level = 0.0


def room(shape: Shape, level: float, ahead: float) -> tuple[float, float]:
    """:meth:`Bucket.room` of a bucket with ``level`` requests that rests for ``ahead`` seconds."""
    free = UNLIMITED if shape.open else max(0.0, shape.cap - level)
    if ahead > 0:
        return 0.0, ahead + max(0.0, (level + 1 - shape.cap) / shape.rate)
    return free, 0.0 if free >= 1 else (level + 1 - shape.cap) / shape.rate
