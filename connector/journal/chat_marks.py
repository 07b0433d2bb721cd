"""How far each word of a visitor has come: told by what became of its delivery, never by hope.

``kept`` is on our disk; ``delivered`` is in the portal; ``read`` was followed by an operator's answer (the portal tells
of no reading, facts/bitrix24-openlines.md §1.8); ``failed`` is parked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, false, or_, select, text, update

from connector.journal.chat_tables import chat_messages
from connector.journal.schema import deliveries, envelopes

_OPEN = text("chat_messages.mark IN ('kept', 'failed')")  # spelled as in the index, so that SQLite takes it
_TRUTH = {"done": "delivered", "parked": "failed", "discarded": "failed", "waiting": "kept"}
Name = tuple[str, str]


def changed_marks(db: Connection, names: Collection[Name]) -> dict[Name, dict[str, list[int]]]:
    """(account, visitor) → new mark → ids of the messages whose mark is no longer true."""
    found: dict[Name, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in db.execute(_open(of_names(chat_messages, names))):
        truth = "failed" if row.envelope == "parked" else _TRUTH.get(row.state or "waiting", "kept")
        if truth != row.mark:
            found[row.account, row.visitor][truth].append(row.id)
    return found


def of_names(table: Table, names: Collection[Name]) -> ColumnElement[bool]:
    """The rows of these conversations, asked account by account: a list of pairs is slow on both databases."""
    ordered = sorted(names)
    return or_(
        false(),
        *(
            and_(table.c.account == account, table.c.visitor.in_([visitor for _, visitor in some]))
            for account, some in groupby(ordered, key=lambda name: name[0])
        ),
    )


def settle_marks(db: Connection, account: str, visitor: str, seq: int, *, read: bool = False) -> None:
    """Bring the marks of one conversation up to date; ``read``: an operator answers now. The caller holds the row."""
    for mark, numbers in changed_marks(db, [(account, visitor)]).get((account, visitor), {}).items():
        db.execute(update(chat_messages).where(chat_messages.c.id.in_(numbers)).values(mark=mark, seq=seq))
    if read:
        said = chat_messages.c
        answered = and_(said.account == account, said.visitor == visitor, said.mark == "delivered")
        db.execute(update(chat_messages).where(answered).values(mark="read", seq=seq))


def keep_marks(db: Connection, traces: Collection[str]) -> None:
    """The deliveries of ``traces`` are about to be trimmed: what they tell is written down."""
    said = chat_messages.c
    done = exists().where(
        envelopes.c.account == said.account,
        envelopes.c.dedupe_key == said.key,
        envelopes.c.trace.in_(list(traces)),
        deliveries.c.trace == envelopes.c.trace,
        deliveries.c.state == "done",
    )
    db.execute(update(chat_messages).where(_OPEN, done).values(mark="delivered"))


def _open(where: ColumnElement[bool]) -> Select[Any]:
    said = chat_messages.c
    brought = and_(envelopes.c.account == said.account, envelopes.c.dedupe_key == said.key)
    going = and_(deliveries.c.trace == envelopes.c.trace, deliveries.c.kind == "message.received")
    return (
        select(said.id, said.account, said.visitor, said.mark, envelopes.c.state.label("envelope"), deliveries.c.state)
        .join(envelopes, brought)
        .outerjoin(deliveries, going)
        .where(where, _OPEN)
    )
