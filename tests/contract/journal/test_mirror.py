"""The mirror and the runs of sources: kept in step with the reading, fenced, and true to odd ids and values."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connector.journal import Journal, Lease, LeaseLost, NewRow, RowSettlement, Run, SyncStep
from tests.conftest import FakeClock

NAME = "shipments"


def begun(journal: Journal, **how: Any) -> tuple[Lease, Run]:
    """A new run under a new lease."""
    lease = journal.lease(f"source:{NAME}")
    run = journal.begin_run(NAME, trigger="person", **how)
    assert lease is not None
    assert run is not None
    return lease, run


def kept(journal: Journal, lease: Lease, run: Run, *records: str, said: str = "1", cause: str = "") -> None:
    """These rows wait, or are broken."""
    rows = [NewRow(record=record, hash=said, values={"said": said}, cause=cause) for record in records]
    journal.keep_page(lease, run, changed=rows, seen=[], counts={"read": len(rows)})


def written(journal: Journal, lease: Lease, run: Run, *, mapping: str = "m1", **how: Any) -> None:
    """All that waits is settled."""
    rows = [
        RowSettlement(row=row, **({"state": "done", "outcome": "created", "mapping": mapping} | how))
        for row in journal.rows_waiting(NAME, limit=100)
    ]
    journal.sync_step(lease, run, SyncStep(rows=rows), owner="portal:main")


def ended(journal: Journal, lease: Lease, run: Run) -> None:
    """The run is over and its lease given back."""
    journal.end_run(lease, run, "done", good=True)
    journal.leave(lease, force=True)


def states(journal: Journal) -> dict[str, str]:
    return {row.record: row.state for row in journal.mirror_rows(NAME, limit=100)}


def test_of_many_that_begin_a_run_exactly_one_does(opened: Callable[[], Journal]) -> None:
    journals = [opened() for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        runs = list(pool.map(lambda n: journals[n % 3].begin_run(NAME, trigger="schedule"), range(12)))
    assert sum(run is not None for run in runs) == 1


def test_a_page_and_the_position_after_it_are_kept_together_or_not_at_all(journal: Journal) -> None:
    lease, run = begun(journal)
    rows = [NewRow(record="1", hash="1", values={}), NewRow(record="2", hash="1", values={"no": object()})]
    with pytest.raises(TypeError):
        journal.keep_page(lease, run, changed=rows, seen=[], counts={"read": 2}, position={"at": 2})
    found = journal.run_of(run.id)
    assert found is not None
    assert (found.position, found.counts["read"], states(journal)) == (None, 0, {})
    journal.keep_page(lease, run, changed=rows[:1], seen=[], counts={"read": 1}, position={"at": 1})
    found = journal.run_of(run.id)
    assert found is not None
    assert (found.position, found.counts["read"], states(journal)) == ({"at": 1}, 1, {"1": "waiting"})


def test_whoever_lost_the_lease_writes_nothing_any_more(journal: Journal, clock: FakeClock) -> None:
    old, run = begun(journal)
    kept(journal, old, run, "1")
    (row,) = journal.rows_waiting(NAME, limit=9)
    clock.advance(16)
    assert journal.lease(f"source:{NAME}") is not None
    step = SyncStep(rows=[RowSettlement(row=row, state="done")])
    late: list[Callable[[], object]] = [
        lambda: kept(journal, old, run, "2"),
        lambda: journal.sync_step(old, run, step, owner="portal:main"),
        lambda: journal.mark_gone(old, run),
        lambda: journal.went_on(old, run, state="writing"),
        lambda: journal.note_run(old, run, counts={"read": 5}),
        lambda: journal.settle_waiting(old, run, mapping="m"),
        lambda: journal.end_run(old, run, "done", good=True),
    ]
    for write in late:
        with pytest.raises(LeaseLost):
            write()
    found = journal.open_run(NAME)
    assert found is not None
    assert (found.state, found.counts["read"], states(journal)) == ("reading", 1, {"1": "waiting"})


def test_a_row_that_its_source_changed_while_it_was_written_waits_again(journal: Journal) -> None:
    lease, run = begun(journal)
    kept(journal, lease, run, "1", "2")
    rows = journal.rows_waiting(NAME, limit=9)
    kept(journal, lease, run, "1", said="2")
    step = SyncStep(rows=[RowSettlement(row=row, state="done", outcome="created", mapping="m") for row in rows])
    journal.sync_step(lease, run, step, owner="portal:main")
    assert states(journal) == {"1": "waiting", "2": "done"}
    (again,) = journal.rows_waiting(NAME, limit=9)
    assert again.hash == "2"


def test_what_was_let_be_is_not_written_until_its_source_says_something_else(journal: Journal) -> None:
    lease, run = begun(journal)
    kept(journal, lease, run, "good", "wrong")
    written(journal, lease, run)
    kept(journal, lease, run, "broken", cause="source.broken")
    kept(journal, lease, run, "wrong", said="2")
    written(journal, lease, run, state="parked", cause="mapping.failed")
    assert journal.discard_rows(NAME, ["broken", "wrong", "good"]) == 2
    assert journal.hashes(NAME, ["broken", "wrong", "good"]).keys() == {"broken", "wrong", "good"}
    let_be = {name: known.let_be for name, known in journal.hashes(NAME, ["broken", "wrong", "good"]).items()}
    assert let_be == {"broken": True, "wrong": True, "good": False}
    assert journal.rewrite_rows(NAME, but_mapping="m2") == 1
    assert journal.retry_rows(NAME, other_mapping="m2") == 0
    assert states(journal) == {"broken": "done", "wrong": "done", "good": "waiting"}
    kept(journal, lease, run, "broken", "wrong", said="3")
    assert set(states(journal).values()) == {"waiting"}
    assert not any(known.let_be for known in journal.hashes(NAME, ["broken", "wrong"]).values())


def test_only_parked_rows_are_retried_and_never_those_that_the_source_has_to_mend(journal: Journal) -> None:
    lease, run = begun(journal)
    kept(journal, lease, run, "done", "parked")
    written(journal, lease, run)
    kept(journal, lease, run, "parked", said="2")
    written(journal, lease, run, state="parked", cause="mapping.failed")
    kept(journal, lease, run, "broken", cause="source.broken")
    kept(journal, lease, run, "waits")
    assert journal.retry_rows(NAME, ids=["done", "parked", "broken", "waits", "nobody"]) == 1
    assert states(journal) == {"done": "done", "parked": "waiting", "broken": "parked", "waits": "waiting"}


def test_what_was_broken_from_the_beginning_may_vanish_without_a_brake(journal: Journal) -> None:
    lease, run = begun(journal)
    kept(journal, lease, run, "1", "2", "3")
    written(journal, lease, run)
    kept(journal, lease, run, "? orders.csv:4", "? orders.csv:5", cause="source.broken")
    ended(journal, lease, run)
    lease, run = begun(journal, full=True)
    journal.keep_page(lease, run, changed=[], seen=["1", "2"], counts={"read": 2})
    assert journal.unseen(run) == (1, 3)
    assert journal.written(NAME) == 3
    assert journal.mark_gone(lease, run) == 1
    assert journal.unseen(run) == (0, 2)
    assert journal.mirror_counts(NAME) == {"live": 2, "gone": 1, "waiting": 1, "parked": 0}


def test_gone_and_back_and_gone_again(journal: Journal) -> None:
    lease, run = begun(journal)
    kept(journal, lease, run, "1")
    written(journal, lease, run)
    for gone in (True, False, True):
        row = NewRow(record="1", hash="1", values={}, gone=gone)
        journal.keep_page(lease, run, changed=[row], seen=[], counts={})
        (waiting,) = journal.rows_waiting(NAME, limit=9)
        assert (waiting.gone, waiting.mapping, waiting.outcome) == (gone, "m1", "created")
        written(journal, lease, run)
    assert journal.mirror_counts(NAME) == {"live": 0, "gone": 1, "waiting": 0, "parked": 0}


@pytest.mark.parametrize(
    "values",
    [
        {"long": "я" * 1_000_000},
        {"odd": "a\0b\ud800c", "\0": 1},
        {"number": float("inf"), "huge": 10**400},
        {"deep": [[[[[[[[[[{}]]]]]]]]]]},
    ],
    ids=["long", "odd", "numbers", "deep"],
)
def test_values_come_back_as_they_were(journal: Journal, values: dict[str, Any]) -> None:
    lease, run = begun(journal)
    row = NewRow(record="1", hash="1", values=values, where="a\0b\ud800" + "x" * 5000)
    journal.keep_page(lease, run, changed=[row], seen=[], counts={})
    (found,) = journal.rows_waiting(NAME, limit=9)
    assert found.values == values


def test_a_cancel_of_one_run_is_none_of_the_next(journal: Journal) -> None:
    lease, run = begun(journal)
    journal.note_source(NAME, wants="cancel")
    ended(journal, lease, run)
    assert journal.source(NAME).wants == ""
    journal.note_source(NAME, wants="cancel")  # a moment too late
    begun(journal)
    assert journal.source(NAME).wants == ""


def test_a_run_that_was_not_good_leaves_the_bookmark_and_the_alarm_as_they_were(journal: Journal) -> None:
    lease, run = begun(journal)
    journal.went_on(lease, run, bookmark={"after": 5}, state="writing")
    found = journal.run_of(run.id)
    assert found is not None
    journal.end_run(lease, found, "failed", good=False)
    assert (journal.source(NAME).bookmark, journal.source(NAME).good_at) == (None, None)
