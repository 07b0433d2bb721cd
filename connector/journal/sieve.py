"""Which of the parked ones are meant: what a person filters by, as conditions that the indexes answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, Subquery, func, literal_column, or_, select

from connector.domain.mailing import QUARANTINE
from connector.journal.schema import deliveries, envelopes

Of = Literal["deliveries", "envelopes"]

DEPTH = 20_000  # parked rows that one look, one search and one deed go through

_TEXTS: dict[Of, tuple[str, ...]] = {
    "deliveries": ("trace", "lane", "event"),
    "envelopes": ("trace", "dedupe_key", "path", "query", "detail"),
}
# A parameter would hide from both databases that the partial indexes fit.
_PARKED: Any = literal_column("'parked'")


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Nothing beyond it is meant: ``key`` is the highest id (or trace) seen, ``at`` the latest parking (unix time)."""

    key: int | str
    at: float


@dataclass(frozen=True, kw_only=True)
class Sieve:
    """What is empty means any. ``names`` are ids of deliveries, or traces of envelopes.

    ``since`` and ``until`` are about the time of parking. ``text`` stands in the event, the trace or the lane of a
    delivery; in the trace, the key of repeats, the address or the fault of an envelope. ``destination`` and ``kind``
    narrow deliveries only. Letters in quarantine are meant by that ``cause`` or by their ``names`` alone: no deed about
    everything else lets them in.
    """

    of: Of = "deliveries"
    cause: str = ""
    destination: str = ""
    account: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    names: tuple[int | str, ...] = ()
    bound: Bound | None = None


def parked(sieve: Sieve, *columns: Any, oldest: bool = False, before: Any = None, most: int = DEPTH) -> Subquery:
    """These columns of at most ``most`` rows, the newest of them, or the ``oldest``; the text is not looked at."""
    make = _deliveries if sieve.of == "deliveries" else _envelopes
    wanted = make(sieve, select(*columns))
    key = key_of(sieve)
    if before is not None:
        wanted = wanted.where(key < before)
    return wanted.order_by(key if oldest else key.desc()).limit(most).subquery()


def searched(sieve: Sieve, rows: Subquery, *columns: Any) -> Select[Any]:
    """Those of :func:`parked` that have the text; ``rows`` needs the columns of :func:`haystack` then."""
    wanted = select(*columns)
    return wanted.where(or_(*_hits(sieve, rows))) if sieve.text else wanted


def haystack(sieve: Sieve) -> list[Any]:
    """Where a text is looked for, as ``in_<column>``; nothing without one."""
    table = deliveries if sieve.of == "deliveries" else envelopes
    return [table.c[name].label(f"in_{name}") for name in _TEXTS[sieve.of]] if sieve.text else []


def full(db: Connection, sieve: Sieve) -> bool:
    """Whether there is more than one look goes through, the text aside."""
    rows = parked(sieve, key_of(sieve).label("key"))
    return bool(db.execute(select(func.count()).select_from(rows)).scalar_one() >= DEPTH)


def key_of(sieve: Sieve) -> Any:
    """The column that pages."""
    return deliveries.c.id if sieve.of == "deliveries" else envelopes.c.trace


def still(sieve: Sieve) -> list[Any]:
    """Conditions that a row must meet when its turn comes: parked, and not above the bound."""
    table = deliveries if sieve.of == "deliveries" else envelopes
    at = deliveries.c.settled_at if sieve.of == "deliveries" else envelopes.c.created_at
    held = [table.c.state == _PARKED]
    return [*held, key_of(sieve) <= sieve.bound.key, at <= sieve.bound.at] if sieve.bound else held


def _deliveries(sieve: Sieve, wanted: Select[Any]) -> Select[Any]:
    held = deliveries.c
    if sieve.account:
        wanted = wanted.join(envelopes, envelopes.c.trace == held.trace).where(envelopes.c.account == sieve.account)
    for column, value in ((held.cause, sieve.cause), (held.destination, sieve.destination), (held.kind, sieve.kind)):
        if value:
            wanted = wanted.where(column == value)
    if not sieve.cause and not sieve.names:
        wanted = wanted.where(held.cause != QUARANTINE)
    return _when(sieve, wanted, held.settled_at).where(*still(sieve))


def _envelopes(sieve: Sieve, wanted: Select[Any]) -> Select[Any]:
    held = envelopes.c
    for column, value in ((held.cause, sieve.cause), (held.account, sieve.account)):
        if value:
            wanted = wanted.where(column == value)
    return _when(sieve, wanted, held.created_at).where(*still(sieve))


def _when(sieve: Sieve, wanted: Select[Any], at: Any) -> Select[Any]:
    if sieve.since:
        wanted = wanted.where(at >= sieve.since.timestamp())
    if sieve.until:
        wanted = wanted.where(at < sieve.until.timestamp())
    return wanted.where(key_of(sieve).in_(sieve.names)) if sieve.names else wanted


def _hits(sieve: Sieve, rows: Subquery) -> list[Any]:
    """The text as typed, in small and in large letters: neither database folds every alphabet by itself."""
    text = sieve.text
    spelled = dict.fromkeys((text, text.lower(), text.upper(), text.capitalize()))
    return [_has(rows, name, one) for name in _TEXTS[sieve.of] for one in spelled]


def _has(rows: Subquery, name: str, text: str) -> Any:
    kept = json.dumps(text, ensure_ascii=False)[1:-1] if name == "event" else text
    return rows.c[f"in_{name}"].contains(kept, autoescape=True)
