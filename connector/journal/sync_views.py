"""What ops see of sync jobs: all sources at a glance, what is parked by cause, what runs did. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from connector.journal.desk import Desk, moment
from connector.journal.rows import clean, unpack_hint
from connector.journal.sync_model import COUNTS, MirrorRow, Run, RunState, SourceState
from connector.journal.sync_rows import mirror_row_of, run_of, source_of
from connector.journal.sync_tables import records, runs, sources
from connector.speech import Text

DEPTH = 20_000  # parked rows that are looked through for their causes
_RUNS = 6  # of a source, enough to find the last that tells something


@dataclass(frozen=True, kw_only=True)
class SourceSeen:
    """One source as the journal has it. ``runs`` are the latest that are over, the newest first, and among
    them the last that was braked or saw everything; ``first_at`` is when its first known run began; ``waiting`` and
    ``parked`` are rows, ``any`` whether there is a live one.
    """

    state: SourceState
    open: Run | None = None
    runs: tuple[Run, ...] = ()
    first_at: datetime | None = None
    waiting: int = 0
    parked: int = 0
    any: bool = False


@dataclass(frozen=True, kw_only=True)
class ParkedCause:
    """Parked rows of one cause; ``hint`` and ``detail`` are those of the one that parked last, at ``last_at``."""

    cause: str
    count: int
    last_at: datetime | None
    hint: Text | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class RunSums:
    """What the kept runs of a source did: how many ended so, and their counts together."""

    ended: Mapping[RunState, int]
    counts: Mapping[str, int]


class SyncViews(Desk):
    """Looks of the console, of status and of metrics; fast with many rows."""

    def sources_seen(self, names: Sequence[str]) -> dict[str, SourceSeen]:
        """How these sources stand; one that never ran stands at the beginning."""
        with self.store.reading() as db:
            kept = {row["name"]: source_of(row) for row in db.execute(select(sources)).mappings()}
            found = {}
            for name in names:
                mine = runs.c.source == name
                opened = db.execute(select(runs).where(mine, runs.c.ended_at.is_(None))).mappings().first()
                first = db.execute(select(runs.c.started_at).where(mine).order_by(runs.c.id).limit(1)).scalar()
                live = select(records.c.record).where(records.c.source == name, records.c.gone.is_(False)).limit(1)
                found[name] = SourceSeen(
                    state=kept.get(name) or SourceState(name=name),
                    open=run_of(opened) if opened else None,
                    runs=_over(db, mine),
                    first_at=moment(first) if first is not None else None,
                    waiting=db.execute(_counted(name, records.c.state == "waiting")).scalar_one(),
                    parked=db.execute(_counted(name, records.c.state == "parked")).scalar_one(),
                    any=db.execute(live).first() is not None,
                )
        return found

    def run_sums(self) -> dict[str, RunSums]:
        """What the kept runs of each source did; those that are open count in ``counts`` alone."""
        sums = [func.sum(runs.c[name]).label(name) for name in COUNTS]
        wanted = select(runs.c.source, runs.c.state, runs.c.ended_at.is_not(None).label("over"), func.count(), *sums)
        ended: dict[str, dict[RunState, int]] = {}
        counts: dict[str, dict[str, int]] = {}
        with self.store.reading() as db:
            rows: list[Any] = list(db.execute(wanted.group_by(runs.c.source, runs.c.state, "over")))
        for source, state, over, many, *summed in rows:
            mine = ended.setdefault(source, {})
            if over:
                mine[state] = mine.get(state, 0) + many
            totals = counts.setdefault(source, dict.fromkeys(COUNTS, 0))
            for name, value in zip(COUNTS, summed, strict=True):
                totals[name] += int(value or 0)
        return {source: RunSums(ended=ended[source], counts=counts[source]) for source in counts}

    def parked_causes(self, source: str) -> tuple[list[ParkedCause], bool]:
        """Parked rows by cause, the most first, and whether that is all of them (20,000 are looked through)."""
        parked = _parked(source).with_only_columns(records.c.record, records.c.cause, records.c.settled_at)
        some = parked.order_by(records.c.record).limit(DEPTH).subquery()
        last = func.max(some.c.settled_at).label("last")
        grouped = select(some.c.cause, func.count().label("number"), last).group_by(some.c.cause)
        found = []
        with self.store.reading() as db:
            rows = list(db.execute(grouped.order_by(func.count().desc(), some.c.cause)).mappings())
            for row in rows:
                newest = _parked(source, row["cause"]).order_by(records.c.settled_at.desc()).limit(1)
                told = db.execute(newest).mappings().first()
                found.append(
                    ParkedCause(
                        cause=row["cause"],
                        count=row["number"],
                        last_at=moment(row["last"]) if row["last"] is not None else None,
                        hint=unpack_hint(told["hint"]) if told else None,
                        detail=told["detail"] if told else "",
                    )
                )
        return found, sum(one.count for one in found) < DEPTH

    def parked_rows(self, source: str, *, cause: str = "", after: str = "", limit: int = 50) -> list[MirrorRow]:
        """Parked rows in the order of their ids, after one; of one cause if it is named."""
        wanted = _parked(source, cause).where(records.c.record > clean(after)).order_by(records.c.record).limit(limit)
        with self.store.reading() as db:
            return [mirror_row_of(row) for row in db.execute(wanted).mappings().all()]


def _parked(source: str, cause: str = "") -> Select[Any]:
    wanted = select(records).where(records.c.source == source, records.c.state == "parked")
    return wanted.where(records.c.cause == clean(cause)) if cause else wanted


def _over(db: Connection, mine: ColumnElement[bool]) -> tuple[Run, ...]:
    """The latest runs that are over; the last that tells whether records vanish may be older than a few."""
    over = select(runs).where(mine, runs.c.ended_at.is_not(None)).order_by(runs.c.id.desc())
    telling = or_(runs.c.state == "braked", and_(runs.c.full.is_(True), runs.c.state == "done"))
    latest = [run_of(row) for row in db.execute(over.limit(_RUNS)).mappings().all()]
    told = db.execute(over.where(telling).limit(1)).mappings().first()
    missed = [run_of(told)] if told and all(told["id"] != run.id for run in latest) else []
    return (*latest, *missed)


def _counted(source: str, which: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(records).where(records.c.source == source, which)
