"""Workgroups and who is in them (facts/bitrix24-telephony-crm.md §3.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.caller import Caller

PEOPLE = [{"id": 3, "name": "Olga"}, {"id": 4, "name": "Ivan"}, {"id": 5, "name": "Gone", "active": False}]
GROUPS: list[dict[str, Any]] = [
    {"NAME": "VPN", "OWNER_ID": 1, "SCRUM_MASTER_ID": 4, "MEMBERS": [2]},
    {"NAME": "Secret", "OWNER_ID": 1, "VISIBLE": "N", "MEMBERS": {"3": "E"}},
]


@pytest.fixture
def shop(app: Caller) -> Caller:
    app.server.furnish(users=PEOPLE, groups=GROUPS)
    return app


def roles(app: Caller, group: int = 1) -> dict[str, str]:
    return {row["USER_ID"]: row["ROLE"] for row in app.result("sonet_group.user.get", ID=group)}


def refused(app: Caller, method: str, **params: Any) -> str:
    status, body = app.call(f"sonet_group.{method}", **params)
    assert (status, body["error"]) == (400, "")
    text: str = body["error_description"]
    return text


def test_members_are_added_without_asking_them(shop: Caller) -> None:
    assert roles(shop) == {"1": "A", "4": "E", "2": "K"}
    assert shop.result("sonet_group.user.add", GROUP_ID=1, USER_ID=[3, "2", 5, 99]) == ["3"]
    assert shop.result("sonet_group.user.add", GROUP_ID=1, USER_ID=3) == []
    assert roles(shop) == {"1": "A", "4": "E", "2": "K", "3": "K"}
    (group,) = shop.result("sonet_group.get", FILTER={"ID": 1})
    assert (group["NUMBER_OF_MEMBERS"], "SCRUM_MASTER_ID" in group) == ("4", False)
    assert shop.server.groups()[0]["MEMBERS"] == roles(shop)


def test_neither_the_owner_nor_the_scrum_master_is_removed(shop: Caller) -> None:
    assert shop.result("sonet_group.user.delete", GROUP_ID=1, USER_ID=[1, 4, 2, 99]) == ["2"]
    assert shop.result("sonet_group.user.delete", GROUP_ID=1, USER_ID=1) == []
    assert roles(shop) == {"1": "A", "4": "E"}


def test_a_role_is_changed_but_not_the_owner_s(shop: Caller) -> None:
    assert shop.result("sonet_group.user.update", GROUP_ID=1, USER_ID=[1, 2, 3], ROLE="E") == ["2"]
    assert roles(shop) == {"1": "A", "4": "E", "2": "E"}
    assert refused(shop, "user.update", GROUP_ID=1, USER_ID=2, ROLE="A") == "Incorrect role code"


@pytest.mark.parametrize(
    ("method", "params", "text"),
    [
        ("user.get", {}, "Wrong socialnetwork group ID"),
        ("user.get", {"ID": 9}, "Socialnetwork group not found"),
        ("user.add", {"USER_ID": 2}, "Wrong group ID"),
        ("user.add", {"GROUP_ID": 9, "USER_ID": 2}, "Socialnetwork group not found"),
        ("user.add", {"GROUP_ID": 1, "USER_ID": []}, "Wrong user IDs"),
        ("user.delete", {"GROUP_ID": 1, "USER_ID": "x"}, "Wrong user IDs"),
        ("create", {"DESCRIPTION": "x"}, "Cannot create group"),
    ],
)
def test_what_is_wrong_is_said_without_a_code(shop: Caller, method: str, params: dict[str, Any], text: str) -> None:
    assert refused(shop, method, **params) == text


def test_members_are_changed_by_administrators_and_seen_by_whoever_sees_the_group(shop: Caller) -> None:
    shop.grant = shop.server.grant(user_id=2)
    asked = {"GROUP_ID": 1, "USER_ID": 3}
    assert refused(shop, "user.add", **asked) == "No permissions to add users"
    assert refused(shop, "user.delete", **asked) == "No permissions to update users role"
    assert refused(shop, "user.update", **asked, ROLE="E") == "No permissions to update users role"
    assert roles(shop)
    assert refused(shop, "user.get", ID=2) == "Socialnetwork group not found"
    shop.grant = shop.server.grant(user_id=3)
    assert roles(shop, 2) == {"1": "A", "3": "E"}


def test_a_group_is_created_for_its_owner(shop: Caller) -> None:
    number = shop.result("sonet_group.create", NAME="Mail", OWNER_ID=3, KEYWORDS="a,b", VISIBLE="N")
    assert (number, roles(shop, number)) == (3, {"3": "A"})
    shop.grant = shop.server.grant(user_id=2)
    own = shop.result("sonet_group.create", NAME="Own", OWNER_ID=3)
    assert roles(shop, own) == {"2": "A"}
    listed = shop.result("sonet_group.get", ORDER={"NAME": "DESC"})
    assert [group["NAME"] for group in listed] == ["VPN", "Own"]
    assert shop.result("sonet_group.update", GROUP_ID=own, NAME="Ours") == own
