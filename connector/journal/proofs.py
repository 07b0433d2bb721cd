"""What became of one request, and whether anything of a kind has travelled of late: the proofs of a connection."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from connector.journal.desk import Desk, moment
from connector.journal.rows import unpack_hint
from connector.journal.schema import deliveries, envelopes
from connector.speech import Text

_DEPTH = 5_000  # deliveries looked through: milliseconds, however many there are
_WEEK = 7 * 86400.0


@dataclass(frozen=True, kw_only=True)
class Fate:
    """How a delivery of a request stands; ``hint`` says what holds it up."""

    trace: str
    state: str
    hint: Text | None
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Done:
    """A delivery that ended well. ``event`` is the decoded event."""

    event: dict[str, Any]
    at: datetime


class Proofs(Desk):
    """Looks by index, or bounded."""

    def fate(self, account: str, dedupe_key: str) -> Fate | None:
        """Of the request known by this key its first delivery; ``None`` when no such request made one."""
        mine = (envelopes.c.account == account) & (envelopes.c.dedupe_key == dedupe_key)
        shown = [deliveries.c[name] for name in ("trace", "state", "hint", "created_at", "settled_at")]
        wanted = select(*shown).join(envelopes, envelopes.c.trace == deliveries.c.trace).where(mine)
        with self.store.reading() as db:
            row = db.execute(wanted.order_by(deliveries.c.id).limit(1)).first()
        if row is None:
            return None
        return Fate(
            trace=row.trace,
            state=row.state,
            hint=unpack_hint(row.hint),
            created_at=moment(row.created_at),
            settled_at=None if row.settled_at is None else moment(row.settled_at),
        )

    def done_lately(self, destination: str, kind: str, *, lanes: str = "", limit: int = 20) -> list[Done]:
        """The newest that ended well within a week, among the newest 5,000 of all. ``lanes``: how the lane begins."""
        columns = ("destination", "kind", "lane", "event", "settled_at")
        newest = (
            select(*(deliveries.c[name] for name in columns))
            .where(deliveries.c.state == "done", deliveries.c.settled_at > self.now() - _WEEK)
            .order_by(deliveries.c.settled_at.desc())
            .limit(_DEPTH)
            .subquery()
        )
        mine = (newest.c.destination == destination) & (newest.c.kind == kind)
        wanted = select(newest).where(mine, newest.c.lane.startswith(lanes, autoescape=True))
        with self.store.reading() as db:
            rows = db.execute(wanted.order_by(newest.c.settled_at.desc()).limit(limit)).all()
        return [Done(event=json.loads(row.event), at=moment(row.settled_at)) for row in rows]
