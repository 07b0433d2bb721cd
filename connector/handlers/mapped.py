"""What rules make of events and records: noticed beside the conversation, carried out on a lane of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connector.domain.effects import Emit, Plan
from connector.domain.events import EventMapped, RecordChanged
from connector.errors import PermanentError
from connector.handlers.case import Case
from connector.handlers.crm import carried_out
from connector.handlers.dealing import dealt
from connector.handlers.finding import found
from connector.handlers.judging import failed
from connector.handlers.letters.acknowledging import acknowledged
from connector.handlers.making import made
from connector.handlers.rehearsals import CONVERSATION
from connector.handlers.rules import Rules
from connector.handlers.tags import tagged
from connector.handlers.viewing import View, identity, packed, seen_whole, unpacked, view
from mappings.faults import RuleError

Handler = Callable[..., Plan]


def mapped(handler: Handler) -> Handler:
    """``handler``, and after it a word of the rules: what they want of the CRM leaves as an event of its own, so that
    it neither delays nor parks the conversation. The test client is not mapped.
    """

    def and_mapped(event: Any, rules: Rules) -> Plan:
        told = yield from handler(event, rules)
        if event.conversation != CONVERSATION and rules.mappings.on(event.kind):
            yield from _noticed(event, rules)
        return told

    return and_mapped


def event_mapped(event: EventMapped, rules: Rules) -> Plan:
    """Do in the CRM what the rules want for an event."""
    seen = unpacked(event.about)
    case = case_of(event.portal, identity(seen), f"{seen['account']}.{seen['conversation']}", seen, rules)
    kind = str(seen["kind"])
    scope = {"event": seen}
    if needs := rules.mappings.needs(kind):
        scope["found"] = yield from found(case, needs)
    return (yield from acted(case, kind, scope, rules))


@dataclass(frozen=True)
class Led:
    """What became of a record beside what was written: ``notes`` for a person, and whether somebody was looked for in
    vain who may come to the CRM later.
    """

    notes: str
    unfound: bool


def record_changed(event: RecordChanged, rules: Rules) -> Plan:
    """Do in the CRM what the rules want for a record; returns :class:`Led`. One that comes again is only linked."""
    case = replace(case_of(event.portal, f"{event.source}:{event.record}", "", {}, rules), again=event.again)
    told = yield from acted(case, event.on, scope_of(event), rules)
    return Led(told, case.unfound)


def scope_of(event: RecordChanged) -> dict[str, Any]:
    """What rules see of a record."""
    return {"record": event.values, "source": event.source}


def seen_for_line(event: Any, rules: Rules) -> Plan:
    """What the rules say of the open line of a new conversation: a number, or ``None`` when nothing, or when they fail
    or nobody lets us look: the message goes its usual way, and its mapping tells of the fault.
    """
    if event.conversation == CONVERSATION or not rules.mappings.routes(event.kind):
        return None
    try:
        scope = yield from _looked(event, rules.mappings.line_needs(event.kind), rules)
        return rules.mappings.line(event.kind, scope)
    except (RuleError, PermanentError):
        return None


def seen_for_chat(event: Any, rules: Rules) -> Plan:
    """Whether the rules let the event be seen in Open Lines. When they fail or nobody lets us look, it is: nothing gets
    lost by a fault.
    """
    if event.conversation == CONVERSATION or not rules.mappings.hides(event.kind):
        return True
    try:
        scope = yield from _looked(event, rules.mappings.chat_needs(event.kind), rules)
        return rules.mappings.chat(event.kind, scope)
    except (RuleError, PermanentError):
        return True


def _looked(event: Any, needs: Iterable[str], rules: Rules) -> Plan:
    """What rules see of an event before it has its chat."""
    seen = view(event, rules)
    scope: dict[str, Any] = {"event": seen}
    if needs:
        lane = f"{event.account}.{event.conversation}"
        scope["found"] = yield from found(case_of(seen["portal"], "", lane, seen, rules), needs)
    return scope


def _noticed(event: Any, rules: Rules) -> Plan:
    seen = view((yield from seen_whole(event)), rules)
    if not seen["portal"]:
        return
    try:
        idle = not rules.mappings.needs(event.kind) and rules.mappings.decide(event.kind, {"event": seen}).idle
    except RuleError:
        idle = False  # whoever carries it out says what is wrong
    if not idle:
        yield Emit(EventMapped(portal=seen["portal"], about=packed(seen)), f"portal:{seen['portal']}")


def acted(case: Case, kind: str, scope: Mapping[str, Any], rules: Rules) -> Plan:
    """Do what the rules want for ``kind`` seen as ``scope``: rows first, then their tags, then what is made on them.

    Returns what a person should know, or nothing.
    """
    try:
        outcome = rules.mappings.decide(kind, scope)
    except RuleError as error:
        raise PermanentError("mapping.failed", hint=failed(error), detail=str(error)) from None
    yield from carried_out(case, outcome.wishes)
    if case.again:
        return ""
    yield from dealt(case, outcome, rules)
    yield from tagged(case, outcome)
    yield from made(case, outcome)
    if outcome.acknowledgement:
        now = rules.at and rules.at + timedelta(seconds=rules.late)
        yield from acknowledged(case, outcome.acknowledgement, now)
    return "\n".join(dict.fromkeys(case.notes))


def case_of(portal: str, name: str, lane: str, about: View, rules: Rules) -> Case:
    """The case ``name`` (its identity) of a conversation ``lane`` or, without one, of a record."""
    facts = rules.portals.get(portal)
    return Case(
        portal=portal,
        language=facts.language if facts else "en",
        identity=name,
        lane=lane,
        about=about,
        settings=rules.mappings.config,
        at=at if isinstance(at := about.get("at"), datetime) else rules.at,
    )
