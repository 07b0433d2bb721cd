"""A house of fakes for the jobs."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import fakeredis
from redis.exceptions import ConnectionError as RedisAway

from connector.domain.ports import Grant
from connector.speech import Text


class Moment:
    """Monotonic seconds that go on only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class FlakyRedis(fakeredis.FakeRedis):
    """Redis that can be pulled out, wholly or for one command."""

    away = False
    broken: str = ""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if self.away or (self.broken and args[0].upper() == self.broken):
            raise RedisAway("pulled out")
        return super().execute_command(*args, **options)

    def pipeline(self, *args: Any, **options: Any) -> Any:
        if self.away or self.broken == "PIPELINE":
            raise RedisAway("pulled out")
        return super().pipeline(*args, **options)


def flaky() -> FlakyRedis:
    """A fresh one, sharing nothing with others."""
    return FlakyRedis(server=fakeredis.FakeServer())


class FakeWake:
    """Writes down what it was told; ``flag`` is up or down; a wake while it is up is no wake."""

    def __init__(self) -> None:
        self.flag = False
        self.jobs: list[str] = []
        self.told: list[str] = []
        self.on_lower: Callable[[], None] = lambda: None

    def __call__(self, destination: str) -> None:
        if not self.flag:
            self.flag = True
            self.jobs.append(destination)

    def rouse(self, destination: str) -> None:
        self(destination)

    def hold(self, destination: str) -> None:
        self.told.append("hold")
        self.flag = True

    def lower(self, destination: str) -> None:
        self.told.append("lower")
        self.flag = False
        self.on_lower()


class FakePump:
    """Takes from ``work`` until it is empty; ``on_leave`` runs after the last look, as another process might."""

    def __init__(self, work: list[str], on_leave: list[Callable[[], None]], moment: Moment) -> None:
        self.work, self.on_leave, self.moment = work, on_leave, moment

    def run(self, *, seconds: float, should_stop: Callable[[], bool]) -> int:
        settled, ends = 0, self.moment() + seconds
        while self.work and not should_stop() and self.moment() < ends:
            self.work.pop(0)
            self.moment.now += 1.0
            settled += 1
        if self.on_leave:
            self.on_leave.pop(0)()
        return settled


class FakePortal:
    """Renews, or raises what it was given."""

    def __init__(self, name: str, outcome: bool | Exception) -> None:
        self.name, self._outcome = name, outcome
        self.grants: list[Grant] = []

    def refresh_if_near_expiry(self) -> bool:
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def house(**connector: Any) -> Any:
    """A ``House`` whose connector has only these parts."""
    return SimpleNamespace(connector=SimpleNamespace(**connector), wake=FakeWake())


HINT = Text("Reinstall the application", "Переустановите приложение")
