"""A store of files in memory, and letters made by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connector.letters import Mailbox, Reading, digest, read

RECEIVED = datetime(2025, 11, 3, 11, 5, tzinfo=UTC)
WHERE = {"folder": "INBOX", "uidvalidity": 1, "uid": 7}
BOX = Mailbox(account="support", addresses=frozenset({"support@acme.example"}), domain="acme.example")


class Shelf:
    """Keeps what a digest hands over; a key is ``k`` and a number."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, str, bytes]] = {}

    def keep(self, name: str, mime: str, data: bytes) -> str:
        key = f"k{len(self.files)}"
        self.files[key] = (name, mime, data)
        return key

    def digest(self, raw: bytes) -> dict[str, Any]:
        return digest(raw, self.keep, where=WHERE, received=RECEIVED)


def digested(raw: bytes | str) -> dict[str, Any]:
    return Shelf().digest(raw.encode() if isinstance(raw, str) else raw)


def reading(raw: bytes | str, box: Mailbox = BOX) -> Reading:
    return read(digested(raw), box)


def letter(body: str = "Здравствуйте", **headers: str) -> str:
    """A plain letter; ``from_``, ``message_id`` and the like are headers, underscores become dashes."""
    usual = {"from_": "Иван Петров <Ivan@Client.example>", "to": "support@acme.example", "subject": "Заказ"}
    lines = [f"{name.rstrip('_').replace('_', '-')}: {value}" for name, value in {**usual, **headers}.items()]
    return "\n".join(lines) + "\n\n" + body
