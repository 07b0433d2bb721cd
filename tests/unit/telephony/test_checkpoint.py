from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.telephony.checkpoint import (
    EVERY,
    FIRST,
    LAG,
    OVERLAP,
    QUIET,
    SLICE,
    WIDE,
    Checkpoint,
    checkpoint_of,
    keep_checkpoint,
    slices,
)
from tests.unit.telephony.pbx import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Links:
    def __init__(self, value: Any = None) -> None:
        self.value = value

    def recall(self, kind: str, key: str) -> Any:
        assert (kind, key) == ("history", "office")
        return self.value

    def remember(self, kind: str, key: str, value: Any, *, owner: str = "") -> None:
        self.value = value


def test_the_first_look_goes_back_a_day_and_no_further() -> None:
    assert Checkpoint().span(NOW) == (NOW - LAG - FIRST, NOW - LAG)


def test_looks_overlap_by_half_an_hour_and_once_an_hour_by_four() -> None:
    mark = Checkpoint(until=NOW - HOUR, at=NOW - EVERY, wide=NOW - 30 * MINUTE)
    assert mark.span(NOW) == (NOW - HOUR - OVERLAP, NOW - LAG)
    assert mark.span(NOW + 30 * MINUTE)[0] == NOW - HOUR - WIDE
    assert not mark.done(NOW + 30 * MINUTE).is_wide(NOW + 40 * MINUTE)


def test_a_call_that_is_still_open_is_read_again_but_not_for_ever() -> None:
    mark = Checkpoint(until=NOW - LAG, at=NOW, wide=NOW)
    assert mark.span(NOW, opened=NOW - 3 * HOUR)[0] == NOW - 3 * HOUR - LAG
    assert mark.span(NOW, opened=NOW - timedelta(days=9))[0] == NOW - FIRST
    assert mark.span(NOW, opened=NOW)[0] == NOW - LAG - OVERLAP


def test_an_outage_of_days_is_read_whole() -> None:
    mark = Checkpoint(until=NOW - timedelta(days=3), at=NOW - timedelta(days=3), wide=NOW)
    since, until = mark.span(NOW)
    spans = slices(since, until)
    assert (spans[0][0], spans[-1][1]) == (NOW - timedelta(days=3) - OVERLAP, NOW - LAG)
    assert all(end - begin <= SLICE for begin, end in spans)
    assert [begin for begin, _ in spans[1:]] == [end for _, end in spans[:-1]]


@pytest.mark.parametrize(
    ("mark", "more", "due"),
    [
        (Checkpoint(), {}, True),
        (Checkpoint(at=NOW - EVERY), {}, True),
        (Checkpoint(at=NOW - 9 * MINUTE), {}, False),
        (Checkpoint(at=NOW - QUIET), {"quiet": True}, True),
        (Checkpoint(at=NOW - MINUTE), {"quiet": True}, False),
        (Checkpoint(at=NOW - 2 * MINUTE), {"back": NOW - MINUTE}, True),
        (Checkpoint(at=NOW - MINUTE), {"back": NOW - 2 * MINUTE}, False),
        (Checkpoint(at=NOW - MINUTE, why="pbx.busy"), {}, True),
        (Checkpoint(at=NOW - HOUR, why="pbx.busy", again=NOW + MINUTE), {"back": NOW, "quiet": True}, False),
    ],
)
def test_when_to_look(mark: Checkpoint, more: dict[str, Any], due: bool) -> None:
    assert mark.due(NOW, **more) is due


def test_a_failure_is_forgotten_by_a_whole_look() -> None:
    mark = Checkpoint(until=NOW).failed(NOW, "pbx.busy", timedelta(days=30), hint=("wait", "ждите"))
    assert (mark.why, mark.hint) == ("pbx.busy", ("wait", "ждите"))
    assert (mark.again, mark.until) == (NOW + timedelta(days=1), NOW)
    assert mark.done(NOW + HOUR) == Checkpoint(until=NOW, at=NOW + HOUR, wide=NOW + HOUR)


@pytest.mark.parametrize(
    "mark",
    [
        Checkpoint(),
        Checkpoint(until=NOW, at=NOW + MINUTE, wide=NOW + HOUR),
        Checkpoint(until=NOW, why="pbx.busy", hint=("wait", "ждите"), again=NOW),
    ],
)
def test_a_checkpoint_is_read_back_as_it_was_kept(mark: Checkpoint) -> None:
    links = Links()
    keep_checkpoint(links, "office", mark)
    assert checkpoint_of(links, "office") == mark


@pytest.mark.parametrize(
    "value", [None, [], "x", {}, {"until": 5, "at": "yesterday", "why": None, "hint": "x"}, {"until": "2026-13-01"}]
)
def test_a_checkpoint_that_cannot_be_read_is_a_new_one(value: Any) -> None:
    assert checkpoint_of(Links(value), "office") == Checkpoint()


moments = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 2, 1)).map(
    lambda at: at.replace(tzinfo=NOW.tzinfo)
)


@given(st.lists(moments, min_size=1, max_size=20))
def test_the_checkpoint_never_goes_back(reads: list[datetime]) -> None:
    mark, seen = Checkpoint(), []
    for until in reads:
        mark = mark.read(until)
        seen.append(mark.until)
    assert seen == sorted(seen)  # type: ignore[type-var]
    assert mark.until == max(reads)
