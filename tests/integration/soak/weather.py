"""What befalls the portal in ten hours: a plan drawn from a seed, carried out by the portal's own clock."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connector.domain.request import Reply
from tests.integration.house.waiting import until
from tests.integration.soak.fast_house import FastHouse

MINUTE, HOUR = 60.0, 3600.0
SEND = "imconnector.send.messages"
BROKEN = {"status": 500}
BUSY = {"status": 503, "code": "QUERY_LIMIT_EXCEEDED", "description": "Too many requests"}
WORN = {"status": 429, "code": "OPERATION_TIME_LIMIT", "description": "Method is blocked due to operation time limit."}
PAGE = {"status": 502, "body": "<html><h1>502 Bad Gateway</h1></html>"}

#: name -> (how often in ten hours, kind, method, the fault's other fields)
FAULTS: Mapping[str, tuple[int, str, str, dict[str, Any]]] = {
    "500": (40, "fail", "im*", BROKEN),
    "500 for anything": (20, "fail", "*", BROKEN),
    "502 with a page": (15, "fail", "*", PAGE),
    "503 query limit": (20, "fail", "*", BUSY),
    "429 operating limit": (10, "fail", SEND, WORN),
    "reset before": (40, "reset_before", "im*", {}),
    "reset after": (40, "reset_after", "im*", {}),
    "slow": (20, "slow", "im*", {"seconds": 0.15}),
}
OTHERS: Mapping[str, int] = {
    "token expired early": 8,
    "portal away: reset": 3,
    "portal away: unavailable": 3,
    "portal away: html": 3,
    "provider fails": 20,
}
#: name -> the hour; each lasts some minutes
ONCE: Mapping[str, float] = {"renamed": 2.5, "operating limit lowered": 4.0, "overload": 5.5, "renamed again": 7.5}
PROVIDER_DOWN = Reply(status=503, body=b"{}", content_type="application/json")


@dataclass
class Weather:
    """Carries the plan out; ``done`` counts what happened, ``ordered`` the calls to be spoilt and ``unmet`` those of
    them that were not. ``hours`` are simulated.
    """

    house: FastHouse
    chance: random.Random
    hours: float
    done: Counter[str] = field(default_factory=Counter)
    ordered: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    unmet: int = 0
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="weather", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """The rest of the plan, then fair weather. Raises ``AssertionError`` when a deed failed."""
        assert self._thread is not None
        self._thread.join(60)
        assert not self._thread.is_alive(), f"only {self.done} befell the portal"
        self.unmet = sum(rule["times"] for rule in self.house.sandbox.faults())
        self.house.sandbox.clear_faults()
        assert self.problems == []

    def _plan(self) -> list[tuple[float, str, Callable[[], None]]]:
        share, plan = self.hours / 10, []
        for name, (times, kind, method, fields) in FAULTS.items():
            deed = partial(self._fault, name, kind, method, fields)
            plan += [(self._moment(), name, deed) for _ in range(max(1, round(times * share)))]
        for name, times in OTHERS.items():
            plan += [(self._moment(), name, self._deeds()[name]) for _ in range(max(1, round(times * share)))]
        plan += [(hour * HOUR * share, name, self._deeds()[name]) for name, hour in ONCE.items()]
        return sorted(plan, key=lambda row: row[0])

    def _moment(self) -> float:
        return self.chance.uniform(0.02, 0.97) * self.hours * HOUR

    def _run(self) -> None:
        for moment, name, deed in self._plan():
            self.house.clock.sleep(moment - self.house.clock.elapsed())
            try:
                deed()
                self.done[name] += 1
            except Exception as error:
                self.problems.append(f"{name}: {type(error).__name__}: {error}")

    def _deeds(self) -> dict[str, Callable[[], None]]:
        sandbox = self.house.sandbox
        return {
            "token expired early": lambda: _ignore(sandbox.expire_tokens()),
            **{f"portal away: {mode}": partial(self._away, mode) for mode in ("reset", "unavailable", "html")},
            "provider fails": self._provider_fails,
            "renamed": lambda: _ignore(sandbox.rename(f"localhost:{sandbox.port}")),
            "renamed again": lambda: _ignore(sandbox.rename(f"127.0.0.1:{sandbox.port}")),
            "operating limit lowered": self._storm,
            "overload": self._overload,
        }

    def _fault(self, name: str, kind: str, method: str, fields: dict[str, Any]) -> None:
        times = self.chance.choice((1, 1, 2, 3))
        self.ordered[name] += times
        self.house.sandbox.fault(kind, method=method, times=times, **fields)

    def _away(self, mode: str) -> None:
        self.house.sandbox.set_down(mode)
        self.house.clock.sleep(self.chance.uniform(1, 5) * MINUTE)
        self.house.sandbox.set_down("")

    def _provider_fails(self) -> None:
        standin: Any = self.house.standin(self.chance.choice(list(self.house.standins())))
        with self.house.stage.lock:
            standin.answers.append(PROVIDER_DOWN)

    def _storm(self) -> None:
        """So little operating time that a method is used up within minutes."""
        self.house.sandbox.set_limits(operating_limit=2.0)
        self.house.clock.sleep(20 * MINUTE)
        self.house.sandbox.set_limits(operating_limit=480.0)

    def _overload(self) -> None:
        """Bitrix24 blocks the REST; that is over before the next probe, and nothing else befalls until it is proved."""
        self.house.sandbox.clear_faults()
        self.house.sandbox.set_overload(503)
        until(lambda: self._state() == "blocked", seconds=20, what="the stop")
        self.house.clock.sleep(10 * MINUTE)
        self.house.sandbox.set_overload(0)
        until(lambda: self._state() == "active", seconds=20, what="the probe")

    def _state(self) -> str:
        kept = self.house.journal.installation("main")
        return kept.state if kept else ""


def _ignore(_: object) -> None:
    """For deeds that answer."""
