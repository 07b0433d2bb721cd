"""``crm.item.*`` for leads, deals, contacts and companies: the same rows under their other names.

facts/bitrix24-telephony-crm.md §2.2: camelCase, ``{"item": …}`` and ``{"items": […]}``, telephone numbers and addresses
in ``fm``, which can be neither selected by name nor filtered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, whole
from connector.sandbox.crm_tables import MULTIFIELDS, Row, Table
from connector.sandbox.events import emit
from connector.sandbox.methods import Call, Method

ENTITY_TYPES: Mapping[int, str] = MappingProxyType({1: "lead", 2: "deal", 3: "contact", 4: "company"})
_OTHER: Mapping[str, str] = MappingProxyType({"DATE_CREATE": "createdTime", "DATE_MODIFY": "updatedTime"})
_BACK: Mapping[str, str] = MappingProxyType({camel: name for name, camel in _OTHER.items()})
_PREFIX = re.compile(r"[!@%<>=]*")
_PART = re.compile(r"_(.)")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def camel(name: str) -> str:
    """``ASSIGNED_BY_ID`` as ``assignedById``."""
    return _OTHER.get(name) or _PART.sub(lambda match: match[1].upper(), name.lower())


def classic(name: str) -> str:
    """``assignedById`` as ``ASSIGNED_BY_ID``; names in capitals stay (``useOriginalUfNames``)."""
    return _BACK.get(name) or (name if name.isupper() else _CAPITAL.sub("_", name).upper())


def _entity(params: Params) -> str:
    entity = ENTITY_TYPES.get(whole(params.get("entityTypeId")))
    if entity is None:
        raise ApiError("NOT_FOUND", "Smart process is not found", 400)
    return entity


def _found(call: Call, params: Params) -> tuple[Table, Row]:
    table = call.portal.crm[_entity(params)]
    row = table.rows.get(whole(params.get("id")))
    if row is None:
        raise ApiError("NOT_FOUND", "Element is not found", 400)
    return table, row


def _fields(params: Params) -> Row:
    given = params.get("fields")
    if not isinstance(given, dict):
        raise ApiError("100", "Could not find value for parameter {fields}", 400)
    fields = {classic(str(name)): value for name, value in given.items() if name != "fm"}
    for kind in MULTIFIELDS:
        parts = _parts(given.get("fm"), kind)
        if parts:
            fields[kind] = parts
    return fields


def _parts(fm: Any, kind: str) -> list[Row]:
    """Multifield rows of one type: a list adds, keys of a map are ``n0`` (add) or the id of a row to change."""
    rows = fm.items() if isinstance(fm, dict) else ((f"n{index}", row) for index, row in enumerate(fm or []))
    parts = []
    for key, row in rows:
        if isinstance(row, dict) and row.get("typeId") == kind:
            part = {"VALUE": str(row.get("value") or ""), "VALUE_TYPE": str(row.get("valueType") or "WORK")}
            parts.append(part | ({"ID": str(key)} if str(key).isdigit() else {}))
    return parts


def _item(row: Row, select: list[str]) -> dict[str, Any]:
    """A row as an item: ``id`` is a number; all fields for an empty selection or ``*``, and ``fm`` only then."""
    whole_row = not select or "*" in select
    item: dict[str, Any] = {
        camel(name): value
        for name, value in row.items()
        if name not in MULTIFIELDS and (whole_row or name == "ID" or camel(name) in select)
    }
    if whole_row:
        item["fm"] = [
            {"id": int(part["ID"]), "typeId": kind, "valueType": part["VALUE_TYPE"], "value": part["VALUE"]}
            for kind in MULTIFIELDS
            for part in row.get(kind, [])
        ]
    return item | {"id": int(row["ID"])}


def _add(call: Call, params: Params) -> dict[str, Any]:
    entity, fields = _entity(params), _fields(params)
    table = call.portal.crm[entity]
    number = table.add(fields)
    _told(call, entity, "ADD", number)
    return {"item": _item(table.rows[number], [])}


def _update(call: Call, params: Params) -> dict[str, Any]:
    table, row = _found(call, params)
    table.update(int(row["ID"]), _fields(params))
    _told(call, _entity(params), "UPDATE", int(row["ID"]))
    return {"item": _item(row, [])}


def _get(call: Call, params: Params) -> dict[str, Any]:
    return {"item": _item(_found(call, params)[1], [])}


def _delete(call: Call, params: Params) -> list[Any]:
    table, row = _found(call, params)
    table.delete(int(row["ID"]))
    _told(call, _entity(params), "DELETE", int(row["ID"]))
    return []


def _list(call: Call, params: Params) -> Page:
    table = call.portal.crm[_entity(params)]
    page = table.page(_names(params.get("filter")), _names(params.get("order")), ["*", *MULTIFIELDS], call.start)
    select = [str(name) for name in params.get("select") or []]
    return Page(rows={"items": [_item(row, select) for row in page.rows]}, total=page.total, next=page.next)


def _names(given: Any) -> dict[str, Any]:
    """A filter or an order in the names of the tables. Raises ``INVALID_ARG_VALUE`` for ``fm``."""
    names: dict[str, Any] = {}
    for key, value in given.items() if isinstance(given, dict) else ():
        prefix = _PREFIX.match(str(key))
        sign = prefix[0] if prefix else ""
        name = str(key)[len(sign) :]
        if name == "fm":
            raise ApiError("INVALID_ARG_VALUE", "Invalid value {fm} to match with parameter {filter}", 400)
        names[sign + classic(name)] = value
    return names


def _told(call: Call, entity: str, act: str, number: int) -> None:
    emit(call.portal, f"ONCRM{entity.upper()}{act}", {"FIELDS": {"ID": number}}, actor=call.who.user_id)


_ACTIONS: Mapping[str, Callable[[Call, Params], Any]] = MappingProxyType(
    {"add": _add, "update": _update, "get": _get, "delete": _delete, "list": _list}
)
METHODS: Mapping[str, Method] = MappingProxyType(
    {f"crm.item.{name}": Method(run=action, scope="crm") for name, action in _ACTIONS.items()}
)
