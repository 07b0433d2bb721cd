"""What a pump takes up: the heads of lanes.

The index ``ix_deliveries_waiting`` is walked from lane to lane, one seek each, and never along the deliveries of
a lane: a lane with thousands of them costs what a lane with one does. The walk goes on where the last one ended, so
that busy lanes at the beginning never starve those at the end.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice, takewhile
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping, bindparam, text, update

from connector.journal.desk import Desk, log
from connector.journal.faults import UNREADABLE
from connector.journal.holding import check, hold
from connector.journal.model import Delivery, Lease
from connector.journal.rows import pack_hint, to_delivery
from connector.journal.schema import deliveries

_LAST = "\U0010ffff"
_ALBUM = 20  # parts of one album at most; what is beyond forms another

_WALK = """
    WITH RECURSIVE walk(lane) AS (
        SELECT (
            SELECT d.lane FROM deliveries d
            WHERE d.destination = :destination AND d.state = 'waiting' AND d.lane > :after
            ORDER BY d.destination, d.lane LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT d.lane FROM deliveries d
            WHERE d.destination = :destination AND d.state = 'waiting' AND d.lane > walk.lane
            ORDER BY d.destination, d.lane LIMIT 1
        ) FROM walk WHERE walk.lane IS NOT NULL {until}
    )
    SELECT walk.lane FROM walk
    WHERE walk.lane IS NOT NULL {until} AND walk.lane {skipped} AND :now >= (
        SELECT d.due_at FROM deliveries d
        WHERE d.destination = :destination AND d.state = 'waiting' AND d.lane = walk.lane
        ORDER BY d.destination, d.lane, d.position, d.id LIMIT 1
    )
    LIMIT :lanes
"""
_HEADS = {
    "sqlite": """
    SELECT d.* FROM json_each(:lanes) AS given CROSS JOIN deliveries d WHERE d.id IN (
        SELECT x.id FROM deliveries x
        WHERE x.destination = :destination AND x.state = 'waiting' AND x.lane = given.value
        ORDER BY x.destination, x.lane, x.position, x.id LIMIT :count
    )""",
    "postgresql": """
    SELECT d.* FROM unnest(CAST(:lanes AS text[])) AS given(lane) CROSS JOIN LATERAL (
        SELECT x.* FROM deliveries x
        WHERE x.destination = :destination AND x.state = 'waiting' AND x.lane = given.lane
        ORDER BY x.destination, x.lane, x.position, x.id LIMIT :count
    ) d""",
}
_SKIPPED = {
    "sqlite": "NOT IN (SELECT value FROM json_each(:skip))",
    "postgresql": "<> ALL (CAST(:skip AS text[]))",
}
_ROUND = {name: text(_WALK.format(until="", skipped=skipped)) for name, skipped in _SKIPPED.items()}
_AGAIN = {
    name: text(_WALK.format(until="AND walk.lane <= :until", skipped=skipped)) for name, skipped in _SKIPPED.items()
}
_FREEZE = update(deliveries).where(deliveries.c.id == bindparam("part")).values(leader=bindparam("first"))
_ROWS = {name: text(statement) for name, statement in _HEADS.items()}


def first_due(db: Connection, destination: str, now: float) -> bool:
    """Whether a delivery waits that is due and stands at the head of its lane."""
    return bool(_walk(db, destination, "", None, now, 1, ()))


class Claims(Desk):
    """Taking up work."""

    def claim(
        self,
        lease: Lease,
        *,
        lanes: int,
        per_lane: int = 1,
        skip: Collection[str] = (),
        only: Collection[str] | None = None,
        within: str = "",
    ) -> list[Delivery]:
        """The heads of up to ``lanes`` due lanes that are not in ``skip``, up to ``per_lane`` of each, in order.

        With ``only`` these lanes are looked at and no others, however many; with ``within`` those whose names begin so.

        The order of a lane is position, then arrival. A lane whose head is not due is blocked; what is parked does not
        block. The parts of an album that stand together at the head are one delivery with ``members``; which parts
        they are is frozen here, so a crash replays the same album and a late part forms another. Raises
        :class:`LeaseLost`.
        """
        now = self.now()
        with self.store.reading() as db:
            check(db, lease)
            if only is not None:
                chosen = list(only)
            elif within:
                chosen = _walk(db, lease.destination, within, within + _LAST, now, lanes, skip)
            else:
                chosen = self._lanes(db, lease.destination, now, lanes, skip)
            rows = _rows(db, lease.destination, chosen, per_lane)
        claimed = [run for lane in chosen for run in _runs(rows.get(lane, []), per_lane, now)]
        fresh = [[row["id"] for row in run] for run in claimed if run[0]["album"] and run[0]["leader"] is None]
        if fresh:
            self._freeze(lease, fresh)
        return self._read(lease, claimed)

    def _lanes(self, db: Connection, destination: str, now: float, count: int, skip: Collection[str]) -> list[str]:
        after = self._cursors.get(destination, "")
        chosen = _walk(db, destination, after, None, now, count, skip)
        if after and len(chosen) < count:
            chosen += _walk(db, destination, "", after, now, count - len(chosen), skip)
        self._cursors[destination] = chosen[-1] if chosen else ""
        return chosen

    def _freeze(self, lease: Lease, albums: Sequence[Sequence[int]]) -> None:
        with self.store.writing() as db:
            hold(db, lease, self.now())
            db.execute(_FREEZE, [{"part": part, "first": parts[0]} for parts in albums for part in parts])

    def _read(self, lease: Lease, claimed: Iterable[Sequence[RowMapping]]) -> list[Delivery]:
        """The deliveries; one that this version cannot read parks, and its lane goes on with the next claim."""
        read: list[Delivery] = []
        unreadable: list[int] = []
        stuck: set[str] = set()
        for run in claimed:
            lane = run[0]["lane"]
            if lane in stuck:
                continue
            try:
                read.append(_album([to_delivery(row) for row in run]))
            except ValidationError:
                stuck.add(lane)
                unreadable.extend(row["id"] for row in run)
        if unreadable:
            self._park(lease, unreadable)
        return read

    def _park(self, lease: Lease, ids: Sequence[int]) -> None:
        log.error("journal.unreadable", destination=lease.destination, deliveries=list(ids))
        now = self.now()
        values = {"state": "parked", "settled_at": now, "cause": "journal.unreadable", "hint": pack_hint(UNREADABLE)}
        with self.store.writing() as db:
            hold(db, lease, now)
            db.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(values))


def _walk(
    db: Connection, destination: str, after: str, until: str | None, now: float, count: int, skip: Collection[str]
) -> list[str]:
    statement = (_ROUND if until is None else _AGAIN)[db.dialect.name]
    values: dict[str, Any] = {"destination": destination, "after": after, "now": now, "lanes": count}
    values["skip"] = _texts(db, skip)
    if until is not None:
        values["until"] = until
    return [row.lane for row in db.execute(statement, values)]


def _rows(db: Connection, destination: str, lanes: Sequence[str], per_lane: int) -> dict[str, list[RowMapping]]:
    """The first waiting rows of each lane: ``per_lane`` of them, more where the last one is part of an album."""
    rows = _fetch(db, destination, lanes, per_lane)
    albums = [lane for lane, some in rows.items() if some[-1]["album"]]
    return rows | _fetch(db, destination, albums, per_lane * _ALBUM)


def _fetch(db: Connection, destination: str, lanes: Sequence[str], count: int) -> dict[str, list[RowMapping]]:
    if not lanes:
        return {}
    values = {"destination": destination, "lanes": _texts(db, lanes), "count": count}
    rows = sorted(
        db.execute(_ROWS[db.dialect.name], values).mappings(), key=lambda row: (row["lane"], row["position"], row["id"])
    )
    return {lane: list(some) for lane, some in groupby(rows, key=lambda row: row["lane"])}


def _texts(db: Connection, values: Collection[str]) -> str | list[str]:
    return json.dumps(list(values)) if db.dialect.name == "sqlite" else list(values)


def _runs(rows: list[RowMapping], count: int, now: float) -> list[list[RowMapping]]:
    """A lane's rows as deliveries: single rows, and albums as runs. Ends before the first one that is not due."""
    return list(islice(takewhile(lambda run: run[0]["due_at"] <= now, _grouped(rows)), count))


def _grouped(rows: list[RowMapping]) -> Iterator[list[RowMapping]]:
    while rows:
        run = _run(rows)
        yield run
        taken = {row["id"] for row in run}
        rows = [row for row in rows if row["id"] not in taken]


def _run(rows: list[RowMapping]) -> list[RowMapping]:
    """What goes out with the first row: the parts frozen with it, or the parts of its album that follow at once."""
    first = rows[0]
    if not first["album"]:
        return [first]
    if first["leader"] is not None:
        return [row for row in rows if row["leader"] == first["leader"]]
    loose = takewhile(lambda row: row["album"] == first["album"] and row["leader"] is None, rows)
    return list(islice(loose, _ALBUM))


def _album(parts: list[Delivery]) -> Delivery:
    """The first part, with all parts as its members."""
    return parts[0] if len(parts) == 1 else replace(parts[0], members=tuple(parts))
