"""``crm.type.list``, ``crm.category.list``, ``crm.status.list|add`` (facts/bitrix24-telephony-crm.md §2.7, §4.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, upper, whole
from connector.sandbox.crm_settings import DEAL, FLAGS, ItemType, Settings, dictionary, stage_prefix
from connector.sandbox.crm_statuses import DICTIONARIES
from connector.sandbox.crm_tables import PAGE, Row, matcher, operator
from connector.sandbox.methods import Call, Method

TYPE_FIELDS = frozenset({"id", "title", "code", "entityTypeId", "createdBy", "createdTime", "updatedTime", *FLAGS})
SEMANTICS = frozenset({"", "S", "F"})
MAX_STAGE, MAX_OTHER = 22, 50
_STAGE_ID = re.compile(r"[A-Za-z0-9_-]+")


def _type(held: ItemType) -> dict[str, Any]:
    told = {
        "id": held.id,
        "title": held.title,
        "code": "",
        "createdBy": 1,
        "entityTypeId": held.entity_type_id,
        "customSectionId": None,
    }
    flags = {flag: "Y" if flag in held.on else "N" for flag in FLAGS}
    return told | flags | {"createdTime": held.created, "updatedTime": held.created, "updatedBy": 1}


def types(call: Call, params: Params) -> Page:
    """The smart processes; administrators of the CRM only (400 ``ACCESS_DENIED``)."""
    if not call.is_admin:
        raise ApiError("ACCESS_DENIED", "Access denied", 400)
    filters, ways = _typed(params, "filter"), _typed(params, "order")
    fits = matcher(filters)
    rows = [shown for held in call.portal.settings.types.values() if fits(shown := _type(held))]
    for name, way in reversed(list(ways.items())):
        rows.sort(key=_rank(name), reverse=str(way).upper() == "DESC")
    begin = max(call.start, 0) // PAGE * PAGE
    following = begin + PAGE if begin + PAGE < len(rows) else None
    return Page(rows={"types": rows[begin : begin + PAGE]}, total=len(rows), next=following)


def _typed(params: Params, where: str) -> Mapping[str, Any]:
    """A filter or an order of types: their fields in camelCase, names in capitals are refused."""
    asked = params.get(where)
    given: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
    for key in given:
        name = key[len(operator(key)[0]) :]
        if name not in TYPE_FIELDS:
            raise ApiError("INVALID_ARG_VALUE", f"Invalid {where}: field '{name}' is not allowed in {where}", 400)
    return given


def categories(call: Call, params: Params) -> Page:
    """The funnels of deals or of a smart process."""
    settings, number = call.portal.settings, whole(params.get("entityTypeId"))
    entity = settings.entity(number)
    if entity is None:
        raise ApiError("NOT_FOUND", "Smart process not found", 400)
    held = settings.categories_of(number)
    if not held:
        raise ApiError("ENTITY_TYPE_NOT_SUPPORTED", f"Entity type `{entity.table.upper()}` is not supported", 400)
    rows = [
        {
            "id": category.id,
            "name": category.name,
            "sort": category.sort,
            "entityTypeId": number,
            "isDefault": "Y" if category.default else "N",
        }
        for category in held
    ]
    return Page(rows={"categories": rows}, total=len(rows))


def statuses(call: Call, params: Params) -> Page:
    """Entries of the dictionaries by ``filter`` and ``order``; all of them at once, as Bitrix24 gives them."""
    given = upper(params)
    filters, order = given.get("FILTER") or {}, given.get("ORDER") or {"SORT": "ASC"}
    if not isinstance(filters, dict) or not isinstance(order, dict):
        raise ApiError("Invalid parameters.", "Incorrect parameters passed.", 400)
    fits = matcher(upper(filters))
    rows = [row for row in call.portal.settings.statuses.rows.values() if fits(row)]
    for name, way in reversed(list(order.items())):
        rows.sort(key=_rank(str(name).upper()), reverse=str(way).upper() == "DESC")
    return Page(rows=rows, total=len(rows))


def _rank(name: str) -> Callable[[Row], tuple[float, str]]:
    def rank(row: Row) -> tuple[float, str]:
        value = str(row.get(name) or "")
        return (float(value) if value.isdigit() else float("inf"), value)

    return rank


def add_status(call: Call, params: Params) -> int:
    """A new entry of a dictionary; its ID. STATUS_ID of other funnels gets their prefix. Errors have an empty code."""
    fields = upper(params).get("FIELDS")
    if not call.is_admin:
        raise ApiError("", "Access denied.", 400)
    if not isinstance(fields, dict):
        raise ApiError("", "Parameter 'fields' must be array.", 400)
    given, settings = upper(fields), call.portal.settings
    missing = [f"The field {name} is required." for name in ("ENTITY_ID", "STATUS_ID") if not given.get(name)]
    if missing:
        raise ApiError("", " ".join(missing), 400)
    if not given.get("NAME"):
        raise ApiError("", "The field Title is required.", 400)
    name, semantics = str(given["ENTITY_ID"]), str(given.get("SEMANTICS") or "")
    stages = _stages(settings)
    if name not in DICTIONARIES and name not in stages:
        raise ApiError("", "Specified entity type is not supported.", 400)
    status_id = _status_id(name, str(given["STATUS_ID"]), stages)
    if any(row["STATUS_ID"] == status_id for row in settings.statuses_of(name)):
        raise ApiError("ERROR_CORE", "The specified status ID already exists.", 400)
    if semantics not in SEMANTICS:
        raise ApiError("", "Error on creating status.", 400)
    colour = str(given.get("COLOR") or "")
    category = stages.get(name, (0, None))[1]
    return settings.add_status(
        name, status_id, str(given["NAME"]), whole(given.get("SORT"), 10), semantics, category=category, colour=colour
    )


def _stages(settings: Settings) -> dict[str, tuple[int, int | None]]:
    """Dictionaries of stages with their entityTypeId and funnel."""
    known: dict[str, tuple[int, int | None]] = {"STATUS": (1, None), "DEAL_STAGE": (DEAL, None)}
    return known | {
        dictionary(number, category): (number, category or None) for number, category in settings.categories
    }


def _status_id(name: str, status_id: str, stages: Mapping[str, tuple[int, int | None]]) -> str:
    """The id as it is kept. Raises when it is too long or has characters that stages may not."""
    stage = stages.get(name)
    limit = MAX_OTHER if stage is None else MAX_STAGE - (stage[0] == 1)
    if len(status_id) > limit or (stage and not _STAGE_ID.fullmatch(status_id.rpartition(":")[2])):
        raise ApiError("", "Error on creating status.", 400)
    prefix = stage_prefix(stage[0], stage[1] or 0) if stage else ""
    return status_id if status_id.startswith(prefix) else prefix + status_id


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "crm.type.list": Method(run=types, scope="crm"),
        "crm.category.list": Method(run=categories, scope="crm"),
        "crm.status.list": Method(run=statuses, scope="crm"),
        "crm.status.add": Method(run=add_status, scope="crm"),
    }
)
