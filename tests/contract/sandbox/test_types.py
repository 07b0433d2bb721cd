"""Smart processes made while the portal runs: fields, stages, parents, items (facts/bitrix24-telephony-crm.md §4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.caller import Caller

FLAGS = {"isStagesEnabled": "Y", "isClientEnabled": "Y"}
PARENTS = {"parent": [{"entityTypeId": 2, "isChildrenListEnabled": "true"}, {"entityTypeId": 4}]}


def made(app: Caller, **fields: Any) -> dict[str, Any]:
    asked = {"title": "Shipments", "entityTypeId": 1036, **FLAGS, **fields}
    held: dict[str, Any] = app.result("crm.type.add", fields=asked)["type"]
    return held


@pytest.fixture
def shipments(app: Caller) -> dict[str, Any]:
    # One type before it, so that no id is an entityTypeId by chance nor the first.
    made(app, title="Acts", entityTypeId=130)
    return made(app, relations=PARENTS)


def refused(app: Caller, method: str, **params: Any) -> tuple[str, str]:
    status, body = app.call(method, **params)
    assert status == 400, body
    return body["error"], body["error_description"]


def test_a_type_is_made_with_its_flags_and_relations(app: Caller, shipments: dict[str, Any]) -> None:
    assert (shipments["id"], shipments["entityTypeId"], shipments["title"]) == (2, 1036, "Shipments")
    assert (shipments["isStagesEnabled"], shipments["isSourceEnabled"]) == ("Y", "N")
    assert shipments["isSetOpenPermissions"] == "Y"
    parents = {row["entityTypeId"]: row for row in shipments["relations"]["parent"]}
    assert parents[2] == {"entityTypeId": 2, "isChildrenListEnabled": "Y", "isPredefined": "N"}
    assert parents[3]["isPredefined"] == "Y"
    assert app.result("crm.type.get", id=2)["type"] == shipments
    assert app.result("crm.type.getByEntityTypeId", entityTypeId=1036)["type"] == shipments
    (listed,) = app.result("crm.type.list", filter={"title": "Shipments"})["types"]
    assert "relations" not in listed
    assert app.result("crm.type.fields")["fields"]["entityTypeId"]["isImmutable"] is True


def test_a_number_is_chosen_when_none_is_given(app: Caller) -> None:
    assert [made(app, entityTypeId=given)["entityTypeId"] for given in (None, None, 1050, "")] == [
        1030,
        1032,
        1050,
        1052,
    ]


@pytest.mark.parametrize("number", [5, 127, 193, 1029, 1031, "many"])
def test_a_number_out_of_range_is_refused(app: Caller, number: Any) -> None:
    asked = {"title": "x", "entityTypeId": number}
    assert refused(app, "crm.type.add", fields=asked) == ("INVALID_ARG_VALUE", "entityTypeId is out of allowed range")


def test_a_number_is_given_once(app: Caller, shipments: dict[str, Any]) -> None:
    assert "already exists" in refused(app, "crm.type.add", fields={"title": "x", "entityTypeId": 1036})[1]
    assert refused(app, "crm.type.add")[0] == "100"


def test_items_belong_to_the_parents_of_their_type(app: Caller, shipments: dict[str, Any]) -> None:
    deal = app.result("crm.item.add", entityTypeId=2, fields={"title": "Deal"})["item"]["id"]
    fields = {"title": "S-1", "parentId2": deal, "parentId4": 7, "parentId1": 9, "companyId": 7, "xmlId": "wms:1"}
    item = app.result("crm.item.add", entityTypeId=1036, fields=fields)["item"]
    assert (item["parentId2"], item["parentId4"], item["companyId"], item["stageId"]) == (deal, 7, 7, "DT1036_2:NEW")
    described = app.result("crm.item.fields", entityTypeId=1036)["fields"]
    assert [name for name in described if name.startswith("parentId")] == ["parentId2", "parentId4"]
    assert "parentId1036" not in app.result("crm.item.fields", entityTypeId=2)["fields"]
    found = app.result("crm.item.list", entityTypeId=1036, filter={"parentId2": deal}, select=["id"])["items"]
    assert [row["id"] for row in found] == [item["id"]]


def test_what_may_be_a_child_gets_the_field_of_its_parent(app: Caller) -> None:
    made(app, relations={"child": [{"entityTypeId": 2}]})
    assert "parentId1036" in app.result("crm.item.fields", entityTypeId=2)["fields"]
    assert "parentId2" not in app.result("crm.item.fields", entityTypeId=1036)["fields"]


def test_user_fields_go_by_the_id_of_the_type(app: Caller, shipments: dict[str, Any]) -> None:
    field = {"entityId": "CRM_2", "fieldName": "UF_CRM_2_TRACK_NO", "userTypeId": "string", "xmlId": "track"}
    number = app.result("userfieldconfig.add", moduleId="crm", field=field)["field"]["id"]
    wrong = field | {"entityId": "CRM_1036"}
    assert refused(app, "userfieldconfig.add", moduleId="crm", field=wrong)[1] == "You cannot create custom fields"
    sent = {"UF_CRM_2_TRACK_NO": "T-1"}
    item = app.result("crm.item.add", entityTypeId=1036, fields=sent, useOriginalUfNames="Y")["item"]
    assert item["UF_CRM_2_TRACK_NO"] == "T-1"
    assert app.result("userfieldconfig.delete", moduleId="crm", id=number) is None
    gone = refused(app, "userfieldconfig.delete", moduleId="crm", id=number)
    assert gone == ("", "You cannot delete the user field")
    shown = app.result("crm.item.get", entityTypeId=1036, id=item["id"], useOriginalUfNames="Y")["item"]
    assert "UF_CRM_2_TRACK_NO" not in shown


def test_a_flag_is_switched_later(app: Caller) -> None:
    made(app, isStagesEnabled="N")
    assert app.result("crm.item.add", entityTypeId=1036, fields={})["item"]["stageId"] is None
    changed = app.result("crm.type.update", id=1, fields={"isStagesEnabled": "Y", "title": "Parcels"})["type"]
    assert (changed["isStagesEnabled"], changed["isClientEnabled"], changed["title"]) == ("Y", "Y", "Parcels")
    assert app.result("crm.item.get", entityTypeId=1036, id=1)["item"]["stageId"] == "DT1036_1:NEW"
    parents = app.result("crm.type.update", id=1, fields={"relations": PARENTS})["type"]["relations"]["parent"]
    assert {row["entityTypeId"] for row in parents} == {2, 3, 4}


def test_stages_are_added_changed_and_deleted(app: Caller, shipments: dict[str, Any]) -> None:
    (funnel,) = app.result("crm.category.list", entityTypeId=1036)["categories"]
    name = f"DYNAMIC_1036_STAGE_{funnel['id']}"
    asked = {"ENTITY_ID": name, "STATUS_ID": "LOST", "NAME": "Lost", "SORT": 15}
    number = app.result("crm.status.add", fields=asked)
    assert app.result("crm.status.update", id=number, fields={"NAME": "Lost on the way", "STATUS_ID": "X"}) is True
    stages = app.result("crm.status.list", filter={"ENTITY_ID": name})
    assert [(row["STATUS_ID"], row["NAME"]) for row in stages][1] == (f"DT1036_{funnel['id']}:LOST", "Lost on the way")
    item = app.result("crm.item.add", entityTypeId=1036, fields={"stageId": f"DT1036_{funnel['id']}:LOST"})["item"]
    assert refused(app, "crm.status.delete", id=number)[1] == "There are active items in this status."
    app.result("crm.item.delete", entityTypeId=1036, id=item["id"])
    assert app.result("crm.status.delete", id=number) is True
    assert refused(app, "crm.status.delete", id=number)[1] == "Status is not found."
    assert "FORCED" in refused(app, "crm.status.delete", id=stages[0]["ID"])[1]
    assert app.result("crm.status.delete", id=stages[0]["ID"], params={"FORCED": "Y"}) is True
    assert refused(app, "crm.status.update", fields={})[0] == "Invalid identifier."


def test_a_funnel_is_added(app: Caller, shipments: dict[str, Any]) -> None:
    funnel = app.result("crm.category.add", entityTypeId=1036, fields={"name": "Urgent"})["category"]
    assert (funnel["name"], funnel["isDefault"], funnel["sort"]) == ("Urgent", "N", 500)
    assert app.result("crm.status.list", filter={"ENTITY_ID": f"DYNAMIC_1036_STAGE_{funnel['id']}"})


def test_a_type_with_items_stays(app: Caller, shipments: dict[str, Any]) -> None:
    app.result("crm.item.add", entityTypeId=1036, fields={})
    assert refused(app, "crm.type.delete", id=2)[0] == "BX_ERROR"
    app.result("crm.item.delete", entityTypeId=1036, id=1)
    assert app.result("crm.type.delete", id=2) == []
    assert refused(app, "crm.type.get", id=2) == ("0", "Smart process not found")
    assert refused(app, "crm.item.list", entityTypeId=1036)[0] == "NOT_FOUND"
    assert app.result("crm.status.list", filter={"ENTITY_ID": "DYNAMIC_1036_STAGE_2"}) == []
    assert made(app)["id"] == 3


@pytest.mark.parametrize("method", ["add", "list", "get", "getByEntityTypeId", "update", "delete", "fields"])
def test_an_administrator_is_needed(app: Caller, method: str) -> None:
    app.grant = app.server.grant(user_id=2)
    assert refused(app, f"crm.type.{method}", id=1, fields={}) == ("ACCESS_DENIED", "Access denied")
