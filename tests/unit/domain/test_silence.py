"""Who is called silent, and who never is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.silence import DAY, ENOUGH, HOUR, MEMORY, asked, judge, missed, usual

THURSDAY = int(datetime(2026, 3, 5, 12, 0, tzinfo=UTC).timestamp())
SATURDAY = THURSDAY + 2 * DAY
LAST = datetime(2026, 3, 5, 11, 30, tzinfo=UTC)

counts = st.dictionaries(st.sampled_from(asked(THURSDAY)), st.integers(0, 500))


def past(hour: int, days: int, count: int) -> dict[int, int]:
    return {one: count for one in asked(hour) if one >= hour - days * DAY}


def test_only_the_same_hour_of_days_of_the_same_kind_is_asked():
    days = [datetime.fromtimestamp(hour, UTC) for hour in asked(THURSDAY)]
    assert {day.hour for day in days} == {12}
    assert {day.weekday() for day in days} == {0, 1, 2, 3, 4}
    assert {datetime.fromtimestamp(hour, UTC).weekday() for hour in asked(SATURDAY)} == {5, 6}
    assert max(asked(THURSDAY)) < THURSDAY
    assert min(asked(THURSDAY)) >= THURSDAY - MEMORY * DAY


@pytest.mark.parametrize(("days", "expected"), [(0, 0.0), (6, 0.0), (13, 0.0), (14, 12.0), (56, 12.0)])
def test_two_weeks_must_be_known(days: int, expected: float):
    assert usual(THURSDAY, past(THURSDAY, days, 12)) == expected


def test_a_campaign_of_one_day_is_not_usual():
    assert usual(THURSDAY, {**past(THURSDAY, 28, 3), THURSDAY - 7 * DAY: 900}) == 3.0


def test_a_weekday_that_is_always_free_makes_no_alarm():
    history = past(THURSDAY, 28, 40)
    free = {hour: 0 for hour in history if datetime.fromtimestamp(hour, UTC).weekday() == 3}
    assert usual(THURSDAY, {**history, **free}) == 0.0


def test_saturday_in_a_zone_far_from_utc_is_no_friday():
    """08:00 of Saturday in Vladivostok is 22:00 of Friday here; from Monday to Thursday these hours are busy."""
    friday = int(datetime(2026, 3, 6, 22, 0, tzinfo=UTC).timestamp())
    busy = {hour: 0 if datetime.fromtimestamp(hour, UTC).weekday() == 4 else 50 for hour in asked(friday)}
    assert usual(friday, busy) == 0.0


def test_what_is_missed_adds_up_until_something_comes():
    total = 0.0
    for _ in range(3):
        total = missed(total, 0, 4.0)
    assert (total, missed(total, 1, 4.0)) == (12.0, 0.0)


def test_enough_must_be_missed():
    assert judge("account:shop", LAST, ENOUGH - 0.5) is None
    assert judge("account:shop", None, ENOUGH) is None
    silence = judge("account:shop", LAST, ENOUGH + 2.4)
    assert silence is not None
    assert (silence.name, silence.since, silence.missed) == ("account:shop", LAST, 12)


@given(counts)
def test_usual_is_never_more_than_the_busiest_hour_nor_less_than_nothing(history: dict[int, int]):
    assert 0 <= usual(THURSDAY, history) <= max(history.values(), default=0)


@given(counts, st.integers(1, 9))
def test_busier_weeks_never_make_the_usual_less(history: dict[int, int], more: int):
    assert usual(THURSDAY, {hour: count + more for hour, count in history.items()}) >= usual(THURSDAY, history)


@given(counts)
def test_hours_that_were_not_asked_for_change_nothing(history: dict[int, int]):
    others = {hour + HOUR: 999 for hour in history} | {SATURDAY - 7 * DAY: 999}
    assert usual(THURSDAY, history | others) == usual(THURSDAY, history)


@given(st.lists(st.integers(0, 1), max_size=24 * 60))
def test_a_channel_with_fewer_than_one_request_in_most_hours_never_alarms(arrived: list[int]):
    """However long it is silent: half of the same hours brought nothing."""
    history = dict.fromkeys(asked(THURSDAY), 0)
    history.update(dict.fromkeys(asked(THURSDAY)[: len(history) // 2 - 1], 1))
    total = 0.0
    for count in arrived:
        total = missed(total, count, usual(THURSDAY, history))
    assert judge("account:quiet", LAST, total) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 50)), max_size=60))
def test_whoever_was_heard_in_the_last_hour_is_not_silent(hours: list[tuple[int, float]]):
    total = 0.0
    for arrived, expected in [*hours, (1, 99.0)]:
        total = missed(total, arrived, expected)
    assert judge("account:shop", LAST, total) is None
