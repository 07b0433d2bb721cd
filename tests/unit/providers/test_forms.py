from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Refused
from connector.providers.forms import MAX_FIELDS, fields, text
from tests.unit.providers.couriers import BOUNDARY, form, post


@given(st.binary(max_size=300).filter(lambda value: BOUNDARY.encode() not in value))
def test_bytes_of_a_field_stay_as_they_are(value: bytes):
    kind, body = form([("a", b"1"), ("email", value), ("b", b"2")])
    assert fields(post(body, kind))["email"] == value


@pytest.mark.parametrize("size", [2**16 - 60, 2**16 - 1, 2**16, 2**16 + 1, 3 * 2**20])
def test_a_large_field_comes_whole_wherever_its_pieces_end(size: int):
    value = (b"\r\n--" * size)[:size]
    kind, body = form([("email", value)])
    assert fields(post(body, kind))["email"] == value


def test_files_are_left_out_and_of_repeated_fields_the_last_one_counts():
    kind, body = form([("a", "1"), ("a", "2")])
    attached = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="\xff.txt"\r\n\r\nzz\r\n'
    assert fields(post(attached.encode("latin-1") + body, kind)) == {"a": b"2"}


def test_an_urlencoded_form_is_read_too():
    request = post(b"a=1+2&b=%FF%00&a=3&c", "application/x-www-form-urlencoded; charset=utf-8")
    assert fields(request) == {"a": b"3", "b": b"\xff\x00", "c": b""}
    assert text(request, "b") == "\ufffd\0"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("text/plain", 415), ("", 415), ("multipart/form-data", 415), ("multipart/form-data; boundary=other", 400)],
)
def test_what_is_no_form_is_refused(kind: str, status: int):
    _, body = form([("a", "1")])
    with pytest.raises(Refused) as refusal:
        fields(post(body, kind))
    assert refusal.value.status == status


def test_a_form_that_is_cut_or_has_no_end_of_fields_is_refused():
    kind, body = form([("a", "1")])
    with pytest.raises(Refused):
        fields(post(body[:-20], kind))
    kind, body = form([("a", "1")] * (MAX_FIELDS + 1))
    with pytest.raises(Refused):
        fields(post(body, kind))
    with pytest.raises(Refused):
        fields(post(b"a=1&" * (MAX_FIELDS + 1), "application/x-www-form-urlencoded"))
