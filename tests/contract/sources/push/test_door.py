from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from connector.errors import Refused
from connector.providers.push import PROVIDER, inbound
from connector.providers.push.settings import PushSettings
from tests.contract.sources.push.pushed import NOW, SECRET, STRANGER, TOKEN, made, posted, with_signature

ROWS = [{"sku": "A-1", "left": 4}]


def refused(request, settings) -> Refused:
    with pytest.raises(Refused) as caught:
        inbound.verify(request, settings)
    assert caught.value.hint.en
    assert caught.value.hint.ru
    return caught.value


def test_signed_rows_are_let_in():
    inbound.verify(with_signature(posted(ROWS)), made())
    inbound.verify(with_signature(posted(ROWS)), made(secret=[STRANGER, SECRET]))


@pytest.mark.parametrize(
    ("request_", "cause"),
    [
        (posted(ROWS), "push.unsigned"),
        (with_signature(posted(ROWS), secret=STRANGER), "push.signature"),
        (with_signature(posted(ROWS), at=NOW - timedelta(minutes=6)), "push.timestamp"),
        (replace(with_signature(posted(ROWS)), body=b'[{"sku": "A-2"}]'), "push.signature"),
        (posted(ROWS, authorization=f"Bearer {TOKEN}"), "push.unsigned"),
    ],
)
def test_forged_unsigned_and_stale_requests_are_turned_away(request_, cause):
    error = refused(request_, made())
    assert (error.cause, error.status) == (cause, 401)


def test_a_token_opens_the_door_where_one_is_set():
    inbound.verify(posted(ROWS, authorization=f"Bearer {TOKEN}"), made(token=TOKEN))
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}, {"authorization": "Bearer "}):
        assert refused(posted(ROWS, **headers), made(token=TOKEN)).status == 401
    assert refused(posted(ROWS, authorization="Bearer "), made(token=TOKEN)).cause == "push.token"


def test_with_both_a_wrong_signature_is_not_saved_by_a_token():
    both = made(secret=SECRET, token=TOKEN)
    inbound.verify(with_signature(posted(ROWS)), both)
    inbound.verify(posted(ROWS, authorization=f"Bearer {TOKEN}"), both)
    forged = with_signature(posted(ROWS, authorization=f"Bearer {TOKEN}"), secret=STRANGER)
    assert refused(forged, both).cause == "push.signature"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"not json", "application/json", 400),
        (b"7", "application/json", 400),
        (b'{"rows": []}', "application/json", 400),
        (b'{"records": 5}', "application/json", 400),
        (b"{}", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'[{"a": NaN}]', "application/json", 400),
        (b"\xff\xfe", "text/csv", 400),
        (b"sku", "text/csv; charset=klingon", 400),
        (b"<xml/>", "application/xml", 415),
        (b"sku;left", "", 415),
    ],
)
def test_bodies_without_rows_are_told_what_is_wrong(body, content_type, status):
    request = posted(body, content_type, authorization=f"Bearer {TOKEN}")
    assert refused(request, made(token=TOKEN)).status == status


def test_what_is_too_large_or_no_post_is_turned_away():
    settings = made(token=TOKEN, body_limit=1024)
    large = posted([{"sku": "x" * 2000}], authorization=f"Bearer {TOKEN}")
    assert refused(large, settings).status == 413
    assert refused(replace(large, method="GET"), settings).status == 405


def test_strangers_learn_nothing_of_the_body():
    assert refused(posted(b"not json"), made()).status == 401


def test_repeats_are_known_by_their_id_and_by_nothing_else():
    key = inbound.dedupe_key
    settings = made()
    assert key(with_signature(posted(ROWS), "m7"), settings) == "m7"
    assert key(posted(ROWS, idempotency_key="k1"), settings) == "k1"
    later = replace(posted(ROWS), received_at=NOW + timedelta(seconds=1))
    assert key(posted(ROWS), settings) != key(later, settings)


def test_a_source_without_any_secret_is_a_mistake():
    with pytest.raises(ValidationError):
        PushSettings(source="stock", provider="push", portal="main")
    for bad in ({"token": "short"}, {"secret": "whsec_eA=="}):
        with pytest.raises(ValidationError):
            made(**bad)
    assert TOKEN not in repr(made(token=TOKEN))


def test_the_answer_says_that_it_is_kept():
    door = PROVIDER.source.door
    assert (door.accepted.status, door.accepted.body) == (202, b'{"kept": true}')
    assert door.parse(posted(ROWS), made()) == []
