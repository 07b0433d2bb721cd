"""From a click in Bitrix24 to the telephone on the desk and back, through the whole connector."""

from __future__ import annotations

import pytest

from tests.integration.telephony.exchange import CLIENT, LINE, Exchange


def click(office: Exchange, user: int = 1, **more: object) -> str:
    call_id = str(office.house.sandbox.click_to_call(user=user, phone=CLIENT, **more)["call_id"])
    office.posted()
    return call_id


def test_a_click_rings_at_the_employee_and_its_call_ends_as_the_one_that_was_clicked(office: Exchange) -> None:
    call_id = click(office)
    [dialled] = office.switch.dialled
    assert (dialled["employee"], dialled["client"], dialled["line"]) == ("101", CLIENT, LINE)
    office.talked(dialled["id"], direction="outgoing")
    [call] = office.calls()
    assert (call["call_id"], call["status"], call["duration"], call["employee"]) == (call_id, "200", 40, 1)
    office.later(minutes=40)
    assert len(office.calls()) == 1
    assert not office.notices(1)
    assert not office.troubles()


@pytest.mark.parametrize("given", ["pbx-77", ""])
def test_a_pbx_with_ids_of_its_own_finishes_the_clicked_call_too(office: Exchange, given: str) -> None:
    office.switch.gives = given
    call_id = click(office, user=2)
    office.talked(given or "some-other", direction="outgoing", employee="102")
    [call] = office.calls()
    assert (call["call_id"], call["status"], call["employee"]) == (call_id, "200", 2)


def test_a_call_of_somebody_else_to_the_same_client_is_one_of_its_own(office: Exchange) -> None:
    call_id = click(office)
    office.talked("dialled-by-hand", direction="outgoing", employee="102")
    clicked, other = office.calls()
    assert clicked["call_id"] == call_id
    assert clicked["live"]
    assert (other["external_id"], other["employee"], other["status"]) == ("office.dialled-by-hand", 2, "200")


def test_a_refusal_is_told_to_who_clicked_and_ends_the_call(office: Exchange) -> None:
    office.switch.refuses = "busy"
    click(office)
    [call] = office.calls()
    assert call["status"] == "486"
    assert not call["in_chat"]
    [notice] = office.notices(1)
    assert "Your line is busy" in notice
    assert call["reason"] == notice
    assert not office.troubles()


def test_a_click_that_arrives_twice_rings_once(office: Exchange) -> None:
    click(office, twice=True)
    assert len(office.switch.dialled) == 1


def test_who_has_no_extension_is_told_to_set_it(office: Exchange) -> None:
    office.house.sandbox.furnish(users=[{"id": 9, "name": "New", "last_name": "One"}])
    click(office, user=9)
    [call] = office.calls()
    assert call["status"] == "480"
    assert "Set your extension number" in office.notices(9)[0]
    assert not office.switch.dialled


def test_a_call_that_the_pbx_never_tells_of_is_not_left_open(office: Exchange) -> None:
    click(office)
    office.later(minutes=36)
    [call] = office.calls()
    assert (call["live"], call["status"]) == (False, "304")
    assert not office.notices(1)


def test_a_call_back_form_rings_at_whoever_is_responsible_and_stays_one_call(office: Exchange) -> None:
    phones = [{"VALUE": CLIENT, "VALUE_TYPE": "WORK"}]
    contact = office.crm("crm.contact.add", fields={"NAME": "Anna", "ASSIGNED_BY_ID": 2, "PHONE": phones})
    office.house.sandbox.callback_form(phone=CLIENT, text="Call me", entity=f"CONTACT:{contact}")
    office.posted()
    [dialled] = office.switch.dialled
    assert dialled["employee"] == "102"
    office.talked(dialled["id"], direction="outgoing", employee="102")
    [call] = office.calls()
    assert (call["type"], call["status"], call["employee"]) == (4, "200", 2)
    assert call["crm"]["CONTACT"] == contact
    assert office.notices(2) == [f"A client asks to be called back at {CLIENT}: Call me"]
