from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.request import Request
from connector.errors import Refused
from connector.providers.formbody import MAX_BYTES, MAX_FIELDS, form, pairs


def posted(body: bytes, content_type: str = "application/x-www-form-urlencoded") -> Request:
    headers = {"content-type": content_type}
    return Request(method="POST", path="/", headers=headers, body=body, received_at=datetime(2026, 1, 15, tzinfo=UTC))


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=20)), max_size=10))
def test_what_was_encoded_is_read_back_in_order(fields: list[tuple[str, str]]):
    encodable = [pair for pair in fields if not any("\ud800" <= sign <= "\udfff" for sign in "".join(pair))]
    assert pairs(posted(urlencode(encodable).encode())) == encodable


def test_the_last_value_of_a_repeated_field_wins():
    assert form(posted(b"a=1&b=&a=2")) == {"a": "2", "b": ""}


def test_raw_letters_plus_signs_and_a_charset_are_understood():
    request = posted("имя=Анна+К%2B".encode(), "Application/X-WWW-Form-Urlencoded; charset=UTF-8")
    assert form(request) == {"имя": "Анна К+"}


def test_a_nul_cannot_reach_the_database_but_a_signature_sees_it():
    request = posted(b"a=x%00y")
    assert form(request) == {"a": "x\ufffdy"}
    assert pairs(request) == [("a", "x\x00y")]


@pytest.mark.parametrize(
    ("body", "content_type", "cause", "status"),
    [
        (b"{}", "application/json", "body.content_type", 415),
        (b"a=1", "", "body.content_type", 415),
        (b"a=%ff", "application/x-www-form-urlencoded", "body.encoding", 400),
        (b"a=\xff", "application/x-www-form-urlencoded", "body.encoding", 400),
        (b"&".join([b"a=1"] * (MAX_FIELDS + 1)), "application/x-www-form-urlencoded", "body.fields", 400),
        (b"a=" + b"x" * MAX_BYTES, "application/x-www-form-urlencoded", "body.size", 413),
    ],
)
def test_a_body_that_is_no_fair_form_is_refused(body: bytes, content_type: str, cause: str, status: int):
    with pytest.raises(Refused) as refusal:
        form(posted(body, content_type))
    assert (refusal.value.cause, refusal.value.status) == (cause, status)
    assert refusal.value.hint.ru
