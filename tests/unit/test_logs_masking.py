"""The mask against what libraries, vendors and strangers put into exception texts."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pydantic
import pytest
import structlog

from connector import logs

# text · what must be gone · what must stay
TEXTS = [
    ("POST https://acme.bitrix24.ru/rest/api/1/abcd1234efgh/x", "abcd1234efgh", "acme.bitrix24.ru"),
    (r"https:\/\/acme.bitrix24.ru\/rest\/1\/abcd1234efgh\/x", "abcd1234efgh", "acme.bitrix24.ru"),
    ("url=https%3A%2F%2Facme.bitrix24.ru%2Frest%2F1%2Fabcd1234efgh%2F", "abcd1234efgh", "acme.bitrix24.ru"),
    ("redis://:p@ss:word@redis:6379/0", "ss:word", "redis:6379/0"),
    ("postgresql://user:p%40ss@db/name", "p%40ss", "db/name"),
    ("https://onlyatoken@git.example/x", "onlyatoken", "git.example/x"),
    ("headers {'Authorization': 'OAuth abcdefgh'}", "abcdefgh", "headers"),
    ("Authorization: Bearer abcdefgh.ijkl", "abcdefgh", "Authorization"),
    ("GET /rest/app.info?auth=abcdef&x=1", "abcdef", "&x=1"),
    ("GET /rest/app.info?access_token=abcdef&x=1", "abcdef", "&x=1"),
    (r"body was {\"refresh_token\":\"abc def\",\"x\":1}", "abc def", "body was"),
    ("{'client_secret': 'words with spaces'}", "words with", "client_secret"),
    ("https://api.telegram.org/bot100000001:short-one/getMe", "short-one", "getMe"),
    ("whsec_c3RhbmQtaW4tc2VjcmV0 was refused", "c3RhbmQ", "was refused"),
    ("/pub/im.file.php?FILE_ID=5&SIGN=0123456789abcdef", "0123456789abcdef", "FILE_ID=5"),
    ("no answer from 8 (912) 345-67-89", "345-67-89", "no answer"),
    ("tel:79123456789", "79123456789", "tel:"),
    ("to=%2B79123456789", "79123456789", "to="),
    ("user%40example.org is not known", "user", "example.org"),
    ("Person(id='7', first_name='Анна', last_name=\"О'Хара\")", "Хара", "id='7'"),
    ('{"id": 7, "text": "private words"}', "private words", '"id": 7'),
    ('DETAIL:  Key (account, dedupe_key)=(shop, Anna) already exists.', "Anna", "dedupe_key"),
    ("DETAIL:  Failing row contains (1, Anna, private words).", "private words", "Failing row"),
]  # fmt: skip


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Logging as a process has it, into a string; put back as it was afterwards."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    before, level = root.handlers[:], root.level
    sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    out = io.StringIO()
    logs.configure(style="json", stream=out)
    yield out
    sys.excepthook, threading.excepthook = hooks
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(("text", "gone", "stays"), TEXTS)
def test_the_secret_goes_and_what_explains_stays(text: str, gone: str, stays: str):
    masked = logs.mask_text(text)
    assert gone not in masked
    assert stays in masked
    assert logs.MASK in masked


def test_a_refused_payload_does_not_speak_through_pydantic(stream: io.StringIO):
    class Message(pydantic.BaseModel):
        number: int

    received = {"number": "call me at home, Anna"}
    try:
        Message.model_validate(received)
    except pydantic.ValidationError:
        structlog.get_logger().exception("parse.failed")
    assert "call me" not in stream.getvalue()
    assert "int_parsing" in stream.getvalue()


def test_a_field_of_a_plain_name_is_plain_only_as_a_word_at_the_top(stream: io.StringIO):
    structlog.get_logger().info("fact", data={"event": {"token": "opensesame"}, "logger": "auth=opensesame"})
    assert "opensesame" not in stream.getvalue()


def test_the_words_of_a_vendor_stay_in_the_journal(stream: io.StringIO):
    structlog.get_logger().info("delivery.parked", detail="The client Anna is blocked")
    assert "Anna" not in stream.getvalue()


def test_a_key_of_a_mapping_is_masked_like_a_value(stream: io.StringIO):
    structlog.get_logger().info("fact", seen={"+79123456789": 1})
    assert "79123456789" not in stream.getvalue()


@pytest.mark.parametrize("piece", ["a", "token", "1", "+1 ", "name='", "input_value=", "://", "[]", "Key (a)=(", "\\"])
def test_a_long_text_of_a_stranger_is_cut_and_cannot_make_the_mask_slow(piece: str):
    text = piece * 200_000 + " auth=opensesame@:="
    began = time.monotonic()
    masked = logs.mask_text(text)
    assert len(masked) < 20_000
    assert "opensesame" not in masked
    assert time.monotonic() - began < 20  # it would be hours


def test_a_secret_torn_by_the_cut_does_not_show_its_half():
    token = "0123456789abcdef" * 5
    for shift in range(0, 90, 7):
        masked = logs.mask_text("x " * 5960 + "y" * shift + " " + token + " z" * 9000)
        assert "0123456789ab" not in masked


def test_a_crash_of_the_process_or_of_a_thread_goes_through_the_mask(stream: io.StringIO):
    def crash() -> None:
        raise RuntimeError("auth=opensesame")

    thread = threading.Thread(target=crash, name="pool")
    thread.start()
    thread.join()
    sys.excepthook(RuntimeError, RuntimeError("auth=opensesame"), None)
    assert [line["event"] for line in lines(stream)] == ["thread.crashed", "process.crashed"]
    assert "opensesame" not in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()


def test_what_the_web_server_logs_of_its_own_goes_through_the_mask(stream: io.StringIO):
    own = logging.getLogger("gunicorn.error")
    own.propagate, theirs = False, io.StringIO()
    own.addHandler(logging.StreamHandler(theirs))
    logs.configure(style="json", stream=stream)
    own.error("Error handling request /hooks/shop?token=opensesame")
    assert theirs.getvalue() == ""
    assert "/hooks/shop?token=***" in stream.getvalue()
