"""Telegram updates as the benches send them (facts/providers.md §2.1); ``updates.lua`` makes the same ones for wrk."""

from __future__ import annotations

import json
import time

SECRET = "bench-secret-bench-secret-bench-00"
TOKEN = "100000001:AAEbenchbenchbenchbenchbenchbenchben"
TEXT_LENGTH = 700
CONVERSATIONS = 500


def update(number: int, *, person: int | None = None, length: int = TEXT_LENGTH) -> bytes:
    """The body of update ``number``, about 1 KB with the usual text; ``person`` is the conversation."""
    who = 700000 + number % CONVERSATIONS if person is None else person
    names = {"first_name": "Anna", "last_name": "Ivanova", "username": "anna"}
    message = {
        "message_id": number,
        "from": {"id": who, "is_bot": False, **names, "language_code": "ru"},
        "chat": {"id": who, **names, "type": "private"},
        "date": int(time.time()),
        "text": "abcdefghi " * (length // 10),
    }
    return json.dumps({"update_id": number, "message": message}, separators=(",", ":")).encode()
