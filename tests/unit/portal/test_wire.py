from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Refused
from connector.portal.wire import decode_form, encode_params, encode_query, mask_event

KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="[]\x00"), min_size=1, max_size=8)
LEAVES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


def _is_plain(node: dict[str, object]) -> bool:
    """PHP cannot tell a map with keys 0..n from a list."""
    return set(node) != {str(index) for index in range(len(node))}


NODES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=12)
        | st.dictionaries(KEYS, inner, min_size=1, max_size=5).filter(_is_plain)
    ),
    max_leaves=25,
)
FORMS = st.dictionaries(KEYS.filter(lambda key: not key.startswith("{")), NODES, min_size=1, max_size=5)


@given(FORMS)
def test_what_is_encoded_decodes_to_the_same(form):
    assert decode_form(encode_query(form).encode(), max_depth=64) == form


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_masked(body):
    mask_event(body)
    with suppress(Refused):
        assert isinstance(decode_form(body), dict)


@given(st.lists(st.text("ab[]0=&%", max_size=12), max_size=30))
def test_hostile_brackets_never_break_the_reader(keys):
    body = urlencode([(key, "x") for key in keys]).encode()
    assert isinstance(decode_form(body), dict)


def test_an_event_is_read_as_php_reads_it():
    body = b"event=ONX&data%5BM%5D%5B0%5D%5Bid%5D=1&data%5BM%5D%5B1%5D%5Bid%5D=2&ts=1"
    assert decode_form(body) == {"event": "ONX", "data": {"M": [{"id": "1"}, {"id": "2"}]}, "ts": "1"}


def test_a_sparse_array_is_a_map_and_empty_brackets_append():
    assert decode_form(b"a[1]=x&a[3]=y") == {"a": {"1": "x", "3": "y"}}
    assert decode_form(b"a[]=x&a[]=y") == {"a": ["x", "y"]}
    assert decode_form(b"a[5]=x&a[]=y") == {"a": {"5": "x", "6": "y"}}


def test_the_later_of_two_shapes_wins():
    assert decode_form(b"a=1&a[b]=2") == {"a": {"b": "2"}}
    assert decode_form(b"a[b]=2&a=1") == {"a": "1"}


def test_a_scalar_payload_stays_a_scalar():
    assert decode_form(b"event=ONIMCONNECTORLINEDELETE&data=107")["data"] == "107"


def test_nul_characters_go_because_no_database_keeps_them():
    assert decode_form(b"a%00b=c%00d") == {"ab": "cd"}
    assert decode_form(b'{"a": "c\\u0000d"}') == {"a": "cd"}


def test_a_json_body_reads_like_the_form():
    read = decode_form(b'{"event": "ONX", "ok": true, "no": false, "nil": null, "n": [1, {"a": 2}]}')
    assert read == {"event": "ONX", "ok": "1", "no": "0", "nil": "", "n": ["1", {"a": "2"}]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"a" + b"[x]" * 30 + b"=1", 400),
        (b"&".join(b"k%d=1" % index for index in range(6000)), 413),
        (b"a=" + b"x" * (2 * 1024 * 1024), 413),
        (b'{"a": ', 400),
        (b'{"a":' + b"[" * 50_000, 400),
        (b'{"a":' + b"[" * 30 + b"]" * 30 + b"}", 400),
        (json.dumps({"a": list(range(6000))}).encode(), 400),
    ],
    ids=["deep", "many", "long", "broken json", "bottomless json", "deep json", "many in json"],
)
def test_the_caps_refuse(body, status):
    with pytest.raises(Refused) as caught:
        decode_form(body)
    assert caught.value.status == status


def test_many_appended_values_are_read_in_no_time():
    assert len(decode_form(b"&".join([b"a[]=1"] * 4999))["a"]) == 4999


def test_php_values_are_written_as_php_reads_them():
    moment = datetime(2026, 5, 1, 12, tzinfo=UTC)
    params: dict[str, Any] = {"none": None, "yes": True, "no": False, "empty": [], "void": {}, "n": 1.5, "at": moment}
    assert dict(encode_params(params)) == {
        "none": "",
        "yes": "1",
        "no": "0",
        "empty[]": "",
        "void[]": "",
        "n": "1.5",
        "at": "2026-05-01T12:00:00+00:00",
    }
    assert encode_params({"filter": {">ID": 5}, "order": ["a", "b"]}) == [
        ("filter[>ID]", "5"),
        ("order[0]", "a"),
        ("order[1]", "b"),
    ]


def test_a_batch_query_hides_every_special_character():
    query = encode_query({"a[b]": "x#y&z=1 $result[q]\ud800"})
    assert not set(query) & set("#& []$")
    assert parse_qsl(query) == [("a[b]", "x#y&z=1 $result[q]?")]


def test_masking_hides_every_token_and_nothing_else():
    body = b"event=ONX&auth%5Baccess_token%5D=AAA&auth[application_token]=BBB&AUTH_ID=CCC&REFRESH_ID=DDD&data[t]=A%2bB"
    masked = mask_event(body)
    assert not any(secret in masked for secret in (b"AAA", b"BBB", b"CCC", b"DDD"))
    assert decode_form(masked)["data"] == decode_form(body)["data"]
    assert decode_form(masked)["auth"] == {"access_token": "hidden", "application_token": "hidden"}


def test_a_json_body_is_masked_too():
    masked = mask_event(b'{"event":"ONX","auth":{"access_token":"AAA","member_id":"m"}}')
    assert json.loads(masked) == {"event": "ONX", "auth": {"access_token": "hidden", "member_id": "m"}}
