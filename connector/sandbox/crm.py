"""The classic CRM methods, as far as a connector and its test clients need them.

facts/bitrix24-platform.md §3.5-3.6 (pages), §6.5 (multifields).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox import crm_rows
from connector.sandbox.answers import ApiError, Page, Params, upper, whole
from connector.sandbox.crm_settings import ENTITIES as KINDS
from connector.sandbox.crm_settings import Entity
from connector.sandbox.crm_tables import ENTITIES, MULTIFIELDS, Row, Table
from connector.sandbox.events import emit
from connector.sandbox.methods import Call, Method

FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lead": ("ID", "TITLE", "NAME", "LAST_NAME", "STATUS_ID", "SOURCE_ID", "ASSIGNED_BY_ID", *MULTIFIELDS),
        "contact": ("ID", "NAME", "LAST_NAME", "SOURCE_ID", "ASSIGNED_BY_ID", *MULTIFIELDS),
        "company": ("ID", "TITLE", "ASSIGNED_BY_ID", *MULTIFIELDS),
        "deal": ("ID", "TITLE", "STAGE_ID", "OPPORTUNITY", "CONTACT_ID", "ASSIGNED_BY_ID"),
        "activity": ("ID", "OWNER_TYPE_ID", "OWNER_ID", "SUBJECT", "PROVIDER_ID", "ORIGIN_ID", "COMPLETED"),
    }
)
BY_TABLE: Mapping[str, Entity] = MappingProxyType({held.table: held for held in KINDS.values()})


def _fields(given: Params) -> Row:
    fields = given.get("FIELDS")
    if not isinstance(fields, dict):
        raise ApiError("", "Parameter 'fields' must be array.", 400)
    return upper(fields)


def _row_id(given: Params) -> int:
    number = whole(given.get("ID"))
    if number <= 0:
        raise ApiError("", "ID is not defined or invalid.", 400)
    return number


def _told(call: Call, entity: str, act: str, number: int) -> None:
    emit(call.portal, f"ONCRM{entity.upper()}{act}", {"FIELDS": {"ID": number}}, actor=call.who.user_id)


def _add(entity: str, call: Call, given: Params) -> int:
    fields, held = _fields(given), BY_TABLE.get(entity)
    portal, user = call.portal, call.who.user_id
    number = crm_rows.insert(portal, held, fields, user) if held else portal.crm[entity].add(fields)
    _told(call, entity, "ADD", number)
    return number


def _update(entity: str, call: Call, given: Params) -> bool:
    number, fields, held = _row_id(given), _fields(given), BY_TABLE.get(entity)
    table = call.portal.crm[entity]
    if number not in table.rows:
        raise ApiError("", "Not found", 400)
    if held:
        crm_rows.change(call.portal, held, table.rows[number], fields, call.who.user_id)
    else:
        table.update(number, fields)
    _told(call, entity, "UPDATE", number)
    return True


def _delete(entity: str, call: Call, given: Params) -> bool:
    number = _row_id(given)
    if not call.portal.crm[entity].delete(number):
        raise ApiError("", "Not found", 400)
    _told(call, entity, "DELETE", number)
    return True


def _get(entity: str, call: Call, given: Params) -> Row:
    row = call.portal.crm[entity].rows.get(_row_id(given))
    if row is None:
        raise ApiError("", "Not found", 400)
    return row


def _list(entity: str, call: Call, given: Params) -> Page:
    table: Table = call.portal.crm[entity]
    select, filters = given.get("SELECT") or [], _map(given, "FILTER")
    bound = _bound(filters.pop("BINDINGS", None))
    return table.page(filters, _map(given, "ORDER"), select, call.start, bound)


def _bound(wanted: Any) -> Callable[[Row], bool]:
    """``BINDINGS`` of a filter: activities of one of these ``{OWNER_TYPE_ID, OWNER_ID}``."""
    asked = list(wanted.values()) if isinstance(wanted, dict) else wanted
    if not isinstance(asked, list) or not asked:
        return bool
    owners = {_owner(entry) for entry in asked if isinstance(entry, dict)}
    return lambda row: bool(owners & {_owner(row), *map(_owner, row.get("BINDINGS") or [])})


def _owner(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry.get("OWNER_TYPE_ID")), str(entry.get("OWNER_ID"))


def _map(given: Params, name: str) -> dict[str, Any]:
    value = given.get(name)
    return {str(key).upper(): item for key, item in value.items()} if isinstance(value, dict) else {}


def _describe(entity: str, call: Call, given: Params) -> dict[str, Any]:
    kinds = dict.fromkeys(MULTIFIELDS, "crm_multifield")
    return {
        name: {"type": kinds.get(name, "string"), "isRequired": False, "isReadOnly": name == "ID", "title": name}
        for name in FIELDS[entity]
    }


ACTIONS: Mapping[str, Callable[[str, Call, Params], Any]] = MappingProxyType(
    {"add": _add, "update": _update, "delete": _delete, "get": _get, "list": _list, "fields": _describe}
)


def _method(entity: str, action: Callable[[str, Call, Params], Any]) -> Method:
    return Method(run=lambda call, params: action(entity, call, upper(params)), scope="crm")


METHODS: Mapping[str, Method] = MappingProxyType(
    {f"crm.{entity}.{name}": _method(entity, act) for entity in ENTITIES for name, act in ACTIONS.items()}
)
