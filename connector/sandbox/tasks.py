"""``tasks.task.*`` with tags and CRM bindings (facts/bitrix24-telephony-crm.md §2.9).

Fields are sent in UPPER_CASE and shown in camelCase, every value a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, upper, whole
from connector.sandbox.crm_tables import Row, operator
from connector.sandbox.crm_values import ZONE, moment
from connector.sandbox.methods import Call, Method

PENDING = "2"
DATES = ("DEADLINE", "START_DATE_PLAN", "END_DATE_PLAN")
LISTS = ("ACCOMPLICES", "AUDITORS", "UF_CRM_TASK")
PLAIN: Mapping[str, Any] = MappingProxyType(
    {
        "PARENT_ID": None,
        "TITLE": "",
        "DESCRIPTION": "",
        "PRIORITY": "1",
        "STATUS": PENDING,
        "GROUP_ID": "0",
        "DEADLINE": None,
        "START_DATE_PLAN": None,
        "END_DATE_PLAN": None,
        "XML_ID": None,
        "ACCOMPLICES": [],
        "AUDITORS": [],
    }
)
# Shown only when they are selected.
ASKED = ("TAGS", "UF_CRM_TASK")
WRITABLE = frozenset({*PLAIN, *ASKED, "RESPONSIBLE_ID", "CREATED_BY"})
FILTERS: Mapping[str, str] = MappingProxyType({"TAG": "TAGS", "REAL_STATUS": "STATUS", "ACCOMPLICE": "ACCOMPLICES"})
_PART = re.compile(r"_(.)")


def _camel(name: str) -> str:
    return _PART.sub(lambda match: match[1].upper(), name.lower())


def _core(text: str) -> ApiError:
    return ApiError("ERROR_CORE", f"{text}<br>", 400)


def _fields(call: Call, params: Params) -> Row:
    """Sent fields as columns; unknown ones are ignored. Raises ``100`` and ``ERROR_CORE``."""
    given = params.get("fields")
    if not isinstance(given, dict) or not given:
        raise ApiError("100", "Could not find value for parameter {fields} (internal error)", 400)
    sent = {name: value for name, value in upper(given).items() if name in WRITABLE}
    columns: Row = {}
    for name, value in sent.items():
        if name == "TAGS":
            columns[name] = _tags(value)
        elif name in LISTS:
            columns[name] = [str(item) for item in _listed(value)]
        elif name in DATES:
            at = moment(value)
            columns[name] = at.astimezone(ZONE).isoformat(timespec="seconds") if at else None
        else:
            columns[name] = "" if value is None else str(value)
    if "TITLE" in columns and not columns["TITLE"].strip():
        raise _core("Task title is not specified")
    person = columns.get("RESPONSIBLE_ID")
    if person is not None and not whole(person):
        raise _core("Responsible person is not specified")
    if person is not None and not _employee(call, whole(person)):
        raise _core("The user specified in the &quot;Responsible&quot; field was not found")
    return columns


def _employee(call: Call, number: int) -> bool:
    user = call.portal.users.get(number)
    return user is not None and not user.client


def _listed(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else [value] if value else []


def _tags(value: Any) -> list[str]:
    """An array or a text with commas; the same tag once."""
    parts = value.split(",") if isinstance(value, str) else [str(item) for item in _listed(value)]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _show(call: Call, row: Row, select: list[str]) -> dict[str, Any]:
    told = {_camel(name): value for name, value in row.items() if name not in ASKED and name != "DATE_MODIFY"}
    names = {name.upper() for name in select}
    if names & {"UF_CRM_TASK", "UF_*"}:
        told["ufCrmTask"] = list(row.get("UF_CRM_TASK") or [])
    if "TAGS" in names:
        numbers = {tag: call.portal.task_tags.setdefault(tag, len(call.portal.task_tags) + 1) for tag in row["TAGS"]}
        told["tags"] = {str(number): {"id": number, "title": tag} for tag, number in numbers.items()}
    responsible = call.portal.users[int(row["RESPONSIBLE_ID"])]
    told["responsible"] = {"id": str(responsible.id), "name": responsible.title}
    group = call.portal.groups.rows.get(whole(row["GROUP_ID"]))
    told["group"] = {"id": group["ID"], "name": group["NAME"]} if group else []
    if names - {"*", *ASKED, "UF_*"}:
        wanted = {_camel(name) for name in names} | {"id", "tags", "ufCrmTask", "group"}
        told = told if "*" in names else {name: value for name, value in told.items() if name in wanted}
    return told


def add(call: Call, params: Params) -> dict[str, Any]:
    """A new task; title and responsible person are needed."""
    columns, person, now = _fields(call, params), str(call.who.user_id), call.portal.now_text()
    if "TITLE" not in columns:
        raise _core("Task title is not specified")
    if "RESPONSIBLE_ID" not in columns:
        raise _core("Responsible person is not specified")
    row = {**PLAIN, "CREATED_BY": person, "TAGS": [], "UF_CRM_TASK": [], **columns}
    row |= {"CREATED_DATE": now, "CHANGED_DATE": now, "CHANGED_BY": person}
    number = call.portal.tasks.put(row)
    return {"task": _show(call, call.portal.tasks.rows[number], [])}


def _held(call: Call, params: Params) -> Row:
    number = params.get("taskId")
    if number is None:
        text = "CTaskItem All parameters in the constructor must have real class type (internal error)"
        raise ApiError("100", text, 400)
    row = call.portal.tasks.rows.get(whole(number))
    if row is None:
        raise ApiError("0", "wrong task id" if not whole(number) else "Task not found", 400)
    return row


def update(call: Call, params: Params) -> dict[str, Any]:
    """Change a task; sent TAGS replace the whole set."""
    row, fields = _held(call, params), _fields(call, params)
    fields |= {"CHANGED_DATE": call.portal.now_text(), "CHANGED_BY": str(call.who.user_id)}
    call.portal.tasks.amend(int(row["ID"]), fields)
    return {"task": _show(call, row, [])}


def get(call: Call, params: Params) -> dict[str, Any]:
    """One task; TAGS and UF_CRM_TASK only when they are selected."""
    return {"task": _show(call, _held(call, params), _selected(params))}


def _selected(params: Params) -> list[str]:
    return [str(name) for name in _listed(params.get("select"))]


def find(call: Call, params: Params) -> Page:
    """Tasks by ``filter`` (TAG and UF_CRM_TASK too), the newest first without ``order``."""
    asked = params.get("filter")
    filters: dict[str, Any] = {}
    for key, value in asked.items() if isinstance(asked, dict) else ():
        prefix = operator(str(key))[0]
        name = str(key)[len(prefix) :].upper()
        filters[prefix + FILTERS.get(name, name)] = value
    order = upper(params["order"]) if isinstance(params.get("order"), dict) else {"ID": "desc"}
    for name in order:
        if name != "ID" and name not in PLAIN and not name.endswith("_DATE"):
            raise ApiError("0", "Invalid sorting key (internal error)", 400)
    page = call.portal.tasks.page(filters, order, ["*"], call.start)
    shown = [_show(call, row, _selected(params)) for row in page.rows]
    return Page(rows={"tasks": shown}, total=page.total, next=page.next)


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "tasks.task.add": Method(run=add, scope="task"),
        "tasks.task.update": Method(run=update, scope="task"),
        "tasks.task.get": Method(run=get, scope="task"),
        "tasks.task.list": Method(run=find, scope="task"),
    }
)
