"""Telegram updates as the benches send them (facts/providers.md §2.1); ``updates.lua`` makes the same ones for wrk."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from connector.bootstrap import Connector
from connector.domain.request import Request

SECRET = "bench-secret-bench-secret-bench-00"
TOKEN = "100000001:AAEbenchbenchbenchbenchbenchbenchben"
TEXT_LENGTH = 700
SHORT = 100  # characters: a usual chat message
TEXT = "abcdefghi " * (SHORT // 10)
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


def fill(connector: Connector, *, messages: int, conversations: int, after: int = 0) -> None:
    """Bring messages in by the front door, nobody being awake: one of each conversation after another.

    Their numbers, and those of the conversations, go on ``after`` what was brought before.
    """
    headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": SECRET}

    def bring(conversation: int) -> None:
        for number in range(after + 1 + conversation, after + 1 + messages, conversations):
            request = Request(
                method="POST",
                path="/hooks/shop",
                headers=headers,
                body=update(number, person=700000 + after + conversation, length=SHORT),
                received_at=datetime.now(UTC),
            )
            connector.intake.accept("shop", request)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(bring, range(conversations)))
