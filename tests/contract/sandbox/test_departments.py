"""Departments as REST 2 knows them (facts/bitrix24-telephony-crm.md §3.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.caller import Caller


def refused(app: Caller, method: str, **params: Any) -> str:
    status, body = app.call(method, **params)
    assert (status, body["error"]) == (400, "ERROR_CORE")
    text: str = body["error_description"]
    return text


def test_a_portal_has_the_company_and_what_is_added_to_it(app: Caller) -> None:
    assert app.result("department.get") == [{"ID": "1", "NAME": "Company", "SORT": 500}]
    sales = app.result("department.add", NAME="Sales", PARENT=1, SORT=100, UF_HEAD=2)
    (row,) = app.result("department.get", ID=sales)
    assert row == {"ID": str(sales), "NAME": "Sales", "SORT": 100, "PARENT": "1", "UF_HEAD": "2"}
    assert [user["ID"] for user in app.result("user.get", FILTER={"UF_DEPARTMENT": sales})] == ["2"]
    assert set(app.result("department.fields")) == {"ID", "NAME", "SORT", "PARENT", "UF_HEAD"}


def test_departments_are_found_ordered_and_paged(app: Caller) -> None:
    app.server.seed("departments", 60)
    status, body = app.call("department.get", sort="NAME", order="DESC", PARENT=1)
    assert (status, body["total"], body["next"], body["result"][0]["NAME"]) == (200, 60, 50, "Department 9")
    assert len(app.result("department.get", START=50)) == 11
    assert [row["ID"] for row in app.result("department.get", NAME="Department 7")] == ["8"]


def test_a_department_is_changed_and_moved(app: Caller) -> None:
    app.server.furnish(departments=[{"NAME": "A"}, {"NAME": "B"}], users=[{"id": 3, "name": "Olga"}])
    assert app.result("department.update", ID=3, NAME="B2", PARENT=2, UF_HEAD=2) is True
    assert app.result("department.update", ID=3, UF_HEAD=3) is True
    (row,) = app.result("department.get", ID=3)
    assert (row["NAME"], row["PARENT"], row["UF_HEAD"]) == ("B2", "2", "3")
    assert [user["ID"] for user in app.server.users(department=3)] == ["2", "3"]
    app.result("user.update", ID=3, UF_DEPARTMENT=[1])
    assert "UF_HEAD" not in app.result("department.get", ID=3)[0]


def test_whoever_loses_a_department_is_in_the_company(app: Caller) -> None:
    app.server.furnish(
        departments=[{"NAME": "A"}, {"NAME": "B", "PARENT": 2}], users=[{"id": 3, "name": "Olga", "departments": [2]}]
    )
    assert app.result("department.delete", ID=2) is True
    assert app.result("department.get", ID=3)[0]["PARENT"] == "1"
    assert app.result("user.get", ID=3)[0]["UF_DEPARTMENT"] == [1]
    assert refused(app, "department.delete", ID=2) == "Department not found"
    assert refused(app, "department.delete", ID=1) == "Access denied"


def test_what_is_wrong_is_said(app: Caller) -> None:
    assert refused(app, "department.add", PARENT=1) == "Department name not provided.<br>"
    top = "There can only be one top-level department in the company structure"
    assert [refused(app, "department.add", NAME="x", PARENT=parent) for parent in (0, 9)] == [top, top]
    assert refused(app, "department.update", ID=9, NAME="x") == "Department not found"


@pytest.mark.parametrize("method", ["add", "update", "delete"])
def test_the_structure_is_changed_by_administrators(app: Caller, method: str) -> None:
    app.grant = app.server.grant(user_id=2)
    assert refused(app, f"department.{method}", ID=1, NAME="x", PARENT=1) == "Access denied"
    assert app.result("department.get")
