"""What sync jobs leave behind and nobody needs any more goes, in small slices."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, delete, func, select

from connector.journal.desk import Desk
from connector.journal.schema import ledger
from connector.journal.sync_tables import runs

_DAY = 86400.0


class SyncRetention(Desk):
    """Trimming of runs and of their ledger; the mirror stays as long as its source has the records."""

    def trim_sync(self, older_than_days: float, *, slice_size: int = 1000) -> dict[str, int]:
        """Runs that ended longer ago, but the last of each source, and effects of runs that were done then; how many
        rows of each table went.
        """
        before = self.now() - older_than_days * _DAY
        newest = select(func.max(runs.c.id)).group_by(runs.c.source)
        old = (runs.c.ended_at < before) & runs.c.id.notin_(newest)
        mine = (ledger.c.trace >= "sync:") & (ledger.c.trace < "sync;") & (ledger.c.done_at < before)
        return {
            "runs": self._trim(runs, runs.c.id, old, slice_size),
            "sync_effects": self._trim(ledger, ledger.c.key, mine, slice_size),
        }

    def _trim(self, table: Table, key: Any, old: Any, slice_size: int) -> int:
        gone = 0
        while True:
            with self.store.writing() as db:
                some = list(db.execute(select(key).where(old).limit(slice_size)).scalars())
                gone += db.execute(delete(table).where(key.in_(some))).rowcount if some else 0
            if len(some) < slice_size:
                return gone
