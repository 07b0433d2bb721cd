"""Departments and teams as REST 3 knows them (facts/bitrix24-telephony-crm.md §3.3, bitrix24-platform.md §1.7)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller

PREFIX = "BITRIX_REST_V3_EXCEPTION_"


@pytest.fixture
def shop(app: Caller) -> Caller:
    app.server.furnish(
        departments=[{"NAME": "Sales", "UF_HEAD": 2}],
        users=[{"id": number, "name": f"N{number}", "departments": [2]} for number in (3, 4)],
        teams=[{"name": "VPN", "members": [3]}],
    )
    return app


def v3(app: Caller, method: str, **params: Any) -> tuple[int, Any]:
    url = f"{app.server.url}/rest/api/{method}"
    answer = app.http.post(url, json={"auth": app.grant["access_token"], **params})
    return answer.status_code, answer.json()


def result(app: Caller, method: str, **params: Any) -> Any:
    status, body = v3(app, f"humanresources.node.{method}", **params)
    assert status == 200, body
    return body["result"]


def nodes(app: Caller, kind: str) -> dict[str, int]:
    items = result(app, "list", type=kind, select=["name"])["items"]
    return {item["name"]: item["id"] for item in items}


def members(app: Caller, node: int) -> dict[int, str]:
    item = result(app, "get", id=node, select=["members"])["item"]
    return {row["userId"]: row["role"] for row in item["members"]}


def test_a_node_is_not_the_id_of_its_department(shop: Caller) -> None:
    items = result(shop, "list", type="DEPARTMENT", select=["id", "name", "accessCode", "parentId", "userCount"])[
        "items"
    ]
    company, sales = items
    assert (sales["name"], sales["accessCode"], sales["parentId"], sales["userCount"]) == (
        "Sales",
        "DR2",
        company["id"],
        3,
    )
    assert sales["id"] != 2
    assert set(result(shop, "list", type="TEAM")["items"][0]) == {"id"}
    assert set(nodes(shop, "TEAM")) == {"VPN"}


def test_pages_are_cut_as_asked(shop: Caller) -> None:
    shop.server.seed("departments", 60)
    assert len(result(shop, "list", type="DEPARTMENT")["items"]) == 50
    assert len(result(shop, "list", type="DEPARTMENT", pagination={"limit": 200})["items"]) == 62
    assert len(result(shop, "list", type="DEPARTMENT", pagination={"page": 2, "limit": 40})["items"]) == 22
    for wrong in ({"limit": "abc"}, {"limit": 0}, {"limit": 201}):
        status, body = v3(shop, "humanresources.node.list", type="TEAM", pagination=wrong)
        assert (status, body["error"]["code"]) == (400, f"{PREFIX}INVALIDPAGINATIONEXCEPTION")


def test_the_members_of_a_team_are_set_whole(shop: Caller) -> None:
    team = nodes(shop, "TEAM")["VPN"]
    sent = {"MEMBER_TEAM_HEAD": [4], "MEMBER_TEAM_EMPLOYEE": [2, 99]}
    assert result(shop, "member.set", nodeId=team, userIds=sent) == {"success": True}
    assert members(shop, team) == {2: "MEMBER_TEAM_EMPLOYEE", 4: "MEMBER_TEAM_HEAD"}
    assert result(shop, "member.add", nodeId=team, userIds=[3, 4], role="MEMBER_TEAM_EMPLOYEE") == {"success": True}
    removed = result(shop, "member.remove", nodeId=team, userIds=[2, 1])
    assert removed == {"removed": [2], "failed": [{"userId": 1, "reason": "Not found in this node"}]}
    assert shop.server.teams()[0]["members"] == dict.fromkeys(("3", "4"), "MEMBER_TEAM_EMPLOYEE")


def test_a_department_and_what_is_written_at_its_people_are_one(shop: Caller) -> None:
    sales = nodes(shop, "DEPARTMENT")["Sales"]
    assert members(shop, sales) == {2: "MEMBER_HEAD", 3: "MEMBER_EMPLOYEE", 4: "MEMBER_EMPLOYEE"}
    result(shop, "member.set", nodeId=sales, userIds={"MEMBER_HEAD": [3], "MEMBER_EMPLOYEE": [1]})
    assert shop.result("department.get", ID=2)[0]["UF_HEAD"] == "3"
    told = {row["ID"]: row["UF_DEPARTMENT"] for row in shop.server.users()}
    assert told == {"1": [1, 2], "2": [1], "3": [2], "4": [1]}
    shop.result("user.update", ID=3, UF_DEPARTMENT=[1])
    assert members(shop, sales) == {1: "MEMBER_EMPLOYEE"}


def test_nodes_are_added_with_their_people(shop: Caller) -> None:
    top = nodes(shop, "DEPARTMENT")["Company"]
    team = result(shop, "add", type="TEAM", name="Mail", parentId=top, userIds={"MEMBER_TEAM_EMPLOYEE": [2, 3]})
    assert (team["name"], team["type"], team["userCount"], team["accessCode"]) == (
        "Mail",
        "TEAM",
        2,
        f"SNTR{team['id']}",
    )
    moved = {"userIds": {"MEMBER_EMPLOYEE": [3]}, "moveUsersToNode": True}
    node = result(shop, "add", type="DEPARTMENT", name="Field", parentId=top, **moved)
    number = int(node["accessCode"].removeprefix("DR"))
    assert shop.result("user.get", ID=3)[0]["UF_DEPARTMENT"] == [number]
    assert shop.result("department.get", ID=number)[0]["NAME"] == "Field"


@pytest.mark.parametrize(
    ("method", "params", "code", "field"),
    [
        ("list", {}, "VALIDATION_REQUESTVALIDATIONEXCEPTION", "type"),
        ("list", {"type": "GROUP"}, "VALIDATION_REQUESTVALIDATIONEXCEPTION", "type"),
        ("list", {"type": "TEAM", "select": ["members"]}, "UNKNOWNDTOPROPERTYEXCEPTION", ""),
        ("get", {"id": 9, "select": "id"}, "INVALIDSELECTEXCEPTION", ""),
        ("get", {}, "VALIDATION_REQUESTVALIDATIONEXCEPTION", "id"),
        ("get", {"id": 2}, "ENTITYNOTFOUNDEXCEPTION", ""),
        (
            "member.set",
            {"nodeId": 101, "userIds": {"MEMBER_EMPLOYEE": []}},
            "VALIDATION_REQUESTVALIDATIONEXCEPTION",
            "userIds",
        ),
        (
            "member.set",
            {"nodeId": 101, "userIds": {"MEMBER_OWNER": [1]}},
            "VALIDATION_REQUESTVALIDATIONEXCEPTION",
            "userIds",
        ),
        ("member.add", {"nodeId": 101, "userIds": [1]}, "VALIDATION_REQUESTVALIDATIONEXCEPTION", "role"),
        (
            "member.add",
            {"nodeId": 101, "userIds": [1], "role": "MEMBER_TEAM_HEAD"},
            "VALIDATION_REQUESTVALIDATIONEXCEPTION",
            "role",
        ),
        ("member.remove", {"nodeId": 101}, "VALIDATION_REQUESTVALIDATIONEXCEPTION", "userIds"),
        ("add", {"type": "TEAM", "parentId": 101}, "VALIDATION_REQUESTVALIDATIONEXCEPTION", "name"),
    ],
)
def test_a_refusal_is_an_object(shop: Caller, method: str, params: dict[str, Any], code: str, field: str) -> None:
    status, body = v3(shop, f"humanresources.node.{method}", **params)
    assert (status, body["error"]["code"]) == (400, PREFIX + code)
    assert [entry["field"] for entry in body["error"].get("validation", [])] == ([field] if field else [])


def test_the_structure_is_changed_by_administrators(shop: Caller) -> None:
    shop.grant = shop.server.grant(user_id=2)
    node = nodes(shop, "DEPARTMENT")["Sales"]
    for method, params in (
        ("add", {"type": "TEAM", "name": "x", "parentId": node}),
        ("member.set", {"nodeId": node, "userIds": {"MEMBER_HEAD": [3]}}),
        ("member.remove", {"nodeId": node, "userIds": [3]}),
    ):
        status, body = v3(shop, f"humanresources.node.{method}", **params)
        assert (status, body["error"]["code"]) == (403, f"{PREFIX}ACCESSDENIEDEXCEPTION")


def test_the_two_generations_are_apart(shop: Caller) -> None:
    assert shop.call("humanresources.node.list", type="TEAM")[0] == 404
    status, body = v3(shop, "user.get")
    assert (status, body["error"]["code"]) == (404, f"{PREFIX}METHODNOTFOUNDEXCEPTION")
    assert "humanresources.node.list" not in shop.result("methods")


def test_the_webhook_reaches_it_too(shop: Caller) -> None:
    url = shop.server.webhook_url().replace("/rest/", "/rest/api/") + "humanresources.node.list"
    assert requests.post(url, json={"type": "TEAM"}, timeout=5).status_code == 200
    refused = requests.post(url, data="type=TEAM", timeout=5)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, f"{PREFIX}INVALIDJSONEXCEPTION")
    wrong = requests.post(url.replace("sandboxwebhook", "x"), json={"type": "TEAM"}, timeout=5)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, f"{PREFIX}ACCESSDENIEDEXCEPTION")


def test_an_expired_token_hides_behind_denied_access(shop: Caller) -> None:
    shop.server.expire_tokens()
    status, body = v3(shop, "humanresources.node.list", type="TEAM")
    assert (status, body["error"]["code"]) == (401, f"{PREFIX}ACCESSDENIEDEXCEPTION")


def test_an_older_box_has_none_of_it() -> None:
    with SandboxServer(burst=0, without=("humanresources.*",)) as server:
        assert v3(Caller(server), "humanresources.node.list", type="TEAM")[0] == 404
    with SandboxServer(burst=0, scope="user") as server:
        status, body = v3(Caller(server), "humanresources.node.list", type="TEAM")
        assert (status, body["error"]["code"]) == (403, f"{PREFIX}INSUFFICIENTSCOPEEXCEPTION")
