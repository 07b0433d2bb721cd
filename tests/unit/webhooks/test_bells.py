"""Who rings too often is told so, however they do it."""

from __future__ import annotations

import threading

import pytest

from connector.errors import Refused
from tests.unit.webhooks.world import World
from webhooks.doors import Bells, Doors


class Meeting:
    """A clock at which two threads meet: each waits for the other, for a moment."""

    def __init__(self) -> None:
        self._both = threading.Barrier(2)

    def __call__(self) -> float:
        try:
            self._both.wait(0.3)
        except threading.BrokenBarrierError:
            return 0.0
        raise AssertionError("two are inside at once")


def test_one_after_the_other_is_counted():
    bells, rang = Bells(Meeting(), burst=1.0), []
    threads = [threading.Thread(target=lambda: rang.append(bells.ring("192.0.2.1"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rang) == [False, True]


def test_one_customer_of_ipv6_has_one_bell(world: World):
    doors = Doors(world.connector)
    for number in range(10):
        doors.ring(f"2001:db8::{number}")
    with pytest.raises(Refused):
        doors.ring("2001:db8::ffff")
    doors.ring("2001:db8:0:1::1")
