"""Rows of the sync tables as values, and back."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import RowMapping

from connector.journal.desk import moment
from connector.journal.rows import clean, pack, pack_hint, unpack_hint
from connector.journal.sync_model import COUNTS, MirrorRow, NewRow, RowSettlement, Run, SourceState
from connector.speech import Text


def source_of(row: RowMapping) -> SourceState:
    """A row of ``sources``."""
    times = {name: _moment(row[name]) for name in ("full_at", "due_at", "good_at", "paused_at")}
    return SourceState(
        name=row["name"],
        bookmark=json.loads(row["bookmark"]),
        paused_by=row["paused_by"],
        wants=row["wants"],
        **times,
    )


def run_of(row: RowMapping) -> Run:
    """A row of ``runs``."""
    same = ("id", "source", "state", "trigger", "who", "attempts", "total", "cause", "detail")
    return Run(
        **{name: row[name] for name in same},
        full=bool(row["full"]),
        allow_gone=bool(row["allow_gone"]),
        position=json.loads(row["position"]),
        bookmark=json.loads(row["bookmark"]),
        started_at=moment(row["started_at"]),
        updated_at=moment(row["updated_at"]),
        ended_at=_moment(row["ended_at"]),
        due_at=moment(row["due_at"]),
        counts={name: row[name] for name in COUNTS},
        hint=unpack_hint(row["hint"]),
        notes=tuple(Text(*note) for note in json.loads(row["notes"])),
    )


def mirror_row_of(row: RowMapping) -> MirrorRow:
    """A row of ``records``."""
    same = ("source", "record", "hash", "state", "seen", "run", "outcome", "mapping", "attempts", "cause", "detail")
    return MirrorRow(
        **{name: row[name] for name in same},
        values=json.loads(row["body"]),
        where=row["place"],
        gone=bool(row["gone"]),
        crm=tuple((int(kind), int(number)) for kind, number in json.loads(row["crm"])),
        due_at=moment(row["due_at"]),
        changed_at=moment(row["changed_at"]),
        settled_at=_moment(row["settled_at"]),
        sought_at=_moment(row["sought_at"]),
        hint=unpack_hint(row["hint"]),
    )


def new_row(run: Run, row: NewRow, now: float) -> dict[str, Any]:
    """What is kept of a row that waits, or is broken and parks at once."""
    parked = bool(row.cause)
    return {
        "source": run.source,
        "record": clean(row.record),
        "hash": row.hash,
        "body": pack(row.values),
        "place": clean(row.where),
        "state": "parked" if parked else "waiting",
        "gone": row.gone,
        "seen": run.id,
        "run": run.id if parked else 0,
        "outcome": "",
        "mapping": "",
        "crm": "[]",
        "attempts": 0,
        "due_at": now,
        "changed_at": now,
        "settled_at": now if parked else None,
        "sought_at": None,
        "cause": row.cause,
        "hint": pack_hint(row.hint),
        "detail": clean(row.detail),
    }


def settled_row(run: Run, settlement: RowSettlement, now: float) -> dict[str, Any]:
    """The parameters of a settlement; with ``crm`` only where it led to some."""
    row = settlement.row
    told = {
        "whose": row.source,
        "which": row.record,
        "said": row.hash,
        "was_gone": row.gone,
        "state": settlement.state,
        "outcome": settlement.outcome,
        "mapping": settlement.mapping,
        "attempts": settlement.attempts,
        "due_at": settlement.due_at.timestamp() if settlement.due_at else now,
        "settled_at": None if settlement.state == "waiting" else now,
        "sought_at": settlement.sought_at.timestamp() if settlement.sought_at else None,
        "cause": settlement.cause,
        "hint": pack_hint(settlement.hint),
        "detail": clean(settlement.detail[:2000]),
        "run": row.run if settlement.state == "waiting" else run.id,
    }
    return told | ({"crm": pack(settlement.crm)} if settlement.crm else {})


def _moment(seconds: Any) -> Any:
    return None if seconds is None else moment(seconds)
