"""What people do: replay, discard, and the audit of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from connector.journal.desk import Desk
from connector.journal.faults import unknown
from connector.journal.inserts import add_deliveries
from connector.journal.model import Envelope, NewDelivery
from connector.journal.rows import clean, delivery_row, to_envelope
from connector.journal.schema import audit, deliveries, envelopes

_SLICE = 500

Deed = Literal["replay", "discard"]


class People(Desk):
    """Deeds of a person; each one is in the audit with who and why."""

    def replay(self, ids: Collection[int], who: str, why: str) -> int:
        """Parked deliveries wait again, due now, at their old place in the lane; returns how many.

        An album moves as one. All or none: raises ``PermanentError`` (``journal.unknown``) with the ids that are not
        there or not parked.
        """
        return self._deed(ids, "replay", who, why)

    def discard(self, ids: Collection[int], who: str, why: str) -> int:
        """Parked deliveries are given up for good; returns how many. All or none, like :meth:`replay`."""
        return self._deed(ids, "discard", who, why)

    def envelope(self, trace: str) -> Envelope:
        """The envelope as kept, secrets masked. Raises ``PermanentError`` when there is none."""
        with self.store.reading() as db:
            row = db.execute(select(envelopes).where(envelopes.c.trace == clean(trace))).mappings().first()
        if row is None:
            raise unknown([trace])
        return to_envelope(row)

    def reaccept(self, trace: str, new: Sequence[NewDelivery], who: str, why: str) -> None:
        """A parked envelope could be read after all: its deliveries wait and it is accepted.

        Raises ``PermanentError`` when there is no such parked envelope.
        """
        now = self.now()
        rows = [delivery_row(trace, delivery, now) for delivery in new]
        with self.store.writing() as db:
            unpark(db, trace, "accepted")
            add_deliveries(db, rows)
            write_audit(db, now, who=who, what="replay", why=why, target=f"envelope:{trace}", trace=trace)
        self.tell({delivery.destination for delivery in new})

    def ignore(self, trace: str, who: str, why: str) -> None:
        """A parked envelope is given up. Raises ``PermanentError`` when there is no such parked envelope."""
        with self.store.writing() as db:
            unpark(db, trace, "ignored")
            write_audit(db, self.now(), who=who, what="discard", why=why, target=f"envelope:{trace}", trace=trace)

    def audit(self, who: str, what: str, why: str, target: str, at: datetime | None = None, *, trace: str = "") -> None:
        """Note a deed that the journal does not do itself. ``at`` ``None`` means now."""
        moment = at.timestamp() if at else self.now()
        with self.store.writing() as db:
            write_audit(db, moment, who=who, what=what, why=why, target=target, trace=trace)

    def _deed(self, ids: Collection[int], what: Deed, who: str, why: str) -> int:
        now = self.now()
        values = outcome(what, now)
        with self.store.writing() as db:
            rows = _sliced(sorted(set(ids)), lambda some: lock_parked(db, some))
            missing = sorted(set(ids) - {row.id for row in rows})
            if missing:
                raise unknown([str(id_) for id_ in missing])
            for row in rows:
                db.execute(update(deliveries).where(deliveries.c.id == row.id).values(values))
                target = f"delivery:{row.id}"
                write_audit(db, now, who=who, what=what, why=why, target=target, trace=row.trace)
        if what == "replay":
            self.tell({row.destination for row in rows})
        return len(rows)


def write_audit(
    db: Connection,
    at: float,
    *,
    who: str,
    what: str,
    why: str,
    target: str,
    trace: str = "",
    detail: str = "",
) -> None:
    """One row of the audit."""
    values = {"who": who, "what": what, "why": why, "target": target, "trace": trace, "detail": detail}
    db.execute(insert(audit).values(at=at, **{name: clean(value) for name, value in values.items()}))


def outcome(what: Deed, now: float) -> dict[str, Any]:
    """What a deed writes into a parked delivery."""
    if what == "discard":
        return {"state": "discarded", "settled_at": now}
    fresh = {"cause": "", "hint": "", "detail": "", "attempts": 0, "settled_at": None}
    return {"state": "waiting", "due_at": now, "replayed_at": now, **fresh}


def unpark(db: Connection, trace: str, state: str) -> None:
    """A parked envelope takes another state. Raises ``PermanentError`` when there is no such parked envelope."""
    parked = (envelopes.c.trace == trace) & (envelopes.c.state == "parked")
    values = {"state": state, "cause": "", "hint": "", "detail": ""}
    if db.execute(update(envelopes).where(parked).values(values)).rowcount != 1:
        raise unknown([trace])


def lock_parked(db: Connection, ids: Sequence[int]) -> list[Any]:
    """The parked ones of ``ids`` and what is frozen in one album with them, locked."""
    wanted = select(deliveries.c.id, deliveries.c.trace, deliveries.c.destination, deliveries.c.leader)
    parked = wanted.where(deliveries.c.state == "parked").order_by(deliveries.c.id).with_for_update()
    rows = list(db.execute(parked.where(deliveries.c.id.in_(ids))))
    leaders = {row.leader for row in rows if row.leader is not None}
    if leaders:
        rows += list(db.execute(parked.where(deliveries.c.leader.in_(leaders), deliveries.c.id.not_in(ids))))
    return rows


def _sliced(ids: Sequence[int], ask: Callable[[Sequence[int]], list[Any]]) -> list[Any]:
    found = {row.id: row for start in range(0, len(ids), _SLICE) for row in ask(ids[start : start + _SLICE])}
    return list(found.values())
