"""Named locks across processes and machines: ``domain.ports.Locks``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connector.journal.desk import Desk, log
from connector.journal.faults import JournalAway
from connector.journal.holding import free, take
from connector.journal.schema import locks


class NamedLocks(Desk):
    """Locks that die with their holder."""

    @contextmanager
    def lock(self, name: str, *, ttl: float) -> Iterator[bool]:
        """``True`` when taken, for ``ttl`` seconds at most; ``False`` while somebody else who lives holds it."""
        with self.store.writing() as db:
            taken = take(db, locks, name, now=self.now(), ttl=ttl)
        if taken is None:
            yield False
            return
        try:
            yield True
        finally:
            self._unlock(name, taken[1])

    def _unlock(self, name: str, fence: int) -> None:
        """What was done under the lock is done: a database that is away now only means that time ends the lock."""
        try:
            with self.store.writing() as db:
                free(db, locks, name, fence, now=self.now())
        except JournalAway as error:
            log.warning("journal.unlock_failed", lock=name, why=error.detail)
