"""One pump per destination: the lease, its fence, and leaving without losing a wake."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from connector.domain.effects import Remember
from connector.journal import CallTrail, Journal, LeaseLost, Planned, Step
from connector.journal.inserts import add_deliveries, add_envelopes
from connector.journal.process import gone, myself
from connector.journal.rows import delivery_row, envelope_row
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, an_envelope, jammed, leased, put, settle, settled


def test_a_destination_that_is_held_is_not_leased_again(journal: Journal, opened: Callable[[], Journal]) -> None:
    leased(journal)
    assert journal.lease(MAIN) is None
    assert opened().lease(MAIN) is None
    assert journal.lease("account:shop") is not None


def test_of_many_that_want_a_destination_exactly_one_gets_it(opened: Callable[[], Journal]) -> None:
    journals = [opened() for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        leases = list(pool.map(lambda number: journals[number % 3].lease(MAIN), range(24)))
    assert sum(lease is not None for lease in leases) == 1


def test_time_ends_a_lease_and_the_fence_grows(journal: Journal, clock: FakeClock) -> None:
    first = leased(journal)
    clock.advance(15.1)
    second = leased(journal)
    assert second.fence == first.fence + 1


def test_a_renewed_lease_lasts(journal: Journal, clock: FakeClock) -> None:
    lease = leased(journal)
    for _ in range(3):
        clock.advance(14)
        journal.renew(lease)
    assert journal.lease(MAIN) is None


def test_every_step_renews_the_lease(journal: Journal, clock: FakeClock) -> None:
    lease = leased(journal)
    for _ in range(3):
        clock.advance(14)
        journal.step(lease, Step())
    assert journal.lease(MAIN) is None


def test_a_lease_over_time_that_nobody_took_may_go_on(journal: Journal, clock: FakeClock) -> None:
    lease = leased(journal)
    clock.advance(60)
    journal.renew(lease)
    assert journal.lease(MAIN) is None


def test_a_former_holder_can_do_nothing(journal: Journal, clock: FakeClock) -> None:
    put(journal, a_delivery())
    former = leased(journal)
    claimed = journal.claim(former, lanes=1)
    clock.advance(16)
    leased(journal)
    with pytest.raises(LeaseLost):
        journal.renew(former)
    with pytest.raises(LeaseLost):
        journal.claim(former, lanes=1)
    with pytest.raises(LeaseLost):
        journal.leave(former)
    with pytest.raises(LeaseLost):
        settle(journal, former, *claimed)
    assert journal.stats()[MAIN]["waiting"] == 1


def test_nothing_of_a_step_is_written_behind_a_moved_fence(journal: Journal, clock: FakeClock) -> None:
    trace = put(journal, a_delivery())
    former = leased(journal)
    claimed = journal.claim(former, lanes=1)
    clock.advance(16)
    leased(journal)
    step = Step(
        settled=[settled(claimed[0])],
        results=[("key-1", 1, "")],
        planned=[Planned(key="key-2", delivery_id=claimed[0].id, trace=trace, what="x")],
        remember=[Remember("chat", "shop.42", 1)],
        emitted=[(trace, a_delivery(destination="account:shop"))],
        calls=[CallTrail(trace=trace, delivery_id=1, what="x", started_at=clock(), seconds=1, outcome="ok")],
    )
    with pytest.raises(LeaseLost):
        journal.step(former, step)
    story = journal.trace(trace)
    assert [row["state"] for row in story["deliveries"]] == ["waiting"]
    assert story["ledger"] == story["calls"] == []
    assert journal.recall("chat", "shop.42") is None


def test_a_lease_given_back_is_lost(journal: Journal) -> None:
    lease = leased(journal)
    assert journal.leave(lease)
    with pytest.raises(LeaseLost):
        journal.step(lease, Step())
    with pytest.raises(LeaseLost):
        journal.claim(lease, lanes=1)


def test_who_leaves_while_due_work_waits_stays(journal: Journal) -> None:
    lease = leased(journal)
    put(journal, a_delivery())
    assert not journal.leave(lease)
    assert journal.lease(MAIN) is None
    settle(journal, lease, *journal.claim(lease, lanes=1))
    assert journal.leave(lease)
    assert journal.lease(MAIN) is not None


def test_work_that_is_committed_while_one_is_about_to_leave_is_seen(
    journal: Journal, opened: Callable[[], Journal], clock: FakeClock
) -> None:
    lease, envelope, now = leased(journal), an_envelope(), clock().timestamp()
    with ThreadPoolExecutor(1) as pool:
        with jammed(opened()) as db:
            leaving = pool.submit(journal.leave, lease)
            add_envelopes(db, [envelope_row(envelope, now)])
            add_deliveries(db, [delivery_row(envelope.trace, a_delivery(), now)])
        assert not leaving.result()


def test_what_is_not_due_or_behind_something_not_due_keeps_nobody(journal: Journal, clock: FakeClock) -> None:
    lease = leased(journal)
    put(journal, a_delivery(due_at=clock() + timedelta(seconds=60)), a_delivery(text="behind"))
    assert journal.leave(lease)


def test_who_is_forced_leaves_in_any_case(journal: Journal) -> None:
    lease = leased(journal)
    put(journal, a_delivery())
    assert journal.leave(lease, force=True)
    assert journal.due_destinations() == [MAIN]


def test_the_sweep_finds_due_work_without_a_live_pump(journal: Journal, clock: FakeClock) -> None:
    put(journal, a_delivery(), a_delivery(destination="account:busy"))
    put(journal, a_delivery(destination="account:later", due_at=clock() + timedelta(seconds=60)))
    leased(journal, "account:busy")
    assert journal.due_destinations() == [MAIN]
    clock.advance(61)
    assert journal.due_destinations() == ["account:busy", "account:later", MAIN]


def test_a_holder_of_another_machine_is_never_judged_by_its_number(journal: Journal) -> None:
    lease = leased(journal)
    with journal.store.writing() as db:
        db.execute(text("UPDATE destinations SET holder = 'elsewhere.1/999999999/1'"))
    assert journal.lease(MAIN) is None
    assert not gone("elsewhere.1/999999999/1")
    assert not gone("")
    journal.renew(replace(lease, holder="whatever it is called"))


def test_a_number_used_again_by_another_process_does_not_keep_a_lease_alive() -> None:
    space, pid, started = myself().split("/")
    assert not gone(myself())
    assert gone(f"{space}/{pid}/{int(started) - 1}")
    assert gone(f"{space}/999999999/1")
