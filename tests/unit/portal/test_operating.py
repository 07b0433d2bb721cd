from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.portal.operating import FLIGHT, LIMIT, UNKNOWN, Operating, Told
from connector.sandbox.limits import Operating as PortalsOperating

BEGIN = 1_800_000_000.0


class Desk:
    """Our book of seconds beside the portal's own; time goes when told."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.ours = Operating(lambda: self.now)
        self.portals = PortalsOperating(LIMIT, 600.0)

    def call(self, method: str, seconds: float, *, live: bool = True) -> bool:
        """Make the call unless we hold it back; true when it went and the portal did not block it."""
        if self.ours.waiting([method], live=live):
            return True
        self.ours.depart({method: 1})
        blocked = self.portals.blocked("c", method, self.now)
        self.portals.spend("c", method, seconds, self.now)
        time = {"processing": seconds, "finish": self.now, **self.portals.report("c", method, self.now)}
        self.ours.note(method, Told.of(time, 1))
        return not blocked

    def told(self, method: str, operating: float, reset_in: float, **more: Any) -> None:
        time = {"operating": operating, "operating_reset_at": int(self.now + reset_in), "finish": self.now, **more}
        self.ours.note(method, Told.of(time, 1))


@given(
    st.lists(
        st.tuples(st.floats(0, 12), st.sampled_from(["a", "b"]), st.floats(5, 40), st.booleans()),
        min_size=60,
        max_size=200,
    )
)
def test_a_portal_that_counts_as_documented_never_blocks(steps):
    desk = Desk()
    for later, method, seconds, live in steps:
        desk.now += later
        assert desk.call(method, seconds, live=live)


def test_bulk_stops_at_half_of_the_limit_and_live_at_nine_tenths():
    desk = Desk()
    desk.told("a", 241.0, 100)
    assert desk.ours.waiting(["a", "b"], live=False) == {"a": pytest.approx(100)}
    assert desk.ours.waiting(["a"], live=True) == {}
    desk.told("a", 433.0, 90)
    assert set(desk.ours.waiting(["a"], live=True)) == {"a"}


def test_operating_is_a_sum_and_never_added_up():
    desk = Desk()
    for sum_so_far in (100.0, 101.0, 102.0):
        desk.told("a", sum_so_far, 500)
    assert desk.ours.report()["a"]["seconds"] == 102.0


def test_a_minute_leaves_the_sum_ten_minutes_after_it_began():
    desk = Desk()
    desk.call("a", 30.0)
    desk.now += 300
    desk.call("a", 50.0)
    assert desk.ours.report()["a"] == {"seconds": 80.0, "limit": LIMIT, "reset": 300.0, "blocked": 0.0}
    desk.now += 301
    assert desk.ours.report()["a"]["seconds"] == 50.0
    desk.now += 300
    assert desk.ours.report()["a"] == {"seconds": 0.0, "limit": LIMIT, "reset": 0.0, "blocked": 0.0}


def test_the_reset_is_counted_by_the_portals_own_clock():
    desk = Desk()
    desk.ours.note("a", Told.of({"operating": 300, "operating_reset_at": 5100, "finish": 5000.5}, 1))
    assert desk.ours.waiting(["a"], live=False) == {"a": pytest.approx(99.5)}


def test_what_is_under_way_counts_until_it_is_answered():
    desk = Desk()
    desk.told("a", 0.0, 0, processing=10.0)
    desk.ours.depart({"a": 24})
    assert desk.ours.waiting(["a"], live=False) == {"a": 1.0}
    desk.ours.note("a", Told(items=20.0))
    assert desk.ours.waiting(["a"], live=False) == {}


def test_a_request_that_was_never_answered_is_forgotten():
    desk = Desk()
    desk.told("a", 0.0, 0, processing=10.0)
    desk.ours.depart({"a": 100})
    desk.now += 2 * FLIGHT + 1
    assert desk.ours.waiting(["a"], live=True) == {}


def test_after_a_block_the_method_waits_for_its_reset_and_the_limit_is_what_was_seen():
    desk = Desk()
    desk.told("a", 300.0, 100)
    assert desk.ours.block("a") == pytest.approx(100)
    assert desk.ours.block("a") == pytest.approx(100)
    assert desk.ours.report()["a"]["limit"] == 300.0
    assert set(desk.ours.waiting(["a", "b"], live=True)) == {"a"}
    desk.now += 101
    assert desk.ours.waiting(["a"], live=True) == {}
    desk.told("a", 151.0, 500)
    assert set(desk.ours.waiting(["a"], live=False)) == {"a"}
    desk.now += 86_400
    assert desk.ours.report()["a"]["limit"] == LIMIT


def test_without_a_known_reset_the_steps_grow_to_ten_minutes():
    desk, waits = Desk(), []
    for _ in range(12):
        waits.append(desk.ours.block("a"))
        desk.now += waits[-1]
    assert waits == [60.0, 120.0, 180.0, 240.0, 300.0, 360.0, 420.0, 480.0, 540.0, 600.0, 600.0, 600.0]


def test_a_block_after_few_seconds_teaches_no_limit():
    desk = Desk()
    desk.told("a", 3.0, 100)
    desk.ours.block("a")
    assert desk.ours.report()["a"]["limit"] == LIMIT


def test_a_portal_that_tells_no_operating_seconds_is_never_held_back():
    desk = Desk()
    for _ in range(100):
        desk.ours.depart({"a": 50})
        desk.ours.note("a", Told.of({"processing": 30.0, "finish": desk.now}, 1))
    assert desk.ours.waiting(["a"], live=False) == {}


def test_an_older_answer_that_comes_late_changes_no_sum():
    desk = Desk()
    desk.told("a", 300.0, 500)
    late = {"operating": 20.0, "operating_reset_at": int(desk.now + 500), "finish": desk.now - 5, "processing": 1.0}
    desk.ours.note("a", Told.of(late, 1))
    assert desk.ours.report()["a"]["seconds"] == 300.0


def test_a_counter_shared_with_strangers_is_never_lowered_by_another_one():
    desk = Desk()
    desk.told("a", 300.0, 500)
    other = Told.of({"operating": 2.0, "operating_reset_at": int(desk.now + 500), "finish": desk.now}, 1)
    desk.ours.note("a", other, shared=True)
    assert desk.ours.report()["a"]["seconds"] == 300.0
    desk.ours.note("a", other)
    assert desk.ours.report()["a"]["seconds"] == 2.0


def test_the_observed_seconds_are_per_item_and_follow_what_is_seen():
    desk = Desk()
    assert desk.ours.expect("a", 4) == 4 * UNKNOWN
    desk.ours.note("a", Told.of({"processing": 2.0}, 10))
    assert desk.ours.expect("a", 1) == pytest.approx(0.2)
    for _ in range(40):
        desk.ours.note("a", Told.of({"duration": 1.0}, 1))
    assert desk.ours.expect("a", 5) == pytest.approx(5.0, rel=0.01)


@pytest.mark.parametrize("time", [{}, {"operating": "x", "finish": None}, {"operating": True, "processing": []}])
def test_a_strange_time_block_tells_nothing(time):
    assert Told.of(time, 3) == Told(items=3)
