"""An event as rules see it: its own fields, plain, with the channel, the portal and the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connector.domain.calls import CallFinished
from connector.domain.effects import Plan
from connector.domain.events import MessageReceived, plain
from connector.domain.values import Person
from connector.handlers.rules import Rules
from connector.handlers.visits import as_known

View = dict[str, Any]
NOTES = "notes"  # of a message: words for the operator
NOT_SEEN = ("phone", "name", "user")  # of a call: rules see them as ``client`` and ``owner``


def view(event: Any, rules: Rules) -> View:
    """The fields of ``event``, nested mappings for the values in it, and ``channel`` (the provider's slug), ``portal``,
    ``at`` (aware: when it was sent or ended, else when it arrived; ``None`` when nobody knows).
    """
    facts = rules.accounts.get(event.account)
    seen: View = _call(event) if isinstance(event, CallFinished) else plain(event)
    seen.pop(NOTES, None)
    seen["channel"] = facts.provider.slug if facts else ""
    seen["portal"] = getattr(event, "portal", "") or (facts.portal if facts else "")
    seen["at"] = getattr(event, "sent_at", None) or getattr(event, "ended_at", None) or rules.at
    return seen


def _call(event: CallFinished) -> View:
    """A call with its other side as a client, known by the number; ``owner`` is the user it is kept under."""
    client = Person(id=event.conversation, first_name=event.name, phone=event.phone)
    told = {name: value for name, value in plain(event).items() if name not in NOT_SEEN}
    return {**told, "conversation": event.conversation, "client": vars(client), "owner": event.user}


def seen_whole(event: Any) -> Plan:
    """The event with all that its client told before; what page they write from stays as this message says it."""
    if not isinstance(event, MessageReceived) or event.page is None:
        return event
    return replace((yield from as_known(event)), page=event.page)


def packed(seen: Mapping[str, Any]) -> View:
    """A view as JSON can hold it."""
    at = seen.get("at")
    return {**seen, "at": at.isoformat() if isinstance(at, datetime) else at}


def unpacked(about: Mapping[str, Any]) -> View:
    """The view that :func:`packed` wrote."""
    at = about.get("at")
    return {**about, "at": datetime.fromisoformat(at) if at else None}


def identity(about: Mapping[str, Any]) -> str:
    """What makes the event this one and no other, from the sender's own ids: the same whenever it is replayed."""
    kind, where = str(about["kind"]), f"{about['account']}:{about['conversation']}"
    if kind == "message.received":
        return f"{where}:{about['message_id']}"
    if kind == "button.pressed":
        return f"{where}:press.{about['press_id']}"
    if kind == "call.finished":
        return f"{about['account']}:call.{about['call']}"
    if kind == "call.ringing":
        return f"{about['account']}:call.{about['call']}:{about['employee']}"
    if kind == "reply.written":
        return f"{about['portal']}:{kind}:{where}"
    if kind.startswith("dialog."):
        return f"{about['portal']}:{kind}:{about['session_id']}"
    return f"{where}:{kind}:{about['position']}"
