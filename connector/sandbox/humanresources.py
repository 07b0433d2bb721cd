"""``humanresources.node.*``: departments and teams as REST 3 knows them (facts/bitrix24-telephony-crm.md §3.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import Params, V3Error, whole
from connector.sandbox.lines import refill
from connector.sandbox.methods import Call, Method
from connector.sandbox.structure import DEPARTMENT, ROLES, Node

PLAIN = (
    "id",
    "name",
    "type",
    "structureId",
    "parentId",
    "description",
    "accessCode",
    "userCount",
    "colorName",
    "xmlId",
    "createdAt",
    "updatedAt",
)
LIMIT, MAX_LIMIT = 50, 200
NOT_EMPTY = 'Parameter "userIds" is required and must be a non-empty array.'


def _shown(call: Call, node: Node, wanted: tuple[str, ...]) -> dict[str, Any]:
    structure, users = call.portal.structure, call.portal.users
    told: dict[str, Callable[[], Any]] = {
        "id": lambda: node.id,
        "name": lambda: node.name,
        "type": lambda: node.kind,
        "structureId": lambda: 1,
        "parentId": lambda: node.parent or None,
        "description": lambda: node.description,
        "accessCode": lambda: node.access_code,
        "userCount": lambda: len(structure.members(node, users)),
        "colorName": lambda: node.colour or None,
        "xmlId": lambda: None,
        "createdAt": lambda: node.created,
        "updatedAt": lambda: node.updated,
        "members": lambda: _members(call, node),
    }
    return {name: told[name]() for name in wanted}


def _members(call: Call, node: Node) -> list[dict[str, Any]]:
    held, users = call.portal.structure.members(node, call.portal.users), call.portal.users
    return [
        {
            "userId": number,
            "name": users[number].title,
            "workPosition": users[number].profile.get("WORK_POSITION", ""),
            "role": role,
            "avatar": None,
            "url": f"/company/personal/user/{number}/",
        }
        for number, role in held.items()
    ]


def _selected(params: Params, known: tuple[str, ...]) -> tuple[str, ...]:
    """The fields of ``select``, of which ``id`` always is one; without it there is no other."""
    select = params.get("select") or []
    if not isinstance(select, list) or not all(isinstance(name, str) for name in select):
        raise V3Error("INVALIDSELECTEXCEPTION", f"Cannot recognize select expression `{select}`")
    for name in select:
        if name not in known:
            raise V3Error("UNKNOWNDTOPROPERTYEXCEPTION", f"Unknown field `{name}` for entity `NodeDto`")
    return tuple(name for name in known if name == "id" or name in select)


def _invalid(field: str, message: str) -> V3Error:
    text = "Error during request object validation"
    return V3Error("VALIDATION_REQUESTVALIDATIONEXCEPTION", text, validation=[{"field": field, "message": message}])


def _node(call: Call, value: Any, field: str) -> Node:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _invalid(field, f'Parameter "{field}" is required.')
    node = call.portal.structure.nodes.get(value)
    if node is None:
        raise V3Error("ENTITYNOTFOUNDEXCEPTION", f"Record with ID = `{value}` not found")
    return node


def _kind(params: Params) -> str:
    kind = params.get("type")
    if kind not in ROLES:
        raise _invalid("type", "Required field `type` is not specified" if not kind else f"Invalid type `{kind}`")
    return str(kind)


def _part(params: Params) -> slice:
    asked = params.get("pagination") or {}
    refused = V3Error("INVALIDPAGINATIONEXCEPTION", f"Cannot recognize pagination parameter `{asked}`")
    if not isinstance(asked, dict) or not all(isinstance(value, int) for value in asked.values()):
        raise refused
    limit = asked.get("limit", LIMIT)
    if not 0 < limit <= MAX_LIMIT:
        raise refused
    begin = max(0, asked.get("offset", (asked.get("page", 1) - 1) * limit))
    return slice(begin, begin + limit)


def find(call: Call, params: Params) -> dict[str, Any]:
    """One page of the departments or the teams."""
    kind, wanted, part = _kind(params), _selected(params, PLAIN), _part(params)
    nodes = [node for node in call.portal.structure.nodes.values() if node.kind == kind]
    return {"items": [_shown(call, node, wanted) for node in nodes[part]]}


def get(call: Call, params: Params) -> dict[str, Any]:
    """One node, with its ``members`` when they are selected."""
    wanted = _selected(params, (*PLAIN, "members"))
    return {"item": _shown(call, _node(call, params.get("id"), "id"), wanted)}


def add(call: Call, params: Params) -> dict[str, Any]:
    """A new department or team, with whom it has from the start."""
    kind, name = _kind(params), str(params.get("name") or "")
    if not name:
        raise _invalid("name", "Required field `name` is not specified")
    parent = _node(call, params.get("parentId"), "parentId")
    people = _by_role(params["userIds"], kind) if params.get("userIds") else {}
    _check(call)
    node = call.portal.structure.add(kind, name, parent.id)
    node.description, node.colour = str(params.get("description") or ""), str(params.get("colorName") or "")
    if kind == DEPARTMENT and params.get("moveUsersToNode") is True:
        for number in people.keys() & call.portal.users.keys():
            call.portal.structure.assign(call.portal.users[number], [node.department])
    _place(call, node, people)
    return _shown(call, node, (*PLAIN, "members"))


def _by_role(sent: Any, kind: str) -> dict[int, str]:
    """``{role: [ids]}`` by user; somebody with two roles has the higher one."""
    if not isinstance(sent, dict) or not any(sent.values()):
        raise _invalid("userIds", NOT_EMPTY)
    wrong = [str(role) for role in sent if role not in ROLES[kind]]
    if wrong:
        text = f"Invalid roles: {', '.join(wrong)}. Allowed: {', '.join(ROLES[kind])}."
        raise _invalid("userIds", text)
    return {whole(number): role for role in reversed(ROLES[kind]) for number in sent.get(role) or []}


def _listed(params: Params) -> list[int]:
    sent = params.get("userIds")
    if not isinstance(sent, list) or not sent:
        raise _invalid("userIds", NOT_EMPTY)
    return [whole(number) for number in sent]


def _check(call: Call) -> None:
    if not call.is_admin:
        raise V3Error("ACCESSDENIEDEXCEPTION", "Access denied", 403)


def _place(call: Call, node: Node, people: Mapping[int, str]) -> None:
    portal = call.portal
    for number, role in people.items():
        user = portal.users.get(number)
        if user is not None and not user.client:
            portal.structure.place(node, user, role)
    portal.structure.touch(node)
    refill(portal)


def set_members(call: Call, params: Params) -> dict[str, bool]:
    """Make these the members: adds, gives other roles and removes, heads too. It cannot empty a node."""
    node = _node(call, params.get("nodeId"), "nodeId")
    people, structure = _by_role(params.get("userIds"), node.kind), call.portal.structure
    _check(call)
    for number in structure.members(node, call.portal.users).keys() - people.keys():
        structure.displace(node, call.portal.users[number])
    _place(call, node, people)
    return {"success": True}


def add_members(call: Call, params: Params) -> dict[str, bool]:
    """Add employees with one role; whoever is there already has it now."""
    node, people, role = _node(call, params.get("nodeId"), "nodeId"), _listed(params), params.get("role")
    if role not in ROLES[node.kind]:
        allowed = ", ".join(ROLES[node.kind])
        text = f"Invalid role {role}. Allowed: {allowed}." if role else 'Parameter "role" is required.'
        raise _invalid("role", text)
    _check(call)
    _place(call, node, dict.fromkeys(people, str(role)))
    return {"success": True}


def remove_members(call: Call, params: Params) -> dict[str, Any]:
    """Remove members; who was none is told in ``failed``."""
    node, people = _node(call, params.get("nodeId"), "nodeId"), _listed(params)
    _check(call)
    held = call.portal.structure.members(node, call.portal.users)
    removed = [number for number in people if number in held]
    for number in removed:
        call.portal.structure.displace(node, call.portal.users[number])
    call.portal.structure.touch(node)
    refill(call.portal)
    failed = [{"userId": number, "reason": "Not found in this node"} for number in people if number not in held]
    return {"removed": removed, "failed": failed}


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "humanresources.node.list": Method(run=find, scope="humanresources"),
        "humanresources.node.get": Method(run=get, scope="humanresources"),
        "humanresources.node.add": Method(run=add, scope="humanresources"),
        "humanresources.node.member.set": Method(run=set_members, scope="humanresources"),
        "humanresources.node.member.add": Method(run=add_members, scope="humanresources"),
        "humanresources.node.member.remove": Method(run=remove_members, scope="humanresources"),
    }
)
