"""``crm.item.*`` for leads, deals, contacts, companies and smart processes.

facts/bitrix24-telephony-crm.md §2.2: camelCase, ``{"item": …}`` and ``{"items": […]}``, telephone numbers and addresses
in ``fm``, which can be neither selected by name nor filtered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connector.sandbox import crm_rows
from connector.sandbox.answers import ApiError, Page, Params, is_yes, whole
from connector.sandbox.crm_fields import Field, described, enabled, fields_of, named
from connector.sandbox.crm_filters import equalities, order, predicate
from connector.sandbox.crm_settings import Entity
from connector.sandbox.crm_tables import MULTIFIELDS, Row, Table
from connector.sandbox.crm_values import multifields, shown, stored
from connector.sandbox.methods import Call, Method
from connector.sandbox.state import Portal

NAMED = frozenset({"NAME", "LAST_NAME"})


@dataclass(frozen=True, kw_only=True)
class Items:
    """The items of one entityTypeId under the names that this call uses."""

    portal: Portal
    entity: Entity
    fields: Mapping[str, Field]

    @property
    def table(self) -> Table:
        """Their rows."""
        return self.portal.crm[self.entity.table]

    def columns(self, given: Any, new: bool) -> Row:
        """Sent fields as columns; unknown, read-only and switched off ones are ignored silently."""
        if not isinstance(given, dict):
            raise ApiError("100", "Could not find value for parameter {fields}", 400)
        columns: Row = {}
        for name, value in given.items():
            field = named(self.fields, str(name))
            if field and not field.read_only and enabled(self.portal.settings, self.entity, field):
                columns[field.column] = stored(field, value)
        return columns | (multifields(given.get("fm"), new) if self.has_fm else {})

    @property
    def has_fm(self) -> bool:
        """Whether these items have telephone numbers and addresses."""
        return self.entity.table in ("lead", "contact", "company")

    def add(self, given: Any, actor: int) -> int:
        """A new item from sent fields; its id."""
        columns = self.columns(given, new=True)
        crm_rows.check_stage(self.portal, self.entity, columns, {})
        if self.entity.table == "contact" and not any(columns.get(name) for name in NAMED):
            raise ApiError("CRM_FIELD_ERROR_REQUIRED", 'Required field "name" is not filled in', 400)
        return crm_rows.insert(self.portal, self.entity, columns, actor)

    def show(self, row: Row, select: list[str]) -> dict[str, Any]:
        """A row as an item: all fields for an empty selection or ``*``, and ``fm`` only then."""
        everything = not select or "*" in select
        item = {
            name: shown(field, row) if enabled(self.portal.settings, self.entity, field) else None
            for name, field in self.fields.items()
            if everything or name == "id" or name in select
        }
        if everything and self.has_fm:
            item["fm"] = [
                {"id": int(part["ID"]), "typeId": kind, "valueType": part["VALUE_TYPE"], "value": part["VALUE"]}
                for kind in MULTIFIELDS
                for part in row.get(kind, [])
            ]
        return item | ({"entityTypeId": self.entity.type_id} if everything else {})


def items_of(portal: Portal, type_id: int, original: bool = False) -> Items:
    """The items of an entityTypeId, or 400 ``NOT_FOUND``."""
    entity = portal.settings.entity(type_id)
    if entity is None:
        raise ApiError("NOT_FOUND", "Smart process not found", 400)
    return Items(portal=portal, entity=entity, fields=fields_of(portal.settings, entity, original))


def _asked(call: Call, params: Params) -> Items:
    return items_of(call.portal, whole(params.get("entityTypeId")), is_yes(params.get("useOriginalUfNames")))


def _found(call: Call, params: Params) -> tuple[Items, Row]:
    items = _asked(call, params)
    row = items.table.rows.get(whole(params.get("id")))
    if row is None:
        raise ApiError("NOT_FOUND", "Element not found", 400)
    return items, row


def _add(call: Call, params: Params) -> dict[str, Any]:
    items = _asked(call, params)
    number = items.add(params.get("fields"), call.who.user_id)
    crm_rows.tell(call.portal, items.entity, "ADD", number, call.who.user_id)
    return {"item": items.show(items.table.rows[number], [])}


def _update(call: Call, params: Params) -> dict[str, Any]:
    (items, row), user = _found(call, params), call.who.user_id
    columns = items.columns(params.get("fields"), new=False)
    crm_rows.check_stage(call.portal, items.entity, columns, row)
    if crm_rows.change(call.portal, items.entity, row, columns, user):
        crm_rows.tell(call.portal, items.entity, "UPDATE", int(row["ID"]), user)
    return {"item": items.show(row, [])}


def _get(call: Call, params: Params) -> dict[str, Any]:
    items, row = _found(call, params)
    return {"item": items.show(row, [])}


def _delete(call: Call, params: Params) -> list[Any]:
    items, row = _found(call, params)
    items.table.delete(int(row["ID"]))
    crm_rows.tell(call.portal, items.entity, "DELETE", int(row["ID"]), call.who.user_id)
    return []


def _list(call: Call, params: Params) -> Page:
    items, given = _asked(call, params), params.get("filter")
    fits = predicate(items.fields, given)
    ways = order(items.fields, params.get("order"))
    page = items.table.page(equalities(items.fields, given), ways, ["*", *MULTIFIELDS], call.start, fits)
    select = [str(name) for name in params.get("select") or []]
    return Page(rows={"items": [items.show(row, select) for row in page.rows]}, total=page.total, next=page.next)


def _fields(call: Call, params: Params) -> dict[str, Any]:
    items = _asked(call, params)
    settings = call.portal.settings
    told = {
        name: described(settings, items.entity, field)
        for name, field in items.fields.items()
        if enabled(settings, items.entity, field)
    }
    if items.has_fm:
        told["fm"] = described(settings, items.entity, Field(name="fm", column="FM", kind="crm_multifield"))
        told["fm"]["isMultiple"] = True
    return {"fields": told}


_ACTIONS: Mapping[str, Callable[[Call, Params], Any]] = MappingProxyType(
    {"add": _add, "update": _update, "get": _get, "delete": _delete, "list": _list, "fields": _fields}
)
METHODS: Mapping[str, Method] = MappingProxyType(
    {f"crm.item.{name}": Method(run=action, scope="crm") for name, action in _ACTIONS.items()}
)
