"""Types, funnels and dictionaries (facts/bitrix24-telephony-crm.md §2.7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller

TYPE = {"entityTypeId": 1036, "title": "Shipments", "isStagesEnabled": "Y"}


@pytest.fixture
def shop() -> Iterator[Caller]:
    contents = {"types": [TYPE], "categories": [{"entityTypeId": 2, "name": "Wholesale"}]}
    with SandboxServer(burst=0, language="en", contents=contents) as server:
        yield Caller(server)


def statuses(shop: Caller, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shop.result("crm.status.list", filter={"ENTITY_ID": name}, order={"SORT": "ASC"})
    return rows


def test_types_are_listed_with_their_flags(shop: Caller) -> None:
    (held,) = shop.result("crm.type.list", filter={"=title": "Shipments"})["types"]
    assert (held["id"], held["entityTypeId"]) == (1, 1036)
    assert (held["isStagesEnabled"], held["isClientEnabled"]) == ("Y", "N")
    assert shop.result("crm.type.list", filter={"title": "x"})["types"] == []
    for asked in ({"filter": {"colour": 1}}, {"order": {"ID": "ASC"}}):
        status, body = shop.call("crm.type.list", **asked)
        assert (status, body["error"]) == (400, "INVALID_ARG_VALUE")
    assert shop.result("crm.type.list", order={"id": "ASC"})["types"]


def test_funnels(shop: Caller) -> None:
    funnels = shop.result("crm.category.list", entityTypeId=2)["categories"]
    assert [(held["name"], held["isDefault"]) for held in funnels] == [("Wholesale", "N"), ("General", "Y")]
    assert shop.call("crm.category.list", entityTypeId=1)[1]["error"] == "ENTITY_TYPE_NOT_SUPPORTED"
    assert shop.call("crm.category.list", entityTypeId=77)[1]["error"] == "NOT_FOUND"


def test_each_funnel_has_stages_of_its_own(shop: Caller) -> None:
    second = statuses(shop, "DEAL_STAGE_2")
    assert [row["STATUS_ID"] for row in second][:2] == ["C2:NEW", "C2:PREPARATION"]
    assert (second[0]["CATEGORY_ID"], second[0]["SEMANTICS"], second[0]["EXTRA"]["SEMANTICS"]) == ("2", None, "process")
    assert [row["STATUS_ID"] for row in statuses(shop, "DEAL_STAGE") if row["SEMANTICS"]] == ["WON", "LOSE", "APOLOGY"]
    assert statuses(shop, "DYNAMIC_1036_STAGE_1")[0]["STATUS_ID"] == "DT1036_1:NEW"
    assert [row["STATUS_ID"] for row in statuses(shop, "STATUS")][-2:] == ["CONVERTED", "JUNK"]
    assert {"CALL", "WEBFORM", "OTHER"} <= {row["STATUS_ID"] for row in statuses(shop, "SOURCE")}
    assert statuses(shop, "PLANETS") == []


def test_an_entry_is_added_once(shop: Caller) -> None:
    fields = {"ENTITY_ID": "SOURCE", "STATUS_ID": "SHOP", "NAME": "Shop", "SORT": 5}
    number = shop.result("crm.status.add", fields=fields)
    assert statuses(shop, "SOURCE")[0]["ID"] == str(number)
    status, body = shop.call("crm.status.add", fields=fields)
    assert (status, body["error"]) == (400, "ERROR_CORE")
    assert "already exists" in body["error_description"]


def test_a_stage_of_another_funnel_gets_its_prefix(shop: Caller) -> None:
    shop.result("crm.status.add", fields={"ENTITY_ID": "DEAL_STAGE_2", "STATUS_ID": "LAB", "NAME": "Lab", "SORT": 15})
    assert statuses(shop, "DEAL_STAGE_2")[1]["STATUS_ID"] == "C2:LAB"
    item = shop.result("crm.item.add", entityTypeId=2, fields={"categoryId": 2, "stageId": "C2:LAB"})["item"]
    assert item["stageSemanticId"] == "P"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"NAME": "x"}, "The field ENTITY_ID is required. The field STATUS_ID is required."),
        ({"ENTITY_ID": "SOURCE", "STATUS_ID": "X"}, "The field Title is required."),
        ({"ENTITY_ID": "PLANETS", "STATUS_ID": "X", "NAME": "x"}, "Specified entity type is not supported."),
        ({"ENTITY_ID": "STATUS", "STATUS_ID": "два слова", "NAME": "x"}, "Error on creating status."),
        ({"ENTITY_ID": "STATUS", "STATUS_ID": "X" * 22, "NAME": "x"}, "Error on creating status."),
    ],
)
def test_what_is_missing_is_said_without_a_code(shop: Caller, fields: dict[str, Any], text: str) -> None:
    status, body = shop.call("crm.status.add", fields=fields)
    assert (status, body["error"], body["error_description"]) == (400, "", text)


def test_setting_up_needs_an_administrator(shop: Caller) -> None:
    shop.grant = shop.server.grant(user_id=2)
    assert shop.call("crm.type.list")[1] == {"error": "ACCESS_DENIED", "error_description": "Access denied"}
    fields = {"ENTITY_ID": "SOURCE", "STATUS_ID": "X", "NAME": "x"}
    assert shop.call("crm.status.add", fields=fields)[1]["error_description"] == "Access denied."
    assert shop.result("crm.category.list", entityTypeId=2)["categories"]
    assert statuses(shop, "SOURCE")
