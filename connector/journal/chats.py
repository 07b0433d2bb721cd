"""Conversations with visitors of a site, which nobody else keeps (docs/adr/0006).

Whoever writes to a conversation holds its row, so that ``seq`` grows in the order of commits: a reader who has seen
``seq`` has seen all before it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Table, and_, select, update

from connector.domain.ports import Said
from connector.domain.values import Page, StoredFile
from connector.journal.chat_marks import settle_marks
from connector.journal.chat_tables import chat_messages, chats
from connector.journal.desk import Desk
from connector.journal.engine import upsert
from connector.journal.rows import clean, pack

Side = Literal["visitor", "operator", "system"]
_HIGHEST = 2**62


@dataclass(frozen=True, kw_only=True)
class OwnWords:
    """What a visitor said, plain. ``key`` is the dedupe key of the envelope that brings it to the portal."""

    key: str
    text: str
    files: tuple[StoredFile, ...] = ()


class Chats(Desk):
    """Writing. What is said twice under one key is said once."""

    def meet_visitor(self, account: str, visitor: str, *, language: str = "", page: Page | None = None) -> None:
        """Begin a conversation with the page that it began on; one that is known stays as it is."""
        with self.store.writing() as db:
            _meet(db, account, visitor, self.now(), language=language, page=page)

    def visitor_said(self, account: str, visitor: str, said: OwnWords) -> int:
        """Add what a visitor said, once; the ``seq`` of its row."""
        row = {"key": said.key, "side": "visitor", "text": said.text, "files": said.files, "mark": "kept"}
        with self.store.writing() as db:
            return _added(db, account, visitor, row, self.now())[1]

    def say_in_chat(self, account: str, visitor: str, said: Said, *, key: str) -> str:
        """See :class:`~connector.domain.ports.Chats`. An operator's word means that what came before it was read."""
        side: Side = "operator" if said.author.id else "system"
        row = {"key": key, "side": side, "text": said.text, "files": said.files, "name": said.name}
        row |= {"author": said.author.id, "asks": said.author.asks}
        with self.store.writing() as db:
            return str(_added(db, account, visitor, row, self.now())[0])

    def edit_in_chat(self, account: str, visitor: str, message_id: str, text: str) -> bool:
        """See :class:`~connector.domain.ports.Chats`."""
        now = self.now()
        with self.store.writing() as db:
            theirs = _theirs(account, visitor, [message_id])
            kept = db.execute(select(chat_messages.c.text).where(theirs)).first()
            if kept is not None and kept.text != clean(text):
                values = {"text": clean(text), "edited_at": now, "seq": grow(db, account, visitor, now)}
                db.execute(update(chat_messages).where(theirs).values(values))
            return kept is not None

    def delete_in_chat(self, account: str, visitor: str, message_ids: Collection[str]) -> None:
        """See :class:`~connector.domain.ports.Chats`. The words go, the place of the message stays."""
        now = self.now()
        with self.store.writing() as db:
            theirs = _theirs(account, visitor, message_ids)
            if db.execute(select(chat_messages.c.id).where(theirs).limit(1)).first() is None:
                return
            values = {"text": "", "files": "[]", "deleted_at": now, "seq": grow(db, account, visitor, now)}
            db.execute(update(chat_messages).where(theirs).values(values))

    def chat_seen(self, account: str, visitor: str, seq: int) -> None:
        """The visitor has seen everything up to ``seq``. The conversation changes when something was unread."""
        mine = of_chat(chats, account, visitor)
        with self.store.writing() as db:
            chat = db.execute(select(chats.c.seq, chats.c.seen).where(mine).with_for_update()).first()
            if chat is None or min(seq, chat.seq) <= chat.seen:
                return
            seen = min(seq, chat.seq)
            said = chat_messages.c
            news = (said.seq > chat.seen) & (said.born > chat.seen) & (said.born <= seen)
            theirs = of_chat(chat_messages, account, visitor) & (said.side != "visitor") & said.deleted_at.is_(None)
            if db.execute(select(said.id).where(theirs, news).limit(1)).first():
                grow(db, account, visitor, self.now())
            db.execute(update(chats).where(mine).values(seen=seen))


def grow(db: Connection, account: str, visitor: str, now: float) -> int:
    """The next ``seq`` of a conversation, begun if need be; its row is held until the transaction ends."""
    step = update(chats).where(of_chat(chats, account, visitor))
    grown = step.values(seq=chats.c.seq + 1, changed_at=now).returning(chats.c.seq)
    seq = db.execute(grown).scalar()
    if seq is None:
        _meet(db, account, visitor, now)
        seq = db.execute(grown).scalar_one()
    return int(seq)


def _meet(
    db: Connection, account: str, visitor: str, now: float, *, language: str = "", page: Page | None = None
) -> None:
    place = asdict(page or Page())
    row = {
        "account": account,
        "visitor": visitor,
        "seq": 0,
        "seen": 0,
        "language": clean(language),
        "page": pack({"url": place["url"], "title": place["title"]}),
        "marks": pack(place["marks"]),
        "created_at": now,
        "changed_at": now,
    }
    db.execute(upsert(db.dialect.name, chats).values(row).on_conflict_do_nothing())


def _added(db: Connection, account: str, visitor: str, given: Mapping[str, Any], now: float) -> tuple[int, int]:
    """(id, seq) of the message, which is added unless its key is known."""
    same = (chat_messages.c.account == account) & (chat_messages.c.key == clean(given["key"]))
    known = select(chat_messages.c.id, chat_messages.c.seq).where(same)
    found = db.execute(known).first()
    if found is None:
        seq = grow(db, account, visitor, now)
        row = _row(account, visitor, given, seq, now)
        if given["side"] == "operator":
            settle_marks(db, account, visitor, seq, read=True)
            row["name"] = _agreed_name(db, row)
        db.execute(upsert(db.dialect.name, chat_messages).values(row).on_conflict_do_nothing())
        found = db.execute(known).one()
    return int(found.id), int(found.seq)


def _agreed_name(db: Connection, row: Mapping[str, Any]) -> str:
    """An operator's name where a message has none: the one before; their first name is told of all before it."""
    said = chat_messages.c
    theirs = of_chat(chat_messages, row["account"], row["visitor"]) & (said.author == row["author"])
    before = db.execute(select(said.name).where(theirs).order_by(said.id.desc()).limit(1)).scalar()
    if row["name"] and before == "":
        nameless = update(chat_messages).where(theirs, said.name == "")
        db.execute(nameless.values(name=row["name"], seq=row["seq"]))
    return str(row["name"] or before or "")


def _row(account: str, visitor: str, given: Mapping[str, Any], seq: int, now: float) -> dict[str, Any]:
    texts = {
        name: clean(str(given.get(name, ""))) for name in ("key", "side", "name", "author", "asks", "text", "mark")
    }
    files = pack([_file(file) for file in given["files"]])
    return {"account": account, "visitor": visitor, "seq": seq, "born": seq, "created_at": now, "files": files, **texts}


def _file(file: StoredFile) -> dict[str, Any]:
    """A file as kept; the link is signed anew for each reader."""
    return {name: value for name, value in asdict(file).items() if name != "url"}


def _theirs(account: str, visitor: str, message_ids: Collection[str]) -> ColumnElement[bool]:
    """The messages of these ids that were said to the visitor and still stand."""
    numbers = [int(name) for name in message_ids if name.isascii() and name.isdecimal() and int(name) < _HIGHEST]
    said = chat_messages.c
    standing = and_(said.side != "visitor", said.deleted_at.is_(None))
    return of_chat(chat_messages, account, visitor) & said.id.in_(numbers) & standing


def of_chat(table: Table, account: str, visitor: str) -> ColumnElement[bool]:
    """The rows of one conversation."""
    return and_(table.c.account == account, table.c.visitor == visitor)
