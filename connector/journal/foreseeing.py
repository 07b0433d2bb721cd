"""What a deed by filter would touch, counted where it lies: a preview costs the same for ten and for ten thousand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import CTE, Connection, case, func, select, text, tuple_

from connector.journal.choosing import in_order, meant
from connector.journal.desk import Desk, moment
from connector.journal.schema import envelopes
from connector.journal.sieve import DEPTH, Bound, Sieve, full, haystack, parked, searched

_SHOWN = 30  # lanes in the order of release
_NUMBERS = 5  # deliveries of a lane that are named
_LANES = 1000  # lanes that are looked at for younger messages

_FIND = {"sqlite": "instr", "postgresql": "strpos"}
_LATE = {
    "sqlite": """
    SELECT json_extract(given.value, '$[0]') AS destination, json_extract(given.value, '$[1]') AS lane
    FROM json_each(:lanes) AS given WHERE EXISTS (
        SELECT 1 FROM deliveries d WHERE d.lane = json_extract(given.value, '$[1]')
        AND d.trace > json_extract(given.value, '$[2]') AND d.destination = json_extract(given.value, '$[0]')
        AND d.state = 'done'
    )""",
    "postgresql": """
    SELECT given.value ->> 0 AS destination, given.value ->> 1 AS lane
    FROM json_array_elements(CAST(:lanes AS json)) AS given(value)
    CROSS JOIN LATERAL (
        SELECT 1 FROM deliveries d WHERE d.lane = (given.value ->> 1) COLLATE "C"
        AND d.trace > (given.value ->> 2) COLLATE "C" AND d.destination = (given.value ->> 0) COLLATE "C"
        AND d.state = 'done' LIMIT 1
    ) found""",
}


class Part(NamedTuple):
    """So many of one kind go to one destination; ``begins`` is the beginning of their lanes, up to the first dot.

    ``old`` of them came before the time that was asked about.
    """

    destination: str
    kind: str
    begins: str
    many: int
    old: int


@dataclass(frozen=True, kw_only=True)
class LaneAhead:
    """One lane of the deed; ``numbers`` and ``kinds`` are of its first five deliveries."""

    destination: str
    lane: str
    numbers: tuple[int, ...]
    kinds: tuple[str, ...]
    count: int
    oldest: datetime
    late: bool


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What a deed would touch. Of envelopes ``traces`` and ``senders`` (name and number) are meant, else the others.

    ``lanes`` are the first 30 in the order of release, of ``lane_counts`` (how many per destination). In ``late`` lanes
    something younger was done already, among the first 1000. ``bound`` keeps the deed to what was seen; ``more`` when
    it does not reach everything that fits.
    """

    count: int = 0
    parts: tuple[Part, ...] = ()
    lane_counts: Mapping[str, int] = field(default_factory=dict)
    lanes: tuple[LaneAhead, ...] = ()
    late: int = 0
    traces: tuple[str, ...] = ()
    senders: tuple[tuple[str, int], ...] = ()
    bound: Bound | None = None
    more: bool = False


class Foreseeing(Desk):
    """Looking before the deed; changes nothing."""

    def foresee(self, sieve: Sieve, *, stale: datetime | None = None) -> Foreseen:
        """What a deed by ``sieve`` would touch now, at most :data:`~connector.journal.sieve.DEPTH` of the oldest.

        ``stale`` is the time before which they count as old.
        """
        with self.store.reading() as db:
            if sieve.of == "envelopes":
                return _envelopes(db, sieve)
            return _deliveries(db, sieve, stale.timestamp() if stale else 0.0)


def _deliveries(db: Connection, sieve: Sieve, stale: float) -> Foreseen:
    rows = meant(sieve)
    highest = (func.max(rows.c.id), func.max(rows.c.settled_at))
    old = func.sum(case((rows.c.created_at < stale, 1), else_=0))
    kinds = (rows.c.destination, rows.c.kind, _beginning(db, rows.c.lane))
    parts: list[Any] = list(db.execute(select(*kinds, func.count(), old, *highest).group_by(*kinds)))
    if not parts:
        return Foreseen()
    lanes = select(rows.c.destination, func.count(rows.c.lane.distinct()).label("lanes")).group_by(rows.c.destination)
    firsts = _firsts(db, rows)
    late = _late(db, firsts)
    count = sum(part[3] for part in parts)
    return Foreseen(
        count=count,
        parts=tuple(Part._make(part[:5]) for part in parts),
        lane_counts={row.destination: row.lanes for row in db.execute(lanes)},
        lanes=tuple(_ahead(db, rows, firsts[:_SHOWN][-1], late)),
        late=len(late),
        bound=Bound(key=max(part[5] for part in parts), at=max(part[6] for part in parts)),
        more=_more(db, sieve, count),
    )


def _beginning(db: Connection, lane: Any) -> Any:
    find = getattr(func, _FIND[db.dialect.name])
    return func.substr(lane, 1, find(lane.concat("."), ".") - 1)


def _more(db: Connection, sieve: Sieve, count: int) -> bool:
    return count >= DEPTH or (bool(sieve.text) and full(db, sieve))


def _firsts(db: Connection, rows: CTE) -> list[list[str]]:
    """The first lanes in the order of release: destination, lane and the oldest trace of it."""
    lane = (rows.c.destination, rows.c.lane)
    wanted = select(*lane, func.min(rows.c.trace)).group_by(*lane).order_by(*lane).limit(_LANES)
    return [list(row) for row in db.execute(wanted)]


def _late(db: Connection, firsts: list[list[str]]) -> frozenset[tuple[str, str]]:
    found = db.execute(text(_LATE[db.dialect.name]), {"lanes": json.dumps(firsts)})
    return frozenset((str(row.destination), str(row.lane)) for row in found)


def _ahead(db: Connection, rows: CTE, last: list[str], late: frozenset[tuple[str, str]]) -> Iterator[LaneAhead]:
    """The lanes up to the ``last`` one."""
    lane = (rows.c.destination, rows.c.lane)
    shown = (
        select(
            *in_order(rows),
            rows.c.kind,
            func.row_number().over(partition_by=lane, order_by=in_order(rows)[2:]).label("number"),
            func.count().over(partition_by=lane).label("many"),
            func.min(rows.c.created_at).over(partition_by=lane).label("oldest"),
        )
        .where(tuple_(*lane) <= tuple_(*last[:2]))
        .cte("shown")
    )
    wanted = select(shown).where(shown.c.number <= _NUMBERS).order_by(*in_order(shown))
    for (destination, name), some in groupby(db.execute(wanted), key=lambda row: (row.destination, row.lane)):
        first, *others = some
        yield LaneAhead(
            destination=destination,
            lane=name,
            numbers=(first.id, *(row.id for row in others)),
            kinds=tuple(dict.fromkeys((first.kind, *(row.kind for row in others)))),
            count=first.many,
            oldest=moment(first.oldest),
            late=(destination, name) in late,
        )


def _envelopes(db: Connection, sieve: Sieve) -> Foreseen:
    columns = [envelopes.c[name] for name in ("trace", "created_at", "account")]
    rows = parked(sieve, *columns, *haystack(sieve), oldest=True)
    wanted = searched(sieve, rows, *[rows.c[column.name] for column in columns]).order_by(rows.c.trace)
    found: list[Any] = list(db.execute(wanted))
    return Foreseen(
        count=len(found),
        traces=tuple(row.trace for row in found),
        senders=tuple(Counter(row.account for row in found).most_common()),
        bound=Bound(key=found[-1].trace, at=max(row.created_at for row in found)) if found else None,
        more=_more(db, sieve, len(found)),
    )
