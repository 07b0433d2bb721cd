"""``crm.type.*``: smart processes made and changed while the portal is running (facts/bitrix24-telephony-crm.md §4.2).

Each has two numbers: ``id``, by which its user fields go (``CRM_<id>``), and ``entityTypeId`` for all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, is_yes, whole
from connector.sandbox.crm_fields import classic
from connector.sandbox.crm_settings import FLAGS, ItemType, is_dynamic
from connector.sandbox.crm_tables import PAGE, Row, matcher, operator
from connector.sandbox.methods import Call, Method

Action = Callable[[Call, Params], Any]
FIRST_DYNAMIC = 1030
# What isClientEnabled makes a parent of by itself.
CLIENTS = (3, 4)
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "id": "integer!",
        "title": "string*",
        "code": "string",
        "createdBy": "user!",
        "entityTypeId": "integer*",
        "customSectionId": "integer",
        **dict.fromkeys(FLAGS, "boolean"),
        "createdTime": "datetime!",
        "updatedTime": "datetime!",
        "updatedBy": "user!",
    }
)


def _shown(held: ItemType) -> dict[str, Any]:
    told = {
        "id": held.id,
        "title": held.title,
        "code": held.code,
        "createdBy": held.author,
        "entityTypeId": held.entity_type_id,
        "customSectionId": None,
    }
    flags = {flag: "Y" if flag in held.on else "N" for flag in FLAGS}
    return told | flags | {"createdTime": held.created, "updatedTime": held.updated, "updatedBy": held.author}


def _whole(held: ItemType) -> dict[str, Any]:
    """A type with what it is related to; lists show types without."""
    clients = dict.fromkeys(CLIENTS, True) if "isClientEnabled" in held.on else {}
    parents = [
        _relation(number, shown, number in clients) for number, shown in (clients | (held.parents or {})).items()
    ]
    children = [_relation(number, shown, False) for number, shown in (held.children or {}).items()]
    return _shown(held) | {"relations": {"parent": parents, "child": children}, "customSections": []}


def _relation(number: int, listed: bool, predefined: bool) -> dict[str, Any]:
    return {
        "entityTypeId": number,
        "isChildrenListEnabled": "Y" if listed else "N",
        "isPredefined": "Y" if predefined else "N",
    }


def relate(held: ItemType, relations: Any) -> None:
    """Take over ``{parent: [{entityTypeId, isChildrenListEnabled}], child: […]}``: each list sent is the whole list."""
    sent = relations if isinstance(relations, Mapping) else {}
    held.parents, held.children = held.parents or {}, held.children or {}
    if "parent" in sent:
        held.parents = _related(sent["parent"])
    if "child" in sent:
        held.children = _related(sent["child"])


def _related(entries: Any) -> dict[int, bool]:
    rows = entries.values() if isinstance(entries, Mapping) else entries if isinstance(entries, list) else ()
    told = {whole(row.get("entityTypeId")): is_yes(row.get("isChildrenListEnabled")) for row in rows}
    return {number: listed for number, listed in told.items() if number > 0}


def _fields(params: Params) -> Mapping[str, Any]:
    fields = params.get("fields")
    if not isinstance(fields, dict):
        raise ApiError("100", "Could not find value for parameter {fields}", 400)
    return fields


def _switched(fields: Mapping[str, Any], before: frozenset[str]) -> frozenset[str]:
    """The flags after a change: Y and N count, what is not sent stays."""
    sent = {flag: str(fields[flag]) == "Y" for flag in FLAGS if flag in fields}
    return frozenset(flag for flag in FLAGS if sent.get(flag, flag in before))


def _add(call: Call, params: Params) -> dict[str, Any]:
    fields, settings = _fields(params), call.portal.settings
    title = str(fields.get("title") or "").strip()
    number = whole(fields.get("entityTypeId")) if fields.get("entityTypeId") else _free(settings.types)
    if not title:
        raise ApiError("BX_EMPTY_REQUIRED", 'Required field "TITLE" is not filled in', 400)
    if not is_dynamic(number):
        raise ApiError("INVALID_ARG_VALUE", "entityTypeId is out of allowed range", 400)
    if number in settings.types:
        raise ApiError("BX_INVALID_VALUE", f"Smart process with entityTypeId {number} already exists", 400)
    held = settings.add_type(number, title, _switched(fields, frozenset({"isSetOpenPermissions"})))
    held.author, held.code = call.who.user_id, str(fields.get("code") or "")
    relate(held, fields.get("relations"))
    call.portal.crm.open(held.entity.table)
    return {"type": _whole(held)}


def _free(taken: Mapping[int, ItemType]) -> int:
    return max((number for number in taken if number >= FIRST_DYNAMIC), default=FIRST_DYNAMIC - 2) + 2


def _held(call: Call, number: Any) -> ItemType:
    held = next((one for one in call.portal.settings.types.values() if one.id == whole(number)), None)
    if held is None:
        raise ApiError("0", "Smart process not found", 400)
    return held


def _update(call: Call, params: Params) -> dict[str, Any]:
    held, fields = _held(call, params.get("id")), _fields(params)
    held.title = str(fields.get("title") or held.title)
    held.code = str(fields.get("code") or held.code)
    held.on = _switched(fields, held.on)
    if "relations" in fields:
        relate(held, fields["relations"])
    held.updated = call.portal.now_text()
    return {"type": _whole(held)}


def _get(call: Call, params: Params) -> dict[str, Any]:
    return {"type": _whole(_held(call, params.get("id")))}


def _get_by_entity(call: Call, params: Params) -> dict[str, Any]:
    held = call.portal.settings.types.get(whole(params.get("entityTypeId")))
    return {"type": _whole(_held(call, held.id if held else 0))}


def _delete(call: Call, params: Params) -> list[Any]:
    held = _held(call, params.get("id"))
    if call.portal.crm[held.entity.table].rows:
        raise ApiError("BX_ERROR", "You cannot delete an entity type that has elements", 400)
    call.portal.settings.remove_type(held)
    call.portal.crm.close(held.entity.table)
    return []


def _list(call: Call, params: Params) -> Page:
    filters, ways = _typed(params, "filter"), _typed(params, "order")
    fits = matcher(filters)
    rows = [shown for held in call.portal.settings.types.values() if fits(shown := _shown(held))]
    for name, way in reversed(list(ways.items())):
        rows.sort(key=_rank(name), reverse=str(way).upper() == "DESC")
    begin = max(call.start, 0) // PAGE * PAGE
    following = begin + PAGE if begin + PAGE < len(rows) else None
    return Page(rows={"types": rows[begin : begin + PAGE]}, total=len(rows), next=following)


def _rank(name: str) -> Callable[[Row], tuple[float, str]]:
    def rank(row: Row) -> tuple[float, str]:
        value = str(row.get(name) or "")
        return (float(value) if value.isdigit() else float("inf"), value)

    return rank


def _typed(params: Params, where: str) -> Mapping[str, Any]:
    """A filter or an order of types: their fields in camelCase, names in capitals are refused."""
    asked = params.get(where)
    given: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
    for key in given:
        name = key[len(operator(key)[0]) :]
        if name not in KINDS:
            raise ApiError("INVALID_ARG_VALUE", f"Invalid {where}: field '{name}' is not allowed in {where}", 400)
    return given


def _describe(call: Call, params: Params) -> dict[str, Any]:
    told = {
        name: {
            "type": kind.rstrip("!*"),
            "isRequired": "*" in kind,
            "isReadOnly": "!" in kind,
            "isImmutable": name in ("entityTypeId", "customSectionId"),
            "isMultiple": False,
            "isDynamic": False,
            "title": name,
            "upperName": classic(name),
        }
        for name, kind in KINDS.items()
    }
    return {"fields": told}


def _method(action: Action) -> Method:
    def run(call: Call, params: Params) -> Any:
        if not call.is_admin:
            raise ApiError("ACCESS_DENIED", "Access denied", 400)
        return action(call, params)

    return Method(run=run, scope="crm")


ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        "add": _add,
        "update": _update,
        "get": _get,
        "getbyentitytypeid": _get_by_entity,
        "list": _list,
        "delete": _delete,
        "fields": _describe,
    }
)
METHODS: Mapping[str, Method] = MappingProxyType({f"crm.type.{name}": _method(act) for name, act in ACTIONS.items()})
