from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.portal.bucket import PATIENCE, UNLIMITED, Bucket, Shape
from connector.portal.budget import NEAR
from tests.unit.portal.traffic import Step, refused, run

PLANS = st.sampled_from([(50.0, 2.0), (250.0, 5.0), (10.0, 2.0), (100.0, 20.0)])
LATER = st.one_of(st.just(0.0), st.floats(0, 1.2), st.floats(0, 3))
STEPS = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(["live", "live", "bulk", "bulk", "pause"]),
        later=LATER,
        count=st.integers(1, 60),
        delay=st.sampled_from([0.0, 0.3, 0.99]),
        seconds=st.floats(0, 10),
    ),
    min_size=1,
    max_size=40,
)


@given(STEPS, PLANS)
def test_a_portal_that_drains_in_whole_seconds_is_never_exceeded(steps, plan):
    assert refused(run([Bucket(Shape(*plan))], steps), *plan) == 0


@given(STEPS, PLANS)
def test_nobody_leaves_while_the_portal_is_paused(steps, plan):
    steps = [*steps, Step("pause", 1.0, seconds=30.0), Step("live", 0.5, count=5), Step("bulk", 0.5, count=2)]
    paused = 1_000_000.0 + sum(step.later for step in steps[:-2])
    left = run([Bucket(Shape(*plan))], steps)
    assert not [one for one in left if paused + NEAR < one.at < paused + 30.0 - 1e-6]


@given(STEPS, PLANS)
def test_bulk_delays_live_by_one_request_at_most(steps, plan):
    quick = [Step(s.what, s.later / 10, count=s.count) for s in steps if s.what != "pause"]
    busy = {one.number: one for one in run([Bucket(Shape(*plan))], quick)}
    kinds = [step.what for step in quick for _ in range(step.count)]
    alone = run([Bucket(Shape(*plan))], _without_bulk(quick))
    numbers = [number for number, what in enumerate(kinds) if what == "live"]
    for number, lonely in zip(numbers, sorted(alone, key=lambda one: one.number), strict=True):
        if busy[number].at < 1_000_000.0 + PATIENCE:
            assert busy[number].at <= lonely.at + 1 / plan[1] + 1e-3


def _without_bulk(steps: list[Step]) -> list[Step]:
    kept, later = [], 0.0
    for step in steps:
        later += step.later
        if step.what == "live":
            kept.append(Step("live", later, count=step.count))
            later = 0.0
    return kept


def test_bulk_uses_all_that_live_leaves():
    left = run([Bucket(Shape(50, 2))], [Step("bulk", 0.0, count=40)])
    assert max(one.at for one in left) - 1_000_000.0 == pytest.approx(39 / 2, abs=0.1)


def test_a_saturated_portal_serves_one_bulk_request_in_twenty_seconds():
    crowd = [Step("live", 0.25) for _ in range(600)]
    left = run([Bucket(Shape(50, 2))], [Step("live", 0.0, count=46), Step("bulk", 0.0, count=30), *crowd])
    aged = sorted(one.at - 1_000_000.0 for one in left if one.what == "bulk")
    assert aged[0] <= 2 * PATIENCE
    assert all(later - earlier >= PATIENCE for earlier, later in pairwise(aged[:4]))


def test_the_whole_burst_is_left_to_live_while_bulk_works():
    bucket = Bucket(Shape(50, 2))
    granted = sum(bucket.take(0.0, live=False)[0] for _ in range(100))
    assert granted == 1
    assert bucket.room(0.0) == (45.0, 0.0)
    assert [bucket.take(0.0, live=True)[1] for _ in range(45)] == [0.0] * 45
    assert bucket.take(0.0, live=True)[1] == pytest.approx(0.5)


@pytest.mark.parametrize(("plan", "cap"), [((50, 2), 46), ((250, 5), 240), ((1, 9), 1), ((500, 500), 250)])
def test_two_seconds_of_the_rate_are_left_to_the_portals_own_clock(plan, cap):
    assert Shape(*plan).cap == cap


def test_room_tells_what_may_leave_now_and_when_the_next_may():
    bucket = Bucket(Shape(50, 2))
    assert bucket.room(0.0) == (46.0, 0.0)
    for _ in range(46):
        bucket.take(0.0, live=True)
    assert bucket.room(0.0) == (0.0, 0.5)
    assert bucket.room(1.0) == (2.0, 0.0)
    bucket.pause(1.0, 10.0)
    free, until = bucket.room(2.0)
    assert free == 0.0
    assert until == pytest.approx(9.0)


def test_a_portal_without_a_limit_never_waits_save_when_it_asks_for_it():
    bucket = Bucket(Shape(0, 2))
    assert [bucket.take(5.0, live=live) for live in (True, False) * 300] == [(True, 0.0)] * 600
    assert bucket.room(5.0) == (UNLIMITED, 0.0)
    bucket.pause(5.0, 2.0)
    assert bucket.take(5.0, live=True) == (True, 2.0)
