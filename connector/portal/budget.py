"""The shared allowance of one portal: a leaky bucket in Redis (DESIGN.md §6.5, facts/measurements.md §6).

One Lua call by Redis' own clock. *Live* requests reserve a future place and are told how long to sleep; *bulk* ones are
granted only while there is room below the reserve. After a pause the reservations go on from where it ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import redis
import structlog

from connector.portal.config import BudgetConfig

RESERVE = 10.0
PATIENCE = 20.0
_LONGEST_NAP = 5.0
_AWAY_SECONDS = 5.0

# KEYS: bucket. ARGV: cap, per_second, room for bulk, verb (live|bulk|pause|peek), seconds of the pause, full level,
# now ('' = Redis TIME). Returns {granted, seconds to wait, level}; `at` may lie ahead: a pause freezes the bucket.
_SCRIPT = """
local cap, rate, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local verb, seconds, full = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local now = tonumber(ARGV[7])
if not now then local t = redis.call('TIME'); now = tonumber(t[1]) + tonumber(t[2]) / 1000000 end
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept[1]) or 0, tonumber(kept[2]) or now
if at > now + 86400 then at = now end
if now > at then level = math.max(0, level - (now - at) * rate); at = now end
local granted, wait = 0, 0
if verb == 'pause' then
  local till = math.max(at, now + seconds)
  level = math.max(0, math.max(level, full) - (till - at) * rate)
  at = till
elseif verb == 'live' then
  level = level + 1
  granted, wait = 1, (at - now) + math.max(0, (level - cap) / rate)
elseif verb == 'bulk' then
  wait = (at - now) + math.max(0, (level + 1 - room) / rate)
  if wait <= 0 then level = level + 1; granted = 1; wait = 0 end
end
if verb ~= 'peek' then
  redis.call('HSET', KEYS[1], 'level', string.format('%.17g', level), 'at', string.format('%.17g', at))
  redis.call('PEXPIRE', KEYS[1], math.ceil(((at - now) + level / rate + 60) * 1000))
end
return {granted, string.format('%.17g', wait), string.format('%.17g', level)}
"""


@dataclass(frozen=True)
class Shape:
    """The bucket's numbers, in requests: ``full`` blocks, ``cap`` is ours, ``room`` is what bulk may fill.

    ``cap`` stays ``per_second + 1`` below ``full``, because the portal may drain in whole seconds (measurements.md §6).
    """

    full: float
    cap: float
    room: float
    per_second: float

    @classmethod
    def of(cls, settings: BudgetConfig, *, reserve: float = RESERVE) -> Shape:
        full, rate = float(settings.burst), float(settings.per_second)
        cap = max(1.0, full - (rate + 1.0))
        return cls(full, cap, max(1.0, cap - min(reserve, cap / 4)), rate)


class Bucket:
    """The same arithmetic in this process alone. ``now`` are seconds of any clock that does not jump."""

    def __init__(self, shape: Shape) -> None:
        self.shape, self._level, self._at = shape, 0.0, 0.0

    def take(self, now: float, *, live: bool) -> tuple[bool, float]:
        """``(granted, seconds to wait)``: a live request is always granted, a bulk one only with room."""
        self._drain(now)
        ahead = self._at - now
        if live:
            self._level += 1
            return True, ahead + max(0.0, (self._level - self.shape.cap) / self.shape.per_second)
        wait = ahead + max(0.0, (self._level + 1 - self.shape.room) / self.shape.per_second)
        if wait > 0:
            return False, wait
        self._level += 1
        return True, 0.0

    def pause(self, now: float, seconds: float) -> None:
        """The portal said that its bucket is full: nobody sends for ``seconds``."""
        self._drain(now)
        till = max(self._at, now + seconds)
        self._level = max(0.0, max(self._level, self.shape.full) - (till - self._at) * self.shape.per_second)
        self._at = till

    def level(self, now: float) -> float:
        """Requests in the bucket, reservations included."""
        self._drain(now)
        return self._level

    def _drain(self, now: float) -> None:
        if now > self._at:
            self._level = max(0.0, self._level - (now - self._at) * self.shape.per_second)
            self._at = now


class RedisBudget:
    """``ports.Budget`` shared by all processes that use the same ``key`` (portal host and egress address).

    While Redis is away every process has a small allowance of its own: a quarter of the rate, five at once.
    ``clock`` replaces Redis' own time.
    """

    def __init__(
        self,
        client: redis.Redis,
        key: str,
        settings: BudgetConfig,
        *,
        reserve: float = RESERVE,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._key, self._shape = f"budget:{key}", Shape.of(settings, reserve=reserve)
        self._script = client.register_script(_SCRIPT)
        self._sleep, self._monotonic, self._clock = sleep, monotonic, clock
        rate = self._shape.per_second / 4
        self._private = Bucket(Shape(5.0, 5.0, 4.0, rate))
        self._guard, self._away, self._ask_again = threading.Lock(), False, 0.0
        self._log = structlog.get_logger().bind(budget=key)

    def spend(self, *, live: bool = True) -> float:
        """Take one request; returns the seconds to sleep before sending it.

        Bulk waits in here until there is room; after 20 s of waiting it is served as live, so that it never starves.
        """
        began = self._monotonic()
        while True:
            as_live = live or self._monotonic() - began >= PATIENCE
            granted, wait = self._take(as_live)
            if granted:
                return wait
            self._sleep(min(wait, _LONGEST_NAP))

    def pause(self, seconds: float) -> None:
        """Nobody sends for ``seconds``: the portal answered with its limit."""
        with self._guard:
            self._private.pause(self._monotonic(), seconds)
        self._ask("pause", seconds)

    def level(self) -> dict[str, float]:
        """``{"used", "burst", "per_second"}``, in requests; the private bucket when Redis is away."""
        answer = self._ask("peek", 0.0)
        if answer is None:
            with self._guard:
                used = self._private.level(self._monotonic())
            return {"used": used, "burst": self._private.shape.full, "per_second": self._private.shape.per_second}
        return {"used": answer[2], "burst": self._shape.full, "per_second": self._shape.per_second}

    def _take(self, live: bool) -> tuple[bool, float]:
        answer = self._ask("live" if live else "bulk", 0.0)
        if answer is not None:
            return bool(answer[0]), answer[1]
        with self._guard:
            return self._private.take(self._monotonic(), live=live)

    def _ask(self, verb: str, seconds: float) -> tuple[float, float, float] | None:
        """One Lua call, or ``None`` when Redis is away; then it is not asked again for 5 s, so nobody waits for it."""
        if self._away and self._monotonic() < self._ask_again:
            return None
        shape, now = self._shape, "" if self._clock is None else repr(self._clock())
        numbers: list[str | float] = [shape.cap, shape.per_second, shape.room, verb, seconds, shape.full, now]
        try:
            answer = cast(list[Any], self._script(keys=[self._key], args=numbers))
        except (redis.RedisError, OSError) as trouble:
            self._ask_again = self._monotonic() + _AWAY_SECONDS
            self._tell(away=True, why=type(trouble).__name__)
            return None
        self._tell(away=False)
        return float(answer[0]), float(answer[1]), float(answer[2])

    def _tell(self, *, away: bool, why: str = "") -> None:
        if away == self._away:
            return
        self._away = away
        if away:
            self._log.warning("budget_private", why=why, per_second=self._private.shape.per_second)
        else:
            self._log.info("budget_shared_again")
