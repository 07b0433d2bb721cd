from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connector.domain.calls import CallEnded, CallRecorded, CallStarted
from connector.domain.effects import Dial
from connector.domain.provider import Outgoing
from connector.domain.request import Reply, Request
from connector.domain.values import File, Receipt
from connector.errors import PermanentError, Refused, Stopped, TransientError
from connector.providers import uis
from connector.providers.uis import inbound, outbound, setup
from connector.providers.uis.settings import UisSettings
from tests.contract.providers.recorded import Wire

TOKEN = "c0ffee5e1f0f1a2b3c4d5e6f7a8b9c0d"
RAW: dict[str, Any] = {
    "account": "calls",
    "provider": "uis",
    "portal": "main",
    "token": TOKEN,
    "access_token": "uis-access-token-0001",
    "number": "+7 495 123-45-67",
    "employees": {"101": 25},
}
README = (Path(uis.__file__).parent / "README.md").read_text(encoding="utf-8")
TEMPLATES = re.findall(r"```uis\n(.*?)\n```", README)
VALUES: dict[str, Any] = {
    "call_session_id": 998677427,
    "notification_time": "2026-01-15 14:59:00.234",
    "contact_full_name": 'Анна "Ромашка"',
    "employee_id": 25,
    "leg_id": 7,
    "direction": "in",
    "talk_time_duration": 41,
    "total_time_duration": 50,
    "file_link": "https://app.uiscom.ru/system/media/talk/1/a/",
    "external_id": None,
}
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
EMPLOYEES = [
    {"id": 25, "extension": {"extension_phone_number": "101"}, "phone_numbers": [{"phone_number": "79160000025"}]},
    {"id": 26, "extension": {"extension_phone_number": "102"}, "phone_numbers": []},
    {"id": 27, "extension": None, "phone_numbers": None},
]


def account(**changes: Any) -> UisSettings:
    return UisSettings.model_validate(RAW | changes)


def posted(body: bytes, content_type: str = "application/json", **parts: Any) -> Request:
    headers = {"content-type": content_type}
    return Request(method="POST", path="/hooks/calls", headers=headers, body=body, received_at=NOW, **parts)


def filled(template: str) -> bytes:
    """What UIS makes of a template: its variables as JSON."""
    written = template.replace("SECRET", TOKEN)
    return re.sub(r"\{\{(\w+)\}\}", lambda found: json.dumps(VALUES.get(found[1], "79001112233")), written).encode()


class Api:
    """Both APIs of UIS: answers by method."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {"get_employees": {"data": EMPLOYEES}, **answers}
        self.wire = Wire(self.handle)

    def handle(self, request: Request) -> Reply:
        asked = json.loads(request.body)
        answer = self.answers[asked["method"].replace(".", "_")]
        answer = answer(asked["params"]) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
        if isinstance(answer, Reply):
            return answer
        said = answer if "error" in answer else {"result": answer}
        return Reply(body=json.dumps({"jsonrpc": "2.0", "id": asked["id"], **said}).encode())

    def asked(self, number: int = -1) -> dict[str, Any]:
        return json.loads(self.wire.seen[number].body)


def refusal(mnemonic: str, **metadata: Any) -> dict[str, Any]:
    data = {"mnemonic": mnemonic, "metadata": metadata}
    return {"error": {"code": -32602, "message": "It is not so", "data": data}}


def dial(api: Api, extension: str = "101", line: str = "", **changes: Any) -> Receipt:
    command = Dial(account="calls", extension=extension, phone="+79001112233", call="b24-7f3a", line=line)
    return outbound.dial(Outgoing(command=command), account(**changes), api.wire)


PLACED = {"data": {"call_session_id": 237859081}}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda text: re.search(r'"event": "(\w+)"', text)[1])
def test_each_template_of_the_readme_is_understood_as_the_vendor_fills_it(template: str):
    request = posted(filled(template), "text/plain")
    inbound.verify(request, account())
    (event,) = inbound.parse(request, account())
    assert event.kind != "ignored"
    assert (event.call, event.client) == ("998677427", "79001112233")
    assert event.at == datetime(2026, 1, 15, 11, 59, 0, 234000, tzinfo=UTC)


def test_there_is_a_template_for_every_event_that_is_read():
    assert {re.search(r'"event": "(\w+)"', text)[1] for text in TEMPLATES} == set(inbound._PARSE)


def test_a_body_that_a_name_broke_is_let_in_for_its_token_and_not_read():
    request = posted(b'{"token": "%s", "event": "incoming", "contact_full_name": "O"Neil"}' % TOKEN.encode())
    inbound.verify(request, account())
    assert inbound.dedupe_key(request, account()) == request.digest()
    with pytest.raises(Refused):
        inbound.parse(request, account())


def test_a_notification_without_a_call_is_kept_as_unreadable():
    with pytest.raises(ValueError, match="call_session_id"):
        inbound.parse(posted(json.dumps({"token": TOKEN, "event": "ringing"}).encode()), account())


def test_a_stranger_with_the_right_token_is_refused_by_address():
    body = filled(TEMPLATES[0])
    inbound.verify(posted(body, remote="203.0.113.7"), account(allow_from=["203.0.113.0/24"]))
    with pytest.raises(Refused) as refused:
        inbound.verify(posted(body, remote="198.51.100.7"), account(allow_from=["203.0.113.0/24"]))
    assert refused.value.status == 403


def test_the_same_notification_twice_has_one_key_and_another_employee_another():
    body = json.loads(filled(TEMPLATES[2]))
    keys = [
        inbound.dedupe_key(posted(json.dumps(each).encode()), account())
        for each in (body, {**body, "tag_names": ["new"]}, {**body, "employee_id": 26}, {**body, "event": "answered"})
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


@pytest.mark.parametrize("told", ["", "yesterday", None, 15, "0001-01-01 00:00:00", {"a": 1}])
def test_a_time_that_cannot_be_read_is_the_time_of_receipt(told: Any):
    body = {"token": TOKEN, "event": "incoming", "call_session_id": 1, "notification_time": told}
    (event,) = inbound.parse(posted(json.dumps(body).encode()), account())
    assert isinstance(event, CallStarted)
    assert event.at == NOW


def test_a_click_rings_at_the_employee_first_and_bears_our_id():
    api = Api(start_employee_call=PLACED)
    assert dial(api) == Receipt(ids=("237859081",))
    asked = api.asked()
    assert asked["method"] == "start.employee_call"
    assert asked["params"] == {
        "access_token": "uis-access-token-0001",
        "first_call": "employee",
        "switch_at_once": True,
        "early_switching": True,
        "direction": "out",
        "virtual_phone_number": "74951234567",
        "contact": "79001112233",
        "external_id": "b24-7f3a",
        "employee": {"id": 25},
    }
    assert len(api.wire.seen) == 1


def test_an_employee_who_is_not_in_the_settings_is_looked_up_by_extension():
    api = Api(start_employee_call=PLACED)
    dial(api, "102")
    assert api.asked()["params"]["employee"] == {"id": 26}
    with pytest.raises(PermanentError) as refused:
        dial(api, "999")
    assert refused.value.cause == "uis.no_extension"


@pytest.mark.parametrize(
    ("line", "changes", "used"),
    [
        ("+74950000000", {}, "74950000000"),
        ("", {"number": "", "lines": {"74957654321": {}}}, "74957654321"),
    ],
)
def test_the_call_leaves_from_the_line_that_was_asked_for(line: str, changes: dict[str, Any], used: str):
    api = Api(start_employee_call=PLACED)
    dial(api, line=line, **changes)
    assert api.asked()["params"]["virtual_phone_number"] == used


def test_without_a_line_nothing_is_dialled():
    api = Api(start_employee_call=PLACED)
    with pytest.raises(PermanentError) as refused:
        dial(api, number="", lines={"74950000001": {}, "74950000002": {}})
    assert (refused.value.cause, api.wire.seen) == ("uis.line", [])


@pytest.mark.parametrize(
    ("answer", "kind", "cause"),
    [
        (refusal("access_token_expired"), Stopped, "uis.token"),
        (refusal("ip_not_whitelisted"), Stopped, "uis.ip"),
        (refusal("account_inactive"), Stopped, "uis.account"),
        (refusal("component_disabled"), PermanentError, "uis.component"),
        (refusal("no_active_phone_number"), PermanentError, "uis.offline"),
        (refusal("employee_not_found"), PermanentError, "uis.no_extension"),
        (refusal("virtual_phone_number_not_found"), PermanentError, "uis.line"),
        (refusal("contact_in_blacklist"), PermanentError, "uis.forbidden"),
        (refusal("something_new"), PermanentError, "uis.refused"),
        (refusal("limit_exceeded"), TransientError, "uis.limit"),
        (refusal("internal_error"), TransientError, "uis.down"),
        ({"error": {"code": -1}}, PermanentError, "uis.refused"),
        (Reply(status=502, body=b"<html>"), TransientError, "uis.down"),
        (Reply(status=404), PermanentError, "uis.refused"),
        (Reply(body=b"[]"), TransientError, "uis.down"),
    ],
)
def test_a_refusal_is_taken_by_its_mnemonic(answer: Any, kind: type[Exception], cause: str):
    with pytest.raises(kind) as failure:
        dial(Api(start_employee_call=answer))
    assert failure.value.cause == cause
    assert failure.value.hint.en != failure.value.hint.ru
    assert "uis-access-token" not in str(failure.value)


def test_a_used_up_limit_waits_as_long_as_uis_says():
    limits = {"day_remaining": 5, "day_reset": 9000, "minute_remaining": 0, "minute_reset": 17}
    with pytest.raises(TransientError) as failure:
        dial(Api(start_employee_call=refusal("limit_exceeded", limits=limits)))
    assert failure.value.retry_after == 17
    assert not failure.value.maybe_done


def test_an_internal_error_may_have_placed_the_call():
    with pytest.raises(TransientError) as failure:
        dial(Api(start_employee_call=refusal("internal_error")))
    assert failure.value.maybe_done


def test_without_a_key_uis_is_not_asked():
    api = Api(start_employee_call=PLACED)
    with pytest.raises(PermanentError) as refused:
        dial(api, access_token=None)
    assert (refused.value.cause, api.wire.seen) == ("uis.no_access_token", [])


def row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "start_time": "2026-01-15 13:00:00",
        "finish_time": "2026-01-15 13:01:00",
        "direction": "in",
        "is_lost": False,
        "talk_duration": 41,
        "wait_duration": 9,
        "total_duration": 60,
        "contact_phone_number": "79001112233",
        "virtual_phone_number": "74951234567",
        "communication_id": 77,
        "call_records": ["2e675888"],
        "last_answered_employee_id": 25,
        **changes,
    }


def past(*rows: Any) -> list[Any]:
    api = Api(get_calls_report={"data": list(rows)})
    return list(outbound.history(NOW - timedelta(hours=3), NOW, account(), api.wire))


def test_the_past_is_told_with_its_recordings():
    ended, recorded = past(row(1))
    assert isinstance(ended, CallEnded)
    assert (ended.call, ended.past, ended.talk, ended.cause, ended.employee) == ("1", True, 41, "", "101")
    assert ended.started_at == datetime(2026, 1, 15, 10, tzinfo=UTC)
    assert ended.answered_at == datetime(2026, 1, 15, 10, 0, 9, tzinfo=UTC)
    assert ended.at == datetime(2026, 1, 15, 10, 1, tzinfo=UTC)
    assert isinstance(recorded, CallRecorded)
    assert recorded.recording.ref == "https://app.uiscom.ru/system/media/talk/77/2e675888/"
    source = outbound.recording(recorded.recording, account(), Api().wire)
    assert (source.url, source.headers) == (recorded.recording.ref, {})


@pytest.mark.parametrize(
    ("changes", "cause", "detail"),
    [
        ({"is_lost": True, "talk_duration": 0}, "missed", ""),
        ({"talk_duration": 0, "finish_reason": "timeout"}, "missed", "timeout"),
        ({"direction": "out", "talk_duration": 0, "finish_reason": "no_success_subscriber_call"}, "unreachable", None),
        ({"direction": "out", "talk_duration": 0, "finish_reason": "mystery"}, "failed", "mystery"),
        ({"direction": "out", "talk_duration": 3, "finish_reason": "mystery"}, "", ""),
    ],
)
def test_why_nobody_talked_is_read_from_the_report(changes: dict[str, Any], cause: str, detail: str | None):
    ended = past(row(1, call_records=None, **changes))[0]
    assert ended.cause == cause
    assert detail is None or ended.detail == detail


def test_the_report_is_read_page_by_page_in_the_zone_of_the_cabinet():
    def report(params: dict[str, Any]) -> dict[str, Any]:
        left = outbound.PAGE + 1 - params["offset"]
        return {"data": [row(1 + params["offset"] + each) for each in range(min(left, params["limit"]))]}

    api = Api(get_calls_report=report)
    events = outbound.history(NOW - timedelta(hours=3), NOW, account(), api.wire)
    ended = [event for event in events if isinstance(event, CallEnded)]
    assert len({event.call for event in ended}) == outbound.PAGE + 1
    first, second = (json.loads(request.body)["params"] for request in api.wire.seen)
    assert (first["date_from"], first["date_till"]) == ("2026-01-15 12:00:00", "2026-01-15 15:00:00")
    assert second["offset"] == outbound.PAGE


def test_rows_that_are_no_calls_are_passed_over():
    assert past({}, {"id": 1}, "?", row(2, start_time="?")) == []


@pytest.mark.parametrize("ref", ["file:///etc/passwd", "", "record"])
def test_a_recording_that_is_no_address_is_refused(ref: str):
    with pytest.raises(PermanentError):
        outbound.recording(File(ref=ref), account(), Api().wire)


def test_a_check_names_employees_that_uis_does_not_have():
    states = [finding.state for finding in setup.check(account(), "https://c.example/hooks/calls", Api().wire)]
    assert states == ["ok", "ok"]
    *_, last = setup.check(account(employees={"101": 25, "109": 99}), "https://c.example/hooks/calls", Api().wire)
    assert last.state == "bad"
    assert "109" in last.what.ru


def test_a_check_tells_what_is_wrong_with_the_key():
    api = Api(get_employees=refusal("access_token_invalid"))
    *_, last = setup.check(account(), "https://c.example/hooks/calls", api.wire)
    assert last.state == "bad"
    assert "access_token" in last.hint.ru
    assert {finding.state for finding in setup.check(account(access_token=None), "https://c", api.wire)} == {"ok"}


@pytest.mark.parametrize(
    "changes",
    [
        {"token": ""},
        {"token": "short"},
        {"access_token": ""},
        {"zone": "Mars"},
        {"zone": "../etc"},
        {"employees": {"1": 0}},
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]):
    with pytest.raises(ValidationError) as refused:
        account(**changes)
    assert TOKEN not in str(refused.value)
