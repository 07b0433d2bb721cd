from __future__ import annotations

import pytest

from connector.sandbox.crm_items import camel, classic
from tests.contract.sandbox.caller import Caller

PHONE = {"typeId": "PHONE", "valueType": "WORK", "value": "+79001234567"}


def test_an_item_is_the_classic_row_under_its_other_names(app: Caller):
    fields = {"name": "Анна", "lastName": "Ли", "assignedById": 2, "ufCrm_1": "x", "fm": [PHONE]}
    item = app.result("crm.item.add", entityTypeId=3, fields=fields)["item"]
    assert (item["name"], item["lastName"], item["assignedById"]) == ("Анна", "Ли", "2")
    row = app.result("crm.contact.get", ID=item["id"])
    assert (row["LAST_NAME"], row["PHONE"][0]["VALUE"]) == ("Ли", "+79001234567")
    assert app.result("crm.item.get", entityTypeId=3, id=item["id"])["item"] == item


def test_an_update_changes_what_it_names_and_multifields_by_their_id(app: Caller):
    item = app.result("crm.item.add", entityTypeId=4, fields={"title": "Acme", "fm": [PHONE]})["item"]
    number = item["fm"][0]["id"]
    changed = {str(number): PHONE | {"value": "+7901"}, "n0": PHONE | {"typeId": "EMAIL", "value": "a@b.ru"}}
    after = app.result("crm.item.update", entityTypeId=4, id=item["id"], fields={"fm": changed})["item"]
    assert after["title"] == "Acme"
    assert [(part["typeId"], part["value"]) for part in after["fm"]] == [("PHONE", "+7901"), ("EMAIL", "a@b.ru")]
    bare = {str(number): {"typeId": "PHONE", "value": ""}}
    gone = app.result("crm.item.update", entityTypeId=4, id=item["id"], fields={"fm": bare})["item"]
    assert [part["typeId"] for part in gone["fm"]] == ["EMAIL"]


def test_a_list_is_filtered_ordered_and_paged_in_its_own_names(app: Caller):
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
    ("method", "params", "code"),
    [
        ("get", {"entityTypeId": 3, "id": 404}, "NOT_FOUND"),
        ("update", {"entityTypeId": 3, "id": 404, "fields": {}}, "NOT_FOUND"),
        ("list", {"entityTypeId": 99}, "NOT_FOUND"),
        ("add", {"entityTypeId": 3}, "100"),
        ("list", {"entityTypeId": 3, "filter": {"fm": "+7"}}, "INVALID_ARG_VALUE"),
    ],
)
def test_what_cannot_be_done_is_named(app: Caller, method: str, params: dict, code: str):
    status, body = app.call(f"crm.item.{method}", **params)
    assert (status, body["error"]) == (400, code)


def test_a_deleted_item_is_gone_for_both_families(app: Caller):
    number = app.result("crm.item.add", entityTypeId=2, fields={"title": "x"})["item"]["id"]
    assert app.result("crm.item.delete", entityTypeId=2, id=number) == []
    assert app.call("crm.deal.get", ID=number)[0] == 400


@pytest.mark.parametrize("name", ["ID", "ASSIGNED_BY_ID", "TITLE", "DATE_MODIFY", "ORIGINATOR_ID", "UF_CRM"])
def test_names_go_both_ways(name: str):
    assert classic(camel(name)) == name
    assert classic(name) == name
