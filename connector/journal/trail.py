"""The story of one envelope (DESIGN.md P5)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, select

from connector.journal.desk import Desk
from connector.journal.faults import unknown
from connector.journal.queries import plain
from connector.journal.rows import clean
from connector.journal.schema import audit, calls, deliveries, envelopes, ledger


class Trails(Desk):
    """Telling what became of a request."""

    def trace(self, trace: str, *, most: int | None = None) -> dict[str, Any]:
        """Everything that is known of one envelope; of each kind of row the first ``most``. Raises ``PermanentError``
        when there is none.

        ``trace``, ``envelope`` (a row), ``deliveries``, ``ledger``, ``calls``, ``audit`` (lists of rows) and ``story``:
        lines ``{"at", "kind", "what", "delivery", "outcome", "request"}`` in time order. Their ``kind`` is
        ``received``, ``delivery``, ``settled``, ``planned``, ``recorded``, ``call`` or ``audit``; ``delivery`` a number
        or ``None``; ``request`` the id of the HTTP request that carried the effect, or empty.
        """
        with self.store.reading() as db:
            envelope = db.execute(select(envelopes).where(envelopes.c.trace == clean(trace))).mappings().first()
            if envelope is None:
                raise unknown([trace])
            parts = {
                table.name: [plain(row) for row in db.execute(_of(table, trace).limit(most)).mappings()]
                for table in (deliveries, ledger, calls, audit)
            }
        found = {"trace": trace, "envelope": plain(envelope), **parts}
        return {**found, "story": _story(found)}


def _of(table: Table, trace: str) -> Any:
    return select(table).where(table.c.trace == trace).order_by(*table.primary_key.columns)


def _story(found: dict[str, Any]) -> list[dict[str, Any]]:
    envelope = found["envelope"]
    outcome = envelope["cause"] or envelope["state"]
    lines = [_line(envelope["received_at"], "received", f"{envelope['method']} {envelope['path']}", None, outcome)]
    for row in found["deliveries"]:
        what = f"{row['kind']} → {row['destination']}"
        lines.append(_line(row["created_at"], "delivery", what, row["id"], row["lane"]))
        if row["settled_at"]:
            lines.append(_line(row["settled_at"], "settled", what, row["id"], row["cause"] or row["state"]))
    for row in found["ledger"]:
        lines.append(_line(row["planned_at"], "planned", row["what"], row["delivery_id"], row["key"]))
        if row["done_at"]:
            outcome = row["note"] or row["state"]
            lines.append(_line(row["done_at"], "recorded", row["what"], row["delivery_id"], outcome, row["request_id"]))
    lines += [
        _line(row["started_at"], "call", row["what"], row["delivery_id"], row["outcome"], row["request_id"])
        for row in found["calls"]
    ]
    lines += [_line(row["at"], "audit", row["what"], None, f"{row['who']}: {row['why']}") for row in found["audit"]]
    return sorted(lines, key=lambda line: str(line["at"]))


def _line(at: str, kind: str, what: str, delivery: int | None, outcome: str, request_id: str = "") -> dict[str, Any]:
    return {"at": at, "kind": kind, "what": what, "delivery": delivery, "outcome": outcome, "request": request_id}
