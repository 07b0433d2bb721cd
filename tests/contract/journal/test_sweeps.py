"""Deeds by filter: ordered, bounded, idempotent, and one line in the audit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from connector.journal import Envelope, Journal, NewDelivery
from connector.journal.sieve import Sieve
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, an_envelope, drained, leased, put, settle

Park = Callable[..., list[int]]


@pytest.fixture
def park(journal: Journal) -> Park:
    """Puts deliveries and parks them at once; their ids, in order."""

    def parked(*new: Any, cause: str = "portal.refused") -> list[int]:
        put(journal, *new)
        lease = leased(journal)
        ids: list[int] = []
        while claimed := journal.claim(lease, lanes=99):
            settle(journal, lease, *claimed, state="parked", cause=cause)
            ids += [id_ for delivery in claimed for id_ in delivery.ids]
        journal.leave(lease)
        return sorted(ids)

    return parked


def test_a_sweep_releases_what_fits_in_the_order_of_the_lane(journal: Journal, park: Park) -> None:
    park(a_delivery(text="second", position=2), a_delivery(text="first", position=1))
    other = park(a_delivery(text="stays"), cause="other")
    done = journal.sweep(Sieve(cause="portal.refused"), "replay", "anna", "mended")
    assert (done.count, done.of, done.what) == (2, "deliveries", "replay")
    assert drained(journal, leased(journal)) == ["first", "second"]
    assert journal.show(other[0])["state"] == "parked"


def test_a_sweep_may_discard(journal: Journal, park: Park) -> None:
    ids = park(a_delivery(), a_delivery(lane="b"))
    assert journal.sweep(Sieve(names=tuple(ids[:1])), "discard", "anna", "spam").count == 1
    assert [journal.show(number)["state"] for number in ids] == ["discarded", "parked"]


def test_a_sweep_is_one_line_in_the_audit_with_its_filter_and_number(
    journal: Journal, park: Park, clock: FakeClock
) -> None:
    ids = park(*[a_delivery(lane=str(number)) for number in range(1200)])
    sieve = Sieve(cause="portal.refused", destination=MAIN, text="hel", until=clock())
    assert journal.sweep(sieve, "replay", "anna", "x").count == 0  # until is exclusive
    assert journal.audits() == []
    clock.advance(60)
    done = journal.sweep(Sieve(cause="portal.refused", destination=MAIN, text="hel", until=clock()), "replay", "a", "y")
    (note,) = journal.audits()
    assert (note.id, note.who, note.what, note.why) == (done.note, "a", "replay", "y")
    told = f'deliveries: 1200 (cause=portal.refused destination={MAIN} until=2026-03-01T12:01Z text="hel")'
    assert note.target == done.target == told
    assert journal.swept(done.note) == done
    assert len(done.lanes) == 20
    assert set(done.lanes) < set(ids)


def test_a_second_press_changes_nothing(journal: Journal, park: Park, clock: FakeClock) -> None:
    park(a_delivery())
    sieve = Sieve(bound=journal.foresee(Sieve()).bound)
    assert journal.sweep(sieve, "replay", "anna", "x").count == 1
    clock.advance(9)
    park()  # it failed again
    again = journal.sweep(sieve, "replay", "anna", "x")
    assert (again.count, again.note) == (0, 0)
    assert journal.stats()[MAIN]["parked"] == 1
    assert len(journal.audits()) == 1


def test_two_presses_at_once_release_each_delivery_once(journal: Journal, park: Park) -> None:
    park(*[a_delivery(lane=str(number % 7), text=str(number)) for number in range(1500)])
    sieve = Sieve(bound=journal.foresee(Sieve()).bound)
    counts: list[int] = []

    def press() -> None:
        counts.append(journal.sweep(sieve, "replay", "anna", "x").count)

    pressing = [threading.Thread(target=press) for _ in range(2)]
    for one in pressing:
        one.start()
    for one in pressing:
        one.join()
    assert sum(counts) == 1500
    assert journal.stats()[MAIN]["waiting"] == 1500


def test_what_was_parked_after_the_preview_is_not_touched(journal: Journal, park: Park, clock: FakeClock) -> None:
    park(a_delivery(lane="seen"))
    sieve = Sieve(cause="portal.refused", bound=journal.foresee(Sieve()).bound)
    clock.advance(5)
    (later,) = park(a_delivery(lane="later"))
    assert journal.sweep(sieve, "discard", "anna", "x").count == 1
    assert journal.show(later)["state"] == "parked"


def test_what_parks_anew_between_two_batches_is_left_alone(journal: Journal, park: Park, clock: FakeClock) -> None:
    ids = park(*[a_delivery(lane=f"{number:03}") for number in range(501)])

    def meanwhile(destinations: set[str]) -> None:
        """Somebody replays the last one by hand, and it fails again."""
        journal.on_commit = None
        clock.advance(5)
        journal.replay(ids[-1:], "olga", "by hand")
        lease = leased(journal)
        (again,) = journal.claim(lease, lanes=1, only=["500"])
        settle(journal, lease, again, state="parked", cause="portal.refused")

    journal.on_commit = meanwhile
    assert journal.sweep(Sieve(), "replay", "anna", "x").count == 500
    assert journal.show(ids[-1])["state"] == "parked"


def test_an_album_is_released_as_one_wherever_the_batch_ends(journal: Journal, park: Park) -> None:
    parts = [a_delivery(text=str(part), group="al", lane="499 album", position=part) for part in range(3)]
    park(*[a_delivery(lane=f"{number:03}") for number in range(499)], *parts)
    woken: list[int] = []
    journal.on_commit = lambda _: woken.append(journal.stats()[MAIN]["waiting"])
    assert journal.sweep(Sieve(), "replay", "anna", "x").count == 502
    assert woken == [502]
    assert "0+1+2" in drained(journal, leased(journal), lanes=600)


def test_a_sweep_wakes_the_destinations(journal: Journal, park: Park) -> None:
    park(a_delivery())
    told: list[set[str]] = []
    journal.on_commit = told.append
    journal.sweep(Sieve(), "replay", "anna", "x")
    assert told == [{MAIN}]
    park()
    journal.sweep(Sieve(), "discard", "anna", "x")
    assert told == [{MAIN}]


def reading(envelope: Envelope) -> list[NewDelivery] | None:
    """Reads what has ``good`` in its key; ``nothing`` means nothing."""
    if "good" in envelope.dedupe_key:
        return [a_delivery(lane=envelope.dedupe_key, text=envelope.dedupe_key)]
    return [] if "nothing" in envelope.dedupe_key else None


def test_requests_are_read_again_and_those_that_still_cannot_stay(journal: Journal) -> None:
    for key in ("good 1", "good 2", "nothing", "bad"):
        journal.accept(an_envelope(key, state="parked", cause="parse.failed"), [])
    done = journal.sweep_envelopes(Sieve(of="envelopes"), "replay", "anna", "updated", reading)
    assert (done.count, done.made, done.unread, done.of) == (3, 2, 1, "envelopes")
    assert journal.swept(done.note) == done
    assert sorted(drained(journal, leased(journal))) == ["good 1", "good 2"]
    assert [item.lane for item in journal.parked_items(Sieve(of="envelopes"))] == ["bad"]
    assert journal.audits()[0].target == "envelopes: 3 (all)"


def test_requests_released_by_somebody_else_are_left_alone(journal: Journal) -> None:
    journal.accept(an_envelope("good", state="parked"), [])
    sieve = Sieve(of="envelopes", bound=journal.foresee(Sieve(of="envelopes")).bound)

    def slow(envelope: Envelope) -> list[NewDelivery] | None:
        journal.ignore(envelope.trace, "olga", "first")
        return reading(envelope)

    done = journal.sweep_envelopes(sieve, "replay", "anna", "x", slow)
    assert (done.count, done.note, journal.stats()) == (0, 0, {})


def test_requests_that_are_given_up_are_not_read(journal: Journal) -> None:
    trace = an_envelope("bad", state="parked")
    journal.accept(trace, [])

    def never(envelope: Envelope) -> list[NewDelivery] | None:
        raise AssertionError(envelope.trace)

    done = journal.sweep_envelopes(Sieve(of="envelopes"), "discard", "anna", "spam", never)
    assert (done.count, journal.envelope(trace.trace).state) == (1, "ignored")


def test_a_deed_upon_one_is_told_in_its_story(journal: Journal, park: Park) -> None:
    (number,) = park(a_delivery())
    unread = an_envelope("good", state="parked")
    journal.accept(unread, [])
    journal.sweep(Sieve(names=(number,)), "discard", "anna", "spam")
    journal.sweep_envelopes(Sieve(of="envelopes"), "replay", "olga", "updated", reading)
    stories = [journal.trace(trace)["audit"] for trace in (journal.show(number)["trace"], unread.trace)]
    assert [[(row["who"], row["what"]) for row in rows] for rows in stories] == [
        [("anna", "discard")],
        [("olga", "replay")],
    ]
    park(a_delivery(lane="1"))
    park(a_delivery(lane="2"))
    journal.sweep(Sieve(), "replay", "anna", "all")
    assert journal.audits()[0].trace == ""


def test_a_line_of_something_else_is_no_sweep(journal: Journal, park: Park) -> None:
    ids = park(a_delivery())
    journal.replay(ids, "anna", "by hand")
    assert journal.swept(journal.audits()[0].id) is None
    assert journal.swept(987) is None


def test_hostile_filters_stay_words(journal: Journal, park: Park) -> None:
    hostile = "x'); DROP TABLE audit; --\u202e<script>"
    park(a_delivery(text=hostile))
    assert journal.sweep(Sieve(text=hostile), "replay", hostile, hostile).count == 1
    assert journal.audits()[0].why == hostile
