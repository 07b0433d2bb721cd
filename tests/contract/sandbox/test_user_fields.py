"""User fields: an additive LIST and a destructive enum (facts/bitrix24-telephony-crm.md §2.8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller

TAGS = {
    "FIELD_NAME": "TAGS",
    "USER_TYPE_ID": "enumeration",
    "MULTIPLE": "Y",
    "LABEL": "Tags",
    "LIST": [{"VALUE": "VIP", "XML_ID": "vip"}, {"VALUE": "Late", "XML_ID": "late"}],
}


@pytest.fixture
def shop() -> Iterator[Caller]:
    with SandboxServer(burst=0, contents={"types": [{"entityTypeId": 1036, "title": "Shipments"}]}) as server:
        yield Caller(server)


@pytest.fixture
def tags(shop: Caller) -> int:
    number: int = shop.result("crm.contact.userfield.add", fields=TAGS)
    return number


def options(shop: Caller, number: int) -> dict[str, str]:
    field = shop.result("crm.contact.userfield.get", id=number)
    return {option["XML_ID"]: option["ID"] for option in field["LIST"]}


def test_a_field_gets_its_prefix_and_is_listed(shop: Caller, tags: int) -> None:
    (field,) = shop.result("crm.contact.userfield.list", filter={"FIELD_NAME": "UF_CRM_TAGS"})
    assert (field["ID"], field["MULTIPLE"], field["EDIT_FORM_LABEL"]) == (str(tags), "Y", "Tags")
    assert [option["VALUE"] for option in field["LIST"]] == ["VIP", "Late"]
    assert shop.result("crm.deal.userfield.list") == []
    assert shop.result("crm.contact.userfield.get", id=tags)["EDIT_FORM_LABEL"] == {"ru": "Tags"}


def test_a_list_adds_changes_and_deletes_only_what_it_names(shop: Caller, tags: int) -> None:
    before = options(shop, tags)
    item = {"name": "A", "UF_CRM_TAGS": list(before.values())}
    shop.result("crm.item.add", entityTypeId=3, fields=item, useOriginalUfNames="Y")
    sent = [{"VALUE": "New", "XML_ID": "new"}, {"ID": before["late"], "DEL": "Y"}]
    assert shop.result("crm.contact.userfield.update", id=tags, fields={"LIST": sent}) is True
    assert list(options(shop, tags)) == ["vip", "new"]
    assert shop.result("crm.item.get", entityTypeId=3, id=1)["item"]["ufCrmTags"] == [int(before["vip"])]
    status, body = shop.call(
        "crm.contact.userfield.update", id=tags, fields={"LIST": [{"VALUE": "x", "XML_ID": "vip"}]}
    )
    assert (status, body["error"]) == (400, "ERROR_CORE")


def test_an_enum_is_the_whole_set(shop: Caller, tags: int) -> None:
    before = options(shop, tags)
    item = {"name": "A", "UF_CRM_TAGS": list(before.values())}
    shop.result("crm.item.add", entityTypeId=3, fields=item, useOriginalUfNames="Y")
    kept = [{"id": before["vip"], "value": "Very important"}, {"value": "New", "xmlId": "new"}]
    asked: dict[str, Any] = {"moduleId": "crm", "id": tags, "field": {"enum": kept}}
    untyped = shop.result("userfieldconfig.update", **asked)["field"]
    assert [option["value"] for option in untyped["enum"]] == ["VIP", "Late"]
    asked["field"]["userTypeId"] = "enumeration"
    typed = shop.result("userfieldconfig.update", **asked)["field"]
    assert [option["value"] for option in typed["enum"]] == ["Very important", "New"]
    assert shop.result("crm.item.get", entityTypeId=3, id=1)["item"]["ufCrmTags"] == [int(before["vip"])]


def test_a_smart_process_has_fields_too(shop: Caller) -> None:
    field = {"entityId": "CRM_1", "fieldName": "UF_CRM_1_TAGS", "userTypeId": "enumeration", "multiple": "Y"}
    asked = field | {"enum": [{"value": "Late", "xmlId": "late"}]}
    made = shop.result("userfieldconfig.add", moduleId="crm", field=asked)["field"]
    assert made["enum"][0]["xmlId"] == "late"
    listed = shop.result("userfieldconfig.list", moduleId="crm", filter={"entityId": "CRM_1"})["fields"]
    assert (listed[0]["fieldName"], "enum" in listed[0]) == ("UF_CRM_1_TAGS", False)
    assert shop.result("userfieldconfig.get", moduleId="crm", id=made["id"])["field"] == made
    assert "ufCrm1Tags" in shop.result("crm.item.fields", entityTypeId=1036)["fields"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"FIELD_NAME": ""}, "The 'FIELD_NAME' field is not found."),
        ({"USER_TYPE_ID": ""}, "The 'USER_TYPE_ID' field is not found."),
        ({"USER_TYPE_ID": "planet"}, "Incorrect custom type specified."),
        ({"FIELD_NAME": "tags"}, "Field name contains invalid characters"),
        ({"FIELD_NAME": "A" * 44}, "Field name is too long"),
        ({"FIELD_NAME": "TAGS"}, "Field UF_CRM_TAGS already exists."),
    ],
)
def test_a_wrong_field_is_refused_without_a_code(shop: Caller, tags: int, change: dict[str, str], text: str) -> None:
    status, body = shop.call("crm.contact.userfield.add", fields=TAGS | {"FIELD_NAME": "X"} | change)
    assert (status, body["error"]) == (400, "")
    assert body["error_description"].startswith(text)


def test_a_field_of_another_entity_is_out_of_reach(shop: Caller, tags: int) -> None:
    assert shop.call("crm.deal.userfield.get", id=tags)[1]["error_description"] == "Access denied."
    assert shop.call("crm.deal.userfield.get", id=9)[1]["error"] == "ERROR_NOT_FOUND"
    assert shop.call("userfieldconfig.get", moduleId="im", id=tags)[1]["error_description"].startswith("No settings")
    wrong = {"entityId": "CRM_1", "fieldName": "UF_CRM_TAGS", "userTypeId": "string"}
    status, body = shop.call("userfieldconfig.add", moduleId="crm", field=wrong)
    assert (status, body["error_description"]) == (400, "You cannot create custom fields")


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("crm.contact.userfield.add", {"fields": TAGS}),
        ("crm.contact.userfield.list", {}),
        ("userfieldconfig.list", {"moduleId": "crm"}),
        ("userfieldconfig.add", {"moduleId": "crm", "field": {}}),
    ],
)
def test_an_administrator_is_needed(shop: Caller, method: str, params: dict[str, Any]) -> None:
    shop.grant = shop.server.grant(user_id=2)
    status, body = shop.call(method, **params)
    assert (status, body["error"]) == (400, "")


def test_a_scope_is_needed() -> None:
    with SandboxServer(burst=0, scope="crm") as server:
        status, body = Caller(server).call("userfieldconfig.list", moduleId="crm")
        assert (status, body["error"]) == (401, "insufficient_scope")
