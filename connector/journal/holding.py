"""Rows that one process at a time holds: leases of destinations, and locks. The fence grows with each holder."""

from __future__ import annotations

from sqlalchemy import Connection, Row, Table, select, update

from connector.journal.engine import upsert
from connector.journal.faults import LeaseLost
from connector.journal.model import Lease
from connector.journal.process import gone, myself
from connector.journal.schema import destinations


def alive(holder: str, until: float, now: float) -> bool:
    """Whether somebody holds it: time is left, and the holder is not certainly dead."""
    return bool(holder) and until > now and not gone(holder)


def take(db: Connection, table: Table, name: str, *, now: float, ttl: float) -> tuple[str, int] | None:
    """(holder, fence) when taken now; ``None`` while somebody else lives with it. The row stays locked until commit."""
    row = _locked(db, table, name)
    if row is None:
        db.execute(
            upsert(db.dialect.name, table)
            .values(name=name, fence=0, holder="", until=0.0, updated_at=now)
            .on_conflict_do_nothing()
        )
        row = _locked(db, table, name)
    if row is None or alive(row.holder, row.until, now):
        return None
    holder, fence = myself(), row.fence + 1
    values = {"holder": holder, "fence": fence, "until": now + ttl, "updated_at": now}
    db.execute(update(table).where(table.c.name == name).values(values))
    return holder, fence


def keep(db: Connection, table: Table, name: str, fence: int, *, now: float, until: float) -> bool:
    """Hold it until then; ``False`` when the fence has moved. The row stays locked until commit."""
    mine = (table.c.name == name) & (table.c.fence == fence) & (table.c.holder != "")
    return db.execute(update(table).where(mine).values(until=until, updated_at=now)).rowcount == 1


def free(db: Connection, table: Table, name: str, fence: int, *, now: float) -> bool:
    """Give it back; ``False`` when it was somebody else's by now."""
    mine = (table.c.name == name) & (table.c.fence == fence)
    return db.execute(update(table).where(mine).values(holder="", until=0.0, updated_at=now)).rowcount == 1


def hold(db: Connection, lease: Lease, now: float) -> None:
    """The fence of a writer: the row is locked and still ours, else :class:`LeaseLost`. Renews the lease."""
    if not keep(db, destinations, lease.destination, lease.fence, now=now, until=now + lease.ttl):
        raise LeaseLost(lease.destination)


def check(db: Connection, lease: Lease) -> None:
    """The fence of a reader. Raises :class:`LeaseLost`."""
    held = destinations.c
    row = db.execute(select(held.fence, held.holder).where(held.name == lease.destination)).first()
    if row is None or row.fence != lease.fence or not row.holder:
        raise LeaseLost(lease.destination)


def _locked(db: Connection, table: Table, name: str) -> Row[int, str, float] | None:
    wanted = select(table.c.fence, table.c.holder, table.c.until).where(table.c.name == name)
    return db.execute(wanted.with_for_update()).first()
