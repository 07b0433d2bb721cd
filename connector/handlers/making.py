"""What rules have made once per event: to-dos, comments, tasks, notifications (facts §2.5-2.6; openlines §4.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connector.domain.effects import Call, Plan
from connector.errors import PermanentError
from connector.handlers.case import Case, Place
from connector.handlers.fields import digest, wire
from connector.handlers.letters.filing import filed
from connector.handlers.once import Made, bearer, first, once, text_of
from connector.speech import Text
from mappings.outcome import Making, Outcome

_BINDINGS: Mapping[str, str] = {"lead": "L", "deal": "D", "contact": "C", "company": "CO"}
_IMPORTANT = 2  # PRIORITY of a task with the mark of importance
_DEADLINE = timedelta(days=1)  # a to-do has to have one (§2.5)

NO_OWNER = Text(
    "The task of rule {rule} has nobody to do it. Give `owner:` in the rule or in its category, then try it again.",
    "У задачи правила {rule} нет исполнителя. Укажите `owner:` в правиле или в его категории и попробуйте снова.",
)


def made(case: Case, outcome: Outcome) -> Plan:
    """Everything in its turn."""
    for making in outcome.makings:
        if making.kind == "email":
            yield from filed(case, making)
            continue
        for thing in _MAKERS[making.kind](case, making, outcome):
            yield from once(case, thing)


def _activity(case: Case, making: Making, outcome: Outcome) -> Iterable[Made]:
    for place, number in bearer(case, making):
        title, text = text_of(making, "title"), text_of(making, "text")
        params = {
            "ownerTypeId": place.type_id,
            "ownerId": number,
            "deadline": _deadline(case, making),
            **({"title": title} if title else {}),
            **({"description": text} if text else {}),
            **({"responsibleId": making.fields["owner"]} if making.fields.get("owner") else {}),
        }
        yield Made(
            name=making.name,
            add=("crm.activity.todo.add", params),
            change=("crm.activity.todo.update", params),
            id_name="id",
            seen=partial(seen_activity, place, number, title, params["deadline"]),
        )


def _timeline(case: Case, making: Making, outcome: Outcome) -> Iterable[Made]:
    for place, number in bearer(case, making):
        text, each = text_of(making, "text"), making.fields.get("each")
        fields = {"ENTITY_ID": number, "ENTITY_TYPE": place.table, "COMMENT": text}
        owner = {"ownerTypeId": place.type_id, "ownerId": number}
        yield Made(
            name=making.name if each is None else f"{making.name}:{digest(each)}",
            add=("crm.timeline.comment.add", {"fields": fields}),
            change=("crm.timeline.comment.update", {"fields": {"COMMENT": text}, **owner}),
            id_name="id",
            seen=partial(_seen_comment, fields, case.at),
            says=None if each is None else "",  # what stands there of a value is its history: it stays as it was told
        )


def _task(case: Case, making: Making, outcome: Outcome) -> Iterable[Made]:
    owner = making.fields.get("owner") or _in_charge(case)
    if not owner:
        raise PermanentError("mapping.no_owner", hint=NO_OWNER.with_(rule=making.name))
    deadline, group = making.fields.get("deadline"), making.fields.get("group")
    fields = {
        "TITLE": text_of(making, "title"),
        "DESCRIPTION": text_of(making, "text"),
        "RESPONSIBLE_ID": owner,
        **({"DEADLINE": wire(deadline)} if deadline else {}),
        **({"GROUP_ID": group} if group else {}),
        **({"PRIORITY": _IMPORTANT} if outcome.priority in ("high", "urgent") else {}),
    }
    # Tags and bindings belong to people once the task is there: an update would replace theirs (§2.9).
    first = {"UF_CRM_TASK": [_binding(place, number) for place, number in case.ids.items()], "TAGS": list(outcome.tags)}
    yield Made(
        name=making.name,
        add=("tasks.task.add", {"fields": {**fields, **{name: value for name, value in first.items() if value}}}),
        change=("tasks.task.update", {"fields": fields}),
        id_name="taskId",
        seen=partial(_seen_task, fields["TITLE"], owner, case.at),
    )


def _notify(case: Case, making: Making, outcome: Outcome) -> Iterable[Made]:
    """One for each person. A notification with the same TAG replaces the old one (openlines §4.2)."""
    for user in dict.fromkeys(str(user) for user in making.fields.get("users") or [] if user):
        name = f"{making.name}:{user}"
        tag = f"CONNECTOR|MAPPING|{digest([case.identity, making.name])}"
        params = {"USER_ID": user, "MESSAGE": text_of(making, "text"), "TAG": tag}
        call = ("im.notify.system.add", params)
        yield Made(name=name, add=call, change=call)


def _in_charge(case: Case) -> int | None:
    """Whoever is responsible for the row that the event came to, as far as that was read."""
    for place, number in reversed(case.ids.items()):
        item = case.items.get((place.type_id, number)) or {}
        if item.get("assignedById"):
            return int(item["assignedById"])
    return None


def _deadline(case: Case, making: Making) -> str:
    given = making.fields.get("deadline")
    if given:
        return str(wire(given))
    return (case.at + _DEADLINE).isoformat(timespec="seconds") if case.at else ""


def _binding(place: Place, number: int) -> str:
    return f"{_BINDINGS.get(place.entity) or f'T{place.type_id:x}'}_{number}"


def _seen_comment(fields: Mapping[str, Any], at: datetime | None) -> Plan:
    """Proof of a comment: the same text on the same row, no older than the event."""
    bearer = {"ENTITY_ID": fields["ENTITY_ID"], "ENTITY_TYPE": fields["ENTITY_TYPE"]}
    rows = yield Call("crm.timeline.comment.list", {"filter": bearer, "order": {"ID": "DESC"}})
    return first(rows, lambda row: row.get("COMMENT") == fields["COMMENT"] and _since(row.get("CREATED"), at))


def seen_activity(place: Place, number: int, title: str, deadline: str) -> Plan:
    """Proof of a to-do: the same title for the same moment on the same row."""
    owner = {"OWNER_TYPE_ID": place.type_id, "OWNER_ID": number, "PROVIDER_ID": "CRM_TODO"}
    rows = yield Call("crm.activity.list", {"filter": owner, "order": {"ID": "DESC"}})
    return first(rows, lambda row: row.get("SUBJECT") == title and _moment(row.get("DEADLINE")) == _moment(deadline))


def _seen_task(title: str, owner: Any, at: datetime | None) -> Plan:
    """Proof of a task: the same title for the same person, no older than the event."""
    filters = {"TITLE": title, "RESPONSIBLE_ID": owner}
    select = ["ID", "TITLE", "CREATED_DATE"]
    answer = yield Call("tasks.task.list", {"filter": filters, "order": {"ID": "desc"}, "select": select})
    rows = answer.get("tasks") if isinstance(answer, Mapping) else None
    return first(rows, lambda row: row.get("title") == title and _since(row.get("createdDate"), at))


def _since(text: Any, at: datetime | None) -> bool:
    created = _moment(text)
    return at is None or not isinstance(created, datetime) or created >= at.replace(microsecond=0)


def _moment(text: Any) -> Any:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return text
    return found if found.tzinfo else str(text)


_MAKERS: Mapping[str, Callable[[Case, Making, Outcome], Iterable[Made]]] = {
    "activity": _activity,
    "timeline": _timeline,
    "task": _task,
    "notify": _notify,
}
