"""Envelopes page by page, by sender, state, time or lane.

Whatever is asked walks one index. What that index does not know is looked at row by row, ``DEPTH`` rows at most; the
page then says that it stopped, and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, text

from connector.journal.desk import Desk, moment
from connector.journal.rows import clean
from connector.journal.schema import deliveries, envelopes

DEPTH = 5_000  # rows looked at for one page: tens of milliseconds
_FATES = 500  # deliveries told for one page
_BRIEF = tuple(envelopes.c[name] for name in ("trace", "account", "method", "path", "received_at", "state", "cause"))
# Literals, so that the partial indexes are known to fit.
_RARE = {state: text(f"envelopes.state = '{state}'") for state in ("parked", "ignored")}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which envelopes; what is empty means any. ``account`` is a name or ``portal:<name>``."""

    account: str = ""
    state: str = ""
    lane: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Fate:
    """One delivery of an envelope in a few words."""

    id: int
    kind: str
    destination: str
    lane: str
    state: str
    cause: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One envelope of a list."""

    trace: str
    account: str
    method: str
    path: str
    received_at: datetime
    state: str
    cause: str
    fates: tuple[Fate, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """The newest first. ``after`` goes on behind this page, ``None`` at the end; ``short`` when looking stopped."""

    rows: tuple[Found, ...]
    after: str | None = None
    short: bool = False


class Finding(Desk):
    """Lists that stay fast with millions of envelopes."""

    def envelopes_page(self, wish: Wish, *, limit: int = 50, before: str | None = None, depth: int = DEPTH) -> Page:
        """Envelopes that fit, the newest first; ``before`` is ``after`` of the page before."""
        before = None if before is None else clean(before)
        with self.store.reading() as db:
            names = list(db.execute(_fitting(wish, before, limit + 1, depth)).scalars())
            more = len(names) > limit
            edge = None if more or not _left(wish) else db.execute(_edge(wish, before, depth)).scalar()
            rows = _rows(db, names[:limit])
        return Page(rows=rows, after=names[limit - 1] if more else edge, short=edge is not None)

    def envelopes_named(self, traces: Collection[str]) -> tuple[Found, ...]:
        """These envelopes, the newest first; those that are not there are left out."""
        with self.store.reading() as db:
            return _rows(db, sorted({clean(trace) for trace in traces}))


def _walk(wish: Wish, before: str | None) -> Select[Any]:
    """Traces along the one index that fits the wish best, the newest first."""
    kept = deliveries.c if wish.lane else envelopes.c
    wanted = select(kept.trace).order_by(kept.trace.desc())
    if wish.lane:
        wanted = wanted.where(kept.lane == clean(wish.lane)).distinct()
    elif wish.state in _RARE:
        wanted = wanted.where(_RARE[wish.state])
    elif wish.account:
        wanted = wanted.where(kept.account == clean(wish.account))
    if before is not None:
        wanted = wanted.where(kept.trace < before)
    if wish.since:
        wanted = wanted.where(kept.trace >= _beginning(wish.since))
    return wanted.where(kept.trace < _beginning(wish.until)) if wish.until else wanted


def _left(wish: Wish) -> list[Any]:
    """What the walk does not know."""
    walked = "lane" if wish.lane else "state" if wish.state in _RARE else "account" if wish.account else ""
    asked: Mapping[str, str] = {"account": wish.account, "state": wish.state}
    return [envelopes.c[name] == clean(value) for name, value in asked.items() if value and name != walked]


def _fitting(wish: Wish, before: str | None, count: int, depth: int) -> Select[Any]:
    left = _left(wish)
    if not left:
        return _walk(wish, before).limit(count)
    near = _walk(wish, before).limit(depth).subquery()
    mine = select(near.c.trace).join(envelopes, envelopes.c.trace == near.c.trace).where(*left)
    return mine.order_by(near.c.trace.desc()).limit(count)


def _edge(wish: Wish, before: str | None, depth: int) -> Select[Any]:
    """Where looking stopped; no row when the walk came to its end."""
    return _walk(wish, before).offset(depth - 1).limit(1)


def _beginning(at: datetime) -> str:
    """How all traces of that millisecond begin."""
    return f"{max(0, int(at.timestamp() * 1000)):012x}"


def _rows(db: Connection, traces: Sequence[str]) -> tuple[Found, ...]:
    if not traces:
        return ()
    shown = select(*_BRIEF).where(envelopes.c.trace.in_(traces)).order_by(envelopes.c.trace.desc())
    fates = _fates(db, traces)
    return tuple(
        Found(**{**row, "received_at": moment(row["received_at"])}, fates=tuple(fates.get(row["trace"], ())))
        for row in db.execute(shown).mappings()
    )


def _fates(db: Connection, traces: Sequence[str]) -> dict[str, list[Fate]]:
    mine = deliveries.c
    wanted = select(mine.trace, mine.id, mine.kind, mine.destination, mine.lane, mine.state, mine.cause)
    told: dict[str, list[Fate]] = {}
    for row in db.execute(wanted.where(mine.trace.in_(traces)).order_by(mine.id).limit(_FATES)):
        trace, number, kind, destination, lane, state, cause = row
        fate = Fate(id=number, kind=kind, destination=destination, lane=lane, state=state, cause=cause)
        told.setdefault(trace, []).append(fate)
    return told
