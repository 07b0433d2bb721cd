from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connector.domain.calls import CallStarted
from connector.domain.request import Reply, Request
from connector.domain.values import Receipt
from connector.errors import PermanentError, Refused, Stopped, TransientError
from connector.providers import uis
from connector.providers.uis import inbound, setup
from tests.unit.providers.uis_portal import NOW, PLACED, TOKEN, Api, account, dial, refusal

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


def posted(body: bytes, content_type: str = "application/json", **parts: Any) -> Request:
    headers = {"content-type": content_type}
    return Request(method="POST", path="/hooks/calls", headers=headers, body=body, received_at=NOW, **parts)


def filled(template: str) -> bytes:
    """What UIS makes of a template: its variables as JSON."""
    written = template.replace("SECRET", TOKEN)
    return re.sub(r"\{\{(\w+)\}\}", lambda found: json.dumps(VALUES.get(found[1], "79001112233")), written).encode()


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
