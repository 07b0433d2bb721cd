"""Two hundred thousand items are as quick to find by their ids as two (facts/bitrix24-telephony-crm.md §2.4)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from connector.sandbox import SandboxServer
from connector.sandbox.crm_tables import Table
from tests.contract.sandbox.caller import Caller

SPA = 1036
CONTENTS: dict[str, Any] = {
    "types": [{"entityTypeId": SPA, "title": "Shipments", "isClientEnabled": "Y"}],
    "fields": [{"entityId": "CRM_1", "fieldName": "UF_CRM_1_TRACK", "userTypeId": "string"}],
}


@pytest.fixture
def shop() -> Iterator[Caller]:
    with SandboxServer(burst=0, contents=CONTENTS) as server:
        yield Caller(server)


def ids(shop: Caller, type_id: int = SPA, start: int = -1, **given: Any) -> list[int]:
    found = shop.result("crm.item.list", entityTypeId=type_id, filter=given, select=["id"], start=start)["items"]
    return [row["id"] for row in found]


def add(shop: Caller, type_id: int = SPA, **fields: Any) -> int:
    number: int = shop.result("crm.item.add", entityTypeId=type_id, fields=fields)["item"]["id"]
    return number


def change(shop: Caller, number: int, **fields: Any) -> None:
    shop.result("crm.item.update", entityTypeId=SPA, id=number, fields=fields)


def test_what_is_written_after_the_first_question_is_found_too(shop: Caller) -> None:
    first = add(shop, xmlId="wms:1", contactId=7)
    assert (ids(shop, **{"=xmlId": "wms:1"}), ids(shop, **{"=xmlId": "wms:2"})) == ([first], [])
    second = add(shop, xmlId="wms:2", ufCrm1Track="T2")
    assert ids(shop, **{"@xmlId": ["wms:2", "wms:1", "wms:9"]}) == [first, second]
    assert (ids(shop, ufCrm1Track="T2"), ids(shop, **{"=ufCrm1Track": ""})) == ([second], [first])
    change(shop, first, xmlId="wms:3", contactId=8)
    assert (ids(shop, **{"=xmlId": "wms:1"}), ids(shop, xmlId="wms:3"), ids(shop, contactId=7)) == ([], [first], [])
    assert ids(shop, contactId=8, **{">id": 0, "=xmlId": "wms:3"}) == [first]
    shop.result("crm.item.delete", entityTypeId=SPA, id=first)
    assert (ids(shop, xmlId="wms:3"), ids(shop, **{"@id": [first, second]})) == ([], [second])


def test_a_change_that_changes_nothing_leaves_it_findable(shop: Caller) -> None:
    number = add(shop, xmlId="wms:1", title="One")
    assert ids(shop, xmlId="wms:1") == [number]
    change(shop, number, xmlId="wms:1", title="One")
    assert ids(shop, xmlId="wms:1") == [number]


def test_an_external_id_and_its_system_are_asked_together(shop: Caller) -> None:
    erp = add(shop, 3, name="Li", originatorId="erp", originId="42")
    add(shop, 3, name="Wu", originatorId="crm", originId="42")
    assert ids(shop, 3, **{"=originatorId": "erp", "=originId": "42"}) == [erp]


def test_either_of_two_conditions_may_hold(shop: Caller) -> None:
    one, two = add(shop, xmlId="a"), add(shop, title="b")
    assert ids(shop, **{"logic": "OR", "0": {"xmlId": "a"}, "1": {"title": "b"}}) == [one, two]


def test_values_of_a_field_that_was_deleted_are_found_no_more(shop: Caller) -> None:
    field = {"FIELD_NAME": "CODE", "USER_TYPE_ID": "string"}
    number = shop.result("crm.contact.userfield.add", fields=field)
    person = add(shop, 3, name="Li", ufCrmCode="x")
    assert ids(shop, 3, ufCrmCode="x") == [person]
    shop.result("crm.contact.userfield.delete", id=number)
    shop.result("crm.contact.userfield.add", fields=field)
    assert ids(shop, 3, ufCrmCode="x") == []


def test_options_that_are_deleted_are_found_no_more(shop: Caller) -> None:
    field = {"FIELD_NAME": "TAGS", "USER_TYPE_ID": "enumeration", "MULTIPLE": "Y", "LIST": [{"VALUE": "a"}]}
    number = shop.result("crm.contact.userfield.add", fields=field)
    person = add(shop, 3, name="Li", ufCrmTags=[3001])
    assert ids(shop, 3, ufCrmTags=3001) == [person]
    shop.result("crm.contact.userfield.update", id=number, fields={"LIST": [{"ID": 3001, "DEL": "Y"}]})
    assert (ids(shop, 3, ufCrmTags=3001), ids(shop, 3, ufCrmTags="")) == ([], [person])


def test_a_task_is_found_by_what_it_became(shop: Caller) -> None:
    number = shop.result("tasks.task.add", fields={"TITLE": "Call", "RESPONSIBLE_ID": 2})["task"]["id"]
    assert [row["id"] for row in shop.result("tasks.task.list", filter={"TITLE": "Call"})["tasks"]] == [number]
    shop.result("tasks.task.update", taskId=number, fields={"TITLE": "Write"})
    assert shop.result("tasks.task.list", filter={"TITLE": "Call"})["tasks"] == []


def test_the_latest_rows_come_first_without_sorting_all(shop: Caller) -> None:
    made = [add(shop, title=str(number)) for number in range(52)]
    asked = {"entityTypeId": SPA, "order": {"id": "DESC"}, "select": ["id"]}
    rows = shop.result("crm.item.list", start=-1, **asked)["items"]
    assert [row["id"] for row in rows] == made[:1:-1]
    status, body = shop.call("crm.item.list", start=50, **asked)
    assert (status, body["total"], [row["id"] for row in body["result"]["items"]]) == (200, 52, made[1::-1])


def test_a_question_by_id_does_not_read_the_whole_table() -> None:
    table = Table(0, lambda: "now")
    for number in range(200_000):
        table.put({"XML_ID": f"wms:{number}", "KIND": "a"})
    asked = [{"=XML_ID": f"wms:{number}"} for number in range(0, 200_000, 2000)]
    assert table.page(asked[0], {}, ["*"], -1).rows[0]["ID"] == "1"
    began = time.process_time()
    for filters in asked:
        assert table.page(filters | {"KIND": "a"} if filters is asked[-1] else filters, {}, ["*"], 0).total == 1
    assert len(table.page({"@ID": [str(number) for number in range(1, 60)]}, {}, ["ID"], -1).rows) == 50
    # Reading 200,000 rows takes some 0.3 s; a hundred questions by id take some milliseconds.
    assert time.process_time() - began < 5.0


def test_the_counters_stay_exact_when_the_log_forgets() -> None:
    with SandboxServer(burst=0, contents=CONTENTS, log_size=10) as server:
        app = Caller(server)
        for _ in range(2):
            app.batch({str(n): f"crm.item.add?entityTypeId={SPA}&fields[title]={n}" for n in range(20)})
        counted = server.counters()
        assert (len(server.calls()), counted["commands"], counted["methods"]) == (
            10,
            40,
            {"crm.item.add": 40, "batch": 2},
        )
