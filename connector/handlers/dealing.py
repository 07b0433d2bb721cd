"""The card: the client's latest items, told to whoever talks with them; the client does not get it.

In a chat it is one system note per session, which Open Lines do not forward (facts/bitrix24-openlines.md §4.4). Of a
call that rings each employee gets a notification: the call card shows the CRM row, and neither its items nor a text of
ours (facts/bitrix24-telephony-crm.md §1.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connector.domain.effects import Call, Plan, Recall, Remember
from connector.errors import PermanentError
from connector.handlers.calls.ongoing import STALE
from connector.handlers.case import GONE, Case, Item, Place
from connector.handlers.fields import digest
from connector.handlers.finding import person
from connector.handlers.judging import failed
from connector.handlers.processes import known, named
from connector.handlers.rules import Rules
from connector.handlers.userfields import defined
from connector.speech import Text
from mappings.faults import RuleError
from mappings.keys import RINGING
from mappings.outcome import Card, Outcome

CARD = "card"  # link by <portal>.<account>.<conversation>.<rule>: {"session"} in which it was dealt last
NOT_DEALT = Text("The card of rule {rule} was not shown: {why}", "Карточка правила {rule} не показана: {why}")
_OWNERS: Mapping[str, str] = {"contact": "=contactId", "company": "=companyId", "deal": "=parentId2"}
_STAGE = re.compile(r"DT(\d+)_(\d+):.+")


def dealt(case: Case, outcome: Outcome, rules: Rules) -> Plan:
    """Show every card. What the portal refuses parks nothing: a note tells of it."""
    for card in outcome.cards if outcome.chat else ():
        try:
            if case.about.get("kind") == RINGING:
                yield from _on_ringing(case, card, rules)
            else:
                yield from _in_chat(case, card)
        except PermanentError as error:
            if error.cause == "mapping.failed":
                raise
            case.notes.append(NOT_DEALT.with_(rule=card.name, why=error.hint).say(case.language))


def _in_chat(case: Case, card: Card) -> Plan:
    """Once in a session, with its first message: whoever takes it has seen it."""
    chat = (yield Recall("chat", case.lane)) or {}
    session = str(case.about.get("session_id") or chat.get("session_id") or "")
    if not chat.get("chat_id"):
        return
    place = f"{case.portal}.{case.lane}.{card.name}"
    if session and (yield Recall(CARD, place)) == {"session": session}:
        return
    text = yield from _told(case, card)
    if text:
        params = {"DIALOG_ID": f"chat{chat['chat_id']}", "MESSAGE": text, "SYSTEM": "Y"}
        yield Call("im.message.add", params, key=f"card:{case.portal}:{session or case.identity}:{card.name}")
    if session:
        yield Remember(CARD, place, {"session": session})


def _on_ringing(case: Case, card: Card, rules: Rules) -> Plan:
    """While it rings: later nobody needs it."""
    if rules.late > STALE:
        return
    text = yield from _told(case, card)
    if text:
        key = f"card:{case.identity}:{card.name}"
        params = {"USER_ID": case.about["owner"], "MESSAGE": text, "TAG": f"CONNECTOR|CARD|{digest(key)}"}
        yield Call("im.notify.system.add", params, key=key)


def _told(case: Case, card: Card) -> Plan:
    """The text, empty when nobody or nothing is known."""
    number = yield from person(case, card.of)
    items = (yield from _latest(case, card, number)) if number else []
    try:
        lines = [line for item in items if (line := card.line(item))]
    except RuleError as error:
        raise PermanentError("mapping.failed", hint=failed(error), detail=str(error)) from None
    return "\n".join(filter(None, (card.title, *lines))) if lines else ""


def _latest(case: Case, card: Card, number: int) -> Plan:
    """The items as the line reads them: its names, with titles of options and stages."""
    place, names = Place("item", card.type_id), dict[str, str]()
    for said in card.fields:
        names[said] = "stageId" if said == "stage" else (yield from named(case, place, said, card.name))
    order = {}
    for said, way in card.order.items():
        order[(yield from named(case, place, said, card.name))] = way.upper()
    params = {
        "entityTypeId": card.type_id,
        "filter": {_OWNERS[card.of]: number},
        "select": sorted({"id", *names.values()}),
        "order": order if "id" in order else {**order, "id": "DESC"},
        "useOriginalUfNames": "Y",
    }
    try:
        answer = yield Call("crm.item.list", params)
    except PermanentError as error:
        if error.cause not in GONE:
            raise
        return []
    found = answer.get("items") if isinstance(answer, Mapping) else None
    items = []
    for item in (found or [])[: card.latest]:
        items.append((yield from _seen(case, place, item, names)))
    return items


def _seen(case: Case, place: Place, item: Item, names: Mapping[str, str]) -> Plan:
    seen: dict[str, Any] = {}
    for said, name in ({name: name for name in item} | {"stage": "stageId"} if "*" in names else names).items():
        value = item.get(name)
        if said == "stage":
            seen[said] = yield from _stage(case, place, str(value or ""))
        elif name.startswith("UF_") and _of_options(value):
            seen[said] = yield from _options(case, place, name, value)
        else:
            seen[said] = value
    return seen


def _stage(case: Case, place: Place, stage: str) -> Plan:
    """Its title as it was when the process was shaped last, else as the portal says."""
    titles: Mapping[str, str] = (yield from known(case, place)).get("titles") or {}
    where = _STAGE.fullmatch(stage)
    if stage in titles or not where:
        return titles.get(stage, stage)
    try:
        rows = yield Call("crm.status.list", {"filter": {"ENTITY_ID": f"DYNAMIC_{where[1]}_STAGE_{where[2]}"}})
    except PermanentError:
        return stage
    return next((str(row.get("NAME")) for row in rows or [] if row.get("STATUS_ID") == stage), stage)


def _of_options(value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(isinstance(each, int) and not isinstance(each, bool) for each in values)


def _options(case: Case, place: Place, name: str, value: Any) -> Plan:
    """Options by their titles; numbers of any other field stay numbers, and those that nobody lets us look up."""
    try:
        field = (yield from defined(case, place, name)) or {}
    except PermanentError:
        return value
    if field.get("type") != "enumeration":
        return value
    titles = {option[0]: option[1] for option in field.get("options") or []}
    shown = [titles.get(each, each) for each in (value if isinstance(value, list) else [value])]
    return shown if isinstance(value, list) else shown[0]
