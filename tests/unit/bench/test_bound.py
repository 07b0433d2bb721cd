"""The least time within a portal's limits, and where a drain's time goes."""

from __future__ import annotations

import pytest

from tests.bench.bound import least_seconds
from tests.bench.pace import pace_of


def test_a_request_leaves_every_half_second_and_holds_five_seconds():
    # The first leaves at 0.5; 27.5 s of work are done when it is full, then 10 s of it each second.
    assert least_seconds(120.0, per_second=2.0, ceiling=5.0) == pytest.approx(14.75, abs=0.001)


def test_without_a_ceiling_every_request_works_to_the_end():
    # 4 requests at 0.5, 1, 1.5 and 2 have done 1.9 + 1.4 + 0.9 + 0.4 seconds by 2.4.
    assert least_seconds(4.6, per_second=2.0) == pytest.approx(2.4, abs=0.001)


def test_what_was_saved_up_leaves_at_once():
    assert least_seconds(48.0, per_second=1.0, free=48) == pytest.approx(1.0, abs=0.001)


def test_a_single_request_needs_its_own_time():
    assert least_seconds(0.2, per_second=2.0) == pytest.approx(0.7, abs=0.001)


def test_the_pace_tells_full_requests_from_pauses():
    calls = [
        {"at": 99.0, "ms": 50.0, "status": 200},
        {"at": 100.5, "ms": 4000.0, "status": 200},
        {"at": 101.0, "ms": 2000.0, "status": 200},
        {"at": 101.2, "ms": 1.0, "status": 503},
        {"at": 103.0, "ms": 1000.0, "status": 200},
    ]
    pace = pace_of(calls, 100.0)
    assert (pace.requests, pace.first, pace.full, pace.longest) == (3, 0.5, 2.0, 4.0)
    assert (pace.gap, pace.idle) == (2.0, 1.5)
    assert pace.tail == pytest.approx(1.5)


def test_nothing_served_has_no_pace():
    assert pace_of([{"at": 1.0, "ms": 1.0, "status": 503}], 0.0).requests == 0
