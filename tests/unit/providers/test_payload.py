from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.request import Request
from connector.errors import Refused
from connector.providers.payload import MAX_DEPTH, check_method, json_object


def request(body: bytes, content_type: str = "application/json", method: str = "POST") -> Request:
    headers = {"content-type": content_type}
    return Request(method=method, path="/hooks/a", headers=headers, body=body, received_at=datetime.now(UTC))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=5), values, max_size=5))
def test_any_json_object_is_read_and_can_be_stored(value: dict):
    read = json_object(request(json.dumps(value).encode()))
    text = json.dumps(read, ensure_ascii=False)
    assert "\\u0000" not in text
    assert json.loads(text.encode("utf-8")) == read


@given(st.binary(max_size=60))
def test_any_bytes_are_an_object_or_refused(body: bytes):
    try:
        outcome: object = json_object(request(body))
    except Refused as refusal:
        outcome = refusal.status
    assert isinstance(outcome, dict) or outcome == 400


def test_offsets_stay_right_when_odd_characters_are_replaced():
    read = json_object(request(b'{"text": "a\\u0000\\ud83db\\ud83d\\ude00"}'))
    assert read["text"] == "a\ufffd\ufffdb😀"


def test_nesting_up_to_the_limit_is_read_and_beyond_it_refused():
    levels = MAX_DEPTH - 1
    assert json_object(request(b'{"x":' + b"[" * levels + b"]" * levels + b"}"))
    for deeper in (levels + 1, 100_000):
        with pytest.raises(Refused) as refusal:
            json_object(request(b'{"x":' + b"[" * deeper + b"]" * deeper + b"}"))
        assert refusal.value.cause == "body.depth"


@pytest.mark.parametrize(
    ("body", "content_type", "cause", "status"),
    [
        (b"{}", "text/plain", "body.content_type", 415),
        (b"{}", "", "body.content_type", 415),
        (b'{"a":"\xff"}', "application/json", "body.encoding", 400),
        (b"[]", "application/json", "body.json", 400),
        (b"", "application/json", "body.json", 400),
        (b'{"a": Infinity}', "application/json", "body.json", 400),
        (b"\xef\xbb\xbf{}", "application/json", "body.json", 400),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_with_its_reason(body: bytes, content_type: str, cause: str, status: int):
    with pytest.raises(Refused) as refusal:
        json_object(request(body, content_type))
    assert (refusal.value.cause, refusal.value.status) == (cause, status)


def test_content_type_may_name_its_charset():
    assert json_object(request(b'{"a":1}', "Application/JSON; charset=UTF-8")) == {"a": 1}


def test_only_post_is_taken():
    check_method(request(b"{}"))
    with pytest.raises(Refused) as refusal:
        check_method(request(b"{}", method="PUT"))
    assert refusal.value.status == 405
