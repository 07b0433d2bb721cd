"""What ops see of sync jobs, on both databases."""

from __future__ import annotations

from connector.journal import Journal
from connector.journal.sync_views import ParkedCause
from tests.conftest import FakeClock
from tests.unit.webhooks.console.sync_stage import NO_BUYER, NO_DATE, began, ended, new, settled, went


def test_a_source_that_never_ran_stands_at_the_beginning(journal: Journal):
    seen = journal.sources_seen(["shipments"])["shipments"]
    assert (seen.state.good_at, seen.open, seen.runs, seen.first_at) == (None, None, (), None)
    assert (seen.waiting, seen.parked, seen.any) == (0, 0, False)


def test_sources_are_seen_with_their_open_and_latest_runs(journal: Journal, clock: FakeClock):
    first = clock()
    for _ in range(9):
        ended(journal, began(journal, "shipments"))
        clock.advance(60)
    run = began(journal, "shipments")
    went(journal, run, rows=[new("1"), new("2"), new("3", cause="source.broken", hint=NO_DATE)])
    ended(journal, began(journal, "orders"), "failed", cause="x")
    seen = journal.sources_seen(["shipments", "orders"])
    one, other = seen["shipments"], seen["orders"]
    assert [each.id for each in one.runs] == [9, 8, 7, 6, 5, 4]
    assert (one.open.id if one.open else 0, one.first_at) == (10, first)
    assert (one.waiting, one.parked, one.any) == (2, 1, True)
    assert (other.open, [each.state for each in other.runs], other.any) == (None, ["failed"], False)


def test_the_run_that_the_brake_stopped_is_seen_however_long_ago(journal: Journal):
    ended(journal, began(journal, "shipments"))
    ended(journal, began(journal, "shipments"), "braked")
    for _ in range(8):
        ended(journal, began(journal, "shipments"))
    assert [run.id for run in journal.sources_seen(["shipments"])["shipments"].runs] == [10, 9, 8, 7, 6, 5, 2]


def test_what_runs_did_is_summed_by_source(journal: Journal):
    for created in (3, 4):
        ended(journal, began(journal, "shipments"), counts={"created": created, "requests": 1})
    ended(journal, began(journal, "shipments"), "failed", cause="x")
    went(journal, began(journal, "shipments"), counts={"read": 7})
    sums = journal.run_sums()["shipments"]
    assert sums.ended == {"done": 2, "failed": 1}
    assert (sums.counts["created"], sums.counts["requests"], sums.counts["read"]) == (7, 2, 7)
    assert "orders" not in journal.run_sums()


def test_parked_rows_are_told_by_cause_and_read_page_by_page(journal: Journal, clock: FakeClock):
    run = began(journal, "shipments")
    went(journal, run, rows=[new(f"{number:03}") for number in range(7)])
    for number in range(5):
        clock.advance(1)
        told = {"hint": NO_BUYER, "detail": f"buyer {number}"}
        settled(journal, run, f"{number:03}", "parked", cause="crm.not_found", **told)
    settled(journal, run, "005", "parked", cause="mapping.failed", hint=NO_DATE)
    causes, whole = journal.parked_causes("shipments")
    newest = ParkedCause(cause="crm.not_found", count=5, last_at=clock(), hint=NO_BUYER, detail="buyer 4")
    assert (causes[0], causes[1].count, whole) == (newest, 1, True)
    assert [row.record for row in journal.parked_rows("shipments", cause="crm.not_found", limit=2)] == ["000", "001"]
    assert [row.record for row in journal.parked_rows("shipments", after="003")] == ["004", "005"]
    assert journal.parked_rows("orders") == []


def test_the_pulse_beats_with_runs_and_sources(journal: Journal, clock: FakeClock):
    beats = [journal.pulse()]
    run = began(journal, "shipments")
    beats.append(journal.pulse())
    clock.advance(3)
    went(journal, run, counts={"read": 1})
    beats.append(journal.pulse())
    clock.advance(3)
    journal.note_source("shipments", paused_at=clock(), paused_by="anna")
    beats.append(journal.pulse())
    assert len(set(beats)) == 4
