"""One hour counted: what came of whom, what went to whom, and how long it took.

A row is of one hour and one name: ``account:shop`` or ``portal:main``. The row without a name says that the hour was
counted at all. Hours are unix seconds of their start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Double, Table, bindparam, select, text

from connector.domain import silence
from connector.domain.mailing import QUARANTINE
from connector.domain.silence import DAY, HOUR, OWN_METHODS
from connector.journal.schema import NAME, metadata

KEPT_DAYS = 60

tallies = Table(
    "tallies",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("name", NAME, primary_key=True),
    Column("arrived", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False),
    Column("parked", BigInteger, nullable=False),
    Column("p50_ms", BigInteger),
    Column("p95_ms", BigInteger),
    Column("last_at", Double),
    Column("missed", Double, nullable=False),
    Column("counted_at", Double, nullable=False),
)

_ARRIVED = text(
    "SELECT account AS name, count(*) AS arrived, max(received_at) AS last_at FROM envelopes "
    "WHERE created_at >= :since AND created_at < :until AND method NOT IN :own GROUP BY account"
).bindparams(bindparam("own", OWN_METHODS, expanding=True))
_DELIVERED = text(
    "SELECT destination AS name, count(*) AS delivered FROM deliveries "
    "WHERE state = 'done' AND settled_at >= :since AND settled_at < :until GROUP BY destination"
)
_PARKED = text(
    "SELECT destination AS name, count(*) AS parked FROM deliveries "
    "WHERE state = 'parked' AND cause <> :quarantine AND settled_at >= :since AND settled_at < :until "
    "GROUP BY destination"
).bindparams(quarantine=QUARANTINE)
# From the request of an account to its end in Bitrix24, by the nearest rank. What a person replayed waited for them; a
# test message (its sender has a colon) is no client's.
_TIMES = text(
    """
    WITH done AS (
        SELECT d.destination, e.account, (d.settled_at - e.received_at) * 1000 AS took
        FROM deliveries d JOIN envelopes e ON e.trace = d.trace
        WHERE d.state = 'done' AND d.settled_at >= :since AND d.settled_at < :until AND d.replayed_at IS NULL
            AND substr(d.destination, 1, 7) = 'portal:' AND e.account NOT LIKE '%:%'
    ),
    named AS (
        SELECT destination AS name, took FROM done UNION ALL SELECT 'account:' || account AS name, took FROM done
    ),
    ranked AS (
        SELECT name, took, row_number() OVER (PARTITION BY name ORDER BY took) AS place,
            count(*) OVER (PARTITION BY name) AS many
        FROM named
    )
    SELECT name, max(CASE WHEN place = (many * 50 + 99) / 100 THEN took END) AS p50_ms,
        max(CASE WHEN place = (many * 95 + 99) / 100 THEN took END) AS p95_ms
    FROM ranked GROUP BY name
    """
)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """One hour of one name. ``arrived`` came from it, ``delivered`` and ``parked`` were on their way to it.

    ``p50_ms`` and ``p95_ms`` are milliseconds until Bitrix24 had it; ``last_at`` when it was last heard, maybe hours
    before; ``missed`` as ``domain.silence`` says.
    """

    hour: int
    name: str
    arrived: int = 0
    delivered: int = 0
    parked: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None
    last_at: float | None = None
    missed: float = 0.0


def counted(db: Connection, hour: int, now: float) -> list[Tally]:
    """The rows of one hour, as far as it is over; who was known in the hour before has one in any case."""
    figures: dict[str, dict[str, Any]] = {}
    span = {"since": float(hour), "until": min(float(hour + HOUR), now)}
    for query in (_ARRIVED, _DELIVERED, _PARKED, _TIMES):
        for row in db.execute(query, span).mappings():
            figures.setdefault(sided(row["name"]), {}).update({key: row[key] for key in row if key != "name"})
    before = {row.name: row for row in db.execute(select(tallies).where(tallies.c.hour == hour - HOUR))}
    known = {name for name, row in before.items() if (row.last_at or 0) > hour - KEPT_DAYS * DAY}
    tellers = _history(db, hour)
    made = [Tally(hour=hour, name="")]
    for name in sorted(figures.keys() | known):
        last = before[name].last_at if name in before else None
        told = {past: count for past, count in tellers.get(name, {}).items() if past <= (last or 0)}
        one = Tally(hour=hour, name=name, **_whole(figures.get(name, {})))
        total = silence.missed(before[name].missed if name in before else 0.0, one.arrived, silence.usual(hour, told))
        made.append(replace(one, last_at=one.last_at or last, missed=total))
    return made


def _history(db: Connection, hour: int) -> dict[str, dict[int, int]]:
    history: dict[str, dict[int, int]] = {}
    wanted = select(tallies.c.name, tallies.c.hour, tallies.c.arrived).where(tallies.c.hour.in_(silence.asked(hour)))
    for row in db.execute(wanted):
        history.setdefault(row.name, {})[row.hour] = row.arrived
    return history


def _whole(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Milliseconds as whole numbers; two clocks that differ never make less than nothing."""
    rounded = {key: max(0, round(figures[key])) for key in ("p50_ms", "p95_ms") if key in figures}
    return {**figures, **rounded}


def sided(sender: str) -> str:
    """``shop`` → ``account:shop``: senders and destinations under one name."""
    return sender if ":" in sender else f"account:{sender}"
