"""Smart processes, user fields in items, funnels (facts/bitrix24-telephony-crm.md §2.1, §2.2, §2.7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.sandbox import SandboxServer
from connector.sandbox.answers import ApiError
from tests.contract.sandbox.caller import Caller

CONTENTS: dict[str, Any] = {
    "users": [{"id": 3, "name": "Ольга"}],
    "types": [
        {"entityTypeId": 1036, "title": "Отгрузки", "isStagesEnabled": "Y", "isClientEnabled": "Y"},
        {"entityTypeId": 130, "title": "Акты", "isSourceEnabled": "Y"},
    ],
    "categories": [{"entityTypeId": 2, "name": "Опт"}, {"entityTypeId": 1036, "name": "Срочные"}],
    "statuses": [{"ENTITY_ID": "SOURCE", "STATUS_ID": "SHOP", "NAME": "Магазин"}],
    "fields": [
        {
            "entityId": "CRM_CONTACT",
            "fieldName": "UF_CRM_TAGS",
            "userTypeId": "enumeration",
            "multiple": "Y",
            "enum": [{"value": "VIP", "xmlId": "vip"}, {"value": "Жалоба", "xmlId": "complaint"}],
        },
        {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_WORDS", "userTypeId": "string", "multiple": "Y"},
        {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_SHOP_ID", "userTypeId": "integer"},
        {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_AGREED", "userTypeId": "boolean"},
        {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_SINCE", "userTypeId": "date"},
        {"entityId": "CRM_1", "fieldName": "UF_CRM_1_CARRIER", "userTypeId": "string", "mandatory": "Y"},
    ],
    "groups": [{"NAME": "Опоздания", "KEYWORDS": "late"}],
    "items": [{"entityTypeId": 3, "fields": {"name": "Ли", "UF_CRM_TAGS": [3001], "UF_CRM_SHOP_ID": 42}}],
}


@pytest.fixture
def shop() -> Iterator[Caller]:
    with SandboxServer(burst=0, language="ru", contents=CONTENTS) as server:
        yield Caller(server)


def contact(shop: Caller, **fields: Any) -> dict[str, Any]:
    asked = {"entityTypeId": 3, "id": 1, "useOriginalUfNames": "Y", "fields": fields}
    item: dict[str, Any] = shop.result("crm.item.update", **asked)["item"]
    return item


def test_a_portal_starts_with_what_it_is_configured_to_have(shop: Caller) -> None:
    item = shop.result("crm.item.get", entityTypeId=3, id=1)["item"]
    assert (item["ufCrmTags"], item["ufCrmShopId"], item["ufCrmWords"], item["ufCrmAgreed"]) == ([3001], 42, [], None)
    assert shop.server.items(3)[0]["UF_CRM_TAGS"] == [3001]
    assert [row["NAME"] for row in shop.result("user.get", FILTER={"ID": [3]})] == ["Ольга"]
    shop.server.reset()
    assert len(shop.server.items(3)) == 1


def test_what_cannot_be_put_is_named(shop: Caller) -> None:
    for contents in (
        {"planets": []},
        {"types": [{"entityTypeId": 1037, "title": "odd"}]},
        {"categories": [{"entityTypeId": 3, "name": "x"}]},
        {"fields": [{"entityId": "CRM_9", "fieldName": "UF_CRM_9_X", "userTypeId": "string"}]},
    ):
        with pytest.raises(ApiError, match="CONTENTS"):
            shop.server.furnish(**contents)


def test_user_fields_keep_their_types(shop: Caller) -> None:
    fields = {"UF_CRM_TAGS": ["3002", 3001, 3002], "UF_CRM_WORDS": ["a", "", 7], "UF_CRM_AGREED": "1"}
    item = contact(shop, **fields, UF_CRM_SINCE="2024-04-19", UF_CRM_SHOP_ID="")
    assert item["UF_CRM_TAGS"] == [3002, 3001]
    assert item["UF_CRM_WORDS"] == ["a", "7"]
    assert (item["UF_CRM_AGREED"], item["UF_CRM_SHOP_ID"]) == ("Y", None)
    assert item["UF_CRM_SINCE"] == "2024-04-19T03:00:00+03:00"
    assert contact(shop, UF_CRM_TAGS=[], UF_CRM_WORDS="")["UF_CRM_TAGS"] == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"UF_CRM_TAGS": 3001}, "100"),
        ({"UF_CRM_TAGS": [9]}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ({"UF_CRM_TAGS": ["VIP"]}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ({"UF_CRM_SHOP_ID": "many"}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ({"UF_CRM_AGREED": "maybe"}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
    ],
)
def test_wrong_values_of_user_fields_are_refused(shop: Caller, fields: dict[str, Any], code: str) -> None:
    status, body = shop.call("crm.item.update", entityTypeId=3, id=1, useOriginalUfNames="Y", fields=fields)
    assert (status, body["error"]) == (400, code)


def test_user_fields_are_filtered_by_any_of_their_values(shop: Caller) -> None:
    contact(shop, UF_CRM_TAGS=[3001, 3002], UF_CRM_AGREED="Y")

    def ids(**given: Any) -> list[int]:
        rows = shop.result("crm.item.list", entityTypeId=3, filter=given, select=["id"])["items"]
        return [row["id"] for row in rows]

    assert (ids(ufCrmTags=3002), ids(ufCrmTags=3003), ids(ufCrmAgreed=1), ids(ufCrmShopId=42)) == ([1], [], [1], [1])
    status, body = shop.call("crm.item.list", entityTypeId=3, filter={"ufCrmAgreed": "Y"})
    assert (status, body["error"]) == (400, "INVALID_ARG_VALUE")


def test_an_item_of_a_smart_process_has_what_its_type_has_on(shop: Caller) -> None:
    fields = {"xmlId": "wms:SHP-42", "contactId": 1, "sourceId": "SHOP", "ufCrm1Carrier": "СДЭК", "parentId2": 5}
    item = shop.result("crm.item.add", entityTypeId=1036, fields=fields)["item"]
    assert (item["title"], item["xmlId"], item["contactIds"], item["parentId2"]) == (
        "Отгрузки #1",
        "wms:SHP-42",
        [1],
        5,
    )
    assert (item["categoryId"], item["stageId"], item["ufCrm1Carrier"]) == (1, "DT1036_1:NEW", "СДЭК")
    assert item["sourceId"] is None
    found = shop.result("crm.item.list", entityTypeId=1036, filter={"=xmlId": "wms:SHP-42"}, select=["xmlId"])
    assert found["items"] == [{"id": 1, "xmlId": "wms:SHP-42"}]
    assert "fm" not in item
    act = shop.result("crm.item.add", entityTypeId=130, fields={"title": "Акт", "sourceId": "SHOP"})["item"]
    assert (act["stageId"], act["sourceId"]) == (None, "SHOP")


def test_a_move_to_another_funnel_begins_at_its_first_stage(shop: Caller) -> None:
    funnels = shop.result("crm.category.list", entityTypeId=1036)["categories"]
    urgent = next(funnel["id"] for funnel in funnels if funnel["isDefault"] == "N")
    shop.result("crm.item.add", entityTypeId=1036, fields={})
    moved = shop.result("crm.item.update", entityTypeId=1036, id=1, fields={"categoryId": urgent})["item"]
    assert (moved["stageId"], moved["previousStageId"]) == (f"DT1036_{urgent}:NEW", "DT1036_1:NEW")
    done = shop.result("crm.item.update", entityTypeId=1036, id=1, fields={"stageId": f"DT1036_{urgent}:SUCCESS"})
    assert done["item"]["stageSemanticId"] == "S"
    status, body = shop.call("crm.item.update", entityTypeId=1036, id=1, fields={"stageId": "DT1036_1:NEW"})
    assert (status, body["error"]) == (400, "CRM_FIELD_ERROR_VALUE_NOT_VALID")


def test_an_event_of_a_smart_process_names_its_type(shop: Caller) -> None:
    shop.result("event.bind", event="onCrmDynamicItemAdd", event_type="offline")
    shop.result("crm.item.add", entityTypeId=1036, fields={})
    (event,) = shop.result("event.offline.get")["events"]
    assert event["EVENT_DATA"]["FIELDS"] == {"ID": 1, "ENTITY_TYPE_ID": 1036}


def test_fields_tell_options_dictionaries_and_what_is_required(shop: Caller) -> None:
    fields = shop.result("crm.item.fields", entityTypeId=3)["fields"]
    assert fields["ufCrmTags"]["items"] == [{"ID": "3001", "VALUE": "VIP"}, {"ID": "3002", "VALUE": "Жалоба"}]
    assert (fields["ufCrmTags"]["isDynamic"], fields["ufCrmTags"]["upperName"]) == (True, "UF_CRM_TAGS")
    own = shop.result("crm.item.fields", entityTypeId=1036, useOriginalUfNames="Y")["fields"]
    assert (own["UF_CRM_1_CARRIER"]["isRequired"], own["stageId"]["statusType"]) == (True, "DYNAMIC_1036_STAGE_1")
    assert not {"sourceId", "opportunity"} & set(own)
