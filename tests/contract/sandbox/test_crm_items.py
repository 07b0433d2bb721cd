"""``crm.item.*`` (facts/bitrix24-telephony-crm.md §2.2)."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox.crm_fields import camel_user_field
from tests.contract.sandbox.caller import Caller

PHONE = {"typeId": "PHONE", "valueType": "WORK", "value": "+79001234567"}


def test_an_item_is_the_classic_row_under_its_other_names(app: Caller) -> None:
    fields = {"name": "Анна", "lastName": "Ли", "assignedById": 2, "ufCrm_1": "x", "nonsense": 1, "fm": [PHONE]}
    item = app.result("crm.item.add", entityTypeId=3, fields=fields)["item"]
    assert (item["name"], item["lastName"], item["assignedById"], item["createdBy"]) == ("Анна", "Ли", 2, 1)
    assert (item["hasPhone"], item["hasEmail"], item["entityTypeId"]) == ("Y", "N", 3)
    assert not {"ufCrm_1", "nonsense"} & set(item)
    row = app.result("crm.contact.get", ID=item["id"])
    assert (row["LAST_NAME"], row["PHONE"][0]["VALUE"]) == ("Ли", "+79001234567")
    assert app.result("crm.item.get", entityTypeId=3, id=item["id"])["item"] == item


def test_an_update_changes_what_it_names_and_multifields_by_their_id(app: Caller) -> None:
    item = app.result("crm.item.add", entityTypeId=4, fields={"title": "Acme", "fm": [PHONE]})["item"]
    number = item["fm"][0]["id"]
    changed = {str(number): PHONE | {"value": "+7901"}, "n0": PHONE | {"typeId": "EMAIL", "value": "a@b.ru"}}
    after = app.result("crm.item.update", entityTypeId=4, id=item["id"], fields={"fm": changed})["item"]
    assert after["title"] == "Acme"
    assert [(part["typeId"], part["value"]) for part in after["fm"]] == [("PHONE", "+7901"), ("EMAIL", "a@b.ru")]
    bare = {str(number): {"typeId": "PHONE", "value": ""}}
    gone = app.result("crm.item.update", entityTypeId=4, id=item["id"], fields={"fm": bare})["item"]
    assert [part["typeId"] for part in gone["fm"]] == ["EMAIL"]


@pytest.mark.parametrize("fm", [{"n0": {"value": "+7"}}, [PHONE], {"99": PHONE}])
def test_a_part_without_its_type_or_key_changes_nothing(app: Caller, fm: Any) -> None:
    item = app.result("crm.item.add", entityTypeId=3, fields={"name": "A", "fm": [{"value": "+7"}]})["item"]
    assert item["fm"] == []
    assert app.result("crm.item.update", entityTypeId=3, id=item["id"], fields={"fm": fm})["item"]["fm"] == []


def test_what_a_caller_sets_read_only_stays(app: Caller) -> None:
    fields = {"title": "x", "createdBy": 7, "id": 99, "stageSemanticId": "S", "closed": "Y"}
    item = app.result("crm.item.add", entityTypeId=2, fields=fields)["item"]
    assert (item["id"], item["createdBy"], item["stageSemanticId"], item["closed"]) == (1, 1, "P", "N")


def test_a_row_without_a_name_gets_one_a_contact_is_refused(app: Caller) -> None:
    titles = [app.result("crm.item.add", entityTypeId=n, fields={})["item"]["title"] for n in (1, 2, 4)]
    assert titles == ["Lead #1", "Deal #1", "Company #1"]
    status, body = app.call("crm.item.add", entityTypeId=3, fields={"post": "boss"})
    assert (status, body["error"]) == (400, "CRM_FIELD_ERROR_REQUIRED")


def test_a_stage_leads_its_group_and_closes_the_deal(app: Caller) -> None:
    deal = app.result("crm.item.add", entityTypeId=2, fields={"title": "x", "opportunity": "10.5"})["item"]
    assert (deal["stageId"], deal["categoryId"], deal["isNew"], deal["opportunity"]) == ("NEW", 0, "Y", 10.5)
    won = app.result("crm.item.update", entityTypeId=2, id=deal["id"], fields={"stageId": "WON"})["item"]
    assert (won["stageSemanticId"], won["closed"], won["isNew"], won["movedBy"]) == ("S", "Y", "N", 1)
    lead = app.result("crm.item.add", entityTypeId=1, fields={"stageId": "JUNK"})["item"]
    assert (lead["stageSemanticId"], app.result("crm.lead.get", ID=lead["id"])["STATUS_ID"]) == ("F", "JUNK")
    open_ones = app.result("crm.item.list", entityTypeId=2, filter={"closed": "N"})["items"]
    assert open_ones == []
    assert app.result("crm.item.list", entityTypeId=1, filter={"!=stageSemanticId": "P"}, select=["id"])["items"]


def test_the_first_linked_contact_is_the_contact(app: Caller) -> None:
    deal = app.result("crm.item.add", entityTypeId=2, fields={"contactIds": [5, "6"], "companyId": 3})["item"]
    assert (deal["contactId"], deal["contactIds"], deal["companyId"]) == (5, [5, 6], 3)
    moved = app.result("crm.item.update", entityTypeId=2, id=deal["id"], fields={"contactId": 7})["item"]
    assert (moved["contactId"], moved["contactIds"]) == (7, [7, 6])
    bare = app.result("crm.item.update", entityTypeId=2, id=deal["id"], fields={"contactIds": []})["item"]
    assert (bare["contactId"], bare["contactIds"]) == (0, [])


def test_external_ids_find_their_row(app: Caller) -> None:
    for origin in ("41", "42"):
        app.result("crm.item.add", entityTypeId=3, fields={"name": origin, "originatorId": "erp", "originId": origin})
    found = app.result(
        "crm.item.list", entityTypeId=3, filter={"=originatorId": "erp", "=originId": "42"}, select=["name", "originId"]
    )
    assert found == {"items": [{"id": 2, "name": "42", "originId": "42"}]}


def test_an_update_that_changes_nothing_is_not_saved(app: Caller) -> None:
    fields = {"name": "A", "originId": "7", "fm": [PHONE]}
    item = app.result("crm.item.add", entityTypeId=3, fields=fields)["item"]
    app.result("event.bind", event="onCrmContactUpdate", handler="http://127.0.0.1:9/", event_type="offline")
    same = {"name": "A", "originId": 7, "comments": "", "unknown": 1}
    assert app.result("crm.item.update", entityTypeId=3, id=item["id"], fields=same)["item"] == item
    assert app.result("event.offline.get")["events"] == []
    app.result("crm.item.update", entityTypeId=3, id=item["id"], fields={"name": "B"})
    assert len(app.result("event.offline.get")["events"]) == 1


def test_a_list_is_filtered_ordered_and_paged_in_its_own_names(app: Caller) -> None:
    app.server.seed("lead", 120)
    asked = {"entityTypeId": 1, "filter": {">id": 60, "!@title": ["Row 61"]}, "select": ["title"]}
    status, body = app.call("crm.item.list", **asked, order={"id": "DESC"})
    assert status == 200
    assert body["total"] == 59
    assert body["next"] == 50
    assert body["result"]["items"][0] == {"id": 120, "title": "Row 120"}
    fast = app.result("crm.item.list", **asked, order={"id": "ASC"}, start=-1)["items"]
    assert [row["id"] for row in fast] == list(range(62, 112))
    everything = app.result("crm.item.list", entityTypeId=1, select=["*"])["items"][0]
    assert everything["fm"]


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({"%title": "ow 1"}, [1, 10, 11, 12]),
        ({"=%title": "%1"}, [1, 11]),
        ({"%=title": "row 1%"}, [1, 10, 11, 12]),
        ({"!=%title": "Row 1%"}, [2, 3, 4, 5, 6, 7, 8, 9]),
        ({"!%title": "1"}, [2, 3, 4, 5, 6, 7, 8, 9]),
        ({"@id": [3, "5"]}, [3, 5]),
        ({"<=id": 2}, [1, 2]),
        ({"!=id": 1, "<id": 4}, [2, 3]),
        ({"0": {"logic": "OR", "0": {"id": 2}, "1": {">id": 11}}}, [2, 12]),
        ([{"logic": "OR", "id": 2, "title": "Row 3"}, {"<id": 3}], [2]),
        ({"comments": None, "id": 4}, [4]),
        ({"!comments": ""}, []),
        ({"<=ID": 2, "%TITLE": "Row"}, [1, 2]),
        ({">=createdTime": "2020-01-01T00:00:00Z", "id": 4}, [4]),
        ({"<createdTime": "2020-01-01"}, []),
    ],
)
def test_filters(app: Caller, given: Any, ids: list[int]) -> None:
    app.server.seed("lead", 12)
    rows = app.result("crm.item.list", entityTypeId=1, filter=given, select=["id"])["items"]
    assert [row["id"] for row in rows] == ids


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("get", {"entityTypeId": 3, "id": 404}, "NOT_FOUND"),
        ("update", {"entityTypeId": 3, "id": 404, "fields": {}}, "NOT_FOUND"),
        ("list", {"entityTypeId": 99}, "NOT_FOUND"),
        ("fields", {"entityTypeId": 5}, "NOT_FOUND"),
        ("add", {"entityTypeId": 3}, "100"),
        ("add", {"entityTypeId": 2, "fields": {"contactIds": "5"}}, "100"),
        ("add", {"entityTypeId": 2, "fields": {"stageId": "C9:NEW"}}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ("add", {"entityTypeId": 2, "fields": {"categoryId": 9}}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ("add", {"entityTypeId": 2, "fields": {"opportunity": "dear"}}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ("add", {"entityTypeId": 2, "fields": {"title": ["a"]}}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ("list", {"entityTypeId": 3, "filter": {"fm": "+7"}}, "INVALID_ARG_VALUE"),
        ("list", {"entityTypeId": 3, "filter": {"PHONE": "A"}}, "INVALID_ARG_VALUE"),
        ("list", {"entityTypeId": 3, "filter": {">createdTime": "soon"}}, "INVALID_ARG_VALUE"),
        ("list", {"entityTypeId": 3, "order": {"colour": "ASC"}}, "INVALID_ARG_VALUE"),
        ("list", {"entityTypeId": 3, "order": {"id": "up"}}, "INVALID_ARG_VALUE"),
    ],
)
def test_what_cannot_be_done_is_named(app: Caller, method: str, params: dict[str, Any], code: str) -> None:
    status, body = app.call(f"crm.item.{method}", **params)
    assert (status, body["error"]) == (400, code)


def test_a_deleted_item_is_gone_for_both_families(app: Caller) -> None:
    number = app.result("crm.item.add", entityTypeId=2, fields={"title": "x"})["item"]["id"]
    assert app.result("crm.item.delete", entityTypeId=2, id=number) == []
    assert app.call("crm.deal.get", ID=number)[0] == 400


def test_fields_are_described_with_their_flags(app: Caller) -> None:
    fields = app.result("crm.item.fields", entityTypeId=1)["fields"]
    assert (fields["id"]["isReadOnly"], fields["id"]["upperName"]) == (True, "ID")
    assert (fields["stageId"]["type"], fields["stageId"]["statusType"]) == ("crm_status", "STATUS")
    assert (fields["contactIds"]["isMultiple"], fields["sourceId"]["statusType"]) == (True, "SOURCE")
    assert (fields["assignedById"]["isReadOnly"], fields["fm"]["type"]) == (False, "crm_multifield")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("UF_CRM_TAGS", "ufCrmTags"),
        ("UF_CRM_SHOP_ID", "ufCrmShopId"),
        ("UF_CRM_3_DIGIT", "ufCrm3Digit"),
        ("UF_CRM_3_1747", "ufCrm3_1747"),
        ("UF_CRM_3_D10", "ufCrm_3_D10"),
        ("UF_CRM_1747123", "ufCrm_1747123"),
        ("UF_CRM_SHOP_2", "ufCrm_SHOP_2"),
    ],
)
def test_user_fields_have_two_names(name: str, told: str) -> None:
    assert camel_user_field(name) == told
