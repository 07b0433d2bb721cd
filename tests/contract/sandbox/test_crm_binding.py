"""Whom a dialog belongs to in the CRM (facts/bitrix24-openlines.md §2.1, §2.3; telephony-crm §2.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.caller import Caller, item

PHONE = "+7 (900) 123-45-67"


def put(app: Caller, entity_type: int, **fields: Any) -> int:
    return app.server.furnish(items=[{"entityTypeId": entity_type, "fields": fields}])["items"][0]


def reach(phone: str = "+79001234567") -> list[dict[str, str]]:
    return [{"typeId": "PHONE", "value": phone}]


def write(app: Caller, **user: str) -> dict[str, Any]:
    one = item()
    chat = app.send(one | {"user": one["user"] | user})[0]["session"]["CHAT_ID"]
    dialog: dict[str, Any] = app.result("imopenlines.dialog.get", CHAT_ID=chat)
    return dialog


def bound(dialog: dict[str, Any]) -> dict[str, int]:
    words = dialog["entity_data_2"].split("|")
    assert words[::2] == ["LEAD", "COMPANY", "CONTACT", "DEAL"]
    return {kind: int(number) for kind, number in zip(words[::2], words[1::2], strict=True) if number != "0"}


def test_an_unknown_client_becomes_a_lead(desk: Caller) -> None:
    dialog = write(desk, phone=PHONE)
    assert bound(dialog) == {"LEAD": 1}
    assert dialog["entity_data_1"].startswith("Y|LEAD|1|")
    lead = desk.server.items(1)[0]
    assert (lead["fm"][0]["value"], lead["stageId"], lead["sourceId"]) == (PHONE, "NEW", "1|acme_chat")


def test_a_known_number_binds_contact_company_and_open_deal(desk: Caller) -> None:
    company = put(desk, 4, title="Acme")
    contact = put(desk, 3, name="Ann", companyId=company, fm=reach())
    put(desk, 2, title="old", contactId=contact, stageId="WON")
    deal = put(desk, 2, title="new", contactId=contact)
    dialog = write(desk, phone=PHONE)
    assert bound(dialog) == {"COMPANY": company, "CONTACT": contact, "DEAL": deal}
    assert dialog["entity_data_1"].startswith(f"Y|DEAL|{deal}|")
    asked = {"BINDINGS": [{"OWNER_TYPE_ID": 3, "OWNER_ID": contact}]}
    (activity,) = desk.result("crm.activity.list", filter=asked)
    assert (activity["OWNER_TYPE_ID"], activity["PROVIDER_ID"]) == ("2", "IMOPENLINES_SESSION")
    assert desk.result("crm.activity.list", filter={"BINDINGS": [{"OWNER_TYPE_ID": 3, "OWNER_ID": 99}]}) == []


def test_an_address_finds_an_open_lead_only(desk: Caller) -> None:
    mail = [{"typeId": "EMAIL", "value": "Ann@Example.com"}]
    put(desk, 1, title="junk", fm=mail, stageId="JUNK")
    lead = put(desk, 1, title="open", fm=mail)
    assert bound(write(desk, email="ann@example.com")) == {"LEAD": lead}


@pytest.mark.parametrize(
    ("create", "known", "kinds"),
    [
        ("none", False, set()),
        ("none", True, {"CONTACT"}),
        ("deal", False, {"CONTACT", "DEAL"}),
        ("deal", True, {"CONTACT", "DEAL"}),
        ("lead", True, {"CONTACT"}),
    ],
)
def test_what_is_created_is_the_setting_of_the_line(desk: Caller, create: str, known: bool, kinds: set[str]) -> None:
    desk.server.furnish(categories=[{"entityTypeId": 2, "name": "Chats"}])
    desk.server.set_line(1, crm_create=create, crm_category=1)
    if known:
        put(desk, 3, name="Ann", fm=reach())
    dialog = write(desk, phone=PHONE)
    assert set(bound(dialog)) == kinds
    assert len(desk.server.items(3)) == (1 if "CONTACT" in kinds else 0)
    assert [deal["stageId"] for deal in desk.server.items(2)] == (["C1:NEW"] if "DEAL" in kinds else [])
    (line,) = desk.result("imopenlines.config.list.get", PARAMS={"filter": {"ID": 1}, "select": ["CRM_CREATE"]})
    assert line == {"ID": "1", "CRM_CREATE": create}
    if not kinds:
        assert dialog["entity_data_1"].startswith("N|NONE|0|")


def test_a_chat_is_bound_by_hand(desk: Caller) -> None:
    write(desk)
    contact = put(desk, 3, name="Ann")
    assert desk.server.bind_chat("c1", lead=0, contact=contact) == {"CONTACT": contact}
    assert desk.server.chat("c1")["crm"] == {"CONTACT": contact}
    assert bound(desk.result("imopenlines.dialog.get", USER_CODE=desk.server.chats()[0]["code"])) == {
        "CONTACT": contact
    }


def test_duplicates_are_found_by_the_number_not_its_spelling(app: Caller) -> None:
    contact = put(app, 3, name="Ann", fm=reach("8 900 123-45-67 доб. 12"))
    lead = put(app, 1, fm=reach("79001234567"))
    found = app.result("crm.duplicate.findbycomm", type="PHONE", values=["+79001234567", "+7 900 0"])
    assert found == {"LEAD": [lead], "CONTACT": [contact]}
    assert list(found) == ["LEAD", "CONTACT"]
    narrow = {"type": "PHONE", "values": ["+79001234567"]}
    assert app.result("crm.duplicate.findbycomm", **narrow, entity_type="CONTACT") == {"CONTACT": [contact]}
    assert app.result("crm.duplicate.findbycomm", type="PHONE", values=["+70000000000"]) == []


def test_twenty_hits_are_enough_and_twenty_values_are_read(app: Caller) -> None:
    for _ in range(20):
        put(app, 1, fm=reach())
    contact = put(app, 3, name="Ann", fm=reach())
    asked = {"type": "PHONE", "values": ["+79001234567"]}
    assert list(app.result("crm.duplicate.findbycomm", **asked)) == ["LEAD"]
    assert app.result("crm.duplicate.findbycomm", **asked, entity_type="CONTACT") == {"CONTACT": [contact]}
    many = [f"+7901{number:07d}" for number in range(20)] + ["+79001234567"]
    assert app.result("crm.duplicate.findbycomm", type="PHONE", values=many) == []


@pytest.mark.parametrize("params", [{}, {"type": "WEB", "values": ["x"]}, {"type": "PHONE"}])
def test_a_search_without_its_arguments_is_refused(app: Caller, params: dict[str, Any]) -> None:
    status, body = app.call("crm.duplicate.findbycomm", **params)
    assert (status, body["error"]) == (400, "")
