"""The portal's two limits: a leaky bucket for requests and operating seconds for methods.

facts/bitrix24-platform.md §3.1 and §3.2. Nothing here locks: callers hold the portal's lock.
"""

from __future__ import annotations

from collections.abc import Mapping

MINUTE = 60
UNCOUNTED = 0.1


class Bucket:
    """Every HTTP request adds one, each whole second takes ``per_second`` away; over ``burst`` is refused.

    Refused requests fill the bucket too (§8). ``burst`` 0 turns it off.
    """

    def __init__(self, burst: int, per_second: float, now: float) -> None:
        self.burst, self.per_second = burst, per_second
        self.level, self.at = 0.0, now

    def admit(self, now: float) -> bool:
        """Count one request; false when it is one too many."""
        if not self.burst:
            return True
        steps = int(now - self.at)
        if steps > 0:
            self.level = max(0.0, self.level - self.per_second * steps)
            self.at += steps
        self.level += 1
        return self.level <= self.burst


class Operating:
    """Seconds spent per (credential, method) in ten one-minute buckets, each forgotten a window after it began."""

    def __init__(self, limit: float, window: float) -> None:
        self.limit, self.window = limit, window
        self._spent: dict[tuple[str, str], dict[int, tuple[float, float]]] = {}

    def _alive(self, key: tuple[str, str], now: float) -> dict[int, tuple[float, float]]:
        minutes = self._spent.get(key, {})
        alive = {minute: spent for minute, spent in minutes.items() if spent[0] + self.window > now}
        if minutes:
            self._spent[key] = alive
        return alive

    def used(self, credential: str, method: str, now: float) -> float:
        """Accumulated seconds of this method for this credential."""
        return sum(seconds for _, seconds in self._alive((credential, method), now).values())

    def blocked(self, credential: str, method: str, now: float) -> bool:
        """True once more than the limit is spent: the call that crosses it still finishes."""
        return bool(self.limit) and self.used(credential, method, now) > self.limit

    def spend(self, credential: str, method: str, seconds: float, now: float) -> None:
        """Charge one call; calls of at most 0.1 s are free."""
        if not self.limit or seconds <= UNCOUNTED:
            return
        minutes = self._spent.setdefault((credential, method), {})
        began, spent = minutes.get(int(now // MINUTE), (now, 0.0))
        minutes[int(now // MINUTE)] = (began, spent + seconds)

    def report(self, credential: str, method: str, now: float) -> Mapping[str, float | int]:
        """``operating`` and ``operating_reset_at`` for the ``time`` block; nothing when the limit is off."""
        if not self.limit:
            return {}
        alive = self._alive((credential, method), now)
        if not alive:
            return {"operating": 0}
        reset = min(began for began, _ in alive.values()) + self.window
        return {"operating": sum(spent for _, spent in alive.values()), "operating_reset_at": int(reset)}

    def forget(self) -> None:
        """Start every window anew."""
        self._spent.clear()
