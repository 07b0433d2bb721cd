"""Open lines themselves: ``imopenlines.config.*`` (facts/bitrix24-openlines.md §2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Params, is_yes, whole
from connector.sandbox.crm_tables import matcher
from connector.sandbox.events import emit, emit_status_delete
from connector.sandbox.methods import Call, Method
from connector.sandbox.model import Line
from connector.sandbox.state import Portal

MAX_LIST = 200


def row(line: Line) -> dict[str, Any]:
    """A line as ``config.list.get`` shows it: every value a text."""
    return {
        "ID": str(line.id),
        "LINE_NAME": line.name,
        "ACTIVE": "Y" if line.active else "N",
        "CRM": "Y" if line.crm else "N",
        "CRM_CREATE": line.crm_create,
        "CRM_CREATE_SECOND": str(line.crm_category),
        "VOTE_MESSAGE": "Y" if line.vote else "N",
        "QUEUE_TYPE": line.order,
        "WELCOME_MESSAGE": "Y" if line.welcome else "N",
        "WELCOME_MESSAGE_TEXT": line.welcome,
        "LANGUAGE_ID": "ru",
    }


def config_list(call: Call, params: Params) -> list[dict[str, Any]]:
    """Lines by ``PARAMS{select, filter, limit, offset}`` (lower-case keys), at most 200."""
    asked = params.get("PARAMS") or {}
    if not isinstance(asked, dict):
        raise ApiError("INVALID_FORMAT", "Invalid format of PARAMS", 400)
    limit, offset = whole(asked.get("limit"), 50), whole(asked.get("offset"))
    if not 0 < limit <= MAX_LIST or not isinstance(asked.get("filter") or {}, dict):
        raise ApiError("INVALID_FORMAT", "Invalid format of PARAMS", 400)
    fits = matcher(asked.get("filter") or {})
    rows = [shown for line in call.portal.lines.values() if fits(shown := row(line))]
    wanted = {str(name) for name in asked.get("select") or []} - {"*"}
    if wanted:
        rows = [{key: value for key, value in shown.items() if key in wanted or key == "ID"} for shown in rows]
    return rows[offset : offset + limit]


def _line(call: Call, params: Params) -> Line | None:
    number = whole(params.get("CONFIG_ID"))
    if not number:
        raise ApiError("CONFIG_ID_EMPTY", "Config ID can't be empty", 400)
    return call.portal.lines.get(number)


def config_get(call: Call, params: Params) -> dict[str, Any] | bool:
    """One line with its queue; ``false`` when it is unknown."""
    line = _line(call, params)
    if line is None:
        return False
    shown = row(line)
    if params.get("WITH_QUEUE", "Y") == "Y":
        shown["QUEUE"] = [str(user) for user in line.queue]
        shown["QUEUE_FULL"] = {
            str(user): {"ID": str(order), "SORT": str(order), "USER_ID": str(user), "DEPARTMENT_ID": "0"}
            for order, user in enumerate(line.queue, 1)
        }
        shown["QUEUE_ONLINE"] = "Y"
    return shown


def config_add(call: Call, params: Params) -> int:
    """A new line; its id."""
    asked = params.get("PARAMS")
    given = asked if isinstance(asked, dict) else {}
    number = call.portal.next_id("line")
    name = str(given.get("LINE_NAME") or f"Line {number}")
    line = Line(id=number, name=name, queue=_queue(given), vote=is_yes(given.get("VOTE_MESSAGE")))
    line.crm, line.crm_category = is_yes(given.get("CRM"), True), whole(given.get("CRM_CREATE_SECOND"))
    line.crm_create = str(given.get("CRM_CREATE") or "lead")
    line.entries = _entries(call.portal, given.get("QUEUE"))
    call.portal.lines[number] = line
    refill(call.portal)
    return number


def _queue(given: Params) -> list[int]:
    entries = given.get("QUEUE")
    if not isinstance(entries, list):
        return [1]
    return [whole(entry.get("ENTITY_ID") if isinstance(entry, dict) else entry) for entry in entries]


def config_update(call: Call, params: Params) -> bool:
    """Change a line; QUEUE is the whole queue, in its order.

    ``false``, with nothing changed and no reason, for an unknown line and for a queue that is empty, has a flat id or
    a department without users in it (facts/bitrix24-telephony-crm.md §3.6). Not an administrator:
    403 ``CONFIG_WRONG_USER_PERMISSION``.
    """
    line, asked = _line(call, params), params.get("PARAMS")
    if not call.is_admin:
        raise ApiError("CONFIG_WRONG_USER_PERMISSION", "Permission denied", 403)
    given = asked if isinstance(asked, dict) else {}
    entries = _entries(call.portal, given["QUEUE"]) if "QUEUE" in given else []
    if line is None or ("QUEUE" in given and not entries):
        return False
    if entries:
        line.entries = entries
        refill(call.portal)
    line.name = str(given.get("LINE_NAME") or line.name)
    line.active = is_yes(given.get("ACTIVE"), line.active)
    line.order = str(given.get("QUEUE_TYPE") or line.order)
    line.vote, line.crm = is_yes(given.get("VOTE_MESSAGE"), line.vote), is_yes(given.get("CRM"), line.crm)
    line.crm_create = str(given.get("CRM_CREATE") or line.crm_create)
    return True


def _entries(portal: Portal, sent: Any) -> list[tuple[str, int]]:
    """A queue as it is sent; empty when it cannot be taken."""
    rows = list(sent.values()) if isinstance(sent, Mapping) else sent if isinstance(sent, list) else []
    entries = [
        (str(row.get("ENTITY_TYPE") or ""), whole(row.get("ENTITY_ID"))) for row in rows if isinstance(row, Mapping)
    ]
    known = all(_people(portal, kind, number) for kind, number in entries)
    return entries if known and len(entries) == len(rows) else []


def _people(portal: Portal, kind: str, number: int) -> list[int]:
    """The active employees that an entry of a queue stands for."""
    working = [user for user in portal.users.values() if user.active and not user.client]
    if kind == "department":
        return [user.id for user in working if number in user.departments]
    return [user.id for user in working if kind == "user" and user.id == number]


def refill(portal: Portal) -> None:
    """Departments in queues stand for whoever is in them now. Call it when somebody came, went or moved."""
    for line in portal.lines.values():
        if line.entries:
            people = [user for kind, number in line.entries for user in _people(portal, kind, number)]
            line.queue = list(dict.fromkeys(people))


def config_delete(call: Call, params: Params) -> bool:
    """Delete a line; ``false`` when it is unknown."""
    line = _line(call, params)
    return line is not None and delete_line(call.portal, line.id, call.who.user_id)


def delete_line(portal: Portal, line_id: int, actor: int) -> bool:
    """Delete a line: its statuses go, and every subscriber hears ``ONIMCONNECTORLINEDELETE`` with a scalar ``data``."""
    if portal.lines.pop(line_id, None) is None:
        return False
    for key in [key for key in portal.statuses if key[1] == line_id]:
        del portal.statuses[key]
        if key[0] in portal.connectors:
            emit_status_delete(portal, portal.connectors[key[0]], line_id, actor)
    emit(portal, "ONIMCONNECTORLINEDELETE", line_id, actor=actor)
    return True


METHODS = MappingProxyType(
    {
        "imopenlines.config.list.get": Method(run=config_list, scope="imopenlines"),
        "imopenlines.config.get": Method(run=config_get, scope="imopenlines"),
        "imopenlines.config.add": Method(run=config_add, scope="imopenlines"),
        "imopenlines.config.update": Method(run=config_update, scope="imopenlines"),
        "imopenlines.config.delete": Method(run=config_delete, scope="imopenlines"),
    }
)
