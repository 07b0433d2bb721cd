from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks import Webhook

from connector.domain.request import Request
from connector.errors import Refused
from connector.providers import generic, standard_webhooks
from connector.providers.generic import inbound, wire
from tests.unit.providers.receiving import OTHER, SECRET, account

GOLDEN_ID, GOLDEN_STAMP, GOLDEN_BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
GOLDEN = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def golden(**headers: str) -> Request:
    names = {"webhook-id": GOLDEN_ID, "webhook-timestamp": str(GOLDEN_STAMP), "webhook-signature": GOLDEN}
    return Request(
        method="POST",
        path="/hooks/app",
        headers={"content-type": "application/json", **names, **headers},
        body=GOLDEN_BODY,
        received_at=datetime.fromtimestamp(GOLDEN_STAMP, UTC),
    )


def test_the_golden_vector_is_made_and_accepted():
    assert standard_webhooks.sign(GOLDEN_ID, GOLDEN_STAMP, GOLDEN_BODY.decode(), [SECRET]) == [GOLDEN]
    inbound.verify(golden(), account())


@given(st.binary(max_size=20), st.text(alphabet="v1, =Agarbage", max_size=30))
def test_no_other_signature_or_body_passes(body: bytes, header: str):
    for wrong in (replace(golden(), body=GOLDEN_BODY + b" " + body), golden(**{"webhook-signature": header})):
        with pytest.raises(Refused) as refusal:
            inbound.verify(wrong, account())
        assert refusal.value.status == 401


@given(st.binary(max_size=80))
def test_what_the_library_signs_we_accept_and_the_other_way_round(content: bytes):
    body = json.dumps({"x": content.decode("utf-8", "replace")}, ensure_ascii=False)
    now = datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", now, body),
    }
    request = Request(method="POST", path="/", headers=headers, body=body.encode(), received_at=now)
    inbound.verify(request, account())
    ours = " ".join(standard_webhooks.sign("msg_1", int(now.timestamp()), body, [OTHER, SECRET]))
    Webhook(SECRET).verify(body, {**headers, "webhook-signature": ours})


@pytest.mark.parametrize(("seconds", "passes"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_signature_is_good_for_five_minutes_both_ways(seconds: int, passes: bool):
    late = replace(golden(), received_at=datetime.fromtimestamp(GOLDEN_STAMP, UTC) + timedelta(seconds=seconds))
    if passes:
        inbound.verify(late, account())
        return
    with pytest.raises(Refused) as refusal:
        inbound.verify(late, account())
    assert refusal.value.cause == "generic.timestamp"


def test_any_secret_verifies_while_they_are_rotated():
    inbound.verify(golden(), account(secret=[OTHER, SECRET]))
    with pytest.raises(Refused):
        inbound.verify(golden(), account(secret=[OTHER]))


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_unsigned(header: str):
    with pytest.raises(Refused) as refusal:
        inbound.verify(golden(**{header: ""}), account())
    assert refusal.value.cause == "generic.unsigned"


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": ""},
        {"secret": []},
        {"secret": "whsec_"},
        {"secret": "whsec_c2hvcnQ="},
        {"secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        {"secret": "whsec_!!!!MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        {"secret": "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        {"deliver_url": "chat.example/in"},
        {"deliver_url": "http://chat.example/in"},
        {"deliver_url": "https://user:pass@chat.example/in"},
        {"deliver_format": "rtf"},
    ],
)
def test_settings_that_cannot_work_are_refused_without_telling_the_secret(changes: dict[str, Any]):
    with pytest.raises(ValidationError) as refusal:
        account(**changes)
    assert SECRET not in str(refusal.value)
    given_secret = str(changes.get("secret", ""))
    assert len(given_secret) < 10 or given_secret not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8001/in", "http://localhost/in", "http://[::1]:9/x", "https://a.example"]
)
def test_plain_http_is_for_this_machine(url: str):
    assert account(deliver_url=url).deliver_url == url


def test_the_published_schema_is_the_one_we_read_by():
    published = Path(generic.__file__).parent / "schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == wire.schema()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"conversation": "7"},
        {"conversation": "a|b", "client": {"id": "1"}, "message": {"id": "1", "text": "x"}},
        {"conversation": "7", "client": {"id": ""}, "message": {"id": "1", "text": "x"}},
        {"conversation": "7", "client": {"id": "1"}, "message": {"id": "1" * 101, "text": "x"}},
        {"conversation": "7", "client": {"id": "1"}, "message": {"id": True, "text": "x"}},
        {"conversation": "7", "client": {"id": "1"}, "message": {"id": "1", "files": [{"url": "file:///etc/passwd"}]}},
        {"conversation": "7", "client": {"id": "1"}, "message": {"id": "1", "format": "rtf"}},
    ],
)
def test_a_known_type_of_another_shape_raises_and_is_kept_by_the_caller(data: dict[str, Any]):
    body = json.dumps({"type": "message.created", "timestamp": "2026-01-15T12:00:00Z", "data": data}).encode()
    with pytest.raises(ValidationError):
        inbound.parse(replace(golden(), body=body), account())
