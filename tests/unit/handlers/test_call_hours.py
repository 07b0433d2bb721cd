"""Working hours are read as people write them, and every hour of the week falls in or out of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.domain.hours import WEEK, Span, is_open, next_opening, parse_hours
from connector.domain.telephony import PbxSettings
from connector.handlers.calls.hours import open_at, opening
from connector.speech import Text

MOSCOW = "Europe/Moscow"
USUAL = "mon-fri 9:00-18:00, sat 10-15"


def moscow(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the week that begins on Monday, 7 September 2026."""
    return datetime(2026, 9, 6 + day, hour, minute, tzinfo=ZoneInfo(MOSCOW))


@pytest.mark.parametrize(
    ("at", "is_so"),
    [
        (moscow(1, 8, 59), False),
        (moscow(1, 9), True),
        (moscow(5, 17, 59), True),
        (moscow(5, 18), False),
        (moscow(6, 14, 59), True),
        (moscow(6, 15), False),
        (moscow(7, 12), False),
        (moscow(2, 12).astimezone(UTC), True),
    ],
)
def test_a_moment_is_within_the_hours_or_not(at: datetime, is_so: bool) -> None:
    assert open_at(USUAL, at, MOSCOW) is is_so


def test_without_hours_somebody_is_always_there() -> None:
    assert open_at("", moscow(7, 3), MOSCOW)
    assert opening(" ", moscow(7, 3), MOSCOW) == moscow(7, 3)


@pytest.mark.parametrize(
    "text",
    [
        "пн-пт 9:00-18:00, сб 10-15",
        "Понедельник — Пятница  09.00–18.00; суббота 10:00 - 15:00",
        "mon,tue,wed,thu,fri 9-18 sat 10-15",
        "будни 9-13, 13-18, сб 10-15:00",
        "weekdays 9-13 13:00-18:00, saturday 10-15",
    ],
)
def test_the_same_hours_are_written_in_many_ways(text: str) -> None:
    week = [moscow(1, 0) + timedelta(minutes=minute) for minute in range(0, WEEK, 30)]
    assert [open_at(text, at, MOSCOW) for at in week] == [open_at(USUAL, at, MOSCOW) for at in week]


def test_hours_without_days_are_of_every_day_and_a_night_ends_on_the_next() -> None:
    assert open_at("10-22", moscow(7, 12), MOSCOW)
    assert open_at("fri 22-06", moscow(6, 5), MOSCOW)
    assert not open_at("fri 22-06", moscow(5, 5), MOSCOW)
    assert open_at("вс 22-2", moscow(1, 1), MOSCOW)
    assert parse_hours("sat-mon 0-24") == (Span(0, 0, 1440), Span(5, 0, 1440), Span(6, 0, 1440))
    assert open_at("круглосуточно", moscow(3, 3), MOSCOW)
    assert open_at("24/7", moscow(3, 3), MOSCOW)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (moscow(1, 3), moscow(1, 9)),
        (moscow(1, 12), moscow(1, 12)),
        (moscow(5, 18, 30), moscow(6, 10)),
        (moscow(6, 15), moscow(8, 9)),
    ],
)
def test_somebody_comes_at_the_next_opening(at: datetime, opens: datetime) -> None:
    assert opening(USUAL, at, MOSCOW) == opens


@pytest.mark.parametrize(
    "text",
    ["mon-fri", "mon-fri 9", "9-18, sat", "moon 9-18", "mon 9-25", "24-3", "9:60-10", "x" * 501, "пн-пт 9-18-20"],
)
def test_what_cannot_be_read_is_refused_in_both_languages_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="mon-fri 9:00-18:00") as refused:
        parse_hours(text)
    what, mend = refused.value.args
    assert isinstance(what, Text)
    assert what.en != what.ru
    assert "пн-пт 9:00-18:00" in mend.ru


def test_an_empty_span_says_how_to_write_the_whole_day() -> None:
    with pytest.raises(ValueError, match="0-24"):
        parse_hours("mon 9-9")


def test_the_settings_refuse_hours_that_cannot_be_read() -> None:
    about = {"account": "office", "provider": "asterisk", "portal": "main"}
    assert PbxSettings(**about, hours=f" {USUAL} ").hours == USUAL
    with pytest.raises(ValidationError, match="neither a day nor hours"):
        PbxSettings(**about, hours="nine to five")


spans = st.lists(
    st.builds(
        lambda day, begin, length: Span(day, begin, begin + length),
        st.integers(0, 6),
        st.integers(0, 1439),
        st.integers(1, 1440),
    ),
    min_size=1,
    max_size=5,
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(spans, moments, st.sampled_from([MOSCOW, "Europe/Berlin", "America/New_York", "UTC"]))
def test_the_next_opening_is_open_and_nothing_before_it_is(given_spans: list[Span], at: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    opens = next_opening(given_spans, at, zone)
    assert at <= opens <= at + timedelta(days=8)
    shift = opens.utcoffset() != at.astimezone(zone).utcoffset()
    assert shift or is_open(given_spans, opens, zone)
    if opens > at:
        assert not is_open(given_spans, at, zone)
        between = at + (opens - at) / 2
        assert shift or not is_open(given_spans, between, zone)
