from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.providers.sql.cursors import bounded, later, lowered
from connector.providers.sql.values import packed, unpacked

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("cursor", "lower"),
    [
        (NOON, NOON - HOUR),
        (datetime(2026, 3, 1, 15, 0, 0, 5), datetime(2026, 3, 1, 14, 0, 0, 5)),
        (date(2026, 3, 1), date(2026, 2, 28)),
        ("2026-03-01 15:00:00.5", "2026-03-01 14:00:00"),
        ("2026-03-01T12:00:00Z", "2026-03-01T11:00:00"),
        ("2026-03-01", "2026-02-28"),
        (100, 93),
        ("v17", "v17"),
        (None, None),
    ],
)
def test_the_overlap_is_taken_off_in_the_words_of_the_cursor(cursor, lower):
    assert lowered(cursor, HOUR, 7, MOSCOW) == lower


@pytest.mark.parametrize(
    ("cursor", "bound"),
    [
        (NOON + HOUR, NOON),
        (datetime(2026, 3, 1, 15, 0, 1), datetime(2026, 3, 1, 15, 0)),
        (datetime(2026, 3, 1, 14, 59), datetime(2026, 3, 1, 14, 59)),
        ("2199-01-01T00:00:00+05:00", "2026-03-01T17:00:00+05:00"),
        ("infinity", NOON),
        (10**12, 10**12),
    ],
)
def test_no_time_is_beyond_the_clock(cursor, bound):
    assert bounded(cursor, NOON, MOSCOW) == bound


def test_the_later_of_two_is_taken():
    assert later(5, 3, UTC) == 5
    assert later(None, 3, UTC) == 3
    assert later(3, None, UTC) == 3
    assert later(NOON, NOON - HOUR, UTC) == NOON
    assert later("v9", "v10", UTC) == "v10"


@given(
    st.one_of(
        st.integers(),
        st.text(),
        st.floats(allow_nan=False),
        st.datetimes(timezones=st.none() | st.just(UTC)),
        st.dates(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.uuids(),
        st.binary(),
        st.booleans(),
    )
)
def test_a_key_survives_its_place_as_it_was(value):
    again = unpacked(packed(value))
    assert again == value
    assert type(again) is type(value)


def test_places_are_json_of_their_own():
    assert packed(Decimal("1.50")) == {"decimal": "1.50"}
    assert packed(UUID(int=1)) == {"uuid": "00000000-0000-0000-0000-000000000001"}
