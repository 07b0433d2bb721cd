"""Tasks, workgroups and their tags; who may what (facts/bitrix24-telephony-crm.md §2.9, §3.1, §3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller

GROUPS = [{"NAME": "Late", "KEYWORDS": "late, parcels", "OWNER_ID": 1}, {"NAME": "Secret", "VISIBLE": "N"}]


@pytest.fixture
def shop() -> Iterator[Caller]:
    with SandboxServer(burst=0, contents={"groups": GROUPS}) as server:
        yield Caller(server)


def task(shop: Caller, **fields: Any) -> str:
    asked = {"TITLE": "Call back", "RESPONSIBLE_ID": 2} | fields
    number: str = shop.result("tasks.task.add", fields=asked)["task"]["id"]
    return number


def titles(row: dict[str, Any]) -> list[str]:
    return [tag["title"] for tag in row["tags"].values()] if row["tags"] else []


def test_a_task_has_tags_and_bindings(shop: Caller) -> None:
    number = task(shop, TAGS=["vip", "late"], UF_CRM_TASK=["C_1", "D_2"], GROUP_ID=1, DEADLINE="2026-01-01T10:00:00Z")
    bare = shop.result("tasks.task.get", taskId=number)["task"]
    assert (bare["title"], bare["responsibleId"], bare["createdBy"], bare["status"]) == ("Call back", "2", "1", "2")
    assert (bare["deadline"], bare["group"]["name"]) == ("2026-01-01T13:00:00+03:00", "Late")
    assert not {"tags", "ufCrmTask"} & set(bare)
    full = shop.result("tasks.task.get", taskId=number, select=["*", "TAGS", "UF_CRM_TASK"])["task"]
    assert (titles(full), full["ufCrmTask"], full["title"]) == (["vip", "late"], ["C_1", "D_2"], "Call back")


def test_sent_tags_replace_the_set(shop: Caller) -> None:
    number = task(shop, TAGS="vip, late,vip")
    shop.result("tasks.task.update", taskId=number, fields={"TITLE": "x"})
    select = ["ID", "TAGS"]
    assert titles(shop.result("tasks.task.get", taskId=number, select=select)["task"]) == ["vip", "late"]
    shop.result("tasks.task.update", taskId=number, fields={"TAGS": ["new"]})
    assert titles(shop.result("tasks.task.get", taskId=number, select=select)["task"]) == ["new"]
    shop.result("tasks.task.update", taskId=number, fields={"TAGS": []})
    assert shop.result("tasks.task.get", taskId=number, select=select)["task"]["tags"] == []


def test_tasks_are_found_by_tag_and_binding(shop: Caller) -> None:
    first, second = task(shop, TAGS=["vip"], UF_CRM_TASK=["C_1"]), task(shop, TAGS=["late", "vip"])
    status, body = shop.call("tasks.task.list", filter={"TAG": "vip"}, select=["ID", "TAGS"])
    rows = body["result"]["tasks"]
    assert (status, body["total"], [row["id"] for row in rows]) == (200, 2, [second, first])
    assert set(rows[0]) == {"id", "tags", "group"}
    assert [row["id"] for row in shop.result("tasks.task.list", filter={"UF_CRM_TASK": "C_1"})["tasks"]] == [first]
    assert shop.result("tasks.task.list", filter={"TAG": "none"})["tasks"] == []


@pytest.mark.parametrize(
    ("method", "params", "code", "text"),
    [
        ("add", {}, "100", "Could not find value for parameter {fields}"),
        ("add", {"fields": {"RESPONSIBLE_ID": 1}}, "ERROR_CORE", "Task title is not specified"),
        ("add", {"fields": {"TITLE": "x"}}, "ERROR_CORE", "Responsible person is not specified"),
        ("add", {"fields": {"TITLE": "x", "RESPONSIBLE_ID": 99}}, "ERROR_CORE", "The user specified"),
        ("get", {}, "100", "CTaskItem"),
        ("get", {"taskId": "x"}, "0", "wrong task id"),
        ("update", {"taskId": 9, "fields": {"TITLE": "x"}}, "0", "Task not found"),
        ("list", {"order": {"COLOUR": "asc"}}, "0", "Invalid sorting key"),
    ],
)
def test_a_wrong_task_is_refused(shop: Caller, method: str, params: dict[str, Any], code: str, text: str) -> None:
    status, body = shop.call(f"tasks.task.{method}", **params)
    assert (status, body["error"]) == (400, code)
    assert body["error_description"].startswith(text)


def test_keywords_are_the_whole_set_of_a_group(shop: Caller) -> None:
    asked = {"groupId": 1, "select": ["TAGS"]}
    group = shop.result("socialnetwork.api.workgroup.get", params=asked)
    assert (group["ID"], group["KEYWORDS"], group["TAGS"]) == (1, "late, parcels", ["late", "parcels"])
    assert shop.result("sonet_group.update", GROUP_ID=1, KEYWORDS="vip") == 1
    assert shop.result("socialnetwork.api.workgroup.get", params=asked)["TAGS"] == ["vip"]
    shop.result("sonet_group.update", GROUP_ID=1, KEYWORDS="")
    assert shop.result("sonet_group.get", FILTER={"ID": 1})[0]["KEYWORDS"] is None
    assert "TAGS" not in shop.result("socialnetwork.api.workgroup.get", params={"groupId": 1})


def test_groups_that_are_not_there(shop: Caller) -> None:
    missing = shop.call("socialnetwork.api.workgroup.get", params={})[1]
    assert missing["error"] == "SONET_CONTROLLER_WORKGROUP_EMPTY"
    unknown = shop.call("socialnetwork.api.workgroup.get", params={"groupId": 9})[1]
    assert unknown["error"] == "SONET_CONTROLLER_WORKGROUP_NOT_FOUND"
    assert shop.call("sonet_group.update", GROUP_ID=9, KEYWORDS="x")[1]["error_description"] == "Wrong group ID"


def test_somebody_else_s_group_is_not_changed_nor_a_hidden_one_seen(shop: Caller) -> None:
    shop.grant = shop.server.grant(user_id=2)
    status, body = shop.call("sonet_group.update", GROUP_ID=1, KEYWORDS="x")
    assert (status, body["error"], body["error_description"]) == (400, "", "User has no permissions to update group")
    assert [group["NAME"] for group in shop.result("sonet_group.get", IS_ADMIN="Y")] == ["Late"]
    assert shop.call("socialnetwork.api.workgroup.get", params={"groupId": 2})[0] == 400


def test_users_are_found_by_id_and_activity(shop: Caller) -> None:
    shop.server.furnish(users=[{"id": 3, "name": "Gone", "active": False}])
    everybody = shop.result("user.get", FILTER={"ID": [1, 2, 3, 99]})
    assert [(user["ID"], user["ACTIVE"]) for user in everybody] == [("1", True), ("2", True), ("3", False)]
    assert [user["ID"] for user in shop.result("user.get", FILTER={"ID": [2, 3], "ACTIVE": True})] == ["2"]
    assert [user["ID"] for user in shop.result("user.get", FILTER={"ACTIVE": "N"})] == ["3"]
    assert shop.result("user.get", ID=99) == []


def test_the_log_of_calls_tells_who_called_and_what_writes(shop: Caller) -> None:
    task(shop)
    shop.grant = shop.server.grant(user_id=2)
    shop.batch({"a": "tasks.task.list", "b": "sonet_group.update?GROUP_ID=9", "c": "crm.duplicate.findbycomm"})
    told = [(row["method"], row["user"], row["writes"]) for row in shop.server.calls()]
    assert told == [
        ("tasks.task.add", 1, True),
        ("tasks.task.list", 2, False),
        ("sonet_group.update", 2, True),
        ("crm.duplicate.findbycomm", 2, False),
        ("batch", 2, False),
    ]


@pytest.mark.parametrize(
    "method", ["tasks.task.list", "sonet_group.get", "socialnetwork.api.workgroup.get", "crm.timeline.comment.list"]
)
def test_each_family_needs_its_scope(method: str) -> None:
    with SandboxServer(burst=0, scope="user") as server:
        status, body = Caller(server).call(method)
        assert (status, body["error"]) == (401, "insufficient_scope")
