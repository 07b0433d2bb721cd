"""What a person may see of a request: no secret, all else, and nothing that only looks harmless."""

from __future__ import annotations

import json
import time

import pytest

from tests.contract.journal.making import a_request, an_envelope
from webhooks.console.masking import LONGEST, body_of, masked, pretty, seen, visible

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "kind", "gone", "stays"),
    [
        (b'{"token": "abcdef", "text": "call +7 912 345-67-89"}', "", "abcdef", "+7 912 345-67-89"),
        (b'{"auth": {"access_token": "abcdef", "user_id": "7"}}', "", "abcdef", '"user_id": "7"'),
        (b'{"secrets": ["abcdef"], "secret": {"value": "ghijkl"}, "mail": "a@b.org"}', "", "abcdef", "a@b.org"),
        (b'{"secret": {"value": "ghijkl"}, "id": 7}', "", "ghijkl", '"id": 7'),
        (b'{"url": "https://acme.bitrix24.ru/rest/1/abcdefgh/x.json"}', "", "abcdefgh", "acme.bitrix24.ru"),
        (b'{"token": "abcdef", "broken', "", "abcdef", "broken"),
        (b"auth[access_token]=abcdef&data[text]=hi+there", FORM, "abcdef", "data[text] = hi there"),
        (b"auth%5Bapplication_token%5D=abcdef&event=X", FORM, "abcdef", "event = X"),
        (b"password=abcdef&user=anna", FORM, "abcdef", "user = anna"),
        (b"Authorization: Bearer abcdefgh.ijkl", "", "abcdefgh", "Authorization"),
    ],
)  # fmt: skip
def test_secrets_of_a_body_are_masked_and_the_rest_stays(body: bytes, kind: str, gone: str, stays: str):
    shown = body_of(body, kind).text
    assert gone not in shown
    assert stays in shown


def test_json_and_forms_are_set_out_line_by_line():
    assert body_of('{"a":{"b":"ж"}}'.encode()).text == '{\n  "a": {\n    "b": "ж"\n  }\n}'
    assert body_of(b"a=1&b=", FORM).text == "a = 1\nb = "


def test_what_is_no_text_is_told_by_its_size_and_first_bytes():
    shown = body_of(b"\x89PNG\xff" * 100)
    assert (shown.form, shown.size, shown.cut, shown.text[:14]) == ("binary", 500, True, "89 50 4e 47 ff")
    assert body_of(b"").form == "empty"
    assert body_of(b"ab\0\0\0\0").form == "binary"


def test_headers_and_query_bear_no_secret():
    request = a_request(
        query="key=1&code=abcdef",
        headers={"x-api-key": "k1", "cookie": "k2", "user-agent": "curl", "x-forwarded-uri": "/rest/1/abcdefgh/"},
    )
    shown = str(seen(an_envelope(request=request)))
    assert not [secret for secret in ("k1", "k2", "abcdef") if secret in shown]
    assert "curl" in shown


@pytest.mark.parametrize("hostile", ["a\u202eb", "a\0b", "a\u2066b", "a\x1b[31mb", "a\ud800b"])
def test_what_cannot_be_seen_is_shown_by_its_number(hostile: str):
    assert visible(hostile).startswith("a\\u")
    visible(hostile).encode()


@pytest.mark.parametrize(
    "body",
    [b"[" * 90_000, b'{"a":' + b"9" * 5000 + b"}", b"token=" * 200_000, b"a" * 300_000 + b"=", b'{"token":"' * 30_000],
)
def test_a_stranger_cannot_make_it_slow_or_long(body: bytes):
    began = time.monotonic()
    assert len(body_of(body, FORM).text) <= LONGEST * 6
    assert time.monotonic() - began < 15


def test_deep_values_end_somewhere():
    deep: list[object] = []
    for _ in range(200):
        deep = [deep]
    assert "…" in json.dumps(masked(deep), ensure_ascii=False)
    assert pretty({"token": "abc", "n": None}) == '{\n  "token": "***",\n  "n": null\n}'
