"""Missed calls that do not vanish: a to-do in the CRM until somebody has spoken with the client (facts §1.8, §2.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from connector.domain.callbacks import CallBackChanged
from connector.domain.calls import CallFinished
from connector.domain.effects import Call, Emit, Plan, Recall, Remember
from connector.domain.telephony import Found
from connector.errors import PermanentError
from connector.handlers.calls.hours import opening
from connector.handlers.calls.numbers import line_settings
from connector.handlers.calls.people import looked_up, owner_of
from connector.handlers.case import GONE, Place
from connector.handlers.making import seen_activity
from connector.handlers.rules import Rules
from connector.speech import Text

DUE = "call.due"  # by <portal>/<phone>: what is open; by <portal> alone: {phone: {"rows", "at"}} of all that is open
TALKED = "event.talked"  # by <portal>/<phone>: {"at"}, when the last talk ended; what is older is trimmed
TOO_OLD = timedelta(days=7)  # read from a PBX's history: nobody expects to be called back any more

TITLE = Text("Call back {who}: missed on line {line}", "Перезвонить {who}: пропущен на линии {line}")
ABOUT = Text("Missed call of {at}; the client waited {wait} s.", "Пропущенный звонок {at}; клиент ждал {wait} с.")
NO_ROW = Text(
    "The client {phone} was missed, and the CRM has no contact, lead or company with this number to put a reminder on. "
    "Have leads made for unknown numbers (`crm_create: true` of account {account}), or add the client.",
    "Клиент {phone} не дозвонился, а в CRM нет контакта, лида или компании с этим номером, и напомнить негде. Включите "
    "создание лидов для неизвестных номеров (`crm_create: true` у аккаунта {account}) или добавьте клиента.",
)
NOT_CLOSED = Text("To-do {todo} could not be completed: {why}", "Дело {todo} не удалось завершить: {why}")


class Kind(NamedTuple):
    """A kind of CRM rows that calls belong to: its name in `making`, entityTypeId and abbreviation (facts §2.1)."""

    name: str
    type_id: int
    abbreviation: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {"CONTACT": Kind("contact", 3, "C"), "LEAD": Kind("lead", 1, "L"), "COMPANY": Kind("company", 4, "CO")}
)
Row = tuple[str, int]


def call_finished(event: CallFinished, rules: Rules) -> Plan:
    """A talk completes what is due for the client; a missed call makes a to-do, one for each client."""
    if not event.phone or event.direction == "internal" or event.phone in rules.mappings.config.own_phones:
        return ""
    if event.talk > 0:
        return (yield from _talked(event, rules))
    facts = rules.accounts.get(event.account)
    minutes = facts.pbx.callback if facts and facts.pbx else 0
    if not event.missed or not minutes or _too_old(event, rules):
        return ""
    talked = yield Recall(TALKED, f"{event.portal}/{event.phone}")
    if talked and datetime.fromisoformat(talked["at"]) >= event.ended_at:
        return ""
    return (yield from _due(event, minutes, rules))


def closed(portal: str, phone: str, at: datetime | None, rules: Rules) -> Plan:
    """Complete what is due for ``phone`` since before ``at``, and forget it. Returns what to note."""
    due = (yield Recall(DUE, f"{portal}/{phone}")) or []
    reached = [todo for todo in due if at is None or datetime.fromisoformat(todo["at"]) <= at]
    if not reached:
        return ""
    notes: list[str] = []
    for todo in reached:
        notes.append((yield from _completed(int(todo["todo"]))))
    yield from _kept(portal, phone, [todo for todo in due if todo not in reached])
    return "\n".join(filter(None, notes))


def _talked(event: CallFinished, rules: Rules) -> Plan:
    key = f"{event.portal}/{event.phone}"
    before = yield Recall(TALKED, key)
    if not before or datetime.fromisoformat(before["at"]) < event.ended_at:
        yield Remember(TALKED, key, {"at": event.ended_at.isoformat()})
    return (yield from closed(event.portal, event.phone, event.ended_at, rules))


def _due(event: CallFinished, minutes: int, rules: Rules) -> Plan:
    due = (yield Recall(DUE, f"{event.portal}/{event.phone}")) or []
    for todo in due:
        if (yield from _is_open(int(todo["todo"]))):
            return ""
    made = yield from _made(event, minutes, rules)
    if made is None:
        return NO_ROW.with_(phone=event.phone, account=event.account).en
    yield from _kept(event.portal, event.phone, [made])
    return ""


def _kept(portal: str, phone: str, due: list[dict[str, Any]]) -> Plan:
    yield Remember(DUE, f"{portal}/{phone}", due or None)
    rows = tuple(f"{KINDS[todo['entity']].abbreviation}_{todo['owner_id']}" for todo in due)
    yield Emit(CallBackChanged(portal=portal, phone=phone, rows=rows), f"portal:{portal}")


def _made(event: CallFinished, minutes: int, rules: Rules) -> Plan:
    """The to-do on the row that the call belongs to, else on one that has the number; ``None``: there is none."""
    owner: Found | None = yield from _owner(event, rules)
    near = [(event.entity, event.entity_id), *([(owner.entity, owner.entity_id)] if owner else [])]
    made = yield from _on_one_of(near, event, owner, minutes, rules)
    return made or (yield from _on_one_of((yield from _found(event)), event, owner, minutes, rules))


def _on_one_of(rows: list[Row], event: CallFinished, owner: Found | None, minutes: int, rules: Rules) -> Plan:
    """The first of ``rows`` that is still there has it."""
    for entity, number in dict.fromkeys(rows):
        if entity not in KINDS or not number:
            continue
        try:
            todo = yield from _planned(event, (entity, number), owner, minutes, rules)
        except PermanentError as error:
            if error.cause not in GONE:
                raise
            continue
        about = {"entity": entity, "owner_type": KINDS[entity].type_id, "owner_id": number}
        return {"todo": todo, **about, "account": event.account, "call": event.call, "at": event.ended_at.isoformat()}
    return None


def _owner(event: CallFinished, rules: Rules) -> Plan:
    """Whose client it is now; the copy that we have when the portal does not say."""
    try:
        return (yield from looked_up(event.portal, event.phone, rules, patient=event.past))
    except PermanentError:
        return (yield from owner_of(event.portal, event.phone, rules))


def _found(event: CallFinished) -> Plan:
    """The oldest row of each kind that has the number."""
    asked = {"type": "PHONE", "values": [event.phone]}
    answer = yield Call("crm.duplicate.findbycomm", asked, patient=event.past)
    found: Mapping[str, Any] = answer if isinstance(answer, Mapping) else {}
    return [(entity, min(int(number) for number in found[entity])) for entity in KINDS if found.get(entity)]


def _planned(event: CallFinished, row: Row, owner: Found | None, minutes: int, rules: Rules) -> Plan:
    """The id of the to-do, which is made once for each call. It is not due before the office opens."""
    kind, pbx = KINDS[row[0]], rules.accounts[event.account].pbx
    heard = max(filter(None, (event.ended_at, rules.at if event.past else None)))
    due = opening(pbx.hours if pbx else "", heard + timedelta(minutes=minutes), rules.mappings.config.zone)
    deadline, title = due.isoformat(timespec="seconds"), _title(event, owner, rules)
    began = event.started_at.astimezone(due.tzinfo)
    responsible = (owner.user if owner and (owner.entity, owner.entity_id) == row else 0) or event.user
    params = {
        "ownerTypeId": kind.type_id,
        "ownerId": row[1],
        "deadline": deadline,
        "title": title,
        "description": rules.say(event.account, ABOUT, at=f"{began:%d.%m.%Y %H:%M}", wait=event.wait),
        **({"responsibleId": responsible} if responsible else {}),
    }
    made = yield Call(
        "crm.activity.todo.add",
        params,
        key=f"callback:{event.account}:{event.call}",
        proof=partial(seen_activity, Place(kind.name, kind.type_id), row[1], title, deadline),
        judge=_number,
        patient=event.past,
    )
    return int(made["id"])


def _title(event: CallFinished, owner: Found | None, rules: Rules) -> str:
    name = event.name or (owner.name if owner else "")
    # Bitrix24 calls the lead that a call made by the number: "+79161234567 - Incoming call".
    who = f"{event.phone} ({name[:100]})" if name and event.phone not in name else event.phone
    line = line_settings(rules.accounts[event.account].pbx, event.line, rules).name or event.line
    return rules.say(event.account, TITLE, who=who, line=line)


def _number(answer: Any) -> dict[str, str]:
    return {"id": str(answer["id"])}


def _is_open(todo: int) -> Plan:
    """Whether a person has left it open: what they completed or deleted by hand is over."""
    try:
        row = yield Call("crm.activity.get", {"id": todo})
    except PermanentError as error:
        return error.cause not in GONE
    return not isinstance(row, Mapping) or row.get("COMPLETED") != "Y"


def _completed(todo: int) -> Plan:
    try:
        yield Call("crm.activity.update", {"id": todo, "fields": {"COMPLETED": "Y"}})
    except PermanentError as error:
        if error.cause not in GONE and "completed" not in error.cause:
            return NOT_CLOSED.with_(todo=todo, why=error.hint).en
    return ""


def _too_old(event: CallFinished, rules: Rules) -> bool:
    return event.past and rules.at is not None and rules.at - event.ended_at > TOO_OLD


def rows_of(bound: Mapping[str, int]) -> Iterable[str]:
    """What a chat is bound to (entity → id), as the rows of :class:`CallBackChanged`."""
    return (f"{kind.abbreviation}_{bound[kind.name]}" for kind in KINDS.values() if kind.name in bound)
