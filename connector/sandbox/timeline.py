"""Comments in the timeline and to-do activities of CRM rows (facts/bitrix24-telephony-crm.md §2.5, §2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, whole
from connector.sandbox.crm_settings import Entity
from connector.sandbox.crm_tables import Row
from connector.sandbox.crm_values import ZONE, moment
from connector.sandbox.events import emit
from connector.sandbox.methods import Call, Method

REQUIRED = ("ENTITY_ID", "ENTITY_TYPE", "COMMENT")


def _missing(name: str) -> ApiError:
    return ApiError("100", f"Could not find value for parameter {{{name}}}", 400)


def _fields(params: Params) -> Row:
    fields = params.get("fields")
    if not isinstance(fields, dict) or not fields:
        raise _missing("fields")
    return fields


def _exists(call: Call, entity: Entity | None, number: int) -> bool:
    return entity is not None and number in call.portal.crm[entity.table].rows


def _entity(call: Call, table: str) -> Entity | None:
    return next((held for held in call.portal.settings.entities() if held.table == table.lower()), None)


def add_comment(call: Call, params: Params) -> int:
    """A comment in the timeline of ENTITY_TYPE (``deal``, ``dynamic_1036``) ENTITY_ID; its id."""
    fields = _fields(params)
    for name in REQUIRED:
        if name not in fields:
            raise _missing(name)
    if not str(fields["COMMENT"] or "").strip():
        raise ApiError("INVALID_ARG_VALUE", "Empty comment message.", 400)
    table, owner = str(fields["ENTITY_TYPE"]).lower(), whole(fields["ENTITY_ID"])
    if not _exists(call, _entity(call, table), owner):
        raise ApiError("OWNER_NOT_FOUND", "Owner was not found.", 400)
    row = {"ENTITY_ID": str(owner), "ENTITY_TYPE": table, "CREATED": call.portal.now_text()}
    row |= {"COMMENT": str(fields["COMMENT"]), "AUTHOR_ID": str(whole(fields.get("AUTHOR_ID")) or call.who.user_id)}
    number = call.portal.comments.put(row | {"FILES": {}})
    _tell(call, "ADD", number)
    return number


def update_comment(call: Call, params: Params) -> int:
    """Rewrite a comment; its id."""
    row, fields = _comment(call, params, "NOT_FOUND"), _fields(params)
    if not str(fields.get("COMMENT") or "").strip():
        raise ApiError("INVALID_ARG_VALUE", "Empty comment message.", 400)
    call.portal.comments.amend(int(row["ID"]), {"COMMENT": str(fields["COMMENT"])})
    _tell(call, "UPDATE", int(row["ID"]))
    return int(row["ID"])


def get_comment(call: Call, params: Params) -> Row:
    """One comment; not found is an error with an empty code."""
    if whole(params.get("id")) <= 0:
        raise ApiError("", "ID is not defined or invalid.", 400)
    return _comment(call, params, "")


def _comment(call: Call, params: Params, code: str) -> Row:
    row = call.portal.comments.rows.get(whole(params.get("id")))
    if row is None:
        raise ApiError(code, "Not found.", 400)
    return row


def list_comments(call: Call, params: Params) -> Page:
    """The comments of one CRM row: ``filter`` needs ENTITY_TYPE and ENTITY_ID, nothing finds a text."""
    asked = params.get("filter")
    filters: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
    entity = _entity(call, str(filters.get("ENTITY_TYPE") or ""))
    if entity is None or not filters.get("ENTITY_ID"):
        raise ApiError("", "Access denied.", 400)
    order = params.get("order") or {}
    select = [str(name) for name in params.get("select") or ["*"]]
    kept = {name: value for name, value in filters.items() if name != "ENTITY_TYPE"} | {"ENTITY_TYPE": entity.table}
    return call.portal.comments.page(kept, order if isinstance(order, dict) else {}, select, call.start)


def _tell(call: Call, act: str, number: int) -> None:
    emit(call.portal, f"ONCRMTIMELINECOMMENT{act}", {"FIELDS": {"ID": number}}, actor=call.who.user_id)


def _planned(call: Call, params: Params) -> Row:
    """What ``add`` and ``update`` of a to-do have in common, as columns of an activity."""
    for name in ("ownerTypeId", "ownerId", "deadline"):
        if params.get(name) in (None, ""):
            raise _missing(name)
    kind, owner = whole(params["ownerTypeId"]), whole(params["ownerId"])
    if not _exists(call, call.portal.settings.entity(kind), owner):
        raise ApiError("OWNER_NOT_FOUND", "Owner was not found.", 400)
    at = moment(params["deadline"])
    if at is None:
        raise ApiError("WRONG_DATETIME_FORMAT", "Wrong datetime format.", 400)
    told = at.astimezone(ZONE).isoformat(timespec="seconds")
    columns: Row = {"OWNER_TYPE_ID": str(kind), "OWNER_ID": str(owner), "DEADLINE": told}
    columns |= {"START_TIME": told, "END_TIME": told}
    names = {"title": "SUBJECT", "description": "DESCRIPTION", "responsibleId": "RESPONSIBLE_ID"}
    columns |= {column: str(params[name]) for name, column in names.items() if params.get(name) not in (None, "")}
    return columns


def add_todo(call: Call, params: Params) -> dict[str, int]:
    """A planned activity of a CRM row, until ``deadline``."""
    person = str(call.who.user_id)
    columns: Row = {"RESPONSIBLE_ID": person, "SUBJECT": "", "DESCRIPTION": "", "AUTHOR_ID": person} | _planned(
        call, params
    )
    columns |= {
        "TYPE_ID": "6",
        "PROVIDER_ID": "CRM_TODO",
        "PROVIDER_TYPE_ID": "todo".upper(),
        "COMPLETED": "N",
        "STATUS": "1",
    }
    columns |= {"CREATED": call.portal.now_text(), "DIRECTION": "0"}
    if params.get("colorId"):
        columns["SETTINGS"] = {"COLOR": str(params["colorId"])}
    number = call.portal.crm["activity"].add(columns)
    emit(call.portal, "ONCRMACTIVITYADD", {"FIELDS": {"ID": number}}, actor=call.who.user_id)
    return {"id": number}


def update_todo(call: Call, params: Params) -> dict[str, int]:
    """Change a to-do; owner and deadline are needed again. A completed one is refused."""
    table, number = call.portal.crm["activity"], whole(params.get("id"))
    if not number:
        raise _missing("id")
    row = table.rows.get(number)
    if row is None or row.get("PROVIDER_ID") != "CRM_TODO":
        raise ApiError("NOT_FOUND", "Not found.", 400)
    columns = _planned(call, params)
    if row["COMPLETED"] == "Y":
        raise ApiError("CAN_NOT_UPDATE_COMPLETED_TODO", "Can not update completed todo.", 400)
    table.update(number, columns)
    emit(call.portal, "ONCRMACTIVITYUPDATE", {"FIELDS": {"ID": number}}, actor=call.who.user_id)
    return {"id": number}


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "crm.timeline.comment.add": Method(run=add_comment, scope="crm"),
        "crm.timeline.comment.update": Method(run=update_comment, scope="crm"),
        "crm.timeline.comment.get": Method(run=get_comment, scope="crm"),
        "crm.timeline.comment.list": Method(run=list_comments, scope="crm"),
        "crm.activity.todo.add": Method(run=add_todo, scope="crm"),
        "crm.activity.todo.update": Method(run=update_todo, scope="crm"),
    }
)
