"""Which conversation a letter belongs to, by the letter alone (§4.2, and the contract of the mail channel).

Ours carry ``<t.<conversation>.<unique>@domain>`` as their id; a conversation is 16 hex characters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

_TOKEN = re.compile(r"^t\.([0-9a-f]{16})\.[^@\s]+@([^@\s]+)$")
_TAGGED = re.compile(r"^([^@+]+)\+t([0-9a-f]{16})@(.+)$")
_IN_SUBJECT = re.compile(r"\[#([0-9a-f]{16})\]")


def of_ours(message_id: str, domain: str = "") -> str:
    """The conversation in an id that we made, or an empty text; with ``domain`` only ids of that domain are ours."""
    found = _TOKEN.match(message_id)
    return found[1] if found and domain.lower() in ("", found[2].lower()) else ""


def conversation(
    *,
    own_id: str,
    in_reply_to: Sequence[str],
    references: Sequence[str],
    recipients: Iterable[str],
    subject: str,
    boxes: frozenset[str],
    domain: str = "",
) -> tuple[str, bool]:
    """The conversation, and whether a mark of ours tells it: token, plus-tag, subject token; else the hash of the
    thread's root. All ids without ``<>``.
    """
    for message_id in (*in_reply_to, *reversed(references)):
        token = of_ours(message_id, domain)
        if token:
            return token, True
    tagged = _tagged(recipients, boxes)
    if tagged:
        return tagged, True
    in_subject = _IN_SUBJECT.search(subject)
    if in_subject:
        return in_subject[1], True
    return hashed(next(iter((*references, *in_reply_to)), own_id)), False


def hashed(root: str) -> str:
    """The conversation that begins with the letter ``root``."""
    return hashlib.sha256(root.encode("utf-8", errors="replace")).hexdigest()[:16]


def _tagged(recipients: Iterable[str], boxes: frozenset[str]) -> str:
    for address in recipients:
        found = _TAGGED.match(address)
        if found and (not boxes or f"{found[1]}@{found[3]}" in boxes):
            return found[2]
    return ""
