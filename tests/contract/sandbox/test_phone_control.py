"""The telephone's half of the control API: click to call, the call-back form, calls and notices."""

from __future__ import annotations

import pytest
import requests

from connector.sandbox.answers import ApiError
from tests.contract.sandbox.caller import Caller
from tests.contract.sandbox.listener import Listener
from tests.contract.sandbox.phone import CLIENT, finished, ringing


@pytest.fixture
def hearing(app: Caller, listener: Listener) -> Listener:
    """A handler of both requests to call."""
    for event in ("ONEXTERNALCALLSTART", "ONEXTERNALCALLBACKSTART"):
        app.result("event.bind", EVENT=event, HANDLER=f"{listener.url}/events")
    return listener


def test_a_click_registers_the_call_and_asks_the_application_to_dial(app: Caller, hearing: Listener) -> None:
    app.result("telephony.externalLine.add", NUMBER="74951234567")
    call = app.server.click_to_call(2, "8 (999) 123-45-67;12", "74951234567")
    assert (call["type"], call["user"], call["external_id"], call["shown_to"]) == (1, 2, "", [2])
    assert [entity["type"] for entity in call["created"]] == ["LEAD"]
    app.server.settle()
    (event,) = hearing.events()
    lead = str(call["crm"]["LEAD"])
    assert {name: event.form[f"data[{name}]"] for name in ("PHONE_NUMBER", "EXTENSION", "USER_ID", "CALL_LIST_ID")} == {
        "PHONE_NUMBER": "8 (999) 123-45-67;12",
        "EXTENSION": "12",
        "USER_ID": "2",
        "CALL_LIST_ID": "0",
    }
    assert event.form["data[PHONE_NUMBER_INTERNATIONAL]"] == CLIENT
    assert (event.form["data[CALL_ID]"], event.form["data[IS_MOBILE]"]) == (call["call_id"], "0")
    assert (event.form["data[LINE_NUMBER]"], event.form["data[CRM_CREATED_LEAD]"]) == ("74951234567", lead)
    assert (event.form["data[CRM_ENTITY_TYPE]"], event.form["data[CRM_ENTITY_ID]"]) == ("LEAD", lead)
    assert event.form["data[CRM_CREATED_ENTITIES][0][ENTITY_TYPE]"] == "LEAD"
    assert (event.form["auth[user_id]"], event.form["auth[application_token]"]) == (
        "2",
        app.grant["application_token"],
    )


def test_a_line_decides_whether_a_click_creates(app: Caller) -> None:
    app.result("telephony.externalLine.add", NUMBER="line-1", CRM_AUTO_CREATE="N")
    assert app.server.click_to_call(1, CLIENT)["crm"] == {}
    contact = app.result("crm.contact.add", fields={"NAME": "Ann"})
    assert app.server.click_to_call(1, "+79990000000", entity=f"CONTACT:{contact}")["crm"] == {"CONTACT": contact}


def test_an_event_may_come_twice(app: Caller, hearing: Listener) -> None:
    app.server.click_to_call(1, CLIENT, twice=True)
    app.server.settle()
    assert len({item.form["data[CALL_ID]"] for item in hearing.events()}) == 1
    assert len(hearing.events()) == 2


def test_a_second_click_within_half_an_hour_is_the_same_call(app: Caller) -> None:
    assert app.server.click_to_call(1, CLIENT)["call_id"] == app.server.click_to_call(1, CLIENT)["call_id"]


def test_a_form_asks_to_call_back_and_registers_nothing(app: Caller, hearing: Listener) -> None:
    ringing(app, "+79990000000", LINE_NUMBER="line-1")
    app.server.callback_form(CLIENT, "A client asks for a call", "line-1", "LEAD:5")
    app.server.settle()
    (event,) = hearing.events()
    assert (event.form["event"], event.form["data[TEXT]"]) == ("ONEXTERNALCALLBACKSTART", "A client asks for a call")
    assert (event.form["data[CRM_ENTITY_TYPE]"], event.form["data[CRM_ENTITY_ID]"]) == ("LEAD", "5")
    assert (event.form["data[PHONE_NUMBER]"], event.form["data[LINE_NUMBER]"]) == (CLIENT, "line-1")
    assert "data[CALL_ID]" not in event.form
    assert app.server.phone_calls(CLIENT) == []


@pytest.mark.parametrize(
    ("user", "phone", "line", "entity", "code"),
    [
        (77, CLIENT, "", "", "ERROR_CORE"),
        (1, "Bob", "", "", "ERROR_CORE"),
        (1, CLIENT, "nowhere", "", "PHONE_LINE"),
        (1, CLIENT, "", "PLANET:1", "ENTITY"),
    ],
)
def test_a_click_that_cannot_be_says_why(app: Caller, user: int, phone: str, line: str, entity: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        app.server.click_to_call(user, phone, line, entity)
    assert caught.value.code == code


def test_calls_are_listed_over_http(app: Caller) -> None:
    done, live = finished(app, EXTERNAL_CALL_ID="pbx-1"), ringing(app)
    base = f"{app.server.url}/_sandbox"
    listed = requests.get(f"{base}/phone_calls", params={"live": "true"}, timeout=5).json()
    assert [row["call_id"] for row in listed] == [live]
    assert requests.get(f"{base}/phone_call", params={"call": "pbx-1"}, timeout=5).json()["call_id"] == done
    assert requests.get(f"{base}/phone_call", params={"call": "nothing"}, timeout=5).status_code == 404
    clicked = requests.post(f"{base}/click_to_call", json={"user": 1, "phone": "112"}, timeout=5).json()
    assert (clicked["phone"], clicked["live"], clicked["clicked"]) == ("112", True, True)
    assert [row["call_id"] for row in app.server.phone_calls("8 999 123-45-67")] == [done, live]


def test_the_portal_of_the_configuration_gives_extensions(app: Caller) -> None:
    app.server.furnish(users=[{"id": 3, "name": "Olga", "extension": "103"}])
    rows = app.result("user.get", sort="ID", order="ASC")
    assert [row["UF_PHONE_INNER"] for row in rows] == ["101", "102", "103"]


def test_notices_reach_the_employee(app: Caller) -> None:
    app.result("im.notify.system.add", USER_ID=2, MESSAGE="Your telephone did not answer", TAG="call-1")
    (notice,) = app.server.notices()
    assert (notice["user_id"], notice["text"], notice["kind"]) == (2, "Your telephone did not answer", "system")
