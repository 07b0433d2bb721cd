"""Which parked deliveries a deed by filter means, whole albums, in the order of their release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import CTE, Connection, select, text

from connector.journal.schema import deliveries
from connector.journal.sieve import Bound, Sieve, haystack, parked, searched


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


def choose(db: Connection, sieve: Sieve) -> list[Chosen]:
    """The deliveries that fit: lane by lane, each by position and id."""
    rows = meant(sieve)
    return [Chosen._make(row) for row in db.execute(select(rows).order_by(*in_order(rows)))]


def meant(sieve: Sieve) -> CTE:
    """Those that fit, and what stands in one album with them, with the columns of :class:`Chosen`."""
    columns = [deliveries.c[name] for name in Chosen._fields]
    rows = parked(sieve, *columns, *haystack(sieve), oldest=True)
    fits = searched(sieve, rows, *[rows.c[name] for name in Chosen._fields]).cte("fits")
    albums = select(fits.c.leader).where(fits.c.leader.is_not(None))
    mates = select(*columns).where(
        deliveries.c.leader.in_(albums),
        text("deliveries.state = 'parked'"),
        deliveries.c.id.not_in(select(fits.c.id)),
    )
    return select(fits).union_all(mates).cte("meant")


def in_order(rows: CTE) -> tuple[Any, ...]:
    """The order of release."""
    return rows.c.destination, rows.c.lane, rows.c.position, rows.c.id


def bound_of(rows: Sequence[Chosen]) -> Bound | None:
    """What keeps a deed to these."""
    return Bound(key=max(row.id for row in rows), at=max(row.settled_at for row in rows)) if rows else None
