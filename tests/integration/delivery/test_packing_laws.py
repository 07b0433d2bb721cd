"""Whatever leaves together and whatever goes wrong with it: every message arrives once and in order."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.errors import TransientError
from connector.speech import Text

from .engine import SEND, Engine, FakePortal

AWAY = Text("away", "недоступен")
FATES = ("fine", "away", "never arrived", "answer lost", "cut", "short")


class Fated(FakePortal):
    """Each request meets the next of its ``fates``: a name, and how many commands or rows come through."""

    def __init__(self) -> None:
        super().__init__()
        self.fates: deque[tuple[str, int]] = deque()

    def call(self, method: str, params: Any, **more: Any) -> Any:
        return self._met(lambda: super(Fated, self).call(method, params, **more))

    def batch(self, commands: Any, **more: Any) -> Any:
        return self._met(lambda: super(Fated, self).batch(commands, **more))

    def _met(self, sent: Callable[[], Any]) -> Any:
        fate, count = self.fates.popleft() if self.fates else ("fine", 0)
        if fate in ("away", "never arrived"):
            raise TransientError("net", hint=AWAY, maybe_done=fate == "never arrived")
        self.cut = count if fate == "cut" else 50
        self.shaped = (lambda rows: rows[:count]) if fate == "short" and count else (lambda rows: rows)
        answer = sent()
        if fate == "answer lost":
            raise TransientError("net", hint=AWAY, maybe_done=True)
        return answer


numbers = itertools.count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lanes=st.sampled_from([1, 3, 12, 30]),
    count=st.sampled_from([1, 8, 20, 40]),
    free=st.sampled_from([0, 1, 3, 12, 40]),
    seconds=st.sampled_from([0.01, 0.4, 2.0]),
    troubles=st.integers(0, 12),
    seed=st.integers(0, 2**32),
)
def test_every_message_arrives_once_and_in_order(
    engine: Engine, lanes: int, count: int, free: int, seconds: float, troubles: int, seed: int
) -> None:
    chance = Random(seed)
    portal = Fated()
    engine.reach_portal(portal)
    portal.budget.free, portal.budget.seconds, portal.budget.gain, portal.budget.until = free, seconds, 1.0, 0.001
    portal.fates.extend((chance.choice(FATES), chance.randrange(7)) for _ in range(troubles))
    run, said = next(numbers), dict[str, list[str]]()
    for number in range(count):
        lane = f"{run}-{chance.randrange(lanes)}"
        engine.write(lane, str(number))
        said.setdefault(f"shop.{lane}", []).append(str(number))
    engine.later()
    assert portal.chats == said
    assert engine.deliveries("parked") == []
    for request in portal.requests:
        items = sum(len(params["MESSAGES"]) for method, params in request if method == SEND)
        assert len(request) == 1 or items * seconds <= 5.001
