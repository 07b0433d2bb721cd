"""One letter of the corpus, and what has to become of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

ADDRESS = "support@acme.example"
ALIASES = ("help@acme.example",)
DOMAIN = "acme.example"
INBOX, OTHER = "INBOX", "Clients"
FOLDERS = (INBOX, OTHER)

Outcome = Literal["message", "note", "bounce", "ignored", "quarantine", "repeat"]


@dataclass(frozen=True, kw_only=True)
class Expect:
    """``message``: in the chat of ``client``; ``note``: a machine's answer, told in the chat; ``bounce``: told that a
    letter of ours did not arrive; ``ignored``: nobody is told; ``quarantine``: parked as spam; ``repeat``: a letter
    that came before, in another folder.

    Letters with one ``thread`` are in one chat, and in no chat with letters of another. ``shown`` stands in exactly one
    message or note, nothing of ``hidden`` in it. ``files`` are the names of its attachments without the whole letter.
    A long letter is shown in ``pieces``.
    """

    outcome: Outcome = "message"
    thread: str = ""
    client: str = ""
    shown: str = ""
    hidden: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    pieces: int = 1


@dataclass(frozen=True, kw_only=True)
class Case:
    """``story``: letters of one story arrive in their order. ``kind`` is what a table of results counts by."""

    name: str
    kind: str
    raw: bytes
    story: str
    expect: Expect
    folder: str = INBOX


def begun_by(message_id: str) -> str:
    """The conversation that the letter ``message_id`` (without ``<>``) begins, as the contract of mail has it."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:16]


def of_ours(conversation: str, number: int = 1) -> str:
    """The id of a letter that we wrote in a conversation."""
    return f"t.{conversation}.{hashlib.sha256(f'{conversation}/{number}'.encode()).hexdigest()[:20]}@{DOMAIN}"
