"""Calls and the CRM: strangers, clients who are known, activities (facts/bitrix24-telephony-crm.md §1.6-1.8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.caller import Caller
from tests.contract.sandbox.phone import CLIENT, finished, ringing

REGISTER, FINISH = "telephony.externalCall.register", "telephony.externalCall.finish"


@pytest.fixture
def contact(app: Caller) -> int:
    phone = [{"VALUE": "8 (999) 123-45-67", "VALUE_TYPE": "WORK"}]
    fields = {"NAME": "Ann", "LAST_NAME": "Lee", "PHONE": phone, "ASSIGNED_BY_ID": 2}
    return int(app.result("crm.contact.add", fields=fields))


def register(app: Caller, **fields: Any) -> Any:
    return app.result(REGISTER, **({"USER_ID": 1, "PHONE_NUMBER": CLIENT, "TYPE": 2, "CRM_CREATE": 1} | fields))


def activity(app: Caller, call: str) -> dict[str, Any]:
    (row,) = app.result("crm.activity.list", filter={"ORIGIN_ID": f"VI_{call}"}, select=["*"])
    return dict(row)


def test_a_stranger_becomes_a_lead(app: Caller) -> None:
    answer = register(app, CRM_SOURCE="WEB", LINE_NUMBER="line-1")
    lead = answer["CRM_CREATED_LEAD"]
    assert answer["CRM_CREATED_ENTITIES"] == [{"ENTITY_TYPE": "LEAD", "ENTITY_ID": lead}]
    assert (answer["CRM_ENTITY_TYPE"], answer["CRM_ENTITY_ID"]) == ("LEAD", lead)
    row = app.result("crm.lead.get", id=lead)
    assert (row["TITLE"], row["SOURCE_ID"]) == (f"{CLIENT} - Incoming call", "WEB")
    assert (row["SOURCE_DESCRIPTION"], row["PHONE"][0]["VALUE"]) == ("line-1", CLIENT)


def test_an_unknown_source_is_call(app: Caller) -> None:
    lead = register(app, CRM_SOURCE="NONSENSE")["CRM_CREATED_LEAD"]
    assert app.result("crm.lead.get", id=lead)["SOURCE_ID"] == "CALL"


def test_nothing_is_created_without_a_wish(app: Caller) -> None:
    answer = register(app, CRM_CREATE=0)
    assert (answer["CRM_CREATED_LEAD"], answer["CRM_ENTITY_TYPE"], answer["CRM_ENTITY_ID"]) == (None, "", None)
    assert answer["CRM_CREATED_ENTITIES"] == []


def test_a_known_client_is_found_and_no_lead_is_made(app: Caller, contact: int) -> None:
    answer = register(app)
    assert (answer["CRM_ENTITY_TYPE"], answer["CRM_ENTITY_ID"]) == ("CONTACT", contact)
    assert answer["CRM_CREATED_LEAD"] is None
    assert app.result("crm.lead.list") == []


def test_a_named_row_spares_the_search(app: Caller, contact: int) -> None:
    company = app.result("crm.company.add", fields={"TITLE": "ACME"})
    answer = register(app, CRM_ENTITY_TYPE="COMPANY", CRM_ENTITY_ID=company)
    assert (answer["CRM_ENTITY_TYPE"], answer["CRM_ENTITY_ID"]) == ("COMPANY", company)


def test_a_call_to_an_extension_has_no_part_in_the_crm(app: Caller) -> None:
    answer = register(app, PHONE_NUMBER="102")
    assert answer["CRM_CREATED_LEAD"] is None
    assert app.server.phone_call(answer["CALL_ID"])["internal"] is True
    app.result(FINISH, CALL_ID=answer["CALL_ID"], USER_ID=1, DURATION=5)
    assert app.result("crm.activity.list", filter={}) == []


def test_an_employees_own_number_makes_no_lead(app: Caller) -> None:
    app.server.furnish(users=[{"id": 2, "mobile": "+7 999 123-45-67"}])
    answer = register(app)
    assert answer["LEAD_CREATION_ERROR"] == "Lead creation is disabled for local users"
    assert answer["CRM_CREATED_LEAD"] is None


def test_a_finished_call_is_an_activity_of_the_client(app: Caller, contact: int) -> None:
    call = ringing(app)
    row = app.result(FINISH, CALL_ID=call, USER_ID=2, DURATION=95)
    assert (row["CRM_ENTITY_TYPE"], row["CRM_ENTITY_ID"]) == ("CONTACT", contact)
    assert "ERRORS" not in row
    held = activity(app, call)
    assert (held["ID"], held["TYPE_ID"], held["PROVIDER_ID"]) == (str(row["CRM_ACTIVITY_ID"]), "2", "VOXIMPLANT_CALL")
    assert (held["OWNER_TYPE_ID"], held["OWNER_ID"], held["RESPONSIBLE_ID"]) == ("3", str(contact), "2")
    assert (held["DIRECTION"], held["COMPLETED"]) == ("1", "Y")


def test_finish_looks_for_a_client_who_was_unknown_at_first(app: Caller) -> None:
    call = ringing(app)
    app.result("crm.contact.add", fields={"NAME": "Ann", "PHONE": [{"VALUE": CLIENT}]})
    assert app.result(FINISH, CALL_ID=call, USER_ID=1)["CRM_ENTITY_TYPE"] == "CONTACT"


@pytest.mark.parametrize(
    ("kind", "completed", "missed", "provider_type"),
    [(2, "N", True, "CALL"), (3, "Y", False, "CALL"), (4, "N", True, "CALLBACK"), (1, "Y", False, "CALL")],
)
def test_a_missed_redirected_call_loses_its_mark(
    app: Caller, contact: int, kind: int, completed: str, missed: bool, provider_type: str
) -> None:
    held = activity(app, finished(app, 0, TYPE=kind, STATUS_CODE="304"))
    assert (held["COMPLETED"], bool(held["SETTINGS"])) == (completed, missed)
    assert held["PROVIDER_TYPE_ID"] == provider_type


def test_who_handled_the_call_gets_what_it_created_only(app: Caller, contact: int) -> None:
    known = register(app)["CALL_ID"]
    stranger = register(app, PHONE_NUMBER="+79990000000")
    for call in (known, stranger["CALL_ID"]):
        app.result(FINISH, CALL_ID=call, USER_ID=1, DURATION=5)
    app.server.furnish(users=[{"id": 3, "name": "Olga"}])
    other = register(app, PHONE_NUMBER="+79991111111")
    app.result(FINISH, CALL_ID=other["CALL_ID"], USER_ID=3, DURATION=5)
    assert app.result("crm.contact.get", id=contact)["ASSIGNED_BY_ID"] == "2"
    assert app.result("crm.lead.get", id=other["CRM_CREATED_LEAD"])["ASSIGNED_BY_ID"] == "3"


def test_the_search_tells_who_is_responsible_and_at_work(app: Caller, contact: int) -> None:
    app.server.furnish(users=[{"id": 2, "timeman": "CLOSED"}])
    app.result("crm.company.add", fields={"TITLE": "ACME", "PHONE": [{"VALUE": CLIENT}]})
    app.result("crm.lead.add", fields={"TITLE": "Old", "PHONE": [{"VALUE": CLIENT}]})
    rows = app.result("telephony.externalCall.searchCrmEntities", PHONE_NUMBER=CLIENT)
    assert [row["CRM_ENTITY_TYPE"] for row in rows] == ["CONTACT", "LEAD", "COMPANY"]
    first = rows[0]
    assert (first["CRM_ENTITY_ID"], first["ASSIGNED_BY_ID"], first["NAME"]) == (contact, 2, "Ann Lee")
    assert (first["ASSIGNED_BY"]["USER_PHONE_INNER"], first["ASSIGNED_BY"]["TIMEMAN_STATUS"]) == ("102", "CLOSED")
    assert app.result("telephony.externalCall.searchCrmEntities", PHONE_NUMBER="+70000000000") == []
