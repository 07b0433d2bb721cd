"""Sources with a past: runs, rows and what they led to, put into a journal as the engine itself would leave them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from connector.domain.sources import SourceSettings
from connector.journal import Journal
from connector.journal.sync_model import NewRow, RowSettlement, Run, RunState, SyncStep
from connector.speech import Text

NO_BUYER = Text("Nobody in the CRM has this e-mail.", "В CRM никого нет с этим адресом.")
NO_DATE = Text("The date cannot be read: correct it in the source.", "Дата не читается: исправьте её в источнике.")
REFUSED = Text("The password is wrong: correct it in connector.yaml.", "Пароль не подходит: исправьте connector.yaml.")
VANISHED = Text(
    "40 of 100 records would vanish, more than 20 %. If that is right, allow it.",
    "Пропало бы 40 из 100 записей, больше 20 %. Если это верно, разрешите.",
)

HOSTILE = "<script>alert(1)</script>\u202e' OR 1=1"


def source(name: str = "shipments", **more: Any) -> SourceSettings:
    """A source of the house's portal."""
    return SourceSettings(**{"source": name, "provider": "table", "portal": "main", "every": "15m", **more})


def began(journal: Journal, name: str, **more: Any) -> Run:
    """An open run."""
    run = journal.begin_run(name, trigger=more.pop("trigger", "schedule"), **more)
    assert run is not None
    return run


def went(journal: Journal, run: Run, **told: Any) -> None:
    """The run goes on: ``counts``, ``notes`` and what :meth:`Journal.went_on` takes."""
    lease = _lease(journal, run.source)
    counts, notes = told.pop("counts", {}), told.pop("notes", ())
    journal.keep_page(lease, run, changed=told.pop("rows", ()), seen=(), counts=counts, notes=notes, **told)
    journal.leave(lease, force=True)


def ended(journal: Journal, run: Run, state: RunState = "done", **told: Any) -> None:
    """The run is over."""
    went(journal, run, counts=told.pop("counts", {}), notes=told.pop("notes", ()))
    lease = _lease(journal, run.source)
    journal.end_run(lease, run, state, good=state in ("done", "braked"), **told)
    journal.leave(lease, force=True)


def new(record: str, values: Mapping[str, Any] | None = None, **more: Any) -> NewRow:
    """What a source says of a record."""
    known = {"hash": f"{abs(hash(record)):x}"[:16], "where": f"orders.csv:{len(record)}", **more}
    return NewRow(record=record, values=dict(values or {"number": record, "sum": "100.50"}), **known)


def settled(journal: Journal, run: Run, record: str, state: Any = "done", **told: Any) -> None:
    """A kept row was written, or was not."""
    row = journal.mirror_row(run.source, record)
    assert row is not None
    lease = _lease(journal, run.source)
    step = SyncStep(rows=[RowSettlement(row=row, state=state, **told)], counts=Counter())
    journal.sync_step(lease, run, step, owner=f"portal:{run.source}")
    journal.leave(lease, force=True)


def _lease(journal: Journal, name: str) -> Any:
    lease = journal.lease(f"source:{name}")
    assert lease is not None
    return lease


def loaded(console: Any) -> None:
    """A run with one row of each sort, a year of nothing before it."""
    journal = console.journal
    run = began(journal, "shipments", full=True)
    rows = [
        new("A-1", {"number": "A-1", "sum": "10", "password": "hunter2"}),
        new("A-2"),
        new("A-3"),
        new(HOSTILE, {"number": HOSTILE, HOSTILE: HOSTILE}, where=HOSTILE),
        new("A-9", cause="source.broken", hint=NO_DATE, detail="32.13.2026"),
    ]
    went(journal, run, rows=rows, counts={"read": 5, "changed": 5, "parked": 3}, notes=[Text("a note", "заметка")])
    settled(journal, run, "A-1", outcome="created", crm=((2, 17), (1036, 4)), mapping="v1")
    for record in ("A-2", HOSTILE):
        settled(journal, run, record, "parked", cause="crm.not_found", hint=NO_BUYER, detail=HOSTILE)
    ended(journal, run, counts={"created": 1, "requests": 2})
