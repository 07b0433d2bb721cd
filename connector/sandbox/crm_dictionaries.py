"""``crm.category.list|add``, ``crm.status.list|add|update|delete`` (facts/bitrix24-telephony-crm.md §2.7, §4.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, upper, whole
from connector.sandbox.crm_settings import DEAL, Category, Settings, dictionary, stage_prefix
from connector.sandbox.crm_statuses import DICTIONARIES
from connector.sandbox.crm_tables import Row, matcher
from connector.sandbox.methods import Call, Method

SEMANTICS = frozenset({"", "S", "F"})
CHANGEABLE = frozenset({"NAME", "SORT", "COLOR"})
MAX_STAGE, MAX_OTHER = 22, 50
_STAGE_ID = re.compile(r"[A-Za-z0-9_-]+")


def _shown(category: Category) -> dict[str, Any]:
    return {
        "id": category.id,
        "name": category.name,
        "sort": category.sort,
        "entityTypeId": category.entity_type_id,
        "isDefault": "Y" if category.default else "N",
    }


def _funnels(call: Call, params: Params) -> tuple[int, list[Category]]:
    settings, number = call.portal.settings, whole(params.get("entityTypeId"))
    entity = settings.entity(number)
    if entity is None:
        raise ApiError("NOT_FOUND", "Smart process not found", 400)
    held = settings.categories_of(number)
    if not held:
        raise ApiError("ENTITY_TYPE_NOT_SUPPORTED", f"Entity type `{entity.table.upper()}` is not supported", 400)
    return number, held


def categories(call: Call, params: Params) -> Page:
    """The funnels of deals or of a smart process."""
    rows = [_shown(category) for category in _funnels(call, params)[1]]
    return Page(rows={"categories": rows}, total=len(rows))


def add_category(call: Call, params: Params) -> dict[str, Any]:
    """A new funnel with the usual stages; administrators of the CRM only."""
    number, _ = _funnels(call, params)
    fields = params.get("fields")
    if not call.is_admin:
        raise ApiError("ACCESS_DENIED", "Access denied", 400)
    if not isinstance(fields, dict):
        raise ApiError("100", "Could not find value for parameter {fields}", 400)
    category = call.portal.settings.add_category(number, str(fields.get("name") or "-"))
    category.sort = max(0, whole(fields.get("sort"), 500))
    return {"category": _shown(category)}


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


def _status(call: Call, params: Params) -> tuple[int, Row]:
    number = whole(params.get("ID"))
    if not call.is_admin:
        raise ApiError("", "Access denied.", 400)
    if number <= 0:
        raise ApiError("Invalid identifier.", "An incorrect identifier was passed.", 400)
    row = call.portal.settings.statuses.rows.get(number)
    if row is None:
        raise ApiError("", "Status is not found.", 400)
    return number, row


def update_status(call: Call, params: Params) -> bool:
    """Change NAME, SORT or COLOR of an entry; its STATUS_ID stays what it is."""
    given = upper(params)
    (number, row), fields = _status(call, given), given.get("FIELDS")
    if not isinstance(fields, dict):
        raise ApiError("", "Parameter 'fields' must be array.", 400)
    sent = {name: str(value) for name, value in upper(fields).items() if name in CHANGEABLE and value not in (None, "")}
    colour = sent.get("COLOR", row["COLOR"])
    call.portal.settings.statuses.amend(number, sent | {"EXTRA": row["EXTRA"] | {"COLOR": colour}})
    return True


def delete_status(call: Call, params: Params) -> bool:
    """Delete an entry: a system one needs ``params[FORCED]`` Y, a stage that rows are in stays."""
    given = upper(params)
    (number, row), flags = _status(call, given), given.get("PARAMS")
    if row["SYSTEM"] == "Y" and not (isinstance(flags, dict) and upper(flags).get("FORCED") == "Y"):
        text = 'CRM System Status can be deleted only if parameter FORCED is specified and equal to "Y".'
        raise ApiError("", text, 400)
    stage = _stages(call.portal.settings).get(row["ENTITY_ID"])
    if stage and _is_used(call, stage[0], row["STATUS_ID"]):
        raise ApiError("", "There are active items in this status.", 400)
    call.portal.settings.statuses.delete(number)
    return True


def _is_used(call: Call, entity_type_id: int, status_id: str) -> bool:
    entity = call.portal.settings.entity(entity_type_id)
    if entity is None:
        return False
    column = "STATUS_ID" if entity.table == "lead" else "STAGE_ID"
    return bool(call.portal.crm[entity.table].page({column: status_id}, {}, ["ID"], -1).rows)


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
        "crm.category.list": Method(run=categories, scope="crm"),
        "crm.category.add": Method(run=add_category, scope="crm"),
        "crm.status.list": Method(run=statuses, scope="crm"),
        "crm.status.add": Method(run=add_status, scope="crm"),
        "crm.status.update": Method(run=update_status, scope="crm"),
        "crm.status.delete": Method(run=delete_status, scope="crm"),
    }
)
