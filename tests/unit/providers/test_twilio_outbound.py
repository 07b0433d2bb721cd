from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest

from connector.domain.calls import CallEnded, CallRecorded
from connector.domain.effects import Dial
from connector.domain.provider import Outgoing
from connector.domain.request import Reply, Request
from connector.domain.values import File, Receipt
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers.twilio import outbound, setup
from connector.providers.twilio.history import history
from connector.providers.twilio.settings import TwilioSettings
from tests.contract.providers.recorded import Wire

SID = "AC0123456789abcdef0123456789abcdef"
URL = "https://connector.example/hooks/calls"
RAW: dict[str, Any] = {
    "account": "calls",
    "provider": "twilio",
    "portal": "main",
    "account_sid": SID,
    "auth_token": "secret-token",
    "url": URL,
    "number": "+12025550100",
    "employees": {"101": "sip:101@acme.sip.twilio.com"},
}
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
BASE = f"/2010-04-01/Accounts/{SID}"


def account(**changes: Any) -> TwilioSettings:
    return TwilioSettings.model_validate(RAW | changes)


def said(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode(), content_type="application/json", headers=headers)


def answering(reply: Reply) -> Wire:
    return Wire(lambda _: reply)


def dial(wire: Wire, extension: str = "101", line: str = "", **changes: Any) -> Receipt:
    command = Dial(account="calls", extension=extension, phone="+79001112233", call="b24-1", line=line)
    return outbound.dial(Outgoing(command=command), account(**changes), wire)


def test_a_click_rings_at_the_employee_and_then_dials_the_client():
    wire = answering(said({"sid": "CA1"}, 201))
    assert dial(wire, record=True) == Receipt(ids=("CA1",))
    (request,) = wire.seen
    assert (request.method, request.path) == ("POST", f"{BASE}/Calls.json")
    login = base64.b64decode(request.header("authorization").removeprefix("Basic ")).decode()
    assert login == f"{SID}:secret-token"
    fields = parse_qs(request.body.decode())
    assert fields["To"] == ["sip:101@acme.sip.twilio.com"]
    assert fields["From"] == ["+12025550100"]
    assert fields["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
    (callback,) = fields["StatusCallback"]
    assert callback.startswith(f"{URL}?")
    asked = {"client": "+79001112233", "employee": "101", "line": "+12025550100"}
    assert dict(parse_qsl(urlsplit(callback).query)) == asked
    (dialled,) = ElementTree.fromstring(fields["Twiml"][0])
    (number,) = dialled
    assert (dialled.get("callerId"), dialled.get("record")) == ("+12025550100", "record-from-answer-dual")
    assert (number.text, number.get("statusCallback")) == ("+79001112233", callback)


def test_nothing_that_a_user_writes_becomes_twiml():
    text = outbound.twiml('+7<Hangup/>"', 'x"/><Hangup/>', URL, record=False)
    (dialled,) = ElementTree.fromstring(text)
    (number,) = dialled
    assert (number.text, dialled.get("callerId")) == ('+7<Hangup/>"', 'x"/><Hangup/>')
    assert dialled.get("record") is None


def test_an_extension_without_an_address_rings_in_the_sip_domain():
    wire = answering(said({"sid": "CA1"}, 201))
    dial(wire, "109", sip_domain="acme.sip.twilio.com")
    assert parse_qs(wire.seen[0].body.decode())["To"] == ["sip:109@acme.sip.twilio.com"]


@pytest.mark.parametrize(
    ("extension", "changes", "cause"),
    [
        ("109", {}, "twilio.no_extension"),
        ("1@evil.example", {"sip_domain": "acme.sip.twilio.com"}, "twilio.no_extension"),
        ("101", {"number": ""}, "twilio.line"),
    ],
)
def test_a_call_that_cannot_be_placed_is_not_asked_for(extension: str, changes: dict[str, Any], cause: str):
    wire = answering(said({"sid": "CA1"}))
    with pytest.raises(PermanentError) as refusal:
        dial(wire, extension, **changes)
    assert (refusal.value.cause, wire.seen) == (cause, [])
    assert refusal.value.hint.en != refusal.value.hint.ru


def test_the_line_that_was_asked_for_is_used():
    wire = answering(said({"sid": "CA1"}))
    dial(wire, line="+12025550199")
    assert parse_qs(wire.seen[0].body.decode())["From"] == ["+12025550199"]


@pytest.mark.parametrize(
    ("reply", "kind", "cause"),
    [
        (said({"code": 20003, "message": "Authenticate"}, 401), Stopped, "twilio.auth"),
        (Reply(status=401), Stopped, "twilio.auth"),
        (said({"code": 20005}, 403), Stopped, "twilio.suspended"),
        (said({"code": 20429}, 429), TransientError, "twilio.rate"),
        (said({"code": 21211}, 400), PermanentError, "twilio.invalid"),
        (said({"code": 21210}, 400), PermanentError, "twilio.line"),
        (said({"code": 21215}, 400), PermanentError, "twilio.forbidden"),
        (said({"code": 99999}, 400), PermanentError, "twilio.refused"),
        (said({"code": "x"}, 400), PermanentError, "twilio.refused"),
        (Reply(status=302), PermanentError, "twilio.refused"),
        (Reply(status=503), TransientError, "twilio.down"),
        (Reply(status=200, body=b"<html>"), TransientError, "twilio.down"),
    ],
)
def test_a_refusal_is_taken_by_twilios_code(reply: Reply, kind: type[Exception], cause: str):
    with pytest.raises(kind) as failure:
        dial(answering(reply))
    assert failure.value.cause == cause
    assert "secret-token" not in str(failure.value)


def test_a_recording_is_asked_for_by_its_sid_with_our_login():
    source = outbound.recording(File(ref="RE" + "0" * 32), account(), answering(said({})))
    assert source.url == f"https://api.twilio.com{BASE}/Recordings/RE{'0' * 32}.mp3"
    assert source.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("ref", ["https://evil.example/RE.mp3", "RE1", "RE" + "0" * 32 + "/../x", ""])
def test_our_login_goes_nowhere_else(ref: str):
    with pytest.raises(PermanentError):
        outbound.recording(File(ref=ref), account(), answering(said({})))


def leg(sid: str, start: int, seconds: int, status: str = "completed", **changes: Any) -> dict[str, Any]:
    def moment(minute: float) -> str:
        return (NOW + timedelta(minutes=minute)).strftime("%a, %d %b %Y %H:%M:%S +0000")

    return {
        "sid": sid,
        "status": status,
        "duration": str(seconds),
        "start_time": moment(start),
        "end_time": moment(start + 1),
        "from": "+79001112233",
        "to": "+12025550100",
        "direction": "inbound",
        **changes,
    }


class Api:
    """The lists of Twilio."""

    def __init__(self, calls: list[dict[str, Any]], recordings: list[dict[str, Any]] | None = None) -> None:
        self.pages = {"Calls": calls, "Recordings": recordings or []}
        self.wire = Wire(self.handle)

    def handle(self, request: Request) -> Reply:
        name = request.path.rpartition("/")[2].removesuffix(".json")
        page = int(parse_qs(request.query).get("Page", ["0"])[0])
        rows = self.pages[name]
        following = f"{request.path}?Page={page + 1}" if page + 1 < len(rows) else None
        return said({name.lower(): rows[page : page + 1], "next_page_uri": following})


def past(*calls: dict[str, Any], recordings: list[dict[str, Any]] | None = None, **changes: Any) -> list[Any]:
    api = Api(list(calls), recordings)
    return list(history(NOW - timedelta(hours=1), NOW, account(**changes), api.wire))


def test_the_legs_of_a_past_call_are_one_call_with_its_recording():
    agent = {"parent_call_sid": "CA1", "direction": "outbound-dial", "to": "sip:101@acme.sip.twilio.com"}
    events = past(
        leg("CA2", -29, 41, **agent),
        leg("CA1", -30, 55),
        recordings=[{"sid": "RE1", "call_sid": "CA1", "status": "completed"}, {"sid": "RE2", "call_sid": "CA9"}],
    )
    ended, recorded = events
    assert isinstance(ended, CallEnded)
    assert (ended.call, ended.past, ended.talk, ended.cause) == ("CA1", True, 41, "")
    assert (ended.direction, ended.client, ended.line, ended.employee) == (
        "incoming",
        "+79001112233",
        "+12025550100",
        "101",
    )
    assert ended.started_at == NOW - timedelta(minutes=30)
    assert ended.answered_at == NOW - timedelta(minutes=28, seconds=41)
    assert isinstance(recorded, CallRecorded)
    assert (recorded.call, recorded.recording.ref) == ("CA1", "RE1")


def test_a_past_call_that_nobody_took_is_missed_though_the_dial_plan_took_it():
    (ended,) = past(leg("CA1", -30, 20))
    assert (ended.talk, ended.cause, ended.answered_at) == (0, "missed", None)
    agent = {"parent_call_sid": "CA1", "direction": "outbound-dial", "to": "sip:101@acme.sip.twilio.com"}
    (ended,) = past(leg("CA1", -30, 20), leg("CA2", -29, 0, "busy", **agent))
    assert (ended.talk, ended.cause, ended.employee) == (0, "busy", "101")


def test_a_past_click_is_an_outgoing_call_to_the_client():
    click = {"direction": "outbound-api", "from": "+12025550100", "to": "sip:101@acme.sip.twilio.com"}
    client = {"parent_call_sid": "CA1", "direction": "outbound-dial", "from": "+12025550100", "to": "+79002223344"}
    (ended,) = past(leg("CA1", -30, 50, **click), leg("CA2", -29, 28, **client))
    assert (ended.direction, ended.client, ended.line, ended.employee, ended.talk) == (
        "outgoing",
        "+79002223344",
        "+12025550100",
        "101",
        28,
    )


def test_calls_that_go_on_or_began_outside_the_span_are_left_out():
    assert past(leg("CA1", -90, 1), leg("CA2", 30, 1), leg("CA3", -10, 0, "in-progress"), {"sid": "CA4"}) == []


def test_a_past_call_of_a_robot_is_its_own_talk():
    robot = {"direction": "outbound-api", "from": "+12025550100", "to": "+79002223344"}
    (ended,) = past(leg("CA1", -30, 17, **robot))
    assert (ended.direction, ended.client, ended.talk) == ("outgoing", "+79002223344", 17)


def test_a_page_elsewhere_is_not_followed():
    wire = answering(said({"calls": [], "next_page_uri": "https://evil.example/Calls.json"}))
    assert list(history(NOW - timedelta(hours=1), NOW, account(), wire)) == []
    assert len(wire.seen) == 1
    assert parse_qs(wire.seen[0].query) == {
        "PageSize": ["1000"],
        "StartTime>": ["2026-01-15T11:00:00Z"],
        "StartTime<": ["2026-01-15T14:00:00Z"],
    }


class Console:
    """What setting up asks of Twilio."""

    def __init__(self, callback: str = "", status: str = "active") -> None:
        self.number = {"sid": "PN1", "phone_number": "+12025550100", "status_callback": callback}
        self.status = status
        self.wire = Wire(self.handle)

    def handle(self, request: Request) -> Reply:
        answers: dict[str, Callable[[], Any]] = {
            f"{BASE}.json": lambda: {"status": self.status},
            f"{BASE}/IncomingPhoneNumbers.json": lambda: {"incoming_phone_numbers": [self.number]},
            f"{BASE}/IncomingPhoneNumbers/PN1.json": lambda: self.change(request),
        }
        return said(answers[request.path]())

    def change(self, request: Request) -> Any:
        fields = parse_qs(request.body.decode())
        assert set(fields) == {"StatusCallback", "StatusCallbackMethod"}, "who answers calls stays as it is"
        self.number["status_callback"] = fields["StatusCallback"][0]
        return self.number


LINES = {"lines": {"+1 (202) 555-01-00": {}}}


def test_connecting_sets_the_status_callback_and_a_check_sees_it():
    console = Console()
    before = setup.check(account(**LINES), URL, console.wire)
    assert [finding.state for finding in before] == ["ok", "ok", "bad"]
    assert "connect calls" in before[-1].hint.ru
    assert {finding.state for finding in setup.connect(account(**LINES), URL, console.wire)} == {"ok"}
    assert console.number["status_callback"] == URL


def test_a_check_sees_another_address_and_a_line_that_twilio_does_not_have():
    settings = account(lines={"+12025550177": {}})
    states = [finding.state for finding in setup.check(settings, f"{URL}2", Console(URL).wire)]
    assert states == ["ok", "warn", "bad"]


@pytest.mark.parametrize("wire", [answering(Reply(status=401)), Console(status="suspended").wire])
def test_a_check_sees_a_login_that_does_not_work(wire: Wire):
    first, *_ = setup.check(account(), URL, wire)
    assert first.state == "bad"
    assert first.hint is not None
