"""Figures of every hour, counted by the clock, so that no page counts millions of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, func, select, text

from connector.domain import silence
from connector.domain.silence import DAY, HOUR, Silence
from connector.journal.desk import Desk, moment
from connector.journal.engine import upsert
from connector.journal.hours import KEPT_DAYS, Tally, counted, sided, tallies
from connector.journal.schema import envelopes

ROUND = 200  # hours that one round may count after a standstill: a week and a day
_DEPTH = 20_000
_SETTLED = 120.0  # seconds after the end of an hour until nothing of it can still be on its way into the journal
_DONE = text(
    "SELECT destination, settled_at FROM deliveries WHERE state = 'done' AND settled_at >= :since "
    "ORDER BY settled_at DESC LIMIT :most"
)
_BACK = (tallies.c.hour.desc(), tallies.c.name.desc())


@dataclass(frozen=True, kw_only=True)
class Day:
    """The last 24 hours: the starts of the hours, and the rows of each name by hour.

    ``whole`` is false when more came since the last count than is looked through: then the clock is not running.
    """

    hours: tuple[int, ...]
    rows: Mapping[str, Mapping[int, Tally]]
    whole: bool


class Tallies(Desk):
    """Counting the hours and reading them."""

    def tally(self, *, most: int = ROUND) -> int:
        """Count the hours that are not final, the oldest first, ``most`` at once; returns how many were counted.

        Doing it twice, or on two machines at once, writes the same. An hour is final when it was counted two minutes
        after its end or later.
        """
        now = self.now()
        with self.store.reading() as db:
            due = _due(db, now)[:most]
        for hour in due:
            with self.store.reading() as db:
                rows = counted(db, hour, now)
            with self.store.writing() as db:
                _write(db, hour, rows, now)
        return len(due)

    def day(self) -> Day:
        """Every name's last 24 hours up to this moment: the hours as counted, and what came since."""
        now = _start(self.now())
        hours = tuple(range(now - 23 * HOUR, now + HOUR, HOUR))
        with self.store.reading() as db:
            counts = db.execute(select(tallies).where(tallies.c.hour >= hours[0])).mappings().all()
            since = max((row["counted_at"] for row in counts), default=float(hours[0]))
            fresh = [*_arrived(db, since), *_delivered(db, since)]
        rows: dict[str, dict[int, Tally]] = {}
        for row in counts:
            rows.setdefault(row["name"], {})[row["hour"]] = _tally(row)
        for one in fresh:
            mine = rows.setdefault(one.name, {})
            mine[one.hour] = _sum(mine.get(one.hour, Tally(hour=one.hour, name=one.name)), one)
        rows.pop("", None)
        return Day(hours=hours, rows=rows, whole=len(fresh) < _DEPTH)

    def silences(self) -> list[Silence]:
        """Who is silent that usually is not (``domain.silence``), by the last full hour; nobody who was heard since.

        Nothing while the hours are not counted: then it is the clock that is silent, and that is told elsewhere.
        """
        with self.store.reading() as db:
            last = select(tallies.c.hour, tallies.c.counted_at).where(tallies.c.name == "").order_by(*_BACK)
            newest = db.execute(last.limit(1)).first()
            if newest is None or newest.hour < _start(self.now()) - HOUR:
                return []
            quiet = (tallies.c.hour == newest.hour - HOUR) & (tallies.c.missed >= silence.ENOUGH)
            rows = db.execute(select(tallies).where(quiet).order_by(tallies.c.name)).all()
            if not rows:
                return []
            here = select(tallies.c.name).where(tallies.c.hour == newest.hour, tallies.c.arrived > 0)
            heard = set(db.execute(here).scalars()) | _heard_since(db, newest.counted_at)
        found = (silence.judge(row.name, _moment(row.last_at), row.missed) for row in rows if row.name not in heard)
        return [one for one in found if one]

    def trim_tallies(self) -> int:
        """Forget hours older than 60 days; returns how many rows went."""
        old = tallies.c.hour < self.now() - KEPT_DAYS * DAY
        with self.store.writing() as db:
            return db.execute(delete(tallies).where(old)).rowcount


def _due(db: Connection, now: float) -> list[int]:
    """The hours to count: all since the last final one; before the first round, since the oldest request."""
    final = tallies.c.counted_at >= tallies.c.hour + HOUR + _SETTLED
    last = db.execute(select(tallies.c.hour).where(tallies.c.name == "", final).order_by(*_BACK).limit(1)).scalar()
    if last is None:
        oldest = db.execute(select(func.min(envelopes.c.created_at))).scalar()
        last = _start(now if oldest is None else oldest) - HOUR
    earliest = _start(now) - KEPT_DAYS * DAY
    return list(range(max(last + HOUR, earliest), _start(now) + HOUR, HOUR))


def _write(db: Connection, hour: int, rows: Iterable[Tally], now: float) -> None:
    db.execute(delete(tallies).where(tallies.c.hour == hour))
    insert = upsert(db.dialect.name, tallies)
    renewed = {column.name: insert.excluded[column.name] for column in tallies.c if not column.primary_key}
    statement = insert.on_conflict_do_update(index_elements=["hour", "name"], set_=renewed)
    db.execute(statement, [{**vars(row), "counted_at": now} for row in rows])


def _heard_since(db: Connection, since: float) -> set[str]:
    """Of the newest requests only: a clock that stands still for long is told elsewhere."""
    kept = envelopes.c
    newest = select(kept.account).where(kept.created_at >= since).order_by(kept.created_at.desc()).limit(_DEPTH)
    return {sided(name) for name in db.execute(select(newest.subquery().c.account).distinct()).scalars()}


def _arrived(db: Connection, since: float) -> list[Tally]:
    kept = envelopes.c
    wanted = select(kept.account, kept.created_at, kept.received_at).where(kept.created_at >= since)
    rows = db.execute(wanted.order_by(kept.created_at.desc()).limit(_DEPTH))
    return [Tally(hour=_start(at), name=sided(who), arrived=1, last_at=last) for who, at, last in rows]


def _delivered(db: Connection, since: float) -> list[Tally]:
    rows = db.execute(_DONE, {"since": since, "most": _DEPTH})
    return [Tally(hour=_start(row.settled_at), name=row.destination, delivered=1) for row in rows]


def _sum(one: Tally, other: Tally) -> Tally:
    last = max(one.last_at or 0.0, other.last_at or 0.0) or None
    return replace(one, arrived=one.arrived + other.arrived, delivered=one.delivered + other.delivered, last_at=last)


def _tally(row: RowMapping) -> Tally:
    return Tally(**{key: value for key, value in row.items() if key != "counted_at"})


def _start(at: float) -> int:
    return int(at // HOUR) * HOUR


def _moment(at: float | None) -> datetime | None:
    return None if at is None else moment(at)
