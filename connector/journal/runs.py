"""Sources and their runs: one open run of a source at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from connector.journal.desk import Desk
from connector.journal.engine import upsert
from connector.journal.holding import hold
from connector.journal.model import Lease
from connector.journal.rows import clean, pack, pack_hint
from connector.journal.sync_model import COUNTS, Run, RunState, SourceState, Trigger
from connector.journal.sync_rows import run_of, source_of
from connector.journal.sync_tables import runs, sources
from connector.speech import Text

_KEPT_NOTES = 20


class Runs(Desk):
    """Beginning, following and ending runs. What a run itself writes is fenced by the lease of its source."""

    def source(self, name: str) -> SourceState:
        """How the source stands; one that never ran stands at the beginning."""
        with self.store.reading() as db:
            row = db.execute(select(sources).where(sources.c.name == name)).mappings().first()
        return source_of(row) if row else SourceState(name=name)

    def note_source(self, name: str, **values: Any) -> None:
        """Keep some of ``due_at``, ``paused_at``, ``paused_by``, ``wants`` (times aware or ``None``)."""
        kept = {key: value.timestamp() if isinstance(value, datetime) else value for key, value in values.items()}
        with self.store.writing() as db:
            _keep_source(db, name, kept, self.now())

    def begin_run(
        self, name: str, *, trigger: Trigger, who: str = "", full: bool = False, allow_gone: bool = False
    ) -> Run | None:
        """A new run, due at once; ``None`` when one is open. ``full``: from the very beginning, whatever is known."""
        now = self.now()
        with self.store.writing() as db:
            _keep_source(db, name, {"wants": ""}, now)
            db.execute(select(sources).where(sources.c.name == name).with_for_update())
            if db.execute(select(runs.c.id).where(runs.c.source == name, runs.c.ended_at.is_(None))).first():
                return None
            values = {"source": name, "state": "reading", "trigger": trigger, "who": clean(who), "full": full}
            values |= {"allow_gone": allow_gone, "position": "null", "bookmark": "null", "attempts": 0}
            values |= {"started_at": now, "updated_at": now, "due_at": now}
            db.execute(insert(runs).values(**values))
            row = db.execute(select(runs).where(runs.c.source == name).order_by(runs.c.id.desc()).limit(1))
            return run_of(row.mappings().one())

    def run_of(self, number: int) -> Run | None:
        """A run by its number."""
        with self.store.reading() as db:
            row = db.execute(select(runs).where(runs.c.id == number)).mappings().first()
        return run_of(row) if row else None

    def went_anywhere(self, run: Run) -> bool:
        """Whether rows were read or settled since ``run`` was looked at."""
        now = self.run_of(run.id)
        return now is not None and any(now.counts[name] > run.counts[name] for name in COUNTS if name != "requests")

    def open_run(self, name: str) -> Run | None:
        """The open run of a source."""
        with self.store.reading() as db:
            wanted = select(runs).where(runs.c.source == name, runs.c.ended_at.is_(None))
            row = db.execute(wanted).mappings().first()
        return run_of(row) if row else None

    def open_runs(self) -> list[Run]:
        """All open runs."""
        with self.store.reading() as db:
            rows = db.execute(select(runs).where(runs.c.ended_at.is_(None)).order_by(runs.c.id)).mappings().all()
        return [run_of(row) for row in rows]

    def runs_of(self, name: str = "", *, before: int | None = None, limit: int = 20) -> list[Run]:
        """The latest runs, the newest first; of all sources without a name. ``before`` is a run's number."""
        wanted = select(runs).order_by(runs.c.id.desc()).limit(limit)
        wanted = wanted.where(runs.c.source == name) if name else wanted
        wanted = wanted.where(runs.c.id < before) if before is not None else wanted
        with self.store.reading() as db:
            return [run_of(row) for row in db.execute(wanted).mappings().all()]

    def went_on(self, lease: Lease, run: Run, **values: Any) -> None:
        """Keep what of the run is new: ``state``, ``full``, ``position``, ``bookmark``, ``total``, ``due_at``,
        ``attempts``, ``cause``, ``hint``, ``detail``. Raises :class:`LeaseLost`.
        """
        now = self.now()
        with self.store.writing() as db:
            hold(db, lease, now)
            db.execute(update(runs).where(runs.c.id == run.id).values(**packed(values), updated_at=now))

    def end_run(self, lease: Lease, run: Run, state: RunState, *, good: bool, **values: Any) -> None:
        """It is over. After a good one the next begins at its bookmark. Raises :class:`LeaseLost`."""
        now = self.now()
        with self.store.writing() as db:
            hold(db, lease, now)
            db.execute(
                update(runs)
                .where(runs.c.id == run.id, runs.c.ended_at.is_(None))
                .values(**packed(values), state=state, ended_at=now, updated_at=now)
            )
            kept: dict[str, Any] = {"wants": ""}
            if good:
                kept |= {"bookmark": pack(run.bookmark), "good_at": now}
                kept |= {"full_at": run.started_at.timestamp()} if run.full else {}
            _keep_source(db, run.source, kept, now)


def packed(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a run as its columns."""
    return {name: _pack(name, value) for name, value in values.items()}


def add_counts(db: Connection, run: int, counts: dict[str, int], notes: Sequence[Text], now: float) -> None:
    """Add to the counts of a run, and keep what a person should know of it."""
    values: dict[str, Any] = {name: runs.c[name] + counts[name] for name in COUNTS if counts.get(name)}
    if notes:
        row = db.execute(select(runs).where(runs.c.id == run)).mappings().one()
        before = run_of(row).notes
        values["notes"] = pack([list(note) for note in list(dict.fromkeys((*before, *notes)))[:_KEPT_NOTES]])
    db.execute(update(runs).where(runs.c.id == run).values(**values, updated_at=now))


def _keep_source(db: Connection, name: str, values: dict[str, Any], now: float) -> None:
    statement = upsert(db.dialect.name, sources).values(name=name, **values, updated_at=now)
    db.execute(statement.on_conflict_do_update(index_elements=["name"], set_={**values, "updated_at": now}))


def _pack(name: str, value: Any) -> Any:
    if name in ("position", "bookmark"):
        return pack(value)
    if name == "hint":
        return pack_hint(value)
    return value.timestamp() if isinstance(value, datetime) else clean(value) if isinstance(value, str) else value
