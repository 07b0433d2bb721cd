"""What a pump writes: one fenced transaction per round (DESIGN.md §6.2)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, delete, insert, select, update

from connector.journal.desk import Desk, moment
from connector.journal.engine import upsert
from connector.journal.holding import hold
from connector.journal.inserts import add_deliveries
from connector.journal.links import write_links
from connector.journal.model import CallTrail, Known, Lease, Planned, Settlement, Step
from connector.journal.rows import clean, delivery_row, pack, pack_hint
from connector.journal.schema import calls, deliveries, ledger

_SLICE = 500  # SQLite takes some thousand parameters
_SETTLED = ("state", "attempts", "due_at", "settled_at", "cause", "hint", "detail", "flagged", "mapping")
_SETTLE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), deliveries.c.destination == bindparam("whose"))
    .values({name: bindparam(name) for name in _SETTLED})
)
_CARRIED = update(ledger).where(ledger.c.key == bindparam("effect")).values(request_id=bindparam("by"))


class Steps(Desk):
    """The journal's side of the pump's rounds."""

    def step(self, lease: Lease, step: Step) -> dict[str, Known]:
        """Write all of ``step`` or nothing, in the order of its fields; the lease is renewed with it.

        Returns what the ledger knew of each planned key when its turn came; an absent key is new and planned now. Of
        two plans of one step with the same key the second adds nothing: whoever plans keeps one of them back. Raises
        :class:`LeaseLost` when the fence has moved; then nothing is written.
        """
        now = self.now()
        emitted = [delivery_row(trace, new, now) for trace, new in step.emitted]
        with self.store.writing() as db:
            hold(db, lease, now)
            _settle(db, lease.destination, step.settled, now)
            known = write_effects(db, step, owner=lease.destination, now=now)
            add_deliveries(db, emitted)
        self.tell({new.destination for _, new in step.emitted})
        return known

    def known(self, key: str) -> Known | None:
        """What the ledger knows of ``key`` now, without planning anything; ``None`` when nothing."""
        with self.store.reading() as db:
            row = db.execute(select(ledger).where(ledger.c.key == clean(key))).mappings().first()
        return _known(row) if row else None

    def known_all(self, keys: Sequence[str]) -> dict[str, Known]:
        """What the ledger knows of many keys; one that it does not know is absent."""
        found: dict[str, Known] = {}
        names = {clean(key): key for key in keys}
        slices = list(names)
        with self.store.reading() as db:
            for at in range(0, len(slices), _SLICE):
                rows = db.execute(select(ledger).where(ledger.c.key.in_(slices[at : at + _SLICE]))).mappings()
                found |= {names[row["key"]]: _known(row) for row in rows}
        return found

    def note_call(self, trail: CallTrail) -> None:
        """One line of the trail outside a step."""
        with self.store.writing() as db:
            _trail(db, [trail])


def write_effects(db: Connection, step: Step, *, owner: str, now: float) -> dict[str, Known]:
    """The ledger's part of a step, the links and the trail; what was known of each planned key."""
    _finish(db, step.results, now)
    _doubt(db, step.unknown)
    _carry(db, step.carried)
    _clear(db, step.cleared)
    known = _plan(db, step.planned, now)
    write_links(db, step.remember, owner=owner, now=now)
    _trail(db, step.calls)
    return known


def _settle(db: Connection, destination: str, settled: Sequence[Settlement], now: float) -> None:
    rows = [
        {
            "row": row,
            "whose": destination,
            "state": settlement.state,
            "attempts": settlement.attempts,
            "due_at": settlement.due_at.timestamp() if settlement.due_at else now,
            "settled_at": None if settlement.state == "waiting" else now,
            "cause": settlement.cause,
            "hint": pack_hint(settlement.hint),
            "detail": clean(settlement.detail),
            "flagged": clean(settlement.flagged),
            "mapping": settlement.mapping or None,
        }
        for settlement in settled
        for row in settlement.delivery.ids
    ]
    if rows:
        db.execute(_SETTLE, rows)


def _finish(db: Connection, results: Sequence[tuple[str, Any, str]], now: float) -> None:
    rows = [
        {
            "key": clean(key),
            "delivery_id": 0,
            "trace": "",
            "what": "",
            "state": "done",
            "result": pack(result),
            "note": clean(note),
            "planned_at": now,
            "done_at": now,
        }
        for key, result, note in results
    ]
    if rows:
        db.execute(_finishing(db.dialect.name), rows)


@cache
def _finishing(dialect: str) -> Insert:
    """The first result of a key stays: it is what the outside saw."""
    statement = upsert(dialect, ledger)
    kept = {name: statement.excluded[name] for name in ("state", "result", "note", "done_at")}
    return statement.on_conflict_do_update(index_elements=["key"], set_=kept, where=ledger.c.state != "done")


def _doubt(db: Connection, keys: Sequence[str]) -> None:
    if keys:
        mine = ledger.c.key.in_([clean(key) for key in keys]) & (ledger.c.state == "planned")
        db.execute(update(ledger).where(mine).values(state="unknown"))


def _carry(db: Connection, carried: Sequence[tuple[str, str]]) -> None:
    if carried:
        db.execute(_CARRIED, [{"effect": clean(key), "by": request_id} for key, request_id in carried])


def _clear(db: Connection, keys: Sequence[str]) -> None:
    for at in range(0, len(keys), _SLICE):
        named = ledger.c.key.in_([clean(key) for key in keys[at : at + _SLICE]])
        db.execute(delete(ledger).where(named, ledger.c.state != "done"))


def _plan(db: Connection, planned: Sequence[Planned], now: float) -> dict[str, Known]:
    if not planned:
        return {}
    names = {clean(plan.key): plan for plan in reversed(planned)}
    keys, known = list(names), dict[str, Known]()
    for at in range(0, len(keys), _SLICE):
        found = db.execute(select(ledger).where(ledger.c.key.in_(keys[at : at + _SLICE]))).mappings()
        known |= {names[row["key"]].key: _known(row) for row in found}
    fresh = [
        {
            "key": name,
            "delivery_id": plan.delivery_id,
            "trace": plan.trace,
            "what": plan.what,
            "state": "planned",
            "result": "",
            "note": "",
            "planned_at": now,
        }
        for name, plan in names.items()
        if plan.key not in known
    ]
    if fresh:
        db.execute(insert(ledger), fresh)
    return known


def _known(row: Any) -> Known:
    result = json.loads(row["result"]) if row["result"] else None
    return Known(state=row["state"], result=result, planned_at=moment(row["planned_at"]))


def _trail(db: Connection, trails: Sequence[CallTrail]) -> None:
    if trails:
        db.execute(
            insert(calls),
            [
                {
                    "trace": trail.trace,
                    "delivery_id": trail.delivery_id,
                    "what": trail.what,
                    "started_at": trail.started_at.timestamp(),
                    "seconds": trail.seconds,
                    "outcome": clean(trail.outcome),
                    "request_id": trail.request_id,
                }
                for trail in trails
            ],
        )
