"""What reached us of late, for those who compare the journal with what a portal shows."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select

from connector.journal.desk import Desk, moment
from connector.journal.schema import deliveries, envelopes, ledger, links

_OUTCOMES = ("reply.written", "reply.delivered", "reply.refused")
_CHUNK = 500  # names in one statement


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a conversation is in the portal: its chat and the sessions of late; what is not known is empty."""

    chat_id: str = ""
    sessions: frozenset[str] = frozenset()

    def with_(self, *, chat: object, session: object = "") -> Place:
        """The place, with what one more row knows of it."""
        named = {str(session)} if session else set()
        return Place(chat_id=str(chat or "") or self.chat_id, sessions=self.sessions | named)


@dataclass(frozen=True, kw_only=True)
class ReplyRow:
    """One delivery about an operator's message. ``event`` is the event's JSON text."""

    id: int
    kind: str
    state: str
    event: str
    settled_at: datetime | None
    replayed_at: datetime | None


class Recent(Desk):
    """Reading what is young, by the indexes that trimming and links have anyway."""

    def conversations(self, owner: str, *, since: datetime, opened: datetime) -> dict[str, Place]:
        """lane → place of the conversations of ``owner`` (``portal:<name>``) that were alive after ``since``.

        Alive: the client wrote, or an operator's message came in. Sessions that were opened after ``opened`` and of
        which no end was heard belong to them as well.
        """
        places: dict[str, Place] = {}
        with self.store.reading() as db:
            told = db.execute(_told(since.timestamp())).all()
            replies = db.execute(_last_replies(owner, since.timestamp())).all()
            known = db.execute(_links(owner, since.timestamp(), opened.timestamp())).all()
        for lane, chat, session in (*map(_of_told, told), *map(_of_reply, replies), *map(_of_link, known)):
            places[lane] = places.get(lane, Place()).with_(chat=chat, session=session)
        return places

    def replies(self, owner: str, message_ids: Collection[str], *, since: datetime) -> dict[str, list[ReplyRow]]:
        """``im.message_id`` → the deliveries about it in envelopes that ``owner`` sent after ``since``.

        Replies written, delivered and refused; a message of which nothing was heard is absent.
        """
        numbers = sorted({int(name) for name in message_ids if name.isdecimal() and len(name) < 19})
        found: dict[str, list[ReplyRow]] = {}
        with self.store.reading() as db:
            for start in range(0, len(numbers), _CHUNK):
                for row in db.execute(_about(owner, since.timestamp(), numbers[start : start + _CHUNK])).mappings():
                    found.setdefault(str(row["position"]), []).append(_reply_row(row))
        return found


def _told(since: float) -> Select[Any]:
    """What the portal answered to clients' messages: the chat and the session of each."""
    return (
        select(deliveries.c.lane, ledger.c.result)
        .join(ledger, ledger.c.delivery_id == deliveries.c.id)
        .join(envelopes, envelopes.c.trace == ledger.c.trace)
        .where(envelopes.c.created_at >= since, ledger.c.what == "imconnector.send.messages", ledger.c.state == "done")
        .distinct()
    )


def _last_replies(owner: str, since: float) -> Select[Any]:
    """The last reply of each lane."""
    newest = (
        select(func.max(deliveries.c.id))
        .join(envelopes, envelopes.c.trace == deliveries.c.trace)
        .where(envelopes.c.created_at >= since, envelopes.c.account == owner, deliveries.c.kind == "reply.written")
        .group_by(deliveries.c.lane)
    )
    return select(deliveries.c.lane, deliveries.c.event).where(deliveries.c.id.in_(newest))


def _links(owner: str, since: float, opened: float) -> Select[Any]:
    young = or_(
        (links.c.kind == "chat") & (links.c.updated_at >= since),
        (links.c.kind == "session") & (links.c.updated_at >= opened),
    )
    return select(links.c.kind, links.c.key, links.c.value).where(links.c.owner == owner, young).order_by(links.c.kind)


def _about(owner: str, since: float, numbers: list[int]) -> Select[Any]:
    mine = deliveries.c
    return (
        select(mine.id, mine.kind, mine.state, mine.event, mine.settled_at, mine.replayed_at, mine.position)
        .join(envelopes, envelopes.c.trace == mine.trace)
        .where(envelopes.c.created_at >= since, envelopes.c.account == owner)
        .where(mine.kind.in_(_OUTCOMES), mine.position.in_(numbers))
        .order_by(mine.id)
    )


def _reply_row(row: Any) -> ReplyRow:
    return ReplyRow(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        event=row["event"],
        settled_at=None if row["settled_at"] is None else moment(row["settled_at"]),
        replayed_at=None if row["replayed_at"] is None else moment(row["replayed_at"]),
    )


def _of_told(row: Any) -> tuple[str, object, object]:
    result = json.loads(row.result) or {}
    return row.lane, result.get("CHAT_ID"), result.get("ID")


def _of_reply(row: Any) -> tuple[str, object, object]:
    return row.lane, (json.loads(row.event).get("im") or {}).get("chat_id"), ""


def _of_link(row: Any) -> tuple[str, object, object]:
    value = json.loads(row.value)
    return row.key, value.get("chat_id"), value.get("session_id")
