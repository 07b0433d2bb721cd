"""How much of strangers' texts a page carries, and how lengths of time are told."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from webhooks.console.kinds import stands
from webhooks.console.masking import visible
from webhooks.console.purse import Purse
from webhooks.console.reading import Reader

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@given(st.lists(st.tuples(st.text(), st.integers(0, 40))), st.integers(0, 200))
def test_no_more_is_spent_than_there_is(texts: list[tuple[str, int]], left: int):
    purse, spent = Purse(left), 0
    for text, most in texts:
        taken = purse.take(text, most)
        weight = len(str(escape(taken.text)).encode())
        spent += weight
        assert weight <= most
        assert visible(text).startswith(taken.text)
        assert taken.cut is (taken.text != visible(text))
    assert (spent <= left, purse.left) == (True, left - spent)


def test_what_is_cut_says_so():
    assert [Purse(99).word(text, 4) for text in ("", "abcd", "abcde", "<<")] == ["", "abcd", "abcd…", "<…"]
    assert Purse(0).word("a") == "…"
    assert Purse(9).word("\u202e", 9) == "\\u202e"


@pytest.mark.parametrize(
    ("seconds", "english", "russian"),
    [
        (-5, "0 ms", "0 мс"),
        (0.0124, "12 ms", "12 мс"),
        (0.9996, "1 s", "1 с"),
        (1.44, "1.4 s", "1,4 с"),
        (59.97, "1 min", "1 мин"),
        (200, "3 min 20 s", "3 мин 20 с"),
        (3599.9, "1 h", "1 ч"),
        (7500, "2 h 5 min", "2 ч 5 мин"),
        (4 * 86400 + 3700, "4 d 1 h", "4 дн. 1 ч"),
    ],
)
def test_a_length_of_time_is_short(seconds: float, english: str, russian: str):
    for language, told in (("en", english), ("ru", russian)):
        read = Reader(language=language, zone=UTC, now=NOON)  # type: ignore[arg-type]
        assert read.took(seconds).replace("\xa0", " ") == told


def test_a_time_is_the_readers_own():
    assert Reader(language="en", zone=ZoneInfo("Asia/Tokyo"), now=NOON).instant(NOON) == "21:00:00.000"


@pytest.mark.parametrize(
    ("envelope", "deliveries", "told"),
    [
        ("parked", [], "unread"),
        ("ignored", [], "ignored"),
        ("accepted", [], "nothing"),
        ("accepted", ["done", "parked", "waiting"], "parked"),
        ("accepted", ["done", "waiting"], "waiting"),
        ("accepted", ["discarded", "done"], "done"),
        ("accepted", ["discarded"], "discarded"),
    ],
)
def test_the_worst_is_told_first(envelope: str, deliveries: list[str], told: str):
    assert stands(envelope, deliveries) == told
