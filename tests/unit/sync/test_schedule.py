"""When a source is due and when it is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connector import registry
from connector.domain.schedules import after
from connector.domain.sources import SourceSettings
from connector.settings.mistakes import Report
from connector.settings.models import build
from connector.speech import Text
from connector.sync.schedule import is_late, jitter, late_at, next_due
from connector.sync.schedule_words import schedule_in_words
from tests.unit.sync.sources import source

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
LENGTHS = st.timedeltas(timedelta(seconds=1), timedelta(days=40))
NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,30}", fullmatch=True)
CRONS = st.one_of(
    st.builds("{} {} * * *".format, st.integers(0, 59), st.integers(0, 23)),
    st.builds("{} {} * * {}-{}".format, st.integers(0, 59), st.integers(0, 23), st.integers(0, 3), st.integers(4, 6)),
    st.builds("*/{} * * * *".format, st.integers(1, 59)),
    st.builds("{} {} {} * *".format, st.integers(0, 59), st.integers(0, 23), st.integers(1, 31)),
    st.sampled_from(["@daily", "@hourly", "0 0 29 2 *"]),
)


def test_a_source_without_a_schedule_is_never_due():
    assert next_due(source(), NOW, NOW) is None
    assert late_at(source(), NOW) is None
    assert not is_late(source(), NOW - timedelta(days=900), None, NOW)


def test_a_source_that_never_ran_is_due_at_once():
    assert next_due(source(every="15m"), None, NOW) == NOW


def test_a_source_of_cron_that_never_ran_waits_for_its_time():
    nightly = source(cron="30 6 * * *", timezone="Europe/Moscow")
    assert next_due(nightly, None, NOW) == datetime(2026, 3, 3, 3, 30, tzinfo=UTC)
    just_past = datetime(2026, 3, 3, 3, 31, tzinfo=UTC)
    assert next_due(nightly, None, just_past) == datetime(2026, 3, 3, 3, 30, tzinfo=UTC)


def test_what_was_missed_is_made_up_by_one_run():
    nightly = source(cron="30 6 * * *")
    due = next_due(nightly, NOW - timedelta(days=3), NOW)
    assert due is not None
    assert due < NOW
    assert next_due(nightly, NOW, NOW) == datetime(2026, 3, 3, 6, 30, tzinfo=UTC)


def test_a_time_that_the_clock_skips_comes_with_the_skip_and_one_it_has_twice_comes_twice():
    spring = after("30 2 * * *", datetime(2026, 3, 28, 12, tzinfo=UTC), BERLIN)
    assert spring == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 on the wall
    first = after("30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=UTC), BERLIN)
    assert [first, after("30 2 * * *", first, BERLIN)] == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]


@given(name=NAMES, every=LENGTHS, last=MOMENTS, now=MOMENTS)
def test_the_next_run_is_after_the_last_by_every_and_little_more(
    name: str, every: timedelta, last: datetime, now: datetime
):
    due = next_due(source(name, every=every), last, now)
    assert due is not None
    assert every <= due - last <= every + min(every * 0.1, timedelta(seconds=60))
    assert due == next_due(source(name, every=every), last, now)


@given(cron=CRONS, last=MOMENTS, now=MOMENTS, zone=st.sampled_from(["", "Europe/Moscow", "Europe/Berlin"]))
def test_a_time_of_cron_is_after_the_last_run_and_there_is_none_between(
    cron: str, last: datetime, now: datetime, zone: str
):
    one = source(cron=cron, timezone=zone)
    due = next_due(one, last, now)
    assert due is not None
    assert due > last
    assert due.utcoffset() == timedelta()
    assert next_due(one, last + (due - last) / 2, now) in (due, next_due(one, last, now))
    assert next_due(one, due, now) > due


@given(minute=st.integers(0, 59), hour=st.integers(0, 23), last=MOMENTS)
def test_a_daily_time_is_that_time_on_the_wall(minute: int, hour: int, last: datetime):
    due = next_due(source(cron=f"{minute} {hour} * * *", timezone="Europe/Moscow"), last, last)
    assert due is not None
    wall = due.astimezone(MOSCOW)
    assert (wall.hour, wall.minute, wall.second) == (hour, minute, 0)
    assert due - last <= timedelta(days=1)


@given(name=NAMES, most=st.timedeltas(timedelta(), timedelta(hours=2)))
def test_the_jitter_that_is_given_is_the_most(name: str, most: timedelta):
    assert timedelta() <= jitter(source(name, every="15m", jitter=most)) <= most


def test_sources_of_one_schedule_do_not_all_begin_at_once():
    assert len({jitter(source(f"s{number}", every="1h")) for number in range(50)}) > 40
    assert not jitter(source(cron="@daily"))


@given(every=LENGTHS, good=MOMENTS, passed=st.timedeltas(timedelta(), timedelta(days=200)))
def test_a_source_is_late_after_three_times_every(every: timedelta, good: datetime, passed: timedelta):
    assert is_late(source(every=every), good, None, good + passed) == (passed > 3 * every)


def test_late_can_be_said_and_counts_from_the_first_run_until_one_is_good():
    one = source(every="15m", late="2h")
    assert not is_late(one, None, NOW - timedelta(hours=2), NOW)
    assert is_late(one, None, NOW - timedelta(hours=3), NOW)
    assert not is_late(one, None, None, NOW)
    assert not is_late(one, NOW, NOW - timedelta(days=5), NOW)


def test_a_nightly_source_is_late_after_its_third_night():
    assert late_at(source(cron="30 6 * * *"), NOW) == datetime(2026, 3, 5, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cron": "61 * * * *"},
        {"cron": "* * * * * *"},
        {"cron": "0 0 30 2 *"},
        {"cron": "r * * * *"},
        {"cron": "every day"},
        {"cron": "*/0 * * * *"},
        {"cron": "@reboot"},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"timezone": "Europe"},
        {"every": "0"},
        {"every": "15m", "cron": "@daily"},
    ],
    ids=str,
)
def test_a_wrong_schedule_is_a_mistake_of_the_settings_with_a_hint(wrong: dict[str, str]):
    with pytest.raises(ValidationError):
        source(**wrong)
    report = Report("connector.yaml", {})
    given_ = {"provider": "table", "portal": "main", **wrong}
    assert build(SourceSettings, given_, ("sources", "shipments"), report, source="shipments") is None
    mistake = report.mistakes[0]
    assert mistake.path == f"sources.shipments.{list(wrong)[-1]}"
    assert mistake.expected.ru != mistake.expected.en
    assert mistake.hint.ru != mistake.hint.en


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({}, Text("only by hand", "только вручную")),
        ({"every": "15m"}, Text("every 15 min", "каждые 15 мин")),
        ({"every": "1h30m", "full_every": "1d"},
         Text("every 1 h 30 min; everything anew every 1 d", "каждые 1 ч 30 мин; всё заново — каждые 1 дн.")),
        ({"cron": "30 6 * * 1-5", "timezone": "Europe/Moscow"},
         Text("at 06:30 from Monday to Friday, Europe/Moscow", "в 06:30, понедельник — пятница, Europe/Moscow")),
        ({"cron": "0 6,18 * * sat,0"}, Text("at 06:00, 18:00 on Saturday, Sunday, UTC",
                                            "в 06:00, 18:00, суббота, воскресенье, UTC")),
        ({"cron": "@daily"}, Text("at 00:00 daily, UTC", "в 00:00 ежедневно, UTC")),
        ({"cron": "*/20 * * * *"}, Text("every 20 min, UTC", "каждые 20 мин, UTC")),
        ({"cron": "0 0 l * *"}, Text("by cron `0 0 l * *`, UTC", "по cron `0 0 l * *`, UTC")),
    ],
    ids=str,
)  # fmt: skip
def test_a_schedule_is_told_in_words(given_: dict[str, str], words: Text):
    assert schedule_in_words(source(**given_), pushed=False) == words


def test_a_source_that_is_pushed_to_is_not_one_that_only_a_person_begins():
    assert schedule_in_words(source(), pushed=True) == Text("when rows come", "когда приходят строки")
    both = Text("when rows come, and every 1 h", "когда приходят строки, а также каждые 1 ч")
    assert schedule_in_words(source(every="1h"), pushed=True) == both
    assert [registry.is_pushed_to(slug) for slug in ("push", "table", "nobody")] == [True, False, False]


def test_cron_is_kept_in_one_form():
    assert source(cron="30  6 * * MON-FRI").cron == "30 6 * * mon-fri"
