"""The repair bench: everything that is parked, grouped by cause and listed page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Table, func, literal, select

from connector.domain.mailing import QUARANTINE
from connector.journal.desk import Desk, moment
from connector.journal.rows import unpack_hint
from connector.journal.schema import deliveries, envelopes
from connector.journal.sieve import DEPTH, Of, Sieve, full, haystack, key_of, parked, searched
from connector.speech import Text

_CAUSES = 100  # groups on one page
_EVENT = 2000  # characters of an event that a list carries
_LETTER = 100_000  # of a letter in quarantine, whose subject stands behind its text


@dataclass(frozen=True, kw_only=True)
class Group:
    """What is parked for one cause. ``places`` are ``(destination or sender, how many)``, the most first."""

    of: Of
    cause: str
    count: int
    oldest: datetime
    newest: datetime
    hint: Text | None
    detail: str
    places: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The groups, the fullest first, at most a hundred. ``count`` is of all of them; ``whole`` is false when more is
    parked than was looked through.
    """

    groups: tuple[Group, ...]
    count: int
    whole: bool


@dataclass(frozen=True, kw_only=True)
class Item:
    """One parked delivery or envelope in a list. ``name`` is its id or trace, ``place`` its destination or sender.

    ``at`` is when it was parked, ``lane`` its lane or key of repeats, ``kind`` the event's, or method and path;
    ``event`` the beginning of the event's JSON, or empty.
    """

    of: Of
    name: int | str
    trace: str
    place: str
    lane: str
    kind: str
    cause: str
    hint: Text | None
    detail: str
    attempts: int
    created_at: datetime
    at: datetime
    event: str = ""


class Bench(Desk):
    """Looks at what is parked; each costs the same with five million deliveries done."""

    def parked_groups(self, sieve: Sieve) -> Groups:
        """What is parked and fits, by cause; ``names`` and ``bound`` are of no use here."""
        table, place, at = _sides(sieve.of)
        key = key_of(sieve)
        rows = parked(sieve, table.c.cause, place.label("place"), at.label("at"), key.label("key"), *haystack(sieve))
        counted = (rows.c.cause, rows.c.place, func.count(), func.min(rows.c.at), func.max(rows.c.at))
        wanted = searched(sieve, rows, *counted, func.max(rows.c.key)).group_by(rows.c.cause, rows.c.place)
        with self.store.reading() as db:
            found: list[Any] = [tuple(row) for row in db.execute(wanted)]
            newest = {cause: max(row[5] for row in some) for cause, some in _by_cause(found)}
            told = select(table.c.cause, table.c.hint, table.c.detail).where(key.in_(list(newest.values())[:_CAUSES]))
            hints = {row.cause: (unpack_hint(row.hint), row.detail) for row in db.execute(told)}
            count = sum(row[2] for row in found)
            whole = count < DEPTH and not (sieve.text and full(db, sieve))
        groups = [_group(sieve.of, cause, some, *hints.get(cause, (None, ""))) for cause, some in _by_cause(found)]
        groups.sort(key=lambda group: (-group.count, group.cause))
        return Groups(groups=tuple(groups[:_CAUSES]), count=count, whole=whole)

    def parked_items(self, sieve: Sieve, *, limit: int = 50, before: int | str | None = None) -> list[Item]:
        """What fits, the newest first; ``before`` is the name of the last one seen."""
        held = sieve.cause == QUARANTINE
        columns = _delivery_columns(_LETTER if held else _EVENT) if sieve.of == "deliveries" else _envelope_columns()
        rows = parked(sieve, *columns, *haystack(sieve), before=before, most=DEPTH if sieve.text else limit)
        wanted = searched(sieve, rows, *rows.c).order_by(rows.c.name.desc()).limit(limit)
        with self.store.reading() as db:
            return [_item(sieve.of, row) for row in db.execute(wanted).mappings()]


def _sides(of: Of) -> tuple[Table, Any, Any]:
    """The table, where a row belongs, and when it was parked."""
    if of == "deliveries":
        return deliveries, deliveries.c.destination, deliveries.c.settled_at
    return envelopes, envelopes.c.account, envelopes.c.created_at


def _by_cause(found: list[Any]) -> list[tuple[str, list[Any]]]:
    ordered = sorted(found, key=lambda row: (str(row[0]), -int(row[2]), str(row[1])))
    return [(cause, list(some)) for cause, some in groupby(ordered, key=lambda row: str(row[0]))]


def _group(of: Of, cause: str, rows: list[Any], hint: Text | None, detail: str) -> Group:
    return Group(
        of=of,
        cause=cause,
        count=sum(int(row[2]) for row in rows),
        oldest=moment(min(row[3] for row in rows)),
        newest=moment(max(row[4] for row in rows)),
        hint=hint,
        detail=detail,
        places=tuple((str(row[1]), int(row[2])) for row in rows),
    )


def _delivery_columns(longest: int) -> list[Any]:
    held = deliveries.c
    own = [held.trace, held.lane, held.kind, held.cause, held.hint, held.detail, held.attempts, held.created_at]
    event = func.substr(held.event, 1, longest).label("event")
    return [held.id.label("name"), held.destination.label("place"), held.settled_at.label("at"), *own, event]


def _envelope_columns() -> list[Any]:
    held = envelopes.c
    named = [held.trace.label("name"), held.account.label("place"), held.created_at.label("at")]
    line = (held.method + " " + held.path).label("kind")
    own = [held.trace, held.dedupe_key.label("lane"), line, held.cause, held.hint, held.detail]
    return [
        *named,
        *own,
        literal(0).label("attempts"),
        held.received_at.label("created_at"),
        literal("").label("event"),
    ]


def _item(of: Of, row: Any) -> Item:
    shown = ("name", "trace", "place", "lane", "kind", "cause", "detail", "attempts", "event")
    return Item(
        of=of,
        hint=unpack_hint(row["hint"]),
        created_at=moment(row["created_at"]),
        at=moment(row["at"]),
        **{name: row[name] for name in shown},
    )
