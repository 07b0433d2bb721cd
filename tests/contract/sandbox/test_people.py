"""Employees, their profile and their user fields (facts/bitrix24-telephony-crm.md §3.1)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from connector.sandbox import SandboxServer
from connector.sandbox.answers import ApiError
from tests.contract.sandbox.caller import Caller

GROUPS = {"FIELD_NAME": "GROUPS", "USER_TYPE_ID": "enumeration", "MULTIPLE": "Y", "LIST": [{"VALUE": "VPN"}]}


@pytest.fixture
def staff(app: Caller) -> Caller:
    app.server.furnish(
        departments=[{"NAME": "Sales"}, {"NAME": "Field", "PARENT": 2, "UF_HEAD": 2}],
        users=[
            {"id": 3, "name": "Olga", "last_name": "Lis", "email": "Olga@Example.com", "xml_id": "guid-3"},
            {"id": 4, "name": "Ivan", "last_name": "Bor", "active": False, "departments": [2, 3]},
        ],
    )
    return app


def ids(app: Caller, **given: Any) -> list[str]:
    return [row["ID"] for row in app.result("user.get", **given)]


def one(app: Caller, number: int) -> dict[str, Any]:
    (row,) = app.result("user.get", ID=number)
    return dict(row)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"EMAIL": "OLGA@example.COM"}, ["3"]),
        ({"XML_ID": "guid-3"}, ["3"]),
        ({"XML_ID": ["guid-3", "guid-9"], "ACTIVE": "N"}, []),
        ({"@ID": [3, 4]}, ["3", "4"]),
        ({"LAST_NAME": "bor"}, ["4"]),
        ({"UF_DEPARTMENT": 3}, ["2", "4"]),
        ({"UF_DEPARTMENT": [2, 3], "ACTIVE": True}, ["2"]),
        ({"ACTIVE": False}, ["4"]),
        ({"!ID": 1, "USER_TYPE": "employee"}, ["2", "3", "4"]),
        ({"EMAIL": ""}, ["1", "2", "4"]),
    ],
)
def test_employees_are_found_by_their_profile(staff: Caller, given: dict[str, Any], found: list[str]) -> None:
    assert ids(staff, FILTER=given) == found


def test_employees_are_ordered_and_selected(staff: Caller) -> None:
    assert ids(staff, sort="LAST_NAME", order="ASC")[:2] == ["4", "3"]
    assert ids(staff, SORT="ID", ORDER="DESC") == ["4", "3", "2", "1"]
    assert staff.result("user.get", ID=3, select=["EMAIL"]) == [{"ID": "3", "EMAIL": "Olga@Example.com"}]


def test_departments_of_an_employee_are_written_whole(staff: Caller) -> None:
    assert staff.result("user.update", ID=4, UF_DEPARTMENT=[3, "1", 3]) is True
    assert one(staff, 4)["UF_DEPARTMENT"] == [3, 1]
    assert staff.result("user.update", ID=4, UF_DEPARTMENT=2) is True
    assert ids(staff, FILTER={"UF_DEPARTMENT": 3}) == ["2"]
    staff.result("user.update", ID=4, UF_DEPARTMENT=[])
    assert (one(staff, 4)["UF_DEPARTMENT"], one(staff, 4)["USER_TYPE"]) == ([], "extranet")


def test_a_profile_is_changed_by_what_is_sent(staff: Caller) -> None:
    sent = {"XML_ID": "ldap-3", "WORK_POSITION": "Lead", "SECOND_NAME": "P.", "UF_PHONE_INNER": "133", "GROUP_ID": 1}
    staff.result("user.update", ID=3, ACTIVE="N", **sent)
    row = one(staff, 3)
    assert (row["XML_ID"], row["WORK_POSITION"], row["SECOND_NAME"], row["UF_PHONE_INNER"]) == (
        "ldap-3",
        "Lead",
        "P.",
        "133",
    )
    assert (row["ACTIVE"], row["EMAIL"], "GROUP_ID" in row) == (False, "Olga@Example.com", False)
    staff.result("user.update", ID=3, ACTIVE="Y")
    assert one(staff, 3)["ACTIVE"] is True


def test_an_address_is_one_person_s(staff: Caller) -> None:
    status, body = staff.call("user.update", ID=4, EMAIL="olga@example.com")
    assert (status, body["error"]) == (400, "ERROR_CORE")
    assert staff.result("user.update", ID=3, EMAIL="olga@example.com") is True


@pytest.mark.parametrize("params", [{"ID": 3, "NAME": "x"}, {"ID": 2, "ACTIVE": "Y"}, {"ID": 2, "UF_DEPARTMENT": [2]}])
def test_only_an_administrator_changes_others(staff: Caller, params: dict[str, Any]) -> None:
    staff.grant = staff.server.grant(user_id=2)
    status, body = staff.call("user.update", **params)
    assert (status, body["error"], body["error_description"]) == (400, "ERROR_CORE", "access_denied")
    assert staff.result("user.update", ID=2, NAME="Bob") is True


def test_whoever_is_not_there_is_not_changed(staff: Caller) -> None:
    assert staff.call("user.update", ID=99, NAME="x")[1]["error_description"] == "access_denied"


def test_an_invitation_is_counted(staff: Caller) -> None:
    assert staff.server.state()["people"] == {
        "active": 3,
        "dismissed": 1,
        "invited": 0,
        "departments": 3,
        "teams": 0,
        "groups": 0,
    }
    number = staff.result("user.add", EMAIL="new@example.com", NAME="New", UF_DEPARTMENT=[2], XML_ID="guid-n")
    assert staff.server.state()["people"]["invited"] == 1
    row = one(staff, number)
    assert (row["EMAIL"], row["XML_ID"], row["UF_DEPARTMENT"], row["ACTIVE"]) == (
        "new@example.com",
        "guid-n",
        [2],
        True,
    )


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"EMAIL": "nobody"}, "wrong_email"),
        ({"EMAIL": "OLGA@example.com", "UF_DEPARTMENT": [1]}, "A user with this email already exists"),
        ({"EMAIL": "new@example.com"}, "no_extranet_field"),
    ],
)
def test_nobody_is_invited_twice_or_nowhere(staff: Caller, params: dict[str, Any], text: str) -> None:
    status, body = staff.call("user.add", **params)
    assert (status, body["error"], body["error_description"]) == (400, "ERROR_ARGUMENT", text)
    assert staff.server.state()["people"]["invited"] == 0


def test_an_invitation_needs_an_administrator(staff: Caller) -> None:
    staff.grant = staff.server.grant(user_id=2)
    status, body = staff.call("user.add", EMAIL="new@example.com", UF_DEPARTMENT=[1])
    assert (status, body["error"], body["error_description"]) == (400, "ERROR_CORE", "access_denied")


def test_employees_have_user_fields_of_their_own(staff: Caller) -> None:
    number = staff.result("user.userfield.add", fields=GROUPS)
    (field,) = staff.result("user.userfield.list", filter={"FIELD_NAME": "UF_USR_GROUPS"})
    vpn = int(field["LIST"][0]["ID"])
    assert (field["ID"], field["ENTITY_ID"], field["MULTIPLE"]) == (str(number), "USER", "Y")
    staff.result("user.userfield.update", id=number, fields={"LIST": [{"VALUE": "Mail", "XML_ID": "mail"}]})
    staff.result("user.update", ID=3, UF_USR_GROUPS=[vpn, vpn + 1], UF_USR_UNKNOWN="x")
    assert one(staff, 3)["UF_USR_GROUPS"] == [vpn, vpn + 1]
    assert ids(staff, FILTER={"UF_USR_GROUPS": vpn}) == ["3"]
    staff.result("user.userfield.update", id=number, fields={"LIST": [{"ID": vpn, "DEL": "Y"}]})
    assert one(staff, 3)["UF_USR_GROUPS"] == [vpn + 1]
    assert staff.result("user.userfield.delete", id=number) is True
    assert "UF_USR_GROUPS" not in one(staff, 3)


def test_a_field_s_name_is_made_whole(staff: Caller) -> None:
    for name in ("ext", "UF_EXT2", "UF_USR_EXT3"):
        staff.result("user.userfield.add", fields={"FIELD_NAME": name, "USER_TYPE_ID": "string"})
    names = [field["FIELD_NAME"] for field in staff.result("user.userfield.list")]
    assert names == ["UF_USR_EXT", "UF_USR_EXT2", "UF_USR_EXT3"]


def test_user_fields_of_employees_need_their_scope() -> None:
    with SandboxServer(burst=0, scope="user") as server:
        app = Caller(server)
        assert app.call("user.userfield.list")[1]["error"] == "insufficient_scope"


def test_a_client_of_a_connector_is_no_employee(desk: Caller) -> None:
    desk.send({"user": {"id": "u1", "name": "Ann"}, "message": {"id": "m", "text": "x"}, "chat": {"id": "c"}})
    (client,) = {chat["client"]["id"] for chat in desk.server.chats()}
    assert ids(desk) == ["1", "2"]
    assert desk.call("user.update", ID=client, NAME="x")[1]["error_description"] == "access_denied"


def test_thousands_of_employees_are_seeded_and_read(app: Caller) -> None:
    began = time.process_time()
    app.server.seed("departments", 200)
    assert app.server.seed("users", 3000)["rows"] == 3000
    app.server.seed("groups", 200)
    counted = app.server.state()["people"]
    assert (counted["active"], counted["departments"], counted["groups"]) == (3002, 201, 200)
    status, body = app.call("user.get", FILTER={"XML_ID": "guid-2999"})
    assert (status, body["total"], body["result"][0]["EMAIL"]) == (200, 1, "user2999@example.com")
    commands = {f"k{n}": f"user.get?FILTER[EMAIL]=USER{n}@example.com" for n in range(1, 51)}
    found = app.batch(commands)["result"]
    assert [rows[0]["XML_ID"] for rows in found.values()] == [f"guid-{n}" for n in range(1, 51)]
    pages = app.batch({f"p{n}": f"user.get?start={50 * n}" for n in range(10)})
    assert len({row["ID"] for page in pages["result"].values() for row in page}) == 500
    assert len(app.server.users(department=2)) == 15
    assert time.process_time() - began < 15


def test_what_cannot_be_seeded_is_named(app: Caller) -> None:
    with pytest.raises(ApiError, match="there is no department 77"):
        app.server.furnish(users=[{"name": "x", "departments": [77]}])
