"""Finished calls page by page, and what became of their recordings.

The page walks the index of finished calls; whose they are and whether they were missed is looked at row by row, at most
``DEPTH`` of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal_column, or_, select

from connector.journal.desk import Desk, moment
from connector.journal.rows import clean
from connector.journal.schema import deliveries

DEPTH = 5_000  # rows looked at for one page: tens of milliseconds
_NAMES = 100  # calls whose recordings are looked for
_RECORDINGS = 500
# A parameter would hide from both databases that the partial index fits.
_FINISHED: Any = literal_column("'call.finished'")
_LAST = "\U0010ffff"


@dataclass(frozen=True, kw_only=True)
class Called:
    """One finished call. ``event`` is the event as plain data, ``state`` is that of its delivery."""

    id: int
    trace: str
    event: dict[str, Any]
    state: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class CallPage:
    """The newest first. ``after`` goes on behind this page, ``None`` at the end; ``short`` when looking stopped."""

    rows: tuple[Called, ...]
    after: int | None = None
    short: bool = False


@dataclass(frozen=True, kw_only=True)
class Recording:
    """The delivery that brings a recording: its number, its state, the cause when it does not go on."""

    id: int
    state: str
    cause: str


class Calls(Desk):
    """Reading calls, for people."""

    def calls_page(
        self, *, account: str = "", missed: bool = False, limit: int = 50, before: int | None = None, depth: int = DEPTH
    ) -> CallPage:
        """Finished calls that fit, in the order they were finished; ``before`` is ``after`` of the page before."""
        near = _walk(before, depth).subquery()
        wanted = select(near)
        for part in _parts(account, missed):
            wanted = wanted.where(near.c.event.contains(part, autoescape=True))
        with self.store.reading() as db:
            rows = db.execute(wanted.order_by(near.c.id.desc()).limit(limit + 1)).mappings().all()
            more = len(rows) > limit
            looked = db.execute(_edge(before, depth)).scalar() if not more and _parts(account, missed) else None
        found = tuple(_called(row) for row in rows[:limit])
        return CallPage(rows=found, after=found[-1].id if more else looked, short=looked is not None)

    def recordings(self, calls: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[Recording]]:
        """By (account, call) the recordings that were told of, in their order; calls without any are absent."""
        names = [(clean(account), clean(call)) for account, call in list(calls)[:_NAMES]]
        if not names:
            return {}
        begins = [f"recording.{account}.{call}." for account, call in names]
        there = or_(*((deliveries.c.lane >= begin) & (deliveries.c.lane < begin + _LAST) for begin in begins))
        columns = [deliveries.c[name] for name in ("id", "state", "cause", "event")]
        wanted = select(*columns).where(there).order_by(deliveries.c.id).limit(_RECORDINGS)
        found: dict[tuple[str, str], list[Recording]] = {}
        with self.store.reading() as db:
            for row in db.execute(wanted).mappings():
                event = json.loads(row["event"])
                name = str(event.get("account")), str(event.get("call"))
                known = found.setdefault(name, [])
                known.append(Recording(id=row["id"], state=row["state"], cause=row["cause"]))
        return {name: rows for name, rows in found.items() if name in names}


def _walk(before: int | None, depth: int) -> Select[Any]:
    columns = [deliveries.c[name] for name in ("id", "trace", "event", "state", "created_at")]
    wanted = select(*columns).where(deliveries.c.kind == _FINISHED)
    if before is not None:
        wanted = wanted.where(deliveries.c.id < before)
    return wanted.order_by(deliveries.c.id.desc()).limit(depth)


def _edge(before: int | None, depth: int) -> Select[Any]:
    """The last row that was looked at, if there are more behind it."""
    wanted = select(deliveries.c.id).where(deliveries.c.kind == _FINISHED)
    if before is not None:
        wanted = wanted.where(deliveries.c.id < before)
    return wanted.order_by(deliveries.c.id.desc()).offset(depth - 1).limit(1)


def _parts(account: str, missed: bool) -> list[str]:
    """What the event's JSON text must hold. Inside of a client's text the quotes would be escaped."""
    named = [f'"account":{json.dumps(clean(account), ensure_ascii=False)}'] if account else []
    return [*named, *(['"missed":true'] if missed else [])]


def _called(row: Any) -> Called:
    event: dict[str, Any] = json.loads(row["event"])
    return Called(id=row["id"], trace=row["trace"], event=event, state=row["state"], at=moment(row["created_at"]))
