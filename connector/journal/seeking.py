"""What does this name? One way for each kind of name that people hold in their hands, each by an index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from connector.journal.desk import Desk
from connector.journal.rows import clean
from connector.journal.schema import calls, deliveries, envelopes, ledger

TAILS = 50_000  # newest traces whose ends are compared: tens of milliseconds
_MOST = 20  # finds of one kind
_LONGEST = 500  # characters of a name
_PARTS = 10  # parts of one operator's message that are looked for
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody looks for, and among whose requests."""

    words: str
    accounts: tuple[str, ...]
    portals: tuple[str, ...]
    tails: int = TAILS

    @property
    def senders(self) -> list[str]:
        """All that an envelope's ``account`` may be."""
        return [*self.accounts, *(f"portal:{name}" for name in self.portals)]

    @property
    def number(self) -> str:
        """The digits, when it is a number of at most 18 of them; else empty."""
        digits = self.words.lstrip("#№")
        return digits if digits.isascii() and digits.isdigit() and len(digits) < 19 else ""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A find: ``how`` is a key of :data:`WAYS`; ``lane`` when a whole conversation is meant."""

    how: str
    trace: str
    lane: str = ""


class Seeking(Desk):
    """Searching by name."""

    def seek(self, words: str, accounts: Sequence[str], portals: Sequence[str], *, tails: int = TAILS) -> list[Hit]:
        """What ``words`` names, by each of :data:`WAYS`, the surest first.

        Requests of others than ``accounts`` and ``portals`` (names) are found by trace, number and request only; ends
        of traces are compared among the newest ``tails``.
        """
        name = clean(words.strip()[:_LONGEST])
        asked = Asked(words=name, accounts=tuple(accounts), portals=tuple(portals), tails=tails)
        hits: dict[tuple[str, str], Hit] = {}
        with self.store.reading() as db:
            for how, way in WAYS.items() if name else ():
                wanted = way(asked)
                for row in () if wanted is None else db.execute(wanted.limit(_MOST)).mappings():
                    hit = Hit(how=how, trace=row["trace"], lane=row.get("lane", ""))
                    hits.setdefault((hit.trace, hit.lane), hit)
        return list(hits.values())


def _by_trace(asked: Asked) -> Select[Any]:
    return select(envelopes.c.trace).where(envelopes.c.trace == asked.words.lower())


def _by_tail(asked: Asked) -> Select[Any] | None:
    """The end of a trace, of at least six characters, among the newest."""
    tail = asked.words.lower().lstrip("….")
    if not 6 <= len(tail) < 26 or not set(tail) <= _HEX:
        return None
    newest = select(envelopes.c.trace).order_by(envelopes.c.trace.desc()).limit(asked.tails).subquery()
    return select(newest.c.trace).where(newest.c.trace.like(f"%{tail}"))


def _by_dedupe(asked: Asked) -> Select[Any]:
    mine = envelopes.c.account.in_(asked.senders) & (envelopes.c.dedupe_key == asked.words)
    return select(envelopes.c.trace).where(mine)


def _by_request(asked: Asked) -> Select[Any]:
    mine = (calls.c.request_id != "") & (calls.c.request_id == asked.words)
    return select(calls.c.trace).where(mine).distinct()


def _by_key(asked: Asked) -> Select[Any]:
    """The whole key of an effect, or a client's message as ``conversation:message``."""
    keys = [asked.words, *(f"in:{account}:{asked.words}" for account in asked.accounts)]
    return select(ledger.c.trace).where(ledger.c.key.in_(keys), ledger.c.trace != "").distinct()


def _by_reply(asked: Asked) -> Select[Any] | None:
    """An operator's message by its number in a portal."""
    if not asked.number:
        return None
    keys = [f"out:{portal}:{asked.number}:{part}" for portal in asked.portals for part in range(_PARTS)]
    return select(ledger.c.trace).where(ledger.c.key.in_(keys), ledger.c.trace != "").distinct()


def _by_number(asked: Asked) -> Select[Any] | None:
    return select(deliveries.c.trace).where(deliveries.c.id == int(asked.number)) if asked.number else None


def _by_lane(asked: Asked) -> Select[Any]:
    """A lane, or a conversation of any account: the newest envelope of each."""
    lanes = [asked.words, *(f"{account}.{asked.words}" for account in asked.accounts)]
    newest = [
        select(deliveries.c.trace, deliveries.c.lane)
        .where(deliveries.c.lane == lane)
        .order_by(deliveries.c.trace.desc())
        .limit(1)
        .subquery()
        for lane in lanes
    ]
    first, *others = (select(one.c.trace, one.c.lane) for one in newest)
    united = first.union_all(*others).subquery()
    return select(united.c.trace, united.c.lane)


WAYS: Mapping[str, Callable[[Asked], Select[Any] | None]] = {
    "trace": _by_trace,
    "tail": _by_tail,
    "dedupe": _by_dedupe,
    "request": _by_request,
    "key": _by_key,
    "reply": _by_reply,
    "number": _by_number,
    "lane": _by_lane,
}
