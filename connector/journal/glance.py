"""What the console shows beside the lists: the audit page by page, and who was heard of late."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ScalarSelect, case, func, select

from connector.domain.silence import OWN_METHODS
from connector.journal.desk import Desk, moment
from connector.journal.schema import audit, calls, deliveries, destinations, envelopes, installations
from connector.journal.sync_tables import runs, sources

_DEPTH = 20_000  # requests looked through: tens of milliseconds, however many there are
_DETAILED = ("user.added", "user.role", "signed_in", "access.granted", "access.revoked", "access.learned")
_DAY, _HOUR = 86400.0, 3600.0


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What came of one sender: how many in the last hour, and when the last one of the last day."""

    hour: int
    last: datetime


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Who was heard, by account or ``portal:<name>``. ``whole`` is false when more came than was looked through."""

    heard: dict[str, Heard]
    whole: bool


@dataclass(frozen=True, kw_only=True)
class Note:
    """One line of the audit; ``swept`` when it is a deed by filter.

    ``detail`` is a role that was given, an external id that was learnt, or the address from which somebody signed in.
    """

    id: int
    at: datetime
    who: str
    what: str
    why: str
    target: str
    trace: str
    detail: str = ""
    swept: bool = False


class Glance(Desk):
    """Looks that stay fast with millions of rows."""

    def arrivals(self) -> Arrivals:
        """Of the last day, at most its newest 20,000 requests."""
        now = self.now()
        kept = envelopes.c
        newest = (
            select(kept.account, kept.created_at, kept.received_at)
            .where(kept.created_at > now - _DAY, kept.method.not_in(OWN_METHODS))
            .order_by(kept.created_at.desc(), kept.trace.desc())
            .limit(_DEPTH)
            .subquery()
        )
        fresh = func.sum(case((newest.c.created_at > now - _HOUR, 1), else_=0))
        counted = select(newest.c.account, fresh, func.max(newest.c.received_at), func.count())
        with self.store.reading() as db:
            rows: list[Any] = list(db.execute(counted.group_by(newest.c.account)))
        heard = {account: Heard(hour=int(hour), last=moment(last)) for account, hour, last, _ in rows}
        return Arrivals(heard=heard, whole=sum(count for *_, count in rows) < _DEPTH)

    def pulse(self) -> str:
        """A short text that is another one whenever a page of the console may have changed; a few steps in indexes.

        Every settlement renews the lease of its destination, so the time of that stands for all of them.
        """
        newest = select(
            _newest(deliveries.c.id),
            _newest(calls.c.id),
            _newest(audit.c.id),
            _newest(envelopes.c.created_at),
            _newest(destinations.c.updated_at),
            _newest(installations.c.updated_at),
            _newest(sources.c.updated_at),  # also at the beginning and the end of each run
            select(func.max(runs.c.updated_at)).where(runs.c.ended_at.is_(None)).scalar_subquery(),
        )
        with self.store.reading() as db:
            seen = tuple(db.execute(newest).one())
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:12]

    def audits(self, *, limit: int = 50, before: int | None = None) -> list[Note]:
        """The newest first; ``before`` is the number of the last line seen."""
        shown = [audit.c[name] for name in ("id", "at", "who", "what", "why", "target", "trace")]
        swept = audit.c.detail.startswith('{"swept"').label("swept")
        detail = case((audit.c.what.in_(_DETAILED), audit.c.detail), else_="").label("detail")
        wanted = select(*shown, detail, swept).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(audit.c.id < before)
        with self.store.reading() as db:
            return [
                Note(**{**row, "at": moment(row["at"]), "swept": bool(row["swept"])})
                for row in db.execute(wanted).mappings()
            ]


def _newest(column: Column[Any]) -> ScalarSelect[Any]:
    return select(func.max(column)).scalar_subquery()
