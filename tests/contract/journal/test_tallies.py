"""The hours are counted: rightly, once, after a standstill too, and the silent are found."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from connector.domain.silence import DAY, HOUR
from connector.journal import Journal
from connector.journal.hours import Tally
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, a_request, an_envelope, leased, put, settle

SHOP = "account:shop"


def come(journal: Journal, clock: FakeClock, count: int = 1, account: str = "shop") -> None:
    for _ in range(count):
        journal.accept(an_envelope(account=account, request=a_request(received_at=clock())), [])


def rows(journal: Journal) -> list[tuple[object, ...]]:
    with journal.store.reading() as db:
        return [tuple(row) for row in db.execute(text("SELECT * FROM tallies ORDER BY hour, name"))]


def this_hour(journal: Journal, name: str) -> Tally:
    day = journal.day()
    return day.rows[name][day.hours[-1]]


def test_an_hour_tells_what_came_and_what_was_delivered(journal: Journal, clock: FakeClock) -> None:
    lease = leased(journal)
    for number, seconds in enumerate((1, 2, 3, 4, 14)):
        journal.accept(an_envelope(request=a_request(received_at=clock())), [a_delivery(lane=str(number))])
        clock.advance(seconds)
        settle(journal, lease, *journal.claim(lease, lanes=10))
    put(journal, a_delivery(lane="bad"))
    settle(journal, lease, *journal.claim(lease, lanes=10), state="parked")
    clock.advance(1)
    journal.tally()
    shop, main = this_hour(journal, SHOP), this_hour(journal, MAIN)
    assert (shop.arrived, shop.delivered, main.arrived, main.delivered, main.parked) == (6, 0, 0, 5, 1)
    assert (shop.p50_ms, shop.p95_ms) == (main.p50_ms, main.p95_ms) == (3000, 14_000)


def test_a_test_message_is_in_no_times_and_makes_no_account(journal: Journal, clock: FakeClock) -> None:
    lease = leased(journal)
    journal.accept(an_envelope(account="test:shop", request=a_request(received_at=clock())), [a_delivery()])
    clock.advance(9)
    settle(journal, lease, *journal.claim(lease, lanes=1))
    clock.advance(1)
    journal.tally()
    assert (this_hour(journal, MAIN).delivered, this_hour(journal, MAIN).p95_ms) == (1, None)
    assert not [name for name in journal.day().rows if name.startswith("account:")]


def test_what_a_person_replayed_does_not_spoil_the_times(journal: Journal, clock: FakeClock) -> None:
    journal.accept(an_envelope(request=a_request(received_at=clock())), [a_delivery()])
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=1), state="parked")
    clock.advance(1200)
    journal.replay([int(journal.list()[0]["id"])], "anna", "mended")
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=1))
    journal.tally()
    assert (this_hour(journal, MAIN).delivered, this_hour(journal, MAIN).p95_ms) == (1, None)


def test_counting_twice_or_at_the_same_time_changes_nothing(
    journal: Journal, opened: Callable[[], Journal], clock: FakeClock
) -> None:
    come(journal, clock, 3)
    come(journal, clock, 2, account="bar")
    journal.tally()
    once = rows(journal)
    others = [opened() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda other: other.tally(), others * 4)) == [1] * 12
    assert rows(journal) == once


def test_an_hour_is_final_soon_after_its_end_and_never_touched_again(journal: Journal, clock: FakeClock) -> None:
    come(journal, clock)
    assert journal.tally() == 1
    clock.advance(HOUR + 60)
    assert journal.tally() == 2
    clock.advance(120)
    assert [journal.tally(), journal.tally()] == [2, 1]
    with journal.store.writing() as db:
        db.execute(text("DELETE FROM envelopes"))
    journal.tally()
    day = journal.day()
    assert day.rows[SHOP][day.hours[-2]].arrived == 1


def test_hours_missed_in_a_standstill_are_caught_up_the_oldest_first_and_so_many_at_once(
    journal: Journal, clock: FakeClock
) -> None:
    come(journal, clock, 4)
    journal.tally()
    clock.advance(3 * HOUR)
    come(journal, clock, 2)
    clock.advance(7 * HOUR)
    assert [journal.tally(most=8), journal.tally(most=8), journal.tally()] == [8, 3, 2]
    day = journal.day()
    assert [one.arrived for one in day.rows[SHOP].values()] == [4, 0, 0, 2] + 7 * [0]


def test_counting_begins_with_the_oldest_request_but_not_before_what_is_kept(
    journal: Journal, clock: FakeClock
) -> None:
    assert journal.tally() == 1
    with journal.store.writing() as db:
        db.execute(text("DELETE FROM tallies"))
    come(journal, clock)
    clock.advance(100 * DAY)
    assert journal.tally(most=9999) == 60 * 24 + 1


def test_old_hours_are_forgotten(journal: Journal, clock: FakeClock) -> None:
    come(journal, clock)
    clock.advance(1)
    journal.tally()
    clock.advance(61 * DAY)
    assert journal.trim_tallies() == 2
    assert rows(journal) == []


def test_a_name_stays_in_the_hours_after_it_was_last_heard(journal: Journal, clock: FakeClock) -> None:
    come(journal, clock)
    heard = clock().timestamp()
    clock.advance(5 * HOUR)
    journal.tally()
    assert (this_hour(journal, SHOP).arrived, this_hour(journal, SHOP).last_at) == (0, heard)


def lived(journal: Journal, since: int, until: int, arrived: int, *, last: float = 0.0, missed: float = 0.0) -> None:
    """So many requests in every hour of the working days from ``since`` to ``until``, none on free days."""
    values = [
        {
            "hour": hour,
            "name": name,
            "arrived": arrived if name and datetime.fromtimestamp(hour, UTC).weekday() < 5 else 0,
            "last": (last or hour + 1800.0) if name else None,
            "missed": missed if name else 0.0,
            "counted": hour + 2.0 * HOUR,
        }
        for hour in range(since, until, HOUR)
        for name in ("", SHOP)
    ]
    insert = (
        "INSERT INTO tallies (hour, name, arrived, delivered, parked, last_at, missed, counted_at) "
        "VALUES (:hour, :name, :arrived, 0, 0, :last, :missed, :counted)"
    )
    with journal.store.writing() as db:
        db.execute(text(insert), values)


@pytest.fixture
def used(journal: Journal, clock: FakeClock) -> Journal:
    """Three weeks in which a shop had 12 requests in every hour of the working days; now it is Thursday noon."""
    clock.now = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
    now = int(clock().timestamp())
    lived(journal, now - 21 * DAY, now, 12)
    return journal


def test_a_channel_that_is_silent_is_found_after_a_full_hour_and_not_before(used: Journal, clock: FakeClock) -> None:
    clock.advance(55 * 60)
    used.tally()
    assert used.silences() == []
    clock.advance(10 * 60)
    used.tally()
    silent = used.silences()
    assert [(one.name, one.missed) for one in silent] == [(SHOP, 12)]
    assert silent[0].since == datetime(2026, 3, 5, 11, 30, tzinfo=UTC)


def test_the_alarm_ends_with_the_next_request_before_it_is_counted(used: Journal, clock: FakeClock) -> None:
    clock.advance(65 * 60)
    used.tally()
    assert used.silences()
    come(used, clock)
    assert used.silences() == []


def test_nine_dead_days_are_as_loud_as_the_first(used: Journal, clock: FakeClock) -> None:
    clock.advance(9 * DAY)
    used.tally(most=300)
    assert used.silences()[0].missed == 12 * 24 * 6 + 12 * 12


def test_five_dead_weeks_never_become_usual(used: Journal, clock: FakeClock) -> None:
    dead = int(clock().timestamp())
    lived(used, dead, dead + 35 * DAY, 0, last=dead - 1800.0, missed=100.0)
    clock.advance(35 * DAY + HOUR + 60)
    used.tally()
    assert used.silences()[0].missed == 112


def test_while_the_clock_stands_still_nobody_is_called_silent(used: Journal, clock: FakeClock) -> None:
    clock.advance(65 * 60)
    used.tally()
    clock.advance(3 * HOUR)
    assert used.silences() == []
    used.tally(most=1)
    assert used.silences() == []


def test_the_pulse_beats_when_something_changes_and_only_then(journal: Journal, clock: FakeClock) -> None:
    beats = [journal.pulse(), journal.pulse()]
    assert beats[0] == beats[1]
    put(journal, a_delivery())
    beats.append(journal.pulse())
    clock.advance(1)
    lease = leased(journal)
    beats.append(journal.pulse())
    clock.advance(1)
    settle(journal, lease, *journal.claim(lease, lanes=1), state="parked")
    beats.append(journal.pulse())
    clock.advance(1)
    journal.discard([int(journal.list()[0]["id"])], "anna", "spam")
    beats.append(journal.pulse())
    assert len(set(beats)) == 5


def test_the_day_ends_with_the_running_hour(journal: Journal, clock: FakeClock) -> None:
    day = journal.day()
    assert (len(day.hours), day.hours[-1], day.rows) == (24, int(clock().timestamp()), {})
    assert datetime.fromtimestamp(day.hours[0], UTC) == clock() - timedelta(hours=23)


def test_the_day_knows_what_came_since_the_last_count(journal: Journal, clock: FakeClock) -> None:
    come(journal, clock, 2)
    clock.advance(10)
    journal.tally()
    clock.advance(10)
    put(journal, a_delivery())
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=1))
    clock.advance(HOUR)
    come(journal, clock)
    day = journal.day()
    assert [day.rows[SHOP][hour].arrived for hour in day.hours[-2:]] == [3, 1]
    assert day.rows[MAIN][day.hours[-2]].delivered == 1
    assert day.rows[SHOP][day.hours[-1]].last_at == clock().timestamp()
    journal.tally()
    assert journal.day().rows[SHOP][day.hours[-2]].arrived == 3
