from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from connector.domain.calls import CallEnded, CallRecorded
from connector.domain.effects import Dial
from connector.domain.provider import Outgoing
from connector.domain.request import Reply, Request
from connector.domain.values import File, Receipt
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers.pbx import outbound, setup
from connector.providers.pbx.settings import WebhookPbxSettings
from tests.contract.providers.recorded import Wire

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_b2xkLXNlY3JldC1vZi10aGUtcmVjb3JkaW5ncy0w"
RAW: dict[str, Any] = {
    "account": "office",
    "provider": "pbx",
    "portal": "main",
    "secret": SECRET,
    "dial_url": "https://pbx.example/in?tenant=7",
    "history_url": "https://pbx.example/history",
}
DIAL = Dial(account="office", extension="101", phone="+79001112233", call="b24-1", line="+74951234567")
SINCE = datetime(2026, 1, 15, 10, tzinfo=UTC)
ROW: dict[str, Any] = {
    "id": "c-1",
    "at": "2026-01-15T13:07:30+03:00",
    "direction": "incoming",
    "client": "+79001112233",
    "talk": 41,
    "started_at": "2026-01-15T10:06:40Z",
}


def account(**changes: Any) -> WebhookPbxSettings:
    return WebhookPbxSettings.model_validate(RAW | changes)


def said(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode(), content_type="application/json", headers=headers)


def answering(*replies: Reply) -> Wire:
    waiting = list(replies)
    return Wire(lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0])


def placed(reply: Reply, key: str = "dial:main:1") -> Receipt:
    return outbound.dial(Outgoing(command=DIAL, idempotency_key=key), account(), answering(reply))


def test_a_click_is_a_signed_request_that_any_library_verifies():
    wire = answering(said({"id": "b24-1"}))
    receipt = outbound.dial(
        Outgoing(command=DIAL, idempotency_key="dial:main:1"), account(secret=[OTHER, SECRET]), wire
    )
    assert receipt == Receipt(ids=("b24-1",))
    (request,) = wire.seen
    for secret in (OTHER, SECRET):
        assert Webhook(secret).verify(request.body, dict(request.headers))["data"] == {
            "account": "office",
            "id": "b24-1",
            "employee": "101",
            "client": "+79001112233",
            "line": "+74951234567",
        }
    assert (request.path, request.query) == ("/in", "tenant=7")


def test_a_repeat_of_a_click_bears_the_same_id():
    wire = answering(said({}))
    for key in ("dial:main:1", "dial:main:1", "dial:main:2"):
        outbound.dial(Outgoing(command=DIAL, idempotency_key=key), account(), wire)
    first, again, other = (request.header("webhook-id") for request in wire.seen)
    assert first == again != other


@pytest.mark.parametrize("answer", [{}, [], "ok", {"id": ""}, {"id": None}, {"id": True}, {"id": "x" * 201}])
def test_an_answer_without_a_usable_id_is_a_receipt_without_one(answer: Any):
    assert placed(said(answer)) == Receipt()


def test_a_number_is_an_id_too():
    assert placed(said({"id": 1736942340})) == Receipt(ids=("1736942340",))


@pytest.mark.parametrize("error", sorted(outbound.REFUSALS))
def test_a_refusal_tells_the_user_why_in_both_languages(error: str):
    with pytest.raises(PermanentError) as refusal:
        placed(said({"error": error, "message": "device SIP/101 is not registered"}, 409))
    assert refusal.value.cause == f"pbx.{error}"
    assert refusal.value.hint.en != refusal.value.hint.ru
    assert refusal.value.detail == "device SIP/101 is not registered"


@pytest.mark.parametrize(
    ("reply", "kind", "cause"),
    [
        (said({}, 401), PermanentError, "pbx.signature"),
        (said({}, 404), PermanentError, "pbx.address"),
        (said({"error": "whatever"}, 422), PermanentError, "pbx.refused"),
        (Reply(status=302, headers={"location": "https://evil.example"}), PermanentError, "pbx.refused"),
        (Reply(status=410), Stopped, "pbx.gone"),
        (said({}, 429, **{"retry-after": "7"}), TransientError, "pbx.busy_now"),
        (Reply(status=503, body=b"<html>"), TransientError, "pbx.busy_now"),
        (said({"error": "busy"}, 500), TransientError, "pbx.down"),
    ],
)
def test_the_answer_decides_what_becomes_of_a_click(reply: Reply, kind: type[Exception], cause: str):
    with pytest.raises(kind) as failure:
        placed(reply)
    assert failure.value.cause == cause
    assert SECRET not in str(failure.value)


def test_a_pbx_that_failed_may_have_dialled_all_the_same():
    with pytest.raises(TransientError) as failure:
        placed(Reply(status=500))
    assert failure.value.maybe_done


def test_without_an_address_nothing_is_dialled():
    wire = answering(said({}))
    with pytest.raises(PermanentError) as refusal:
        outbound.dial(Outgoing(command=DIAL), account(dial_url=""), wire)
    assert (refusal.value.cause, wire.seen) == ("pbx.no_dial_url", [])
    assert "dial_url" in refusal.value.hint.ru


def past(*replies: Reply, **changes: Any) -> tuple[list[Any], list[Request]]:
    wire = answering(*replies)
    return list(outbound.history(SINCE, SINCE + timedelta(hours=1), account(**changes), wire)), wire.seen


def test_the_past_is_read_page_by_page():
    second = {**ROW, "id": "c-2", "recording": {"url": "https://pbx.example/2.mp3"}}
    events, seen = past(said({"calls": [ROW], "next": "p 2"}), said({"calls": [second], "next": None}))
    assert [(type(event), event.call) for event in events] == [
        (CallEnded, "c-1"),
        (CallEnded, "c-2"),
        (CallRecorded, "c-2"),
    ]
    assert events[0].past
    assert (events[0].talk, events[0].at) == (41, datetime(2026, 1, 15, 10, 7, 30, tzinfo=UTC))
    span = {"since": ["2026-01-15T10:00:00+00:00"], "until": ["2026-01-15T11:00:00+00:00"]}
    assert [parse_qs(request.query) for request in seen] == [span, {**span, "cursor": ["p 2"]}]
    # json_parse is off: the body of a question is empty.
    Webhook(SECRET).verify(b"", dict(seen[0].headers), json_parse=False)


def test_a_wrong_row_of_the_past_does_not_hide_the_others():
    events: list[Any] = []
    wire = answering(said({"calls": [{"id": "c-1"}, ROW, "?"]}))
    with pytest.raises(PermanentError) as failure:
        events.extend(outbound.history(SINCE, SINCE, account(), wire))
    assert failure.value.cause == "pbx.history"
    assert "2" in failure.value.hint.ru
    wire = answering(said({"calls": [{"id": "c-1"}, ROW]}))
    reading = iter(outbound.history(SINCE, SINCE, account(), wire))
    assert next(reading).call == "c-1"


def test_without_an_address_there_is_no_past():
    assert past(said({}), history_url="") == ([], [])


def test_a_login_goes_to_the_pbx_and_to_nobody_else():
    settings = account(api_url="https://pbx.example/rec", files_authorization="Bearer 5f1c")
    asked = {
        url: outbound.recording(File(ref=url), settings, answering(said({}))).headers
        for url in ("https://pbx.example/rec/1.mp3", "https://pbx.example/record/1.mp3", "https://evil.example/1.mp3")
    }
    assert [bool(headers) for headers in asked.values()] == [True, False, False]
    assert asked["https://pbx.example/rec/1.mp3"] == {"authorization": "Bearer 5f1c"}
    assert "5f1c" not in repr(settings)


def test_a_recording_that_is_told_by_path_lies_in_the_folder_of_the_account():
    settings = account(recordings={"url": "sftp://pbx@pbx.example/rec/", "key": "/k", "host_key": "SHA256:x"})
    source = outbound.recording(File(ref="2026/01/Анна 1.wav"), settings, answering(said({})))
    assert source.url == "sftp://pbx@pbx.example/rec/2026/01/%D0%90%D0%BD%D0%BD%D0%B0%201.wav"
    assert (source.name, source.headers) == ("Анна 1.wav", {})


@pytest.mark.parametrize(
    "ref", ["../1.wav", "a/../../b.wav", "/etc/passwd", "..", "", "a\\..\\b.wav", "a\x00.wav", "a\n.wav"]
)
def test_a_recording_outside_its_folder_is_refused(ref: str):
    with pytest.raises(PermanentError) as refusal:
        outbound.recording(File(ref=ref), account(recordings={"url": "file:///srv/rec"}), answering(said({})))
    assert refusal.value.cause == "recording.outside"


def test_a_path_without_a_folder_says_what_is_missing():
    with pytest.raises(PermanentError) as refusal:
        outbound.recording(File(ref="1.wav"), account(), answering(said({})))
    assert refusal.value.cause == "recording.no_place"
    assert "recordings" in refusal.value.hint.ru


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": ""},
        {"secret": []},
        {"secret": "whsec_c2hvcnQ="},
        {"dial_url": "http://pbx.example/in"},
        {"dial_url": "https://user:pass@pbx.example/in"},
        {"history_url": "pbx.example"},
        {"files_authorization": "Bearer 5f1c"},
        {"recordings": {"url": "/srv/rec"}},
        {"recordings": {"url": "sftp://pbx:5f1c@pbx.example/rec"}},
        {"recordings": {"url": "https://pbx.example/rec"}},
    ],
)
def test_settings_that_cannot_work_are_refused_without_telling_a_secret(changes: dict[str, Any]):
    with pytest.raises(ValidationError) as refusal:
        account(**changes)
    assert SECRET not in str(refusal.value)
    assert "5f1c" not in str(refusal.value)


def test_a_check_asks_both_addresses():
    wire = answering(said({}))
    findings = setup.check(account(), "https://connector.example/hooks/office", wire)
    assert {finding.state for finding in findings} == {"bad", "ok"}  # {} is no history
    assert json.loads(wire.seen[0].body)["type"] == "connection.checked"
    healthy = setup.check(account(), "https://connector.example/hooks/office", answering(said({"calls": []})))
    assert {finding.state for finding in healthy} == {"ok"}
    assert {finding.what.ru for finding in healthy} & {"АТС рассказывает о прошлых звонках"}


def test_a_check_says_that_keys_are_still_being_changed():
    findings = setup.check(
        account(secret=[SECRET, OTHER], dial_url="", history_url=""), "https://x", answering(said({}))
    )
    assert [finding.state for finding in findings] == ["ok", "warn", "ok"]
