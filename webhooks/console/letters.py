"""A letter in the console: what a person must see of it to tell a client from spam. Nothing of it is markup."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_KINDS = ("letter.received", "letter.bounced", "letter.wanted", "machine.answered")


@dataclass(frozen=True, kw_only=True)
class Sighted:
    """The letter of an event as it stands in the journal; what is not told is empty."""

    subject: str = ""
    address: str = ""
    name: str = ""
    text: str = ""
    spam: str = ""
    files: int = 0


def sighted(event: str) -> Sighted:
    """The letter in the JSON of a ``letter.received``; an empty one when that cannot be read."""
    try:
        told = json.loads(event)
    except (ValueError, RecursionError):
        return Sighted()
    message = _below(told, "message")
    letter, client = _below(message, "letter"), _below(message, "client")
    return Sighted(
        subject=_text(letter, "subject"),
        address=_text(letter, "from_address") or _text(client, "email"),
        name=" ".join(part for part in (_text(client, "first_name"), _text(client, "last_name")) if part),
        text=_text(message, "text"),
        spam=_text(letter, "spam"),
        files=len(message["files"]) if isinstance(message.get("files"), list) else 0,
    )


def said(event: Mapping[str, Any]) -> str:
    """An event about letters in a few words: subject and sender; empty for any other."""
    if event.get("kind") not in _KINDS:
        return ""
    message = _below(event, "message")
    letter, client = _below(message, "letter"), _below(message, "client")
    sender = _text(letter, "from_address") or _text(client, "email")
    told = (
        _text(letter, "subject") or _text(event, "subject"),
        sender or _text(event, "recipient") or _text(event, "sender"),
        _text(event, "status"),
        _text(event, "said") or _text(event, "text"),
    )
    return " · ".join(part for part in told if part)


def _below(value: Any, name: str) -> Mapping[str, Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""
