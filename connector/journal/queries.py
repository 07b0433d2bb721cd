"""What ops see: lists, one thing, and figures. Plain dicts ready for JSON; times are ISO 8601 in UTC."""

from __future__ import annotations

import json
from typing import Any, Literal

from sqlalchemy import RowMapping, Select, func, select, text

from connector.domain.mailing import QUARANTINE
from connector.journal.desk import Desk, moment
from connector.journal.faults import unknown
from connector.journal.holding import alive
from connector.journal.rows import clean, unpack_hint
from connector.journal.schema import calls, deliveries, destinations, envelopes

Rows = list[dict[str, Any]]
Kind = Literal["deliveries", "envelopes"]

_TIMES = {
    "received_at",
    "created_at",
    "due_at",
    "settled_at",
    "replayed_at",
    "planned_at",
    "done_at",
    "started_at",
    "at",
}
_BRIEF = [column for column in envelopes.c if column.name not in ("body", "headers")]
# Along the index of what waits, lane by lane; the first id of a destination is its oldest. What was put off on purpose
# (whether a clicked call ever began is looked at half an hour later) is not old before it is due.
_WAITING = text(
    """
    SELECT w.destination, w.waiting, w.lanes, d.created_at AS oldest
    FROM (
        SELECT destination, CAST(sum(deep) AS BIGINT) AS waiting, count(*) AS lanes, min(
            CASE
                WHEN due <= :now THEN first
                WHEN (SELECT attempts FROM deliveries WHERE id = lanes.first) > 0 THEN first
            END
        ) AS first
        FROM (
            SELECT destination, lane, count(*) AS deep, min(id) AS first, min(due_at) AS due
            FROM deliveries WHERE state = 'waiting' GROUP BY destination, lane
        ) lanes
        GROUP BY destination
    ) w LEFT JOIN deliveries d ON d.id = w.first
    """
)
_PARKED = text(
    "SELECT destination, count(*) AS parked FROM deliveries WHERE state = 'parked' AND cause <> :quarantine "
    "GROUP BY destination"
).bindparams(quarantine=QUARANTINE)
_HELD = text(
    "SELECT e.account, count(*) AS held FROM deliveries d JOIN envelopes e ON e.trace = d.trace "
    "WHERE d.state = 'parked' AND d.cause = :quarantine GROUP BY e.account"
).bindparams(quarantine=QUARANTINE)
_DONE = text(
    "SELECT destination, count(*) AS done FROM deliveries WHERE state = 'done' AND settled_at >= :since "
    "GROUP BY destination"
)
_UNREAD = select(func.count()).select_from(envelopes).where(text("envelopes.state = 'parked'"))


class Queries(Desk):
    """Reading for people and for the metrics."""

    def list(
        self,
        kind: Kind = "deliveries",
        *,
        state: str = "",
        destination: str = "",
        account: str = "",
        cause: str = "",
        limit: int = 50,
        after: int | str | None = None,
    ) -> Rows:
        """The newest first; empty filters mean any. ``after`` is the id (or trace) of the last row seen.

        ``destination`` narrows deliveries only.
        """
        wanted = _deliveries(destination, account) if kind == "deliveries" else _envelopes(account)
        table = deliveries if kind == "deliveries" else envelopes
        key = deliveries.c.id if kind == "deliveries" else envelopes.c.trace
        if state:
            wanted = wanted.where(table.c.state == state)
        if cause:
            wanted = wanted.where(table.c.cause == cause)
        if after is not None:
            wanted = wanted.where(key < (int(after) if kind == "deliveries" else str(after)))
        with self.store.reading() as db:
            rows = db.execute(wanted.order_by(key.desc()).limit(limit)).mappings().all()
        return [plain(row) for row in rows]

    def show(self, name: int | str) -> dict[str, Any]:
        """One delivery by its number, or one envelope by its trace. Raises ``PermanentError`` when there is none.

        A delivery comes with ``request``: the id of the last HTTP request that went to a portal for it, or empty.
        """
        number = isinstance(name, int) or (name.isdecimal() and len(name) < 19)
        with self.store.reading() as db:
            found = (
                db.execute(_deliveries("", "").where(deliveries.c.id == int(name))).mappings().first()
                if number
                else None
            )
            if found is not None:
                return {**plain(found), "request": db.execute(_last_request(found)).scalar() or ""}
            found = db.execute(select(envelopes).where(envelopes.c.trace == clean(str(name)))).mappings().first()
        if found is None:
            raise unknown([str(name)])
        return plain(found)

    def stats(self) -> dict[str, dict[str, Any]]:
        """Per destination: ``waiting``, ``lanes``, ``parked``, ``held``, ``done_last_hour``, ``oldest``, ``leased``.

        ``oldest`` is the age in seconds of what waits longest, but for what is put off; ``leased`` is true while a pump
        is at work. Letters in quarantine are ``held`` under the account that they came to, not ``parked``.
        """
        now = self.now()
        figures: dict[str, dict[str, Any]] = {}
        with self.store.reading() as db:
            # The lease of a source is of the same table; nothing is delivered to one.
            for row in db.execute(select(destinations).where(~destinations.c.name.startswith("source:"))):
                _of(figures, row.name)["leased"] = alive(row.holder, row.until, now)
            for row in db.execute(_WAITING, {"now": now}):
                oldest = now if row.oldest is None else row.oldest
                waits = {"waiting": row.waiting, "lanes": row.lanes, "oldest": max(0.0, now - oldest)}
                _of(figures, row.destination).update(waits)
            for row in db.execute(_PARKED):
                _of(figures, row.destination)["parked"] = row.parked
            for row in db.execute(_HELD):
                _of(figures, f"account:{row.account}")["held"] = row.held
            for row in db.execute(_DONE, {"since": now - 3600}):
                _of(figures, row.destination)["done_last_hour"] = row.done
        return dict(sorted(figures.items()))

    def counts(self) -> dict[str, Any]:
        """For the metrics: ``waiting`` and ``parked`` by destination, ``parked_envelopes``."""
        with self.store.reading() as db:
            return {
                "waiting": {row.destination: row.waiting for row in db.execute(_WAITING, {"now": self.now()})},
                "parked": {row.destination: row.parked for row in db.execute(_PARKED)},
                "parked_envelopes": db.execute(_UNREAD).scalar_one(),
            }

    def parked_envelopes(self) -> int:
        """How many requests could not be read and are parked."""
        with self.store.reading() as db:
            return int(db.execute(_UNREAD).scalar_one())

    def ping(self) -> None:
        """Look whether the database answers. Raises ``JournalAway``."""
        with self.store.reading() as db:
            db.execute(text("SELECT 1"))


def plain(row: RowMapping) -> dict[str, Any]:
    """A row for people: times as text, hints in both languages, the event decoded, the body as text."""
    values = {name: _plain(name, value) for name, value in row.items()}
    if "album" in values:
        values["group"] = values.pop("album")
    return values


def _plain(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _TIMES:
        return moment(value).isoformat()
    if name == "hint":
        hint = unpack_hint(value)
        return hint._asdict() if hint else None
    if name in ("event", "headers", "result"):
        return _decoded(value)
    if name == "body":
        return bytes(value).decode(errors="replace")
    return value


def _decoded(value: str) -> Any:
    """JSON; what is broken is shown as it lies there."""
    try:
        return json.loads(value) if value else None
    except ValueError:
        return value


def _of(figures: dict[str, dict[str, Any]], destination: str) -> dict[str, Any]:
    empty = {"waiting": 0, "lanes": 0, "parked": 0, "held": 0, "done_last_hour": 0, "oldest": 0.0, "leased": False}
    return figures.setdefault(destination, empty)


def _deliveries(destination: str, account: str) -> Select[Any]:
    wanted = select(deliveries, envelopes.c.account).join(envelopes, envelopes.c.trace == deliveries.c.trace)
    if destination:
        wanted = wanted.where(deliveries.c.destination == destination)
    return wanted.where(envelopes.c.account == account) if account else wanted


def _last_request(delivery: RowMapping) -> Select[Any]:
    mine = (calls.c.trace == delivery["trace"]) & (calls.c.delivery_id == delivery["id"]) & (calls.c.request_id != "")
    return select(calls.c.request_id).where(mine).order_by(calls.c.id.desc()).limit(1)


def _envelopes(account: str) -> Select[Any]:
    wanted = select(*_BRIEF)
    return wanted.where(envelopes.c.account == account) if account else wanted
