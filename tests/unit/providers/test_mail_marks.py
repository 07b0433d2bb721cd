"""How far a folder was read."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from connector.providers.mail import marks

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def again(mark: marks.Mark) -> marks.Mark | None:
    return marks.read(json.loads(json.dumps(mark.told())))


def test_a_mark_that_is_kept_is_read_as_it_was():
    for mark in (
        marks.first(7, 40, 0, NOW),
        marks.first(7, 40, 30, NOW),
        marks.first(7, 40, 30, NOW).moved(20, NOW).tried(21).tried(21),
        marks.renewed(marks.first(7, 40, 0, NOW), 8, 50, NOW),
    ):
        assert again(mark) == mark


@pytest.mark.parametrize("kept", [None, 5, [], {}, {"uidvalidity": 1}, {"uidvalidity": "x", "uid": 1}, {"uid": 1}])
def test_what_is_no_mark_is_none(kept):
    assert marks.read(kept) is None


def test_a_folder_that_was_never_read_begins_with_what_comes():
    assert marks.first(7, 40, 0, NOW).uid == 40


def test_old_letters_are_wanted_up_to_where_the_folder_ended():
    mark = marks.first(7, 40, 30, NOW)
    assert (mark.uid, mark.upto, mark.since) == (0, 40, date(2026, 5, 16))
    assert "since" not in mark.moved(40, NOW).told()


def test_letters_with_new_numbers_are_read_for_a_week_or_since_the_last_look():
    lately = marks.first(7, 40, 0, NOW - timedelta(hours=1))
    long_ago = marks.first(7, 40, 0, NOW - timedelta(days=30))
    assert marks.renewed(lately, 8, 50, NOW).since == date(2026, 6, 8)
    assert marks.renewed(long_ago, 8, 50, NOW).since == date(2026, 5, 15)


def test_tries_are_counted_for_one_letter_and_forgotten_when_it_is_kept():
    mark = marks.first(7, 40, 0, NOW)
    assert mark.tried(41).tried(41).tries == 2
    assert mark.tried(41).tried(42).tries == 1
    assert mark.tried(41).moved(41, NOW).tries == 0
