"""Deeds by filter: thousands of parked ones replayed or discarded in small transactions, and one line in the audit.

Each batch looks again under the lock: what somebody else released meanwhile, and what was parked after the preview, is
left alone. So a second press, at the same time or later, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from connector.journal.choosing import Chosen, bound_of, choose
from connector.journal.foreseeing import Foreseeing
from connector.journal.inserts import add_deliveries
from connector.journal.model import Envelope, NewDelivery
from connector.journal.people import Deed, outcome
from connector.journal.rows import clean, delivery_row, to_envelope
from connector.journal.schema import audit, deliveries, envelopes
from connector.journal.sieve import Bound, Of, Sieve, still

_BATCH = 500
_READ = 50  # envelopes that are read again together; each may be megabytes
_LANES = 20  # lanes that the result names

Readings = Sequence[tuple[str, Sequence[NewDelivery] | None]]
Reading = Callable[[Envelope], Sequence[NewDelivery] | None]


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a deed by filter did. ``note`` is its line in the audit, 0 when nothing was left to do.

    ``count`` were released or given up; of envelopes ``made`` is how many deliveries they became and ``unread`` how
    many stay parked because they still cannot be read. ``lanes`` are first deliveries of the first lanes concerned.
    """

    what: Deed
    of: Of = "deliveries"
    note: int = 0
    count: int = 0
    made: int = 0
    unread: int = 0
    lanes: tuple[int, ...] = ()
    who: str = ""
    why: str = ""
    target: str = ""


class Sweeps(Foreseeing):
    """Deeds by filter."""

    def sweep(self, sieve: Sieve, what: Deed, who: str, why: str) -> Swept:
        """Replay or discard the parked deliveries that fit, lane by lane in their order; an album moves as one."""
        with self.store.reading() as db:
            rows = choose(db, sieve)
        bound = sieve.bound or bound_of(rows)
        done = Swept(what=what, who=who, why=why)
        for batch in _batches(rows):
            with self.store.writing() as db:
                touched = _release(db, batch, bound, outcome(what, self.now()))
                if touched:
                    done = replace(done, count=done.count + len(touched), lanes=_more_lanes(done, touched))
                    done = _noted(db, done, sieve, self.now(), {row.trace for row in touched})
            if what == "replay":
                self.tell({row.destination for row in touched})
        return done

    def sweep_envelopes(self, sieve: Sieve, what: Deed, who: str, why: str, read: Reading) -> Swept:
        """Read parked envelopes that fit again, in the order of arrival, or give them up.

        ``read`` returns the deliveries that one has become, none for one that means nothing, and ``None`` while it
        still cannot be read; what is given up is not read.
        """
        foreseen = self.foresee(sieve)
        bound = sieve.bound or foreseen.bound
        done = Swept(what=what, of="envelopes", who=who, why=why)
        for start in range(0, len(foreseen.traces), _READ):
            some = foreseen.traces[start : start + _READ]
            readings: Readings = (
                [(trace, ()) for trace in some]
                if what == "discard"
                else [(envelope.trace, read(envelope)) for envelope in self._fetch(some)]
            )
            done = self._accept(readings, done, sieve, bound)
        return done

    def swept(self, note: int) -> Swept | None:
        """What the deed of that line of the audit did; ``None`` for a line of something else."""
        with self.store.reading() as db:
            row = db.execute(select(audit).where(audit.c.id == note)).mappings().first()
        told = json.loads(row["detail"]) if row and row["detail"].startswith('{"swept"') else None
        if row is None or told is None:
            return None
        kept = {**told["swept"], "lanes": tuple(told["swept"]["lanes"])}
        return Swept(note=note, what=row["what"], who=row["who"], why=row["why"], target=row["target"], **kept)

    def _fetch(self, traces: Sequence[str]) -> list[Envelope]:
        wanted = select(envelopes).where(envelopes.c.trace.in_(traces)).order_by(envelopes.c.trace)
        with self.store.reading() as db:
            return [to_envelope(row) for row in db.execute(wanted).mappings()]

    def _accept(self, readings: Readings, done: Swept, sieve: Sieve, bound: Bound | None) -> Swept:
        now = self.now()
        unread = sum(new is None for _, new in readings)
        with self.store.writing() as db:
            taken = {t: new for t, new in readings if new is not None and _taken(db, t, new, bound, now)}
            if taken or unread:
                made = done.made + sum(map(len, taken.values()))
                done = replace(done, count=done.count + len(taken), made=made, unread=done.unread + unread)
                done = _noted(db, done, sieve, now, taken)
        self.tell({delivery.destination for new in taken.values() for delivery in new})
        return done


def _batches(rows: Sequence[Chosen]) -> Iterator[list[Chosen]]:
    """Rows of an album stay in one batch."""
    batch: list[Chosen] = []
    for row in rows:
        if len(batch) >= _BATCH and (row.leader is None or row.leader != batch[-1].leader):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _release(db: Connection, batch: Sequence[Chosen], bound: Bound | None, values: dict[str, Any]) -> list[Chosen]:
    """Those of the batch that are still parked as they were seen; they have taken their new state."""
    seen = deliveries.c.id.in_([row.id for row in batch])
    as_seen: list[Any] = [
        text("deliveries.state = 'parked'"),
        *([deliveries.c.settled_at <= bound.at] if bound else []),
    ]
    locked = select(deliveries.c.id).where(seen, *as_seen).order_by(deliveries.c.id).with_for_update()
    ids = set(db.execute(locked).scalars())
    if ids:
        db.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(values))
    return [row for row in batch if row.id in ids]


def _taken(db: Connection, trace: str, new: Sequence[NewDelivery], bound: Bound | None, now: float) -> bool:
    """The envelope is parked no more and has become ``new``; ``False`` when somebody else was there before."""
    mine = [envelopes.c.trace == trace, *still(Sieve(of="envelopes", bound=bound))]
    values = {"state": "accepted" if new else "ignored", "cause": "", "hint": "", "detail": ""}
    if db.execute(update(envelopes).where(*mine).values(values)).rowcount != 1:
        return False
    if new:
        add_deliveries(db, [delivery_row(trace, delivery, now) for delivery in new])
    return True


def _more_lanes(done: Swept, touched: Sequence[Chosen]) -> tuple[int, ...]:
    firsts = {(row.destination, row.lane): row.id for row in reversed(touched)}
    return tuple(dict.fromkeys((*done.lanes, *sorted(firsts.values()))))[:_LANES]


def _noted(db: Connection, done: Swept, sieve: Sieve, now: float, traces: Collection[str]) -> Swept:
    """The one line of the audit, written with the first batch and corrected with each further one.

    A deed upon a single request is a part of that one's story too.
    """
    kept = {"of": done.of, "count": done.count, "made": done.made, "unread": done.unread, "lanes": done.lanes}
    target = clean(f"{done.of}: {done.count} ({described(sieve)})")
    values = {"target": target, "detail": json.dumps({"swept": kept})}
    if done.note:
        db.execute(update(audit).where(audit.c.id == done.note).values(values))
        return replace(done, target=target)
    told = {"at": now, "who": clean(done.who), "what": done.what, "why": clean(done.why)}
    told["trace"] = next(iter(traces)) if len(traces) == 1 else ""
    made = db.execute(insert(audit).values(**told, **values)).inserted_primary_key
    return replace(done, note=int(made[0]) if made else 0, target=target)


def described(sieve: Sieve) -> str:
    """The filter in one line, for the audit."""
    if sieve.names:
        return ", ".join(f"#{name}" for name in sieve.names[:_LANES]) + (" …" if len(sieve.names) > _LANES else "")
    said = {"cause": sieve.cause, "destination": sieve.destination, "account": sieve.account, "kind": sieve.kind}
    times = {"since": sieve.since, "until": sieve.until}
    told = [f"{name}={value}" for name, value in said.items() if value]
    told += [f"{name}={value:%Y-%m-%dT%H:%MZ}" for name, value in times.items() if value]
    return " ".join([*told, *([f"text={json.dumps(sieve.text, ensure_ascii=False)}"] if sieve.text else [])]) or "all"
