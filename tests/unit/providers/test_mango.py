"""Mango Office's API as it is called, against a small pretend one that checks every signature."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connector.domain.effects import Delete, Dial
from connector.domain.provider import Outgoing, Source
from connector.domain.request import Reply, Request
from connector.domain.values import File, Receipt
from connector.errors import ConnectorError, PermanentError, Refused, TransientError
from connector.providers.mango import inbound, outbound, reasons, setup, signature
from tests.unit.providers.mango_office import BEGAN, USERS, Mango, account


def dial(api: Mango, **changes: Any) -> Receipt:
    command = Dial(account="office", extension="101", phone="+79005556677", call="b24-77", **changes)
    return outbound.dial(Outgoing(command=command), account(), api.wire)


def test_the_published_vector_of_the_signature():
    text = '{"entry_id":"abc","call_state":"Appeared"}'
    expected = "e1d09944ac1caebcf41dbb10ca091edd42382655fa67712dd7aeaa996cf8df76"
    assert signature.sign(account(), text) == expected


def test_a_click_orders_a_call_from_the_employee_under_our_id():
    api = Mango(commands__callback=[{"result": 1000}, {"result": "1000"}])
    assert dial(api) == Receipt()
    dial(api, line="+78001234567")
    asked = {"command_id": "b24-77", "from": {"extension": "101"}, "to_number": "79005556677"}
    assert api.told == [
        ("commands/callback", asked),
        ("commands/callback", asked | {"line_number": "78001234567"}),
    ]


@pytest.mark.parametrize(
    ("code", "cause", "kind"),
    [
        (2001, "mango.no_money", PermanentError),
        (3100, "mango.wrong", PermanentError),
        (3101, "mango.auth", PermanentError),
        (3200, "mango.number", PermanentError),
        (3300, "mango.no_extension", PermanentError),
        (4001, "mango.unable", PermanentError),
        (4201, "mango.unreachable", PermanentError),
        (5001, "mango.down", TransientError),
        (5008, "mango.unable", PermanentError),
        (9999, "mango.refused", PermanentError),
    ],
)
def test_a_refused_call_is_told_in_words(code: int, cause: str, kind: type[ConnectorError]):
    with pytest.raises(kind) as refusal:
        dial(Mango(commands__callback=[{"result": code}]))
    assert (refusal.value.cause, refusal.value.detail) == (cause, f"result {code}")


def test_a_locked_key_is_waited_for_and_a_throttled_one_too():
    for status, cause, wait in ((401, "mango.locked", 120.0), (429, "mango.busy", 2.0)):
        with pytest.raises(TransientError) as refusal:
            dial(Mango(commands__callback=[Reply(status=status)]))
        assert (refusal.value.cause, refusal.value.retry_after, refusal.value.maybe_done) == (cause, wait, False)


def test_nothing_but_a_call_is_dialled():
    with pytest.raises(PermanentError):
        outbound.dial(Outgoing(command=Delete(account="o", conversation="1", message_ids=())), account(), Mango().wire)


def recording(reply: Reply, **changes: Any) -> Source:
    api = Mango(queries__recording__post=[reply])
    source = outbound.recording(inbound.recording_file("MToxMDA2OjE2"), account(**changes), api.wire)
    assert api.told == [("queries/recording/post", {"recording_id": "MToxMDA2OjE2", "action": "download"})]
    return source


def test_a_recording_lies_where_mango_sends_us():
    address = "https://files.mango-office.ru/one-time/abc"
    source = recording(Reply(status=302, headers={"location": address}))
    assert source == Source(url=address, name="mango-MToxMDA2OjE2.mp3", mime="audio/mpeg")


def test_a_recording_that_is_not_there_yet_is_asked_for_in_a_minute():
    with pytest.raises(TransientError) as later:
        recording(Reply(body=b'{"result": 5205}'))
    assert later.value.retry_after == 60


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/a.mp3",
        "http://files.mango-office.ru/a.mp3",
        "https://mango-office.ru.evil.example/a.mp3",
        "https://evil-mango-office.ru/a.mp3",
        "file:///etc/passwd",
        "//files.mango-office.ru/a",
        "https://[::1/a",
    ],
)
def test_a_recording_elsewhere_is_not_fetched(address: str):
    with pytest.raises(PermanentError):
        recording(Reply(status=302, headers={"location": address}))


def test_a_recording_of_a_stand_in_is_fetched_from_it():
    url = "http://127.0.0.1:8099/one-time/1"
    assert recording(Reply(status=302, headers={"location": url}), api_url="http://127.0.0.1:8099/vpbx").url == url


def test_the_check_tells_of_keys_people_and_the_address():
    findings = setup.check(account(), "https://c.example/hooks/office", Mango(config__users__request=[USERS]).wire)
    assert [finding.state for finding in findings] == ["ok", "ok", "ok"]
    assert "2" in findings[1].what.en
    assert "https://c.example/hooks/office" in findings[2].what.ru
    empty = setup.check(account(), "https://c.example/hooks/office", Mango(config__users__request=[{}]).wire)
    assert [finding.state for finding in empty] == ["ok", "warn", "ok"]
    refused = setup.check(account(), "x", Mango(config__users__request=[{"result": 3101}]).wire)
    assert refused[0].state == "bad"


def post(remote: str = "81.88.80.132", path: str = "/hooks/office/events/call", **told: Any) -> Request:
    text = json.dumps(told)
    body = f"vpbx_api_key=key1&sign={signature.sign(account(), text)}&json="
    headers = {"content-type": "application/x-www-form-urlencoded"}
    quoted = "".join(f"%{byte:02x}" for byte in text.encode())
    body_bytes = (body + quoted).encode()
    return Request(method="POST", path=path, headers=headers, body=body_bytes, received_at=BEGAN, remote=remote)


def test_only_named_addresses_may_post_when_some_are_named():
    signature.verify(post(remote="anything"), account())
    settings = account(allow_from=["81.88.80.132", "81.88.82.0/24"])
    signature.verify(post(remote="81.88.82.45"), settings)
    for stranger in ("81.88.80.133", "", "not an address", "::1"):
        with pytest.raises(Refused) as refusal:
            signature.verify(post(remote=stranger), settings)
        assert refusal.value.status == 403


def test_a_clock_that_runs_ahead_is_put_right():
    told = post(entry_id="e", timestamp=int(BEGAN.timestamp()), location="ivr", call_state="Appeared")
    (event,) = inbound.parse(told, account(clock_ahead=3))
    assert event.at == BEGAN - timedelta(hours=3)  # type: ignore[union-attr]


def test_a_call_without_an_id_is_parked_not_guessed():
    with pytest.raises(ValueError, match="entry_id"):
        inbound.parse(post(call_state="Appeared", location="ivr"), account())


def test_one_key_for_a_repeat_and_another_for_another_event():
    first = post(call_id="a", seq=1, call_state="Appeared", timestamp=1)
    repeat = post(call_id="a", seq="1", call_state="Appeared", timestamp=2)
    later = post(call_id="a", seq=2, call_state="Connected")
    keys = [inbound.dedupe_key(request, account()) for request in (first, repeat, later)]
    assert keys == ["events/call:a:1:Appeared", "events/call:a:1:Appeared", "events/call:a:2:Connected"]


def test_a_code_that_nobody_knows_is_a_failure_and_a_talk_needs_no_reason():
    assert reasons.cause(7777) == "failed"
    assert reasons.cause(1110, talked=True) == ""
    assert reasons.leg_cause(1110) == ""
    assert reasons.leg_cause(1122) == "refused"


@pytest.mark.parametrize(
    "wrong",
    [{"allow_from": ["everywhere"]}, {"zone": "Moscow/Europe"}, {"zone": "../etc"}, {"clock_ahead": 99}, {"salt": "x"}],
)
def test_settings_that_cannot_be_right_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        account(**wrong)


def test_a_recording_has_a_name_that_is_safe_for_a_disk():
    assert inbound.recording_file("../../a/b==").name == "mango-ab.mp3"
    assert isinstance(inbound.recording_file("x"), File)
