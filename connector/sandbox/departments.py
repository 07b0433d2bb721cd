"""``department.*``: the company's departments as REST 2 knows them (facts/bitrix24-telephony-crm.md §3.2).

Who is in a department is said on the user's side, UF_DEPARTMENT of ``user.update``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, upper, whole
from connector.sandbox.crm_tables import matcher
from connector.sandbox.lines import refill
from connector.sandbox.listing import paged, rank
from connector.sandbox.methods import Call, Method
from connector.sandbox.state import Portal
from connector.sandbox.structure import DEPARTMENT, ROLES, TOP, Node

NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ID": ("ID", "ID"),
        "NAME": ("Department name", "Название подразделения"),
        "SORT": ("Sort order", "Сортировка"),
        "PARENT": ("Parent department", "Родительское подразделение"),
        "UF_HEAD": ("Head", "Руководитель"),
    }
)


def row(portal: Portal, node: Node) -> dict[str, Any]:
    """A department; the top one has no PARENT, one without a head no UF_HEAD."""
    told: dict[str, Any] = {"ID": str(node.department), "NAME": node.name, "SORT": node.sort}
    if node.parent:
        told["PARENT"] = str(portal.structure.nodes[node.parent].department)
    return told | ({"UF_HEAD": str(node.head)} if node.head else {})


def find(call: Call, params: Params) -> Page:
    """Departments by the values of their fields, ordered by ``sort`` and ``order``, 50 at a time."""
    given = upper(params)
    # SORT is the field to sort by, unless it is the value to look for.
    sort = str(given.pop("SORT", ""))
    asked = {name: given[name] for name in NAMES if name in given}
    asked |= {"SORT": sort} if sort.isdecimal() else {}
    fits = matcher(asked)
    rows = [told for node in call.portal.structure.departments.values() if fits(told := row(call.portal, node))]
    name = sort.upper() if sort.upper() in NAMES else "ID"
    rows.sort(key=rank(name), reverse=str(given.get("ORDER", "")).upper() == "DESC")
    return paged(rows, whole(given["START"]) if "START" in given else call.start)


def create(portal: Portal, given: Mapping[str, Any]) -> int:
    """A new department of NAME, PARENT, SORT and UF_HEAD; its ID. Raises ``ERROR_CORE``."""
    if not given.get("NAME"):
        raise _refused("Department name not provided.<br>")
    parent = portal.structure.departments.get(whole(given.get("PARENT")))
    if parent is None:
        raise _refused("There can only be one top-level department in the company structure")
    node = portal.structure.add(DEPARTMENT, str(given["NAME"]), parent.id)
    _change(portal, node, given)
    return node.department


def _change(portal: Portal, node: Node, given: Mapping[str, Any]) -> None:
    node.name = str(given.get("NAME") or node.name)
    node.sort = whole(given.get("SORT"), node.sort)
    parent = portal.structure.departments.get(whole(given.get("PARENT")))
    if parent is not None and node.department != TOP:
        node.parent = parent.id
    if "UF_HEAD" in given:
        _lead(portal, node, whole(given["UF_HEAD"]))
    portal.structure.touch(node)


def _lead(portal: Portal, node: Node, head: int) -> None:
    """One head only: who was it stays as an employee."""
    user = portal.users.get(head)
    node.roles = {number: role for number, role in node.roles.items() if role != ROLES[DEPARTMENT][0]}
    if user is not None and not user.client:
        portal.structure.place(node, user, ROLES[DEPARTMENT][0])
    refill(portal)


def add(call: Call, params: Params) -> int:
    """A new department; needs the right to edit the structure."""
    _check(call)
    return create(call.portal, upper(params))


def update(call: Call, params: Params) -> bool:
    """Change a department by what is sent of it."""
    given = upper(params)
    _check(call)
    _change(call.portal, _held(call, given), given)
    return True


def delete(call: Call, params: Params) -> bool:
    """Delete a department: what is below it moves up, its people are in their other ones, else in the company."""
    _check(call)
    node, portal = _held(call, upper(params)), call.portal
    if node.department == TOP:
        raise _refused("Access denied")
    for user in portal.users.values():
        if node.department in user.departments:
            portal.structure.displace(node, user)
    portal.structure.remove(node)
    refill(portal)
    return True


def _check(call: Call) -> None:
    if not call.is_admin:
        raise _refused("Access denied")


def _held(call: Call, given: Mapping[str, Any]) -> Node:
    node = call.portal.structure.departments.get(whole(given.get("ID")))
    if node is None:
        raise _refused("Department not found")
    return node


def _refused(text: str) -> ApiError:
    return ApiError("ERROR_CORE", text, 400)


def fields(call: Call, params: Params) -> dict[str, str]:
    """The fields of a department by their names."""
    return {name: call.portal.settings.word(said) for name, said in NAMES.items()}


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "department.get": Method(run=find, scope="department"),
        "department.add": Method(run=add, scope="department"),
        "department.update": Method(run=update, scope="department"),
        "department.delete": Method(run=delete, scope="department"),
        "department.fields": Method(run=fields, scope="department"),
    }
)
