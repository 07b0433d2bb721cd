"""``telephony.externalCall.*`` and lines as facts/bitrix24-telephony-crm.md §1 and §6 say, quirks and all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller
from tests.contract.sandbox.listener import Listener
from tests.contract.sandbox.phone import CLIENT, finished, refusal, ringing

REGISTER, FINISH = "telephony.externalCall.register", "telephony.externalCall.finish"


def by_webhook(server: SandboxServer, method: str, **params: Any) -> tuple[int, Any]:
    answer = requests.post(server.webhook_url() + method, json=params, timeout=5)
    return answer.status_code, answer.json()


def test_lines_are_kept_by_number(app: Caller) -> None:
    line = "telephony.externalLine."
    made = app.result(line + "add", NUMBER="74951234567", NAME="Main")
    assert made == {"ID": 1}
    assert refusal(app, line + "add", NUMBER="74951234567") == "Line already exists"
    assert refusal(app, line + "add", NUMBER=" ") == "NUMBER should not be empty"
    assert app.result(line + "update", NUMBER="74951234567", CRM_AUTO_CREATE="N") == {"ID": "1"}
    assert refusal(app, line + "update", NUMBER="74951234567") == "There are no fields to update"
    assert refusal(app, line + "update", NUMBER="1", NAME="x") == "Could not find line with number 1"
    assert app.result(line + "get") == [{"NUMBER": "74951234567", "NAME": "Main", "CRM_AUTO_CREATE": "N"}]
    assert app.result(line + "delete", NUMBER="74951234567") == []
    assert app.result(line + "get") == []


def test_a_line_of_the_webhook_is_not_the_applications(app: Caller) -> None:
    assert by_webhook(app.server, "telephony.externalLine.add", NUMBER="line-1")[0] == 200
    assert app.result("telephony.externalLine.get") == []
    assert [line["client_id"] for line in app.server.phone_lines()] == [""]


def test_uninstalling_the_application_takes_its_lines(app: Caller) -> None:
    app.result("telephony.externalLine.add", NUMBER="line-1")
    app.server.uninstall()
    assert app.server.phone_lines() == []


@pytest.mark.parametrize("method", [REGISTER, FINISH, "telephony.externalLine.get"])
def test_a_portal_may_refuse_webhooks_as_its_documentation_says(method: str) -> None:
    with SandboxServer(burst=0, telephony_by_webhook=False) as strict:
        status, body = by_webhook(strict, method)
        assert (status, body["error"]) == (403, "WRONG_AUTH_TYPE")
        assert by_webhook(strict, "telephony.externalCall.show", CALL_ID="x")[1]["result"] is False


def test_a_webhook_registers_calls_unless_forbidden(app: Caller) -> None:
    status, body = by_webhook(app.server, REGISTER, USER_ID=1, PHONE_NUMBER=CLIENT, TYPE=2)
    assert status == 200
    assert app.server.phone_call(body["result"]["CALL_ID"])["client_id"] == ""


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"USER_ID": 0}, "USER_ID or USER_PHONE_INNER should be set"),
        ({"USER_ID": 0, "USER_PHONE_INNER": "999"}, "USER_ID or USER_PHONE_INNER should be set"),
        ({"TYPE": 6}, "Unknown TYPE"),
        ({"CALL_START_DATE": "yesterday"}, "CALL_START_DATE should be in the ISO-8601 format"),
        ({"PHONE_NUMBER": "Bob"}, "Unsupported phone number format"),
        ({"USER_ID": 77}, "User is not found or is not active"),
    ],
)
def test_a_wrong_registration_says_why(app: Caller, params: dict[str, Any], text: str) -> None:
    assert refusal(app, REGISTER, **({"USER_ID": 1, "PHONE_NUMBER": CLIENT, "TYPE": 2} | params)) == text


def test_an_employee_is_known_by_extension_and_user_id_wins(app: Caller) -> None:
    by_extension = ringing(app, USER_ID=0, USER_PHONE_INNER="102", EXTERNAL_CALL_ID="a")
    both = ringing(app, USER_ID=1, USER_PHONE_INNER="102", EXTERNAL_CALL_ID="b")
    assert [app.server.phone_call(call)["user"] for call in (by_extension, both)] == [2, 1]
    rows = app.result("user.get", FILTER={"UF_PHONE_INNER": "102"})
    assert [(row["ID"], row["UF_PHONE_INNER"]) for row in rows] == [("2", "102")]


def test_the_number_keeps_its_digits_only(app: Caller) -> None:
    assert app.server.phone_call(ringing(app, "+7 (999) 123-45-67"))["phone"] == "+79991234567"


def test_an_unknown_line_is_made_silently_and_cut_to_fifty(app: Caller) -> None:
    ringing(app, LINE_NUMBER="x" * 60)
    assert app.result("telephony.externalLine.get") == [{"NUMBER": "x" * 50, "NAME": "", "CRM_AUTO_CREATE": "Y"}]


def test_a_repeated_registration_is_the_same_live_call(app: Caller) -> None:
    first = ringing(app, EXTERNAL_CALL_ID="pbx-1", LINE_NUMBER="1")
    assert ringing(app, EXTERNAL_CALL_ID="pbx-1", LINE_NUMBER="1") == first
    assert ringing(app, EXTERNAL_CALL_ID="pbx-2", LINE_NUMBER="1") != first
    assert ringing(app, EXTERNAL_CALL_ID="pbx-1", LINE_NUMBER="2") != first


def test_without_an_external_id_two_calls_of_a_client_are_one(app: Caller) -> None:
    first = ringing(app, EXTERNAL_CALL_ID="pbx-1")
    assert ringing(app) == first


def test_finished_and_back_dated_calls_are_never_found_again(app: Caller) -> None:
    done = finished(app, EXTERNAL_CALL_ID="pbx-1")
    assert ringing(app, EXTERNAL_CALL_ID="pbx-1") != done
    old = (datetime.now(UTC) - timedelta(minutes=31)).isoformat()
    past = {"EXTERNAL_CALL_ID": "pbx-2", "CALL_START_DATE": old}
    assert ringing(app, **past) != ringing(app, **past)


def test_a_group_sees_the_card_until_it_is_hidden(app: Caller) -> None:
    call = ringing(app, SHOW=0)
    assert app.server.phone_call(call)["shown_to"] == []
    assert app.result("telephony.externalCall.show", CALL_ID=call, USER_ID=[1, 2]) is True
    assert app.server.phone_call(call)["shown_to"] == [1, 2]
    assert app.result("telephony.externalCall.hide", CALL_ID=call, USER_ID=2) is True
    assert app.server.phone_call(call)["shown_to"] == [1]
    history = [(change["act"], change["user"]) for change in app.server.phone_call(call)["cards"]]
    assert history == [("show", 1), ("show", 2), ("hide", 2)]


def test_show_and_hide_fail_silently(app: Caller) -> None:
    done = finished(app)
    for call in ("externalCall.nothing", done):
        assert app.result("telephony.externalCall.show", CALL_ID=call) is False
        assert app.result("telephony.externalCall.hide", CALL_ID=call) is False


def test_finishing_hides_the_card_from_who_finished_only(app: Caller) -> None:
    call = ringing(app)
    app.result("telephony.externalCall.show", CALL_ID=call, USER_ID=[2])
    app.result(FINISH, CALL_ID=call, USER_ID=1, DURATION=5)
    assert app.server.phone_call(call)["shown_to"] == [2]
    assert app.server.close_card(call, 2)["shown_to"] == []


def test_a_finished_call_is_told_as_its_row_and_its_date_is_lost(app: Caller) -> None:
    call = ringing(app, EXTERNAL_CALL_ID="pbx-1", LINE_NUMBER="line-1")
    row = app.result(FINISH, CALL_ID=call, USER_PHONE_INNER="102", DURATION=95, VOTE=5)
    expected = {"ID": 1, "CALL_ID": call, "EXTERNAL_CALL_ID": "pbx-1", "PORTAL_USER_ID": 2, "PORTAL_NUMBER": "line-1"}
    expected |= {"INCOMING": "2", "CALL_DURATION": 95, "CALL_STATUS": 1, "CALL_VOTE": 5, "CALL_FAILED_CODE": "200"}
    expected |= {"REST_APP_ID": "1", "CRM_ACTIVITY_ID": None, "CALL_START_DATE": {}}
    assert expected.items() <= row.items()
    assert "CRM" in row["ERRORS"]["ACTIVITY_CREATION"]


def test_a_call_is_finished_once(app: Caller) -> None:
    call = finished(app)
    text = "Call is not found (call should be registered prior to finishing)"
    assert refusal(app, FINISH, CALL_ID=call, USER_ID=1) == text
    assert app.call(FINISH, CALL_ID=7, USER_ID=1)[1]["error"] == "INVALID_ARGUMENT"
    assert refusal(app, FINISH, CALL_ID=call) == "USER_ID or USER_PHONE_INNER should be set"
    live = ringing(app)
    assert refusal(app, FINISH, CALL_ID=live, USER_ID=77) == "User is not found or is not active"


def test_the_status_follows_the_duration_unless_it_is_given(app: Caller) -> None:
    calls = [finished(app, 10), finished(app, 0), finished(app, 0, STATUS_CODE="603-S")]
    assert [app.server.phone_call(call)["status"] for call in calls] == ["200", "304", "603-S"]


@pytest.mark.parametrize(("sent", "kept"), [({}, False), ({"ADD_TO_CHAT": 1}, True), ({"ADD_TO_CHAT": 0}, False)])
def test_only_an_explicit_wish_writes_to_the_chat(app: Caller, sent: dict[str, int], kept: bool) -> None:
    assert app.server.phone_call(finished(app, **sent))["in_chat"] is kept


def test_a_missed_call_waits_until_somebody_has_called_back(app: Caller) -> None:
    missed = finished(app, 0)
    assert (app.server.phone_call(missed)["missed"], app.server.phone_call(missed)["called_back"]) == (True, False)
    finished(app, 0, TYPE=1)
    assert app.server.phone_call(missed)["called_back"] is False
    finished(app, 5, TYPE=1)
    assert app.server.phone_call(missed)["called_back"] is True


def test_subscribers_hear_of_every_call(app: Caller, listener: Listener) -> None:
    for name in ("INIT", "START", "END"):
        app.result("event.bind", EVENT=f"ONVOXIMPLANTCALL{name}", HANDLER=f"{listener.url}/events")
    call = finished(app, 7, LINE_NUMBER="line-1")
    app.server.settle()
    init, start, end = (item.form for item in listener.events())
    assert (init["event"], init["data[CALL_ID]"], init["data[CALL_TYPE]"]) == ("ONVOXIMPLANTCALLINIT", call, "2")
    assert (init["data[CALLER_ID]"], init["data[REST_APP_ID]"]) == (CLIENT, "1")
    assert (start["event"], start["data[USER_ID]"]) == ("ONVOXIMPLANTCALLSTART", "1")
    assert (end["event"], end["data[CALL_DURATION]"], end["data[PORTAL_NUMBER]"]) == (
        "ONVOXIMPLANTCALLEND",
        "7",
        "line-1",
    )


def test_names_of_parameters_are_in_capitals(app: Caller) -> None:
    assert "should be set" in refusal(app, REGISTER, user_id=1, phone_number=CLIENT, type=2)
