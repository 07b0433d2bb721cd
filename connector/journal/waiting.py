"""What waits, lane by lane: walked along the index of what waits, so that it costs the page and not the backlog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from connector.journal.desk import Desk, moment
from connector.journal.holding import alive
from connector.journal.leases import WALK
from connector.journal.rows import unpack_hint
from connector.journal.schema import deliveries, destinations
from connector.speech import Text

COUNTED = 5_000  # waiting deliveries of a destination that are counted; beyond that it is "more than"
IN_LANE = 500  # the same of one lane
_EVENT = 2000  # characters of an event that a list carries

_QUEUES = text(
    WALK
    + """
    SELECT walk.name AS name, (
        SELECT count(*) FROM (
            SELECT 1 FROM deliveries d WHERE d.state = 'waiting' AND d.destination = walk.name LIMIT :counted
        ) AS few
    ) AS waiting FROM walk WHERE walk.name IS NOT NULL
    """
)
_LANES = text(
    """
    WITH RECURSIVE walk(lane, steps) AS (
        SELECT (
            SELECT d.lane FROM deliveries d
            WHERE d.destination = :destination AND d.state = 'waiting' AND d.lane > :after
            ORDER BY d.destination, d.lane LIMIT 1
        ), 1
        UNION ALL
        SELECT (
            SELECT d.lane FROM deliveries d
            WHERE d.destination = :destination AND d.state = 'waiting' AND d.lane > walk.lane
            ORDER BY d.destination, d.lane LIMIT 1
        ), walk.steps + 1 FROM walk WHERE walk.lane IS NOT NULL AND walk.steps < :lanes
    )
    SELECT walk.lane AS lane, (
        SELECT d.id FROM deliveries d
        WHERE d.destination = :destination AND d.state = 'waiting' AND d.lane = walk.lane
        ORDER BY d.destination, d.lane, d.position, d.id LIMIT 1
    ) AS head, (
        SELECT count(*) FROM (
            SELECT 1 FROM deliveries d
            WHERE d.destination = :destination AND d.state = 'waiting' AND d.lane = walk.lane LIMIT :counted
        ) AS few
    ) AS waiting FROM walk WHERE walk.lane IS NOT NULL
    """
)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One destination with waiting work. ``waiting`` stops at :data:`COUNTED` + 1; ``leased`` while a pump is at it."""

    name: str
    waiting: int
    leased: bool


@dataclass(frozen=True, kw_only=True)
class Waiter:
    """One delivery that waits. ``cause``, ``hint`` and ``detail`` are of its last try, if there was one."""

    id: int
    trace: str
    lane: str
    position: int
    kind: str
    attempts: int
    created_at: datetime
    due_at: datetime
    cause: str
    hint: Text | None
    detail: str
    event: str


@dataclass(frozen=True, kw_only=True)
class WaitingLane:
    """One lane by its head; ``waiting`` stops at 501."""

    head: Waiter
    waiting: int


class Waiting(Desk):
    """Looks at what waits."""

    def queues(self) -> list[Queue]:
        """The destinations that have waiting work, by name."""
        now = self.now()
        with self.store.reading() as db:
            held = {row.name: alive(row.holder, row.until, now) for row in db.execute(select(destinations))}
            rows = list(db.execute(_QUEUES, {"counted": COUNTED + 1}))
        return [Queue(name=row.name, waiting=row.waiting, leased=held.get(row.name, False)) for row in rows]

    def waiting_lanes(self, destination: str, *, limit: int = 50, after: str = "") -> list[WaitingLane]:
        """The lanes of a destination by name, those behind the name ``after``."""
        values = {"destination": destination, "after": after, "lanes": limit, "counted": IN_LANE + 1}
        with self.store.reading() as db:
            rows = list(db.execute(_LANES, values))
            heads = _waiters(db, [row.head for row in rows])
        return [WaitingLane(head=heads[row.head], waiting=row.waiting) for row in rows if row.head in heads]

    def lane_of(self, number: int) -> tuple[str, str] | None:
        """``(destination, lane)`` of a delivery, whatever became of it; ``None`` when it is not there."""
        wanted = select(deliveries.c.destination, deliveries.c.lane).where(deliveries.c.id == number)
        with self.store.reading() as db:
            row = db.execute(wanted).first()
        return (row.destination, row.lane) if row else None

    def waiting_in(
        self, destination: str, lane: str, *, limit: int = 50, after: tuple[int, int] | None = None
    ) -> list[Waiter]:
        """What waits in a lane, in its order; ``after`` is the position and id of the last one seen."""
        held = deliveries.c
        mine = (held.destination == destination) & (held.lane == lane)
        wanted = select(held.id).where(mine, text("deliveries.state = 'waiting'"))
        if after is not None:
            position, number = after
            further = (held.position > position) | ((held.position == position) & (held.id > number))
            wanted = wanted.where(held.position >= position, further)
        ordered = wanted.order_by(held.destination, held.lane, held.position, held.id).limit(limit)
        with self.store.reading() as db:
            ids = list(db.execute(ordered).scalars())
            found = _waiters(db, ids)
        return [found[number] for number in ids if number in found]

    def lane_parked(self, destination: str, lane: str, *, limit: int = 5) -> list[int]:
        """The newest parked deliveries of a lane: what it has lost."""
        held = deliveries.c
        mine = (held.destination == destination) & (held.lane == lane)
        wanted = select(held.id).where(mine, text("deliveries.state = 'parked'")).order_by(held.id.desc())
        with self.store.reading() as db:
            return list(db.execute(wanted.limit(limit)).scalars())


def _waiters(db: Connection, ids: list[int]) -> dict[int, Waiter]:
    if not ids:
        return {}
    return {
        row["id"]: _waiter(row) for row in db.execute(select(deliveries).where(deliveries.c.id.in_(ids))).mappings()
    }


def _waiter(row: Any) -> Waiter:
    same = ("id", "trace", "lane", "position", "kind", "attempts", "cause", "detail")
    return Waiter(
        created_at=moment(row["created_at"]),
        due_at=moment(row["due_at"]),
        hint=unpack_hint(row["hint"]),
        event=row["event"][:_EVENT],
        **{name: row[name] for name in same},
    )
