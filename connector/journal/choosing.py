"""What a deed by filter would touch: the rows in the order of their release, and which of them come late."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text

from connector.journal.desk import Desk
from connector.journal.schema import deliveries, envelopes
from connector.journal.sieve import DEPTH, Bound, Sieve, full, haystack, parked, searched

_SLICE = 500
_LANES = 1000  # lanes that are looked at for younger messages

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


class Chosen(NamedTuple):
    """One parked delivery that a deed would touch; times are unix seconds."""

    id: int
    trace: str
    destination: str
    lane: str
    position: int
    kind: str
    created_at: float
    settled_at: float
    leader: int | None


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What a deed would touch, in the order of release: lane by lane, each by position and id.

    Of envelopes ``traces`` and ``senders`` (name and number) are meant, of deliveries ``rows``. ``late`` are the lanes,
    as ``(destination, lane)``, in which something younger was done already, among the first 1000 lanes. ``bound``
    keeps the deed to what was seen; ``more`` when it does not reach everything that fits.
    """

    rows: tuple[Chosen, ...] = ()
    traces: tuple[str, ...] = ()
    senders: tuple[tuple[str, int], ...] = ()
    late: frozenset[tuple[str, str]] = frozenset()
    bound: Bound | None = None
    more: bool = False

    @property
    def count(self) -> int:
        """How many it would touch."""
        return len(self.rows) or len(self.traces)


class Choosing(Desk):
    """Looking before the deed; changes nothing."""

    def foresee(self, sieve: Sieve) -> Foreseen:
        """What a deed by ``sieve`` would touch now, at most :data:`~connector.journal.sieve.DEPTH` of the oldest."""
        with self.store.reading() as db:
            if sieve.of == "envelopes":
                return _envelopes(db, sieve)
            rows, more = choose(db, sieve)
            late = _late(db, rows)
        return Foreseen(rows=tuple(rows), late=late, bound=bound_of(rows), more=more)


def choose(db: Connection, sieve: Sieve) -> tuple[list[Chosen], bool]:
    """The deliveries that fit, whole albums, in the order of their release; and whether there are more."""
    columns = [deliveries.c[name] for name in Chosen._fields]
    rows = parked(sieve, *columns, *haystack(sieve), oldest=True)
    found = {row[0]: Chosen._make(row) for row in db.execute(searched(sieve, rows, *[rows.c[c.name] for c in columns]))}
    more = len(found) >= DEPTH or (bool(sieve.text) and full(db, sieve))
    leaders = sorted({row.leader for row in found.values() if row.leader is not None})
    for some in _slices(leaders):
        mates = select(*columns).where(deliveries.c.leader.in_(some), text("deliveries.state = 'parked'"))
        found.update({row[0]: Chosen._make(row) for row in db.execute(mates)})
    return sorted(found.values(), key=_place), more


def bound_of(rows: Sequence[Chosen]) -> Bound | None:
    """What keeps a deed to these."""
    return Bound(key=max(row.id for row in rows), at=max(row.settled_at for row in rows)) if rows else None


def _place(row: Chosen) -> tuple[str, str, int, int]:
    return row.destination, row.lane, row.position, row.id


def _envelopes(db: Connection, sieve: Sieve) -> Foreseen:
    columns = [envelopes.c[name] for name in ("trace", "created_at", "account")]
    rows = parked(sieve, *columns, *haystack(sieve), oldest=True)
    wanted = searched(sieve, rows, *[rows.c[column.name] for column in columns]).order_by(rows.c.trace)
    found: list[Any] = list(db.execute(wanted))
    senders = Counter(row.account for row in found).most_common()
    bound = Bound(key=found[-1].trace, at=max(row.created_at for row in found)) if found else None
    more = len(found) >= DEPTH or (bool(sieve.text) and full(db, sieve))
    return Foreseen(traces=tuple(row.trace for row in found), senders=tuple(senders), bound=bound, more=more)


def _late(db: Connection, rows: Sequence[Chosen]) -> frozenset[tuple[str, str]]:
    first: dict[tuple[str, str], str] = {}
    for row in rows:
        place = (row.destination, row.lane)
        first[place] = min(first.get(place, row.trace), row.trace)
    lanes = [[*place, trace] for place, trace in list(first.items())[:_LANES]]
    if not lanes:
        return frozenset()
    found = db.execute(text(_LATE[db.dialect.name]), {"lanes": json.dumps(lanes)})
    return frozenset((str(row.destination), str(row.lane)) for row in found)


def _slices(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _SLICE] for start in range(0, len(ids), _SLICE)]
