from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.reconcile.mark import FIRST, GRACE, OVERLAP, Mark, Round, keep_mark, mark_of
from tests.conftest import FakeClock

WEEK = timedelta(days=7)


class Book:
    """Links as JSON keeps them."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Any] = {}
        self.owner = ""

    def recall(self, kind: str, key: str) -> Any | None:
        return self.kept.get((kind, key))

    def remember(self, kind: str, key: str, value: Any, *, owner: str = "") -> None:
        self.kept[kind, key], self.owner = value, owner


def finish(mark: Mark, clock: FakeClock) -> tuple[Mark, Round]:
    done = mark.plan(clock(), furthest=WEEK)
    return replace(mark, tried=clock().timestamp()).finished(done), done


def test_the_first_round_looks_back_an_hour_and_no_further(clock):
    first = Mark().plan(clock(), furthest=WEEK)
    assert first.began - first.since == FIRST.total_seconds()
    assert first.wide


def test_the_next_round_begins_where_the_last_one_ended_less_an_overlap(clock):
    mark, first = finish(Mark(), clock)
    clock.advance(300)
    following = mark.plan(clock(), furthest=WEEK)
    assert (following.since, following.wide) == (first.began - OVERLAP.total_seconds(), False)


def test_after_an_outage_the_round_is_wide_and_covers_it_wholly(clock):
    mark, first = finish(Mark(), clock)
    clock.advance(3 * 86400)
    following = mark.plan(clock(), furthest=WEEK)
    assert following.wide
    assert following.since < first.until


def test_no_round_looks_further_back_than_the_journal_remembers(clock):
    mark, _ = finish(Mark(), clock)
    clock.advance(30 * 86400)
    following = mark.plan(clock(), furthest=timedelta(days=2))
    assert following.began - following.since == 2 * 86400


def test_every_hour_a_round_is_wide(clock):
    mark, _ = finish(Mark(), clock)
    wide = []
    for _ in range(25):
        clock.advance(300)
        mark, done = finish(mark, clock)
        wide.append(done.wide)
    assert [number for number, is_wide in enumerate(wide) if is_wide] == [11, 23]


@given(pauses=st.lists(st.floats(min_value=1, max_value=5 * 86400), min_size=1, max_size=20))
def test_no_moment_lies_between_two_rounds(pauses: list[float]):
    clock = FakeClock()
    mark, previous = finish(Mark(), clock)
    for pause in pauses:
        clock.advance(pause)
        mark, done = finish(mark, clock)
        assert done.since <= previous.until
        assert done.until == done.began - GRACE.total_seconds()
        previous = done


@pytest.mark.parametrize(
    ("mark", "due"),
    [
        (Mark(), True),
        (Mark(tried=-10), False),
        (Mark(tried=-240), False),
        (Mark(tried=-299), True),
        (Mark(tried=-10, failed=True), True),
        (Mark(tried=-10, going=Round(wide=True, since=0.0, began=1.0, after="x")), True),
    ],
)
def test_a_round_is_due_every_five_minutes_and_at_once_after_one_that_did_not_end(clock, mark, due):
    tried = clock().timestamp() + mark.tried if mark.tried else 0.0
    assert replace(mark, tried=tried).due(clock()) is due


def test_an_unfinished_round_goes_on_with_its_own_window(clock):
    going = Round(wide=True, since=5.0, began=10.0, after="shop.7")
    assert Mark(narrow=3.0, wide=3.0, going=going).plan(clock(), furthest=WEEK) == going


def test_a_mark_is_kept_as_the_portals_own_and_read_back_as_it_was(clock):
    book = Book()
    mark = Mark(narrow=1.5, wide=2.5, going=Round(wide=False, since=1.0, began=2.0)).counted(clock(), 3)
    keep_mark(book, "main", mark)
    assert (mark_of(book, "main"), book.owner) == (mark, "portal:main")


def test_what_a_later_version_kept_beside_is_passed_over():
    book = Book()
    book.remember("reconciled", "main", {"narrow": 4.0, "colour": "green"})
    assert mark_of(book, "main") == Mark(narrow=4.0)
    assert mark_of(book, "other") == Mark()


def test_finds_are_counted_for_a_day_and_for_ever(clock):
    mark = Mark().counted(clock(), 2).counted(clock(), 0)
    clock.advance(86401)
    mark = mark.counted(clock(), 1)
    assert (mark.last_day(clock()), mark.total, len(mark.found)) == (1, 3, 1)
