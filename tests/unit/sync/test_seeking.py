"""When somebody whom the rules of a record did not find is looked for again."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from connector.sync.records import SOUGHT_FOR, next_search

BEGINS = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_soon_at_first_then_less_and_less_often_and_at_last_no_more():
    times = [BEGINS + timedelta(minutes=2)]
    while (following := next_search(BEGINS, times[-1])) is not None:
        times.append(following)
    waits = [later - before for before, later in itertools.pairwise(times)]
    assert waits[0] == timedelta(minutes=10)
    assert all(later >= before for before, later in itertools.pairwise(waits))
    assert 10 < len(waits) < 20
    assert SOUGHT_FOR <= times[-1] - BEGINS < 2 * SOUGHT_FOR
