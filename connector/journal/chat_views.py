"""Conversations with visitors as their browsers show them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from connector.domain.values import FACE, StoredFile
from connector.journal.chat_marks import Name, changed_marks, of_names, settle_marks
from connector.journal.chat_tables import chat_messages, chats
from connector.journal.chats import grow, of_chat
from connector.journal.desk import moment
from connector.journal.links import Links

NEWEST = 100
_MOST_CHANGED = 500
_CHUNK = 300


@dataclass(frozen=True, kw_only=True)
class ChatRow:
    """One message. ``name`` is as it was said; ``author`` is the operator, ``<portal>/<user>``.

    ``text`` is BBCode of operators and the system, plain of visitors. ``asks`` when it asks for a rating.
    """

    id: int
    seq: int
    key: str
    side: str
    name: str
    author: str
    text: str
    files: tuple[StoredFile, ...]
    mark: str
    at: datetime
    edited: bool
    deleted: bool
    asks: bool = False


@dataclass(frozen=True, kw_only=True)
class ChatState:
    """A conversation, or what changed of it. ``asks`` is the message whose request for a rating stands."""

    seq: int = 0
    seen: int = 0
    unread: int = 0
    rows: tuple[ChatRow, ...] = ()
    earlier: bool = False
    operator: tuple[str, str] | None = None
    asks: int | None = None
    faces: dict[str, dict[str, Any]] = field(default_factory=dict)


class ChatViews(Links):
    """Reading. Marks are compared with the truth at every look, and a mark that moved is a change like any other."""

    def chat_state(self, account: str, visitor: str, *, after: int = 0, before: int | None = None) -> ChatState:
        """What changed after ``after`` (0: the newest 100); with ``before``, the 100 that stand before that message.

        A conversation that nobody knows is empty.
        """
        self.settle_chats([(account, visitor)])
        with self.store.reading() as db:
            chat = db.execute(select(chats.c.seq, chats.c.seen).where(of_chat(chats, account, visitor))).first()
            if chat is None:
                return ChatState()
            mine = of_chat(chat_messages, account, visitor)
            rows = _rows(db, mine, after, before)
            earlier = bool(rows) and after == 0 and _any(db, mine & (chat_messages.c.id < rows[0].id))
            operator, asks = _operator(db, mine), _asks(db, mine)
            unread = _count(db, mine & _unread(chat.seen))
        authors = {row.author for row in rows} | ({operator[1]} if operator else set())
        known = self.recall_all({(FACE, author) for author in authors if author})
        return ChatState(
            seq=chat.seq,
            seen=chat.seen,
            unread=unread,
            rows=rows,
            earlier=earlier,
            operator=operator,
            asks=asks,
            faces={author: value for (_, author), value in known.items()},
        )

    def chat_has(self, account: str, key: str) -> bool:
        """Whether something was said under this key."""
        same = (chat_messages.c.account == account) & (chat_messages.c.key == key)
        with self.store.reading() as db:
            return _any(db, same)

    def chat_versions(self, names: Collection[Name]) -> dict[Name, int]:
        """(account, visitor) → ``seq`` of many conversations at once; unknown ones are absent."""
        self.settle_chats(names)
        found: dict[Name, int] = {}
        with self.store.reading() as db:
            for some in _chunks(names):
                wanted = select(chats.c.account, chats.c.visitor, chats.c.seq).where(of_names(chats, some))
                found |= {(row.account, row.visitor): row.seq for row in db.execute(wanted)}
        return found

    def settle_chats(self, names: Collection[Name]) -> None:
        """Write down which marks have moved; a look that finds none writes nothing."""
        moved: list[Name] = []
        with self.store.reading() as db:
            for some in _chunks(names):
                moved += changed_marks(db, some)
        for account, visitor in sorted(moved):  # one at a time: nobody waits for two rows
            with self.store.writing() as db:
                settle_marks(db, account, visitor, grow(db, account, visitor, self.now()))


def _rows(db: Connection, mine: ColumnElement[bool], after: int, before: int | None) -> tuple[ChatRow, ...]:
    said = chat_messages.c
    wanted = select(chat_messages).where(mine).order_by(said.id.desc())
    if before is not None:
        wanted = wanted.where(said.id < before)
    elif after:
        wanted = wanted.where(said.seq > after)
    most = _MOST_CHANGED if after and before is None else NEWEST
    return tuple(map(_row, reversed(db.execute(wanted.limit(most)).mappings().all())))


def _row(row: Any) -> ChatRow:
    return ChatRow(
        **{name: row[name] for name in ("id", "seq", "key", "side", "name", "author", "text", "mark")},
        files=tuple(StoredFile(url="", **file) for file in json.loads(row["files"])),
        at=moment(row["created_at"]),
        edited=row["edited_at"] is not None,
        deleted=row["deleted_at"] is not None,
        asks=row["asks"] != "",
    )


def _unread(seen: int) -> ColumnElement[bool]:
    said = chat_messages.c  # no ``seq`` is less than ``born``, and there is an index of it
    return (said.seq > seen) & (said.born > seen) & (said.side != "visitor") & said.deleted_at.is_(None)


def _operator(db: Connection, mine: ColumnElement[bool]) -> tuple[str, str] | None:
    """(name, author) of whoever answered last."""
    said = chat_messages.c
    last = select(said.name, said.author).where(mine, said.side == "operator").order_by(said.id.desc()).limit(1)
    row = db.execute(last).first()
    return (row.name, row.author) if row else None


def _asks(db: Connection, mine: ColumnElement[bool]) -> int | None:
    """The request for a rating that nothing of the visitor's follows: any word of theirs ends the waiting (§7.3)."""
    said = chat_messages.c
    own = db.execute(select(said.id).where(mine, said.side == "visitor").order_by(said.id.desc()).limit(1)).scalar()
    asking = select(said.id).where(mine, said.id > (own or 0), said.asks != "", said.deleted_at.is_(None))
    found = db.execute(asking.order_by(said.id.desc()).limit(1)).scalar()
    return None if found is None else int(found)


def _any(db: Connection, wanted: ColumnElement[bool]) -> bool:
    return db.execute(select(chat_messages.c.id).where(wanted).limit(1)).first() is not None


def _count(db: Connection, wanted: ColumnElement[bool]) -> int:
    """Counted no further than a page."""
    some = select(chat_messages.c.id).where(wanted).limit(NEWEST).subquery()
    return int(db.execute(select(func.count()).select_from(some)).scalar_one())


def _chunks(names: Collection[Name]) -> list[Sequence[Name]]:
    listed = list(names)
    return [listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK)]
