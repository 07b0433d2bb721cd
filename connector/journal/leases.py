"""One pump per destination at a time (docs/adr/0003)."""

from __future__ import annotations

from sqlalchemy import select, text

from connector.journal.claims import first_due
from connector.journal.desk import Desk
from connector.journal.holding import alive, free, hold, take
from connector.journal.model import Lease
from connector.journal.schema import destinations

# One step from name to name along the index of what waits; as many steps as there are destinations.
WALK = """
    WITH RECURSIVE walk(name) AS (
        SELECT (SELECT d.destination FROM deliveries d WHERE d.state = 'waiting' ORDER BY d.destination LIMIT 1)
        UNION ALL
        SELECT (
            SELECT d.destination FROM deliveries d WHERE d.state = 'waiting' AND d.destination > walk.name
            ORDER BY d.destination LIMIT 1
        ) FROM walk WHERE walk.name IS NOT NULL
    )
"""
_NAMES = text(
    WALK + "SELECT walk.name, held.holder, held.until FROM walk "
    "LEFT JOIN destinations held ON held.name = walk.name WHERE walk.name IS NOT NULL"
)


class Leases(Desk):
    """Taking, keeping and leaving a destination."""

    def lease(self, destination: str, *, ttl: float = 15.0) -> Lease | None:
        """Take the destination for ``ttl`` seconds; ``None`` while another live holder has it.

        A holder of this machine whose process is dead is replaced at once, any other when its time is over. The fence
        grows, so a former holder that wakes up again can write nothing.
        """
        with self.store.writing() as db:
            taken = take(db, destinations, destination, now=self.now(), ttl=ttl)
        if taken is None:
            return None
        return Lease(destination=destination, holder=taken[0], fence=taken[1], ttl=ttl)

    def renew(self, lease: Lease) -> None:
        """Start its time anew. Raises :class:`LeaseLost`."""
        with self.store.writing() as db:
            hold(db, lease, self.now())

    def leave(self, lease: Lease, *, force: bool = False) -> bool:
        """Give the destination back and return ``True``; but when due work waits, keep it and return ``False``.

        Both in one transaction, so that work that came in at the last moment is either seen here, or its pump finds the
        destination free. ``force`` gives it back in any case and leaves what waits to the sweep.

        Raises :class:`LeaseLost`.
        """
        now = self.now()
        with self.store.writing() as db:
            hold(db, lease, now)
            if not force and first_due(db, lease.destination, now):
                return False
            free(db, destinations, lease.destination, lease.fence, now=now)
        return True

    def leased(self, destination: str) -> bool:
        """Whether somebody is at it now."""
        held = destinations.c
        with self.store.reading() as db:
            row = db.execute(select(held.holder, held.until).where(held.name == destination)).first()
        return row is not None and alive(row.holder, row.until, self.now())

    def due_destinations(self) -> list[str]:
        """Those that have due work in an unblocked lane, and no live pump."""
        now = self.now()
        with self.store.reading() as db:
            names = [row.name for row in db.execute(_NAMES) if not alive(row.holder or "", row.until or 0.0, now)]
            return [name for name in sorted(names) if first_due(db, name, now)]
