"""Two pumps, work that arrives late, and a pump that is told to stop."""

from __future__ import annotations

import threading
from typing import Any

from .engine import Engine


def test_two_pumps_never_drain_one_destination_at_once(engine: Engine) -> None:
    inside, go = threading.Event(), threading.Event()

    def hold(method: str, params: Any) -> None:
        inside.set()
        assert go.wait(10)

    engine.portal.before = hold
    engine.write("7", "1")
    first = threading.Thread(target=engine.pump)
    first.start()
    assert inside.wait(10)
    assert engine.pump() == 0
    go.set()
    first.join(10)
    assert engine.portal.chats["shop.7"] == ["1"]


def test_work_that_arrives_while_calls_are_under_way_is_taken_up_by_the_same_pump(engine: Engine) -> None:
    arrived = threading.Event()

    def add_more(method: str, params: Any) -> None:
        if not arrived.is_set():
            arrived.set()
            engine.write("8", "late")

    engine.portal.before = add_more
    engine.write("7", "1")
    engine.pump()
    assert engine.portal.chats == {"shop.7": ["1"], "shop.8": ["late"]}


def test_a_stopping_pump_finishes_what_it_began_and_leaves_the_rest(engine: Engine) -> None:
    names = [str(number) for number in range(12)]
    for name in names:
        engine.write("7", name)
    stop = threading.Event()
    engine.portal.before = lambda method, params: stop.set()
    engine.pump(should_stop=stop.is_set)
    assert engine.portal.chats["shop.7"] == names[:10]
    stop.clear()
    engine.portal.before = lambda method, params: None
    engine.pump()
    assert engine.portal.chats["shop.7"] == names
