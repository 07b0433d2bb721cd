"""No secret reaches the log, whatever carries it there."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from connector import logs

SECRETS = [
    "https://acme.bitrix24.ru/rest/1/abcdef0123456789/crm.lead.add.json",
    "https://api.telegram.org/bot123456789:AAF-abcdefghijklmnopqrstuvwxyz012345/sendMessage",
    "auth=0123456789abcdef0123456789abcdef",
    "access_token=deadbeefdeadbeef&refresh_token=beefdeadbeefdead",
    "auth%5Bapplication_token%5D=cafebabecafebabe",
    "postgresql://user:hunter2hunter2@db/name",
    "redis://:hunter2hunter2@redis:6379/0",
    "Authorization: Bearer abcdefgh.ijklmnop",
    '{"client_secret": "s3cr3ts3cr3t"}',
    "call +7 912 345-67-89 now",
    "89123456789",
    "write to ivan.petrov@example.org",
    "gAAAAABn0123456789abcdefghijklmnopqrstuv",
    "https://edge.example/media/WyJhYmMiLCJkZWYiXQabcdef.0123456789abcdef",
    "f" * 70,
]
LOST = [
    "abcdef0123456789", "AAF-abcdefghijklmnopqrstuvwxyz012345", "0123456789abcdef0123456789abcdef", "deadbeefdeadbeef",
    "cafebabecafebabe", "hunter2hunter2", "hunter2hunter2", "abcdefgh.ijklmnop", "s3cr3ts3cr3t", "912 345-67-89",
    "9123456789", "ivan.petrov", "gAAAAABn0123", "WyJhYmMi", "f" * 70,
]  # fmt: skip


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Logging as a process has it, into a string; put back as it was afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    out = io.StringIO()
    logs.configure(style="json", stream=out)
    yield out
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(("text", "lost"), list(zip(SECRETS, LOST, strict=True)))
def test_a_secret_in_any_place_is_masked(stream: io.StringIO, text: str, lost: str):
    log = structlog.get_logger()
    log.info(text, detail=text, nested={"deep": [text]}, error=ValueError(text))
    logging.getLogger("requests.sessions").error("failed: %s", text)
    assert lost not in stream.getvalue()
    assert logs.MASK in stream.getvalue()


def test_a_secret_in_a_traceback_is_masked(stream: io.StringIO):
    try:
        raise RuntimeError(SECRETS[0])
    except RuntimeError:
        structlog.get_logger().exception("call.failed")
    assert "RuntimeError" in stream.getvalue()
    assert LOST[0] not in stream.getvalue()


@pytest.mark.parametrize(
    "field",
    ["token", "access_token", "APPLICATION_TOKEN", "client_secret", "password", "api_key", "AUTH_ID", "phone", "text"],
)
def test_some_fields_never_show_their_value(stream: io.StringIO, field: str):
    structlog.get_logger().info("fact", **{field: "visible?"}, deep={field: 12345})
    (line,) = lines(stream)
    assert (line[field], line["deep"][field]) == (logs.MASK, logs.MASK)


def test_what_explains_stays_readable(stream: io.StringIO):
    facts = {
        "trace": "0195a2b3c4d5e6f708192a3b4c",
        "account": "shop",
        "destination": "portal:main",
        "seconds": 1.5,
        "message_id": "79123456789012",
        "at": "2026-03-01T12:00:00+03:00",
        "method": "imconnector.send.messages",
    }
    structlog.get_logger().info("delivery.done", **facts)
    (line,) = lines(stream)
    assert {key: line[key] for key in facts} == facts


def test_the_trace_is_on_every_line_of_its_story(stream: io.StringIO):
    with structlog.contextvars.bound_contextvars(trace="0195a2b3c4d5e6f708192a3b4c"):
        structlog.get_logger().info("ours")
        logging.getLogger("some.library").warning("theirs")
    assert [line["trace"] for line in lines(stream)] == ["0195a2b3c4d5e6f708192a3b4c"] * 2


def test_a_person_at_a_terminal_gets_words(stream: io.StringIO):
    out = io.StringIO()
    logs.configure(style="console", stream=out)
    structlog.get_logger().info("delivery.done", account="shop", token="x")
    assert "delivery.done" in out.getvalue()
    assert "account=shop" in out.getvalue()
    assert "token=***" in out.getvalue()
