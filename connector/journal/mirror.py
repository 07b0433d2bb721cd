"""The mirror: what each source said of its records last, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, Select, bindparam, delete, func, select, update

from connector.journal.desk import Desk
from connector.journal.engine import upsert
from connector.journal.holding import hold
from connector.journal.model import Known, Lease
from connector.journal.rows import clean
from connector.journal.runs import add_counts, packed
from connector.journal.steps import write_effects
from connector.journal.sync_model import Mirrored, MirrorRow, NewRow, RowState, Run, SyncStep
from connector.journal.sync_rows import mirror_row_of, new_row, settled_row
from connector.journal.sync_tables import records, runs, sources
from connector.speech import Text

_SLICE = 500  # SQLite takes some thousand parameters, and a lock is held as long as the statement runs
_SETTLED = (
    "state",
    "outcome",
    "mapping",
    "attempts",
    "due_at",
    "settled_at",
    "sought_at",
    "cause",
    "hint",
    "detail",
    "run",
)
_SETTLE = (
    update(records)
    .where(
        records.c.source == bindparam("whose"),
        records.c.record == bindparam("which"),
        records.c.hash == bindparam("said"),
        records.c.gone == bindparam("was_gone"),
    )
    .values({name: bindparam(name) for name in _SETTLED})
)
_OF_WRITING = ("source", "record", "outcome", "mapping", "crm")
_SETTLE_CRM = _SETTLE.values(crm=bindparam("crm"))


class Mirror(Desk):
    """Keeping, settling and looking at rows."""

    def hashes(self, source: str, ids: Collection[str]) -> dict[str, Mirrored]:
        """What is known of these records; one that is not known is absent."""
        found: dict[str, Mirrored] = {}
        names = ("record", "hash", "gone", "state", "mapping", "cause", "sought_at")
        with self.store.reading() as db:
            for some in _slices(list(ids)):
                named = records.c.record.in_([clean(each) for each in some])
                rows = db.execute(select(*(records.c[name] for name in names)).where(records.c.source == source, named))
                found |= {row.record: _mirrored(row) for row in rows}
        return found

    def keep_page(
        self,
        lease: Lease,
        run: Run,
        *,
        changed: Sequence[NewRow],
        seen: Sequence[str],
        counts: dict[str, int],
        notes: Sequence[Text] = (),
        **progress: Any,
    ) -> None:
        """One page and the position after it, together or not at all: ``changed`` rows wait to be written (broken ones
        park), ``seen`` ones are as before; ``progress`` as in :meth:`Runs.went_on`. Raises :class:`LeaseLost`.
        """
        now = self.now()
        rows = [new_row(run, row, now) for row in changed]
        with self.store.writing() as db:
            hold(db, lease, now)
            for some in _slices(rows):
                db.execute(_keeping(db.dialect.name), some)
            for same in _slices(list(seen)):
                named = records.c.record.in_([clean(each) for each in same])
                db.execute(update(records).where(records.c.source == run.source, named).values(seen=run.id))
            add_counts(db, run.id, counts, notes, now)
            db.execute(update(runs).where(runs.c.id == run.id).values(**packed(progress), updated_at=now))

    def unseen(self, run: Run) -> tuple[int, int]:
        """``(records that this full run did not see, records that there were)``, of those that ever came to be written:
        what was broken from the beginning may vanish.
        """
        with self.store.reading() as db:
            missing = db.execute(_written(run.source).where(records.c.seen < run.id)).scalar_one()
        return missing, self.written(run.source)

    def written(self, source: str) -> int:
        """How many live records there are that came to be written, or were parked when they were to be."""
        with self.store.reading() as db:
            return db.execute(_written(source)).scalar_one()

    def mark_gone(self, lease: Lease, run: Run, *, limit: int = 2000) -> int:
        """Up to ``limit`` records that this full run did not see wait to be written as gone; how many. Broken rows that
        never were records are forgotten.
        """
        now = self.now()
        live = (records.c.source == run.source) & records.c.gone.is_(False) & (records.c.seen < run.id)
        with self.store.writing() as db:
            hold(db, lease, now)
            db.execute(delete(records).where(live, records.c.cause == "source.broken", records.c.mapping == ""))
            names = list(db.execute(select(records.c.record).where(live).limit(limit)).scalars())
            values = {"gone": True, "state": "waiting", "seen": run.id, "attempts": 0, "due_at": now, "changed_at": now}
            values["sought_at"] = None
            for some in _slices(names):
                mine = (records.c.source == run.source) & records.c.record.in_(some)
                db.execute(update(records).where(mine).values(**values, cause="", hint="", detail=""))
            add_counts(db, run.id, {"gone": len(names)}, (), now)
        return len(names)

    def rows_waiting(self, source: str, *, limit: int) -> list[MirrorRow]:
        """Rows that are due to be written, in the order in which they came."""
        wanted = select(records).where(
            records.c.source == source, records.c.state == "waiting", records.c.due_at <= self.now()
        )
        with self.store.reading() as db:
            rows = db.execute(wanted.order_by(records.c.due_at, records.c.record).limit(limit)).mappings().all()
        return [mirror_row_of(row) for row in rows]

    def waiting_rows(self, source: str) -> tuple[int, float | None]:
        """How many rows wait, and when (unix seconds) the first of them is due."""
        wanted = select(func.count(), func.min(records.c.due_at)).where(
            records.c.source == source, records.c.state == "waiting"
        )
        with self.store.reading() as db:
            count, due = db.execute(wanted).one()
        return count, due

    def sync_step(self, lease: Lease, run: Run, step: SyncStep, *, owner: str) -> dict[str, Known]:
        """Write all of ``step`` or nothing, as a pump's step is; links belong to ``owner``. Raises
        :class:`LeaseLost`.
        """
        now = self.now()
        settled = [settled_row(run, each, now) for each in step.rows]
        with self.store.writing() as db:
            hold(db, lease, now)
            known = write_effects(db, step.effects, owner=owner, now=now)
            for statement, with_crm in ((_SETTLE_CRM, True), (_SETTLE, False)):
                some = [row for row in settled if ("crm" in row) == with_crm]
                if some:
                    db.execute(statement, some)
            if step.counts:
                add_counts(db, run.id, step.counts, (), now)
        return known

    def note_run(self, lease: Lease, run: Run, *, counts: dict[str, int], notes: Sequence[Text] = ()) -> None:
        """Add to the counts of a run, and what a person should know of it. Raises :class:`LeaseLost`."""
        now = self.now()
        with self.store.writing() as db:
            hold(db, lease, now)
            add_counts(db, run.id, counts, notes, now)

    def settle_waiting(self, lease: Lease, run: Run, *, mapping: str) -> None:
        """All rows that wait are done: they were led where they belong together. Raises :class:`LeaseLost`."""
        now = self.now()
        mine = (records.c.source == run.source) & (records.c.state == "waiting")
        with self.store.writing() as db:
            hold(db, lease, now)
            values = {"state": "done", "outcome": "unchanged", "mapping": mapping, "run": run.id, "settled_at": now}
            db.execute(update(records).where(mine).values(**values))

    def retry_rows(
        self, source: str, *, ids: Sequence[str] = (), other_mapping: str = "", causes: Collection[str] = ()
    ) -> int:
        """Parked rows wait again: those of ``ids`` or of ``causes``, else all; with ``other_mapping`` only those that
        were parked under another version. Returns how many.
        """
        mine = (records.c.source == source) & (records.c.state == "parked") & (records.c.cause != "source.broken")
        if ids:
            mine &= records.c.record.in_([clean(each) for each in ids])
        if causes:
            mine &= records.c.cause.in_(sorted(causes))
        if other_mapping:
            mine &= records.c.mapping != other_mapping
        with self.store.writing() as db:
            values = {"state": "waiting", "attempts": 0, "due_at": self.now(), "sought_at": None}
            return db.execute(update(records).where(mine).values(**values)).rowcount

    def discard_rows(self, source: str, ids: Sequence[str]) -> int:
        """Parked rows are let be until the source says something else of them; how many."""
        mine = (records.c.source == source) & (records.c.state == "parked")
        mine &= records.c.record.in_([clean(each) for each in ids])
        with self.store.writing() as db:
            return db.execute(update(records).where(mine).values(state="done", settled_at=self.now())).rowcount

    def rewrite_rows(self, source: str, *, but_mapping: str = "") -> int:
        """Every live row is written once more (rules have changed); with ``but_mapping`` those that were written under
        another version. What a person let be stays. Returns how many.
        """
        mine = (records.c.source == source) & records.c.gone.is_(False) & (records.c.state == "done")
        mine &= records.c.cause == ""
        if but_mapping:
            mine &= records.c.mapping != but_mapping
        with self.store.writing() as db:
            values = {"state": "waiting", "attempts": 0, "due_at": self.now(), "sought_at": None}
            return db.execute(update(records).where(mine).values(**values)).rowcount

    def seek_rows(self, source: str, *, mapping: str) -> int:
        """Rows for which it is time to look for whom their rules (``mapping``) did not find wait for that; how many.
        Those that wait for it since other rules are written whole.
        """
        now = self.now()
        sought = (records.c.source == source) & (records.c.sought_at <= now)
        stale = sought & (records.c.state == "waiting") & (records.c.mapping != mapping)
        with self.store.writing() as db:
            db.execute(update(records).where(stale).values(sought_at=None))
            values = {"state": "waiting", "attempts": 0, "due_at": now}
            return db.execute(update(records).where(sought, records.c.state == "done").values(**values)).rowcount

    def mirror_row(self, source: str, record: str) -> MirrorRow | None:
        """One record."""
        wanted = select(records).where(records.c.source == source, records.c.record == clean(record))
        with self.store.reading() as db:
            row = db.execute(wanted).mappings().first()
        return mirror_row_of(row) if row else None

    def mirror_rows(
        self, source: str, *, state: RowState | None = None, run: int | None = None, after: str = "", limit: int = 50
    ) -> list[MirrorRow]:
        """Records in the order of their ids, after one: of a state, or those that a run settled."""
        wanted = select(records).where(records.c.source == source, records.c.record > clean(after))
        wanted = wanted.where(records.c.state == state) if state else wanted
        wanted = wanted.where(records.c.run == run) if run is not None else wanted
        with self.store.reading() as db:
            return [mirror_row_of(row) for row in db.execute(_by_id(wanted, limit)).mappings().all()]

    def live_rows(self, source: str, *, batch: int = 1000) -> Iterator[MirrorRow]:
        """All records that are there, in the order of their ids, a batch in memory at a time."""
        last = ""
        while True:
            live = select(records).where(records.c.source == source, records.c.gone.is_(False))
            with self.store.reading() as db:
                rows = db.execute(_by_id(live.where(records.c.record > last), batch)).mappings().all()
            yield from (mirror_row_of(row) for row in rows)
            if len(rows) < batch:
                return
            last = rows[-1]["record"]

    def mirror_counts(self, source: str) -> dict[str, int]:
        """How many records there are: ``live``, ``gone``, ``waiting``, ``parked``."""
        gone = records.c.gone.label("gone")
        wanted = select(records.c.state, gone, func.count().label("number")).where(records.c.source == source)
        counts = {"live": 0, "gone": 0, "waiting": 0, "parked": 0}
        with self.store.reading() as db:
            for row in db.execute(wanted.group_by(records.c.state, gone)):
                counts["gone" if row.gone else "live"] += row.number
                if row.state in counts:
                    counts[row.state] += row.number
        return counts

    def forget_mirror(self, source: str) -> int:
        """Drop all that is known of a source's records, and where its runs went on; how many. The next run reads
        everything and finds in the portal what was made, by external ids.
        """
        with self.store.writing() as db:
            db.execute(update(sources).where(sources.c.name == source).values(bookmark="null", full_at=None))
            return db.execute(delete(records).where(records.c.source == source)).rowcount


def _mirrored(row: Any) -> Mirrored:
    let_be = row.state == "done" and bool(row.cause)
    return Mirrored(row.hash, bool(row.gone), row.state, row.mapping, let_be, row.sought_at is not None)


def _written(source: str) -> Select[int]:
    live = (records.c.source == source) & records.c.gone.is_(False)
    return select(func.count()).where(live, records.c.mapping != "")


def _by_id(wanted: Select[Any], limit: int) -> Select[Any]:
    return wanted.order_by(records.c.record).limit(limit)


@cache
def _keeping(dialect: str) -> Insert:
    """What was written of a record, and where to, stays known."""
    statement = upsert(dialect, records)
    kept = [column.name for column in records.c if column.name not in _OF_WRITING]
    return statement.on_conflict_do_update(
        index_elements=["source", "record"], set_={name: statement.excluded[name] for name in kept}
    )


def _slices(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[at : at + _SLICE] for at in range(0, len(rows), _SLICE))
