"""Named locks across processes and machines: ``domain.ports.Locks``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connector.journal.desk import Desk, log
from connector.journal.faults import JournalAway
from connector.journal.holding import free, keep, take
from connector.journal.schema import locks


@dataclass(frozen=True, kw_only=True)
class Held:
    """A lock that is held on and on, for work that does not end."""

    name: str
    fence: int


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

    def take_lock(self, name: str, *, ttl: float) -> Held | None:
        """Take a lock for ``ttl`` seconds, to be renewed; ``None`` while somebody else who lives holds it."""
        with self.store.writing() as db:
            taken = take(db, locks, name, now=self.now(), ttl=ttl)
        return Held(name=name, fence=taken[1]) if taken else None

    def renew_lock(self, held: Held, *, ttl: float) -> bool:
        """Start its time anew; ``False`` when it is somebody else's by now."""
        now = self.now()
        with self.store.writing() as db:
            return keep(db, locks, held.name, held.fence, now=now, until=now + ttl)

    def drop_lock(self, held: Held) -> None:
        """Give it back, if it is still ours."""
        with self.store.writing() as db:
            free(db, locks, held.name, held.fence, now=self.now())

    def _unlock(self, name: str, fence: int) -> None:
        """What was done under the lock is done: a database that is away now only means that time ends the lock."""
        try:
            with self.store.writing() as db:
                free(db, locks, name, fence, now=self.now())
        except JournalAway as error:
            log.warning("journal.unlock_failed", lock=name, why=error.detail)
