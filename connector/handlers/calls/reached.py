"""Clients who were missed and then answered in a chat: what was due for them is done.

A reply asks nobody while nothing is due, and at most one question a session otherwise (facts/bitrix24-openlines.md
§2.3): which CRM rows a chat is bound to is kept with its session.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connector.domain.callbacks import CallBackChanged, ClientReached
from connector.domain.effects import Emit, Plan, Recall, Remember
from connector.domain.events import ReplyDelivered
from connector.handlers.calls.missed import DUE, TALKED, closed, rows_of
from connector.handlers.finding import binding
from connector.handlers.rules import Rules

BOUND = "event.reached"  # by <portal>/<chat>: {"session", "rows"}
MOST = 1000
KEPT = timedelta(days=14)  # what nobody closed by then was closed by hand, or never will be


def reply_reached(event: ReplyDelivered, rules: Rules) -> Plan:
    """Say that a client was reached, when a person wrote and somebody waits who may be that client."""
    if event.author in ("", "0") or not any(
        facts.portal == event.portal and facts.pbx for facts in rules.accounts.values()
    ):
        return
    waiting = yield Recall(DUE, event.portal)
    if not waiting:
        return
    bound = yield from _bound(event.portal, event.account, event.conversation, event.im.chat_id)
    if bound is None or _those(waiting, bound):
        reached = ClientReached(
            portal=event.portal,
            account=event.account,
            conversation=event.conversation,
            chat_id=event.im.chat_id,
        )
        yield Emit(reached, f"portal:{event.portal}")


def client_reached(event: ClientReached, rules: Rules) -> Plan:
    """Complete what is due for the rows that the chat is bound to."""
    waiting = (yield Recall(DUE, event.portal)) or {}
    if not waiting:
        return ""
    bound = yield from _bound(event.portal, event.account, event.conversation, event.chat_id)
    if bound is None:
        bound = sorted(rows_of((yield from binding(event.chat_id))))
        session = yield from _session(event.account, event.conversation)
        yield Remember(BOUND, f"{event.portal}/{event.chat_id}", {"session": session, "rows": bound})
    notes: list[str] = []
    for phone in _those(waiting, bound):
        if rules.at:
            yield Remember(TALKED, f"{event.portal}/{phone}", {"at": rules.at.isoformat()})
        notes.append((yield from closed(event.portal, phone, rules.at, rules)))
    return "\n".join(filter(None, notes))


def callback_changed(event: CallBackChanged, rules: Rules) -> Plan:
    """Keep the list of all that is due in the portal."""
    waiting: dict[str, Any] = dict((yield Recall(DUE, event.portal)) or {})
    waiting.pop(event.phone, None)
    if event.rows:
        waiting[event.phone] = {"rows": list(event.rows), "at": rules.at.isoformat() if rules.at else ""}
    kept = [(phone, due) for phone, due in waiting.items() if not _over(due, rules.at)]
    yield Remember(DUE, event.portal, dict(kept[-MOST:]) or None)


def _bound(portal: str, account: str, conversation: str, chat_id: str) -> Plan:
    """The rows that the chat was bound to when it was asked for in this session; ``None``: it was not yet."""
    known = yield Recall(BOUND, f"{portal}/{chat_id}")
    if not known:
        return None
    session = yield from _session(account, conversation)
    return known["rows"] if known["session"] == session else None


def _session(account: str, conversation: str) -> Plan:
    chat = (yield Recall("chat", f"{account}.{conversation}")) or {}
    return str(chat.get("session_id") or "")


def _those(waiting: Mapping[str, Any], rows: list[str]) -> list[str]:
    return [phone for phone, due in waiting.items() if set(due["rows"]) & set(rows)]


def _over(due: Mapping[str, Any], now: datetime | None) -> bool:
    return now is not None and bool(due["at"]) and now - datetime.fromisoformat(due["at"]) > KEPT
