"""A digest as events: one reading for mailboxes and for all webhooks that bring whole letters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from connector.domain.events import Event, Ignored, LetterReceived, MessageReceived
from connector.letters.headers import first
from connector.letters.reading import Mailbox, read


def fingerprint(digest: Mapping[str, Any]) -> str:
    """What makes a letter this one and no other, 64 hex characters: the same in every folder and however often it is
    brought. Not its id alone, since broken senders give one to all their letters.
    """
    headers = digest.get("headers", [])
    told = [first(headers, name) for name in ("message-id", "date", "from", "subject")]
    parts = [part["key"] for part in digest.get("parts", [])]
    about = [*told, digest.get("text", ""), digest.get("html", ""), parts, digest.get("broken", "")]
    if not headers:
        about.append(digest.get("raw") or digest.get("where"))
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def told(digest: Mapping[str, Any], box: Mailbox) -> list[Event]:
    """The events of a letter. Raises whatever a digest that is none makes it raise, and ``ValueError`` for a letter
    that could not be taken apart."""
    if digest.get("broken"):
        raise ValueError(digest["broken"])
    reading = read(digest, box)
    if reading.bounces:
        return list(reading.bounces)
    if reading.read:
        return [Ignored(what="mail.opened")]
    if reading.letter.automatic == "ours":
        return [Ignored(what="mail.own")]
    message = MessageReceived(
        account=box.account,
        conversation=reading.conversation,
        message_id=fingerprint(digest)[:32],
        client=reading.client,
        text=reading.text,
        files=reading.files,
        sent_at=reading.sent_at,
        letter=reading.letter,
        notes=tuple((note.en, note.ru) for note in reading.notes),
    )
    return [LetterReceived(account=box.account, conversation=reading.conversation, message=message)]
