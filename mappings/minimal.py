"""The least that an event of each kind has: what examples say, they say over it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_CLIENT: Mapping[str, Any] = {
    "id": "1001",
    **dict.fromkeys(
        ("first_name", "last_name", "username", "phone", "email", "language", "profile_url", "picture_url"), ""
    ),
}
_WHERE: Mapping[str, Any] = {
    "account": "shop",
    "conversation": "1001",
    "position": 0,
    "channel": "telegram",
    "portal": "main",
    "at": "2026-03-10T12:00:00+03:00",
}
_DIALOG: Mapping[str, Any] = {
    **{name: value for name, value in _WHERE.items() if name != "position"},
    "connector": "telegram",
    "line": "1",
    "session_id": "1",
}
_CALL: Mapping[str, Any] = {
    **{name: value for name, value in _WHERE.items() if name != "position"},
    "account": "office",
    "channel": "asterisk",
    "line": "office",
    "conversation": "+79001112233",
    "client": {**_CLIENT, "id": "+79001112233", "phone": "+79001112233"},
    "call": "1",
    "call_id": "externalCall.1",
    "direction": "incoming",
    "employee": "101",
    "owner": 1,
    "status": "200",
    "cause": "",
    "talk": 60,
    "wait": 10,
    "missed": False,
    "past": False,
    "entity": "",
    "entity_id": 0,
    "started_at": "2026-03-10T11:58:50+03:00",
    "ended_at": "2026-03-10T12:00:00+03:00",
}
_RINGING: Mapping[str, Any] = {
    name: value
    for name, value in _CALL.items()
    if name not in ("call_id", "status", "cause", "talk", "wait", "missed", "past", "started_at", "ended_at")
}
_LETTER: Mapping[str, Any] = {
    **dict.fromkeys(("subject", "message_id", "in_reply_to", "reply_to", "automatic", "spam"), ""),
    "references": [],
    "from_address": "anna@example.com",
    "to": ["support@acme.example"],
    "cc": [],
    **dict.fromkeys(("suppress", "shortened", "marked"), False),
    "begins": True,
}
_REPLY: Mapping[str, Any] = {
    **{name: value for name, value in _WHERE.items() if name != "position"},
    "account": "support",
    "channel": "mail",
    "text": "",
    "operator": {"id": "1", "name": ""},
    "client": {"id": "anna@example.com", "name": "", "email": "anna@example.com"},
    "subject": "",
}
_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "message.received": {
        **_WHERE,
        "message_id": "1",
        "client": _CLIENT,
        **dict.fromkeys(("text", "reply_to", "quote", "forwarded_from", "album"), ""),
        "files": [],
        **dict.fromkeys(("location", "contact", "sent_at", "page", "letter")),
    },
    "button.pressed": {**_WHERE, "press_id": "1", "data": "", "label": "", "client": _CLIENT, "sent_at": None},
    "conversation.blocked": {**_WHERE, "client": _CLIENT},
    "conversation.unblocked": {**_WHERE, "client": _CLIENT},
    "dialog.started": _DIALOG,
    "dialog.finished": _DIALOG,
    "call.ringing": _RINGING,
    "call.finished": _CALL,
    "reply.written": _REPLY,
}
MINIMAL: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {kind: {"kind": kind, **fields} for kind, fields in _FIELDS.items()}
)
"""What an example's event has where it says nothing: Tuesday noon in Moscow, a client without a name; a call is a talk
of a minute with a number that the CRM does not know, of user 1; a reply is one by mail."""
INNER: Mapping[str, Mapping[str, Any]] = MappingProxyType({"letter": _LETTER})
"""What is filled up to where an example says a part of it, though a minimal event has nothing there."""
