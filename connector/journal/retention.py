"""What is settled and old goes, in small slices, so that nobody waits behind it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select, delete, exists, func, or_, select, tuple_

from connector.domain.values import FACE, OF_EVENT
from connector.journal.chat_marks import keep_marks
from connector.journal.chat_tables import chats
from connector.journal.desk import Desk
from connector.journal.refreshed import trim_refreshed
from connector.journal.schema import calls, deliveries, envelopes, ledger, links

_DAY = 86400.0
_SILENT = 2 * _DAY  # seconds


class Retention(Desk):
    """Trimming."""

    def trim(self, older_than_days: float, *, slice_size: int = 1000) -> dict[str, int]:
        """Delete envelopes older than that with all that belongs to them; returns how many rows of each table went.

        Stays: whatever is parked or waiting, and what was settled (say, after a replay) within that time. The audit and
        the links stay, but for those of single events and refresh tokens out of use. Conversations that are kept here
        go when nothing happened in them for so long; those in which nobody ever said anything, after two days. Each
        slice of ``slice_size`` rows is a transaction of its own.
        """
        before = self.now() - older_than_days * _DAY
        gone = {"envelopes": 0, "deliveries": 0, "ledger": 0, "calls": 0, "chats": self._trim_chats(before, slice_size)}
        gone["links"] = self._trim_links(before, slice_size)
        last = (float("-inf"), "")
        while True:
            with self.store.reading() as db:
                seen = db.execute(_old(before, last, slice_size)).all()
            if not seen:
                return gone
            last = (seen[-1].created_at, seen[-1].trace)
            with self.store.writing() as db:
                for name, count in _delete(db, [row.trace for row in seen], before).items():
                    gone[name] += count

    def trim_faces(self, media_days: float) -> int:
        """Forget operators' faces before their pictures go: the next reply asks the portal anew; how many went."""
        before = self.now() - (media_days - 1) * _DAY
        with self.store.writing() as db:
            return db.execute(delete(links).where(links.c.kind == FACE, links.c.updated_at <= before)).rowcount

    def _trim_links(self, before: float, slice_size: int) -> int:
        """Those of single events, and refresh tokens out of use; the kinds lie together in the key of the table."""
        name = tuple_(links.c.kind, links.c.key)
        kind = links.c.kind
        mine = (kind >= OF_EVENT) & (kind < OF_EVENT + "~") & (links.c.updated_at < before)
        wanted = select(links.c.kind, links.c.key).where(mine).limit(slice_size)
        with self.store.writing() as db:
            gone = trim_refreshed(db, self.now())
        while True:
            with self.store.writing() as db:
                some = [tuple(row) for row in db.execute(wanted)]
                gone += db.execute(delete(links).where(name.in_(some))).rowcount if some else 0
            if len(some) < slice_size:
                return gone

    def _trim_chats(self, before: float, slice_size: int) -> int:
        old = chats.c.changed_at < max(before, self.now() - _SILENT)
        over = (chats.c.changed_at < before) | (chats.c.seq == 0)
        wanted = select(chats.c.account, chats.c.visitor).where(old, over)
        gone = 0
        while True:
            with self.store.writing() as db:
                some = db.execute(wanted.limit(slice_size).with_for_update()).all()
                names = tuple_(chats.c.account, chats.c.visitor).in_([tuple(row) for row in some])
                gone += db.execute(delete(chats).where(names)).rowcount if some else 0
            if len(some) < slice_size:
                return gone


def _old(before: float, last: tuple[float, str], count: int) -> Select[float, str]:
    place = tuple_(envelopes.c.created_at, envelopes.c.trace)
    wanted = select(envelopes.c.created_at, envelopes.c.trace).where(envelopes.c.created_at < before)
    return wanted.where(place > last).order_by(envelopes.c.created_at, envelopes.c.trace).limit(count)


def _delete(db: Connection, traces: Sequence[str], before: float) -> dict[str, int]:
    """Those of ``traces`` that nobody needs any more; looked at again under the lock of the writer."""
    mine = deliveries.c
    busy = or_(mine.state.in_(("waiting", "parked")), func.coalesce(mine.settled_at, 0.0) >= before)
    needed = exists().where(mine.trace == envelopes.c.trace, busy)
    wanted = select(envelopes.c.trace).where(envelopes.c.trace.in_(traces), envelopes.c.state != "parked", ~needed)
    ended = list(db.execute(wanted.with_for_update()).scalars())
    keep_marks(db, ended)
    tables = {"calls": calls, "ledger": ledger, "deliveries": deliveries, "envelopes": envelopes}
    return {name: db.execute(delete(table).where(table.c.trace.in_(ended))).rowcount for name, table in tables.items()}
