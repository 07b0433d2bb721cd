"""The shared allowance of one portal, in Redis (DESIGN.md §6.5, facts/measurements.md §6).

One Lua call by Redis' own clock takes a request and looks at the operating seconds of its methods (``budget.lua``).
The bucket belongs to the portal's host and our egress address, whichever application calls; the operating seconds to
the host and the credential; the plan's figures and the observed seconds of methods to the host.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import redis
import structlog

from connector.domain.ports import NO_LOAD
from connector.portal import operating
from connector.portal.bucket import DEFAULT_BURST, DEFAULT_RATE, PATIENCE, Bucket, Shape, room
from connector.portal.config import BudgetConfig
from connector.portal.operating import Operating, Told, limit_error, share_of

NEAR = 1.0
WEBHOOK = "webhook"  # inside a batch all webhooks of a portal share one counter (facts/bitrix24-platform.md §3.2)
_AWAY_SECONDS = 5.0
# Whoever begins to wait sleeps a little longer than told (3 %, 15 ms at most): those who waited before leave first.
_COURTESY, _MOST_COURTESY = 0.03, 0.015
_PACES_SECONDS = 2.0
_TARIFF_KEPT = 30 * 86400
_SCRIPT = Path(__file__).with_name("budget.lua")
_CONSTANTS: Mapping[str, float] = {
    "burst": DEFAULT_BURST,
    "per_second": DEFAULT_RATE,
    "patience": PATIENCE,
    "limit": operating.LIMIT,
    "window": operating.WINDOW,
    "flight": operating.FLIGHT,
    "glance": operating.GLANCE,
    "unknown": operating.UNKNOWN,
    "learning": operating.LEARNING,
    "least": operating.LEAST,
    "step": operating.STEP,
}
_LEVEL: Mapping[str, str] = {"used": "level", "burst": "full", "per_second": "rate"}


@dataclass(frozen=True, kw_only=True)
class _Place:
    """What a spend was told; ``alone`` when this process decided by itself. A pause changes the ``epoch``."""

    granted: bool
    wait: float
    epoch: int
    alone: bool = False


class RedisBudget:
    """``ports.Budget`` shared by all processes that use the same Redis.

    While Redis is away every process has a small allowance of its own: a quarter of the rate, five at once. ``clock``
    replaces Redis' own time.
    """

    def __init__(
        self,
        client: redis.Redis,
        host: str,
        settings: BudgetConfig,
        *,
        egress: str = "",
        credential: str = "",
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._client, self._host, self._shared = client, host, credential == WEBHOOK
        self._tariff, self._paces_key = f"budget.tariff:{host}", f"budget.seconds:{host}"
        bucket = f"budget:{host}:{egress}" if egress else f"budget:{host}"
        self._keys = [bucket, self._tariff, f"budget.operating:{host}:{credential}", self._paces_key]
        given = settings.model_fields_set
        self._set = (settings.burst if "burst" in given else "", settings.per_second if "per_second" in given else "")
        self._script = client.register_script(_SCRIPT.read_text("utf-8"))
        self._sleep, self._monotonic, self._clock = sleep, monotonic, clock
        self._private, self._operating = Bucket(_small(settings.per_second)), Operating(clock or time.time)
        self._guard, self._away, self._ask_again = threading.Lock(), False, 0.0
        self._paces: dict[str, float] = {}
        self._paces_until = 0.0
        self._log = structlog.get_logger().bind(budget=host)

    def spend(self, load: Mapping[str, float] = NO_LOAD, *, live: bool = True) -> float:
        """Take one request with the methods of ``load``; returns the seconds (at most 1) to sleep before sending it.

        A place further ahead is waited for in here, and taken anew when the portal was paused meanwhile. Raises
        ``TransientError`` ``bitrix24.operating_limit``; nothing is taken then.
        """
        load = {method.lower(): float(items) for method, items in load.items()}
        fresh = not live
        while True:
            place = self._take(load, live)
            if place.granted and place.wait <= NEAR:
                return place.wait
            self._sleep(place.wait + (min(_COURTESY * place.wait, _MOST_COURTESY) if fresh else 0.0))
            fresh = False
            if place.granted and self._stands(place):
                return 0.0
            load = {} if place.granted else load

    def room(self) -> tuple[float, float]:
        """``(live requests that may leave now without waiting, seconds until there is at least one)``."""
        told = self._ask("peek")
        if told is not None:
            return room(Shape(told["full"], told["rate"]), told["level"], told["ahead"])
        with self._guard:
            return self._private.room(self._monotonic())

    def waiting(self, methods: Iterable[str], *, live: bool = True) -> dict[str, float]:
        """Seconds that each blocked method still waits; only blocked ones."""
        names = [method.lower() for method in methods]
        told = self._ask("waiting", load=dict.fromkeys(names, 1), share=share_of(live)) if names else {"waits": {}}
        if told is not None:
            return {method: float(wait) for method, wait in told["waits"].items()}
        with self._guard:
            return self._operating.waiting(names, live=live)

    def expect(self, method: str, items: float = 1.0) -> float:
        """Observed seconds of one call with so many items, at most 2 s old."""
        now = self._monotonic()
        if now >= self._paces_until and not self._resting():
            self._read_paces()
            self._paces_until = now + _PACES_SECONDS
        pace = self._paces.get(method.lower())
        return self._operating.expect(method.lower(), items) if pace is None else pace * items

    def note(self, method: str, time: Mapping[str, Any], items: float = 1.0) -> None:
        """Take in the ``time`` of an answer; an empty one only tells that the request is over."""
        told, name = Told.of(time, items), method.lower()
        with self._guard:
            self._operating.note(name, told, shared=self._shared)
        known = {key: value for key, value in vars(told).items() if value is not None}
        self._ask("note", method=name, shared=self._shared, **known)
        self._paces_until = 0.0

    def block(self, method: str) -> float:
        """The limit of ``method`` was answered: it waits until its reset, else in steps of a minute up to ten."""
        with self._guard:
            alone = self._operating.block(method.lower())
        told = self._ask("block", method=method.lower())
        return alone if told is None else float(told["wait"])

    def pause(self, seconds: float) -> None:
        """Nobody sends for ``seconds``: the portal answered with its limit."""
        with self._guard:
            self._private.pause(self._monotonic(), seconds)
        self._ask("pause", seconds=seconds)

    def learn(self, burst: float, per_second: float) -> None:
        """Keep the plan's figures for all processes; ``burst`` 0 is no limit."""
        figures = {"burst": repr(float(burst)), "per_second": repr(float(per_second))}
        try:
            known = self._client.hgetall(self._tariff)
            self._client.hset(self._tariff, mapping=cast(Any, figures))
            self._client.expire(self._tariff, _TARIFF_KEPT)
        except (redis.RedisError, OSError) as trouble:
            self._log.warning("budget_not_learned", why=type(trouble).__name__)
            return
        if {key.decode(): value.decode() for key, value in cast(Any, known).items()} != figures:
            self._log.info("budget_learned", burst=burst, per_second=per_second, used=self.figures())

    def level(self) -> dict[str, float]:
        """``{"used", "burst", "per_second"}``, in requests; the private bucket when Redis is away."""
        told = self._ask("peek")
        if told is not None:
            return {key: float(told[name]) for key, name in _LEVEL.items()}
        with self._guard:
            used = self._private.level(self._monotonic())
        return {"used": used, "burst": self._private.shape.full, "per_second": self._private.shape.rate}

    def figures(self) -> str:
        """Where burst and rate come from: ``set`` (settings), ``learned`` (the plan) or ``default``."""
        if any(figure != "" for figure in self._set):
            return "set"
        try:
            return "learned" if self._client.exists(self._tariff) else "default"
        except (redis.RedisError, OSError):
            return "default"

    def operating(self) -> dict[str, dict[str, float]]:
        """``{method: {"seconds", "limit", "reset", "blocked"}}``, in seconds from now."""
        told = self._ask("operating")
        if told is not None:
            return cast(dict[str, dict[str, float]], told["rows"])
        with self._guard:
            return self._operating.report()

    def _take(self, load: Mapping[str, float], live: bool) -> _Place:
        told = self._ask("live" if live else "bulk", load=dict(load), share=share_of(live))
        if told is None:
            return self._take_alone(load, live)
        if "method" in told:
            raise limit_error(told["method"], float(told["wait"]))
        if told["granted"]:
            with self._guard:
                self._operating.depart(load)
        return _Place(granted=bool(told["granted"]), wait=float(told["wait"]), epoch=int(told["epoch"]))

    def _take_alone(self, load: Mapping[str, float], live: bool) -> _Place:
        with self._guard:
            for method, wait in self._operating.waiting(load, live=live).items():
                raise limit_error(method, wait)
            granted, wait = self._private.take(self._monotonic(), live=live)
            if granted:
                self._operating.depart(load)
            return _Place(granted=granted, wait=wait, epoch=self._private.epoch, alone=True)

    def _stands(self, place: _Place) -> bool:
        """Whether the place still holds after a long sleep: a pause voids all of them."""
        if place.alone:
            return self._private.epoch == place.epoch
        told = self._ask("peek")
        return told is None or int(told["epoch"]) == place.epoch

    def _resting(self) -> bool:
        return self._away and self._monotonic() < self._ask_again

    def _ask(self, verb: str, **given: Any) -> dict[str, Any] | None:
        """One Lua call, or ``None`` when Redis is away; then it is not asked again for 5 s, so nobody waits for it."""
        if self._resting():
            return None
        now = "" if self._clock is None else repr(self._clock())
        given = {**_CONSTANTS, "load": {}, **given}
        try:
            answer = self._script(keys=self._keys, args=[verb, now, *self._set, json.dumps(given)])
        except (redis.RedisError, OSError) as trouble:
            self._ask_again = self._monotonic() + _AWAY_SECONDS
            self._tell(away=True, why=type(trouble).__name__)
            return None
        self._tell(away=False)
        return cast(dict[str, Any], json.loads(cast(bytes, answer)))

    def _read_paces(self) -> None:
        try:
            rows = cast(dict[bytes, bytes], self._client.hgetall(self._paces_key))
        except (redis.RedisError, OSError):
            return
        self._paces = {method.decode(): float(pace) for method, pace in rows.items()}

    def _tell(self, *, away: bool, why: str = "") -> None:
        if away == self._away:
            return
        self._away = away
        if away:
            self._log.warning("budget_private", why=why, per_second=self._private.shape.rate)
        else:
            self._log.info("budget_shared_again")


def _small(per_second: float) -> Shape:
    rate = per_second / 4
    return Shape(5.0 + 2 * rate, rate)
