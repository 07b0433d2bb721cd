"""What rules would make of one event or record, and why: the dry run of exactly what the real run does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from connector.domain.bbcode import strip_signature
from connector.domain.effects import Plan
from connector.domain.events import EventMapped, RecordChanged, ReplyWritten, load
from connector.errors import PermanentError
from connector.handlers import Rules
from connector.handlers.finding import found
from connector.handlers.letters.signing import seen
from connector.handlers.letters.threads import THREAD
from connector.handlers.mapped import case_of, event_mapped, record_changed, scope_of
from connector.handlers.viewing import identity, packed, unpacked, view
from connector.journal import Journal
from connector.rulebook.kinds import KINDS
from connector.rulebook.trying import Memory, Tried, tried
from connector.speech import Text
from mappings.engine import MappingSet
from mappings.faults import RuleError
from mappings.keys import RINGING
from mappings.outcome import Outcome

Event = EventMapped | RecordChanged

_NO_EVENT = Text(
    "{name} has no event that rules are written for. Kinds: {kinds}, record.<source>.",
    "В {name} нет события, для которого пишут правила. Виды: {kinds}, record.<источник>.",
)


@dataclass(frozen=True, kw_only=True)
class Explained:
    """``outcome`` with its reasons, ``None`` when a rule failed; ``tried`` is what would be done."""

    event: Event
    outcome: Outcome | None
    tried: Tried


def explained(
    event: Event, mappings: MappingSet, rules: Rules, memory: Memory, read: Callable[[str, Mapping[str, Any]], Any]
) -> Explained:
    """The dry run of one event; ``read`` asks its portal."""
    outcomes: list[Outcome] = []
    telling = Memory(recall=memory.recall, done=memory.done)
    tried(_told(event, mappings, rules, outcomes), telling, read)
    return Explained(
        event=event,
        outcome=outcomes[0] if outcomes else None,
        tried=tried(plan_of(event, _of_its_time(event, rules)), memory, read),
    )


def _of_its_time(event: Event, rules: Rules) -> Rules:
    """``rules`` at the moment of the event: what is tried was written any time, and is as fresh as it was then."""
    at = unpacked(event.about)["at"] if isinstance(event, EventMapped) else None
    return replace(rules, at=at or rules.at)


def plan_of(event: Event, rules: Rules) -> Plan:
    """The real plan."""
    return event_mapped(event, rules) if isinstance(event, EventMapped) else record_changed(event, rules)


def kept_events(journal: Journal, name: str, rules: Rules) -> list[Event]:
    """The events of a delivery (by number) or of a request (by trace) that rules have a say in. Raises
    ``PermanentError`` when there is none.
    """
    number = name.isdigit() and len(name) < 19
    rows = [journal.show(name)] if number else journal.trace(name)["deliveries"]
    found = {event.lane: event for row in rows for event in _events(row, rules, journal)}
    if not found:
        raise PermanentError("mapping.no_event", hint=_NO_EVENT.with_(name=name[:60], kinds=", ".join(KINDS)))
    return list(found.values())


def seen_by_rules(event: Event) -> tuple[str, dict[str, Any]]:
    """The kind that rules for ``event`` are on, and what they see of it besides ``found``."""
    if isinstance(event, RecordChanged):
        return event.on, scope_of(event)
    seen = unpacked(event.about)
    return str(seen["kind"]), {"event": seen}


def recounted(event: Event, mappings: MappingSet) -> Outcome | None:
    """What the rules make of the event itself, and why; ``None``: there is no rule for its kind. No portal is asked, so
    to rules that need ``found`` (``mappings.needs``) nobody is known there. Raises ``RuleError``.
    """
    kind, scope = seen_by_rules(event)
    return mappings.decide(kind, scope, explain=True) if mappings.on(kind) else None


def mapped_event(seen: Mapping[str, Any]) -> EventMapped:
    """A view of an event (connector/handlers/viewing.py) as what the rules' own delivery carries."""
    return EventMapped(portal=str(seen["portal"]), about=packed(seen))


def _events(row: Mapping[str, Any], rules: Rules, journal: Journal) -> Iterator[Event]:
    event = load(json.dumps(row["event"]))
    if isinstance(event, Event):
        yield event
    elif isinstance(event, ReplyWritten):
        yield from _reply(event, rules, journal)
    elif event.kind in KINDS and event.kind != RINGING:  # of a call that rings, what the rules got of it is tried
        seen = view(event, rules)
        yield mapped_event({**seen, "at": seen["at"] or row["created_at"]})


def _reply(event: ReplyWritten, rules: Rules, journal: Journal) -> Iterator[Event]:
    """A reply by mail, as its signature sees it."""
    account, thread = rules.accounts.get(event.account), journal.recall(THREAD, event.lane)
    if account is not None and account.mail is not None and thread:
        name, text = strip_signature(event.text)
        yield mapped_event(seen(event, name, text, thread, rules))


def _told(event: Event, mappings: MappingSet, rules: Rules, outcomes: list[Outcome]) -> Plan:
    """Decide as the plan does, and keep the reasons. Why a rule fails is what the plan itself tells."""
    kind, scope = seen_by_rules(event)
    needs = mappings.needs(kind)
    if needs and "event" in scope:
        seen = scope["event"]
        lane = f"{seen['account']}.{seen['conversation']}"
        scope["found"] = yield from found(case_of(event.portal, identity(seen), lane, seen, rules), needs)
    with suppress(RuleError):
        outcomes.append(mappings.decide(kind, scope, explain=True))
