"""Runs and their effects go when they are old; the last run of each source stays, and so does the mirror."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connector.journal import Journal, NewRow, Planned, Step, SyncStep


def whole_run(journal: Journal, source: str, key: str) -> int:
    run = journal.begin_run(source, trigger="person")
    lease = journal.lease(f"source:{source}")
    assert run is not None
    assert lease is not None
    row = NewRow(record=key, hash=key, values={"id": key})
    journal.keep_page(lease, run, changed=[row], seen=[], counts={"read": 1})
    planned = Planned(key=key, delivery_id=0, trace=run.trace, what="crm.item.add")
    journal.sync_step(lease, run, SyncStep(effects=Step(planned=[planned])), owner="portal:main")
    journal.sync_step(lease, run, SyncStep(effects=Step(results=[(key, 1, "")])), owner="portal:main")
    journal.end_run(lease, run, "done", good=True)
    journal.leave(lease, force=True)
    return run.id


def test_what_is_old_goes_and_the_last_run_of_each_source_stays(journal: Journal, clock: Any):
    whole_run(journal, "shipments", "a")
    last = whole_run(journal, "orders", "b")
    clock.now += timedelta(days=100)
    new = whole_run(journal, "shipments", "c")
    assert journal.trim_sync(90) == {"runs": 1, "sync_effects": 2}
    assert [run.id for run in journal.runs_of()] == [new, last]
    assert journal.known("c") is not None
    assert journal.known("a") is None
    assert journal.mirror_row("shipments", "a") is not None
    assert journal.trim_sync(90) == {"runs": 0, "sync_effects": 0}
