"""A house whose portal and sandbox share one clock that only sleeping moves: hours of waiting take no time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connector.portal import Portal
from connector.portal.memory import OpenBudget
from connector.sandbox import SandboxServer
from tests.contract.portal.conftest import House


@dataclass
class Hands:
    """The hands of the clock, unix seconds."""

    now: float = field(default_factory=lambda: float(int(time.time())))

    def __call__(self) -> float:
        return self.now


@dataclass
class TimedHouse(House):
    """``House`` on such a clock; ``slept`` are the seconds of each sleep."""

    hands: Hands = field(default_factory=Hands)

    def __post_init__(self) -> None:
        self.budget = OpenBudget(self.hands)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.hands.now += seconds

    def portal(self, **changes: Any) -> Portal:
        return Portal(
            self.settings(**changes),
            store=self.store,
            locks=self.locks,
            budget=self.budget,
            seal=str,
            unseal=str,
            clock=lambda: datetime.fromtimestamp(self.hands.now, UTC),
            sleep=self.sleep,
        )


@contextmanager
def timed(**config: Any) -> Iterator[TimedHouse]:
    """A sandbox with this configuration and its house."""
    hands = Hands()
    with SandboxServer(clock=hands, **config) as sandbox:
        yield TimedHouse(sandbox, hands=hands)
