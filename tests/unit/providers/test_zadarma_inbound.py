"""What Zadarma posts and asks: the edges that recorded requests do not reach."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError

from connector.domain.request import Request
from connector.domain.telephony import Found
from connector.errors import Refused
from connector.providers.zadarma import inbound, signature
from connector.providers.zadarma.settings import ZadarmaSettings

RAW = {"account": "zd", "provider": "zadarma", "portal": "main", "key": "key", "secret": "secret"}
BEGAN = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
CALL = {
    "event": "NOTIFY_START",
    "caller_id": "+79001112233",
    "called_did": "78001234567",
    "call_start": "2026-01-15 15:00:00",
    "pbx_call_id": "in_a",
}


def account(**changes: Any) -> ZadarmaSettings:
    return ZadarmaSettings.model_validate(RAW | changes)


def post(told: dict[str, str], query: str = "", method: str = "POST") -> Request:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode(told).encode()
    return Request(method=method, path="/hooks/zd", query=query, headers=headers, body=body, received_at=BEGAN)


@pytest.mark.parametrize("value", ["<script>", "a b", "x" * 200, "", "%00", "ключ"])
def test_an_echo_that_could_do_harm_is_refused(value: str):
    for request in (post({}, urlencode({"zd_echo": value}), "GET"), post({"zd_echo": value})):
        with pytest.raises(Refused) as refusal:
            signature.handshake(request, account())
        assert refusal.value.status == 400


def test_an_echo_inside_an_event_is_no_handshake():
    assert signature.handshake(post(CALL | {"zd_echo": "x"}), account()) is None
    assert signature.handshake(post({}, "echo=1", "GET"), account()) is None


def test_the_answer_to_an_echo_is_plain_text():
    answer = signature.handshake(post({}, "zd_echo=abc.1-2_3", "GET"), account())
    assert answer is not None
    assert (answer.body, answer.content_type) == (b"abc.1-2_3", "text/plain; charset=utf-8")


def test_only_the_start_of_a_call_asks_whom_to_ring():
    assert inbound.asks(post(CALL), account()) == "+79001112233"
    assert inbound.asks(post(CALL | {"event": "NOTIFY_INTERNAL"}), account()) == ""
    assert inbound.asks(post(CALL | {"caller_id": "Anonymous"}), account()) == ""


def test_the_answer_rings_at_the_responsible_employee_and_names_the_client():
    def answer(found: Found | None) -> Any:
        return json.loads(inbound.tells(found, account(return_timeout=20)).body)

    known = Found(phone="+79001112233", name='Иван "Ко"', extension="101")
    assert answer(known) == {"redirect": "101", "return_timeout": 20, "caller_name": 'Иван "Ко"'}
    assert answer(Found(phone="+79001112233", name="Иван")) == {"caller_name": "Иван"}
    assert answer(None) == {}


def test_times_are_those_of_the_account():
    winter, summer = "2026-01-15 15:00:00", "2026-07-15 15:00:00"
    assert inbound.moment(winter, account()) == BEGAN
    assert inbound.moment(winter, account(zone="Europe/Kyiv")) == datetime(2026, 1, 15, 13, 0, tzinfo=UTC)
    assert inbound.moment(summer, account(zone="Europe/Kyiv")) == datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
    assert inbound.moment("15.01.2026", account()) is None


def test_a_call_without_an_id_is_parked_not_guessed():
    with pytest.raises(ValueError, match="pbx_call_id"):
        inbound.parse(post({"event": "NOTIFY_START"}), account())


def test_a_repeat_has_the_same_key_and_each_extension_its_own():
    ringing = CALL | {"event": "NOTIFY_INTERNAL", "internal": "100"}
    told = (CALL, CALL, ringing, ringing | {"internal": "101"}, CALL | {"pbx_call_id": "in_b"}, {"event": "SMS"})
    keys = [inbound.dedupe_key(post(each), account()) for each in told]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5


@pytest.mark.parametrize(
    "wrong", [{"zone": "Mars"}, {"zone": ""}, {"return_timeout": 0}, {"api_url": "http://x.example"}]
)
def test_settings_that_cannot_be_right_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        account(**wrong)
