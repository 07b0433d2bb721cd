"""It rings at somebody: rules may want them to know something of the client at once, beside the card of the call."""

from __future__ import annotations

from connector.domain.calls import AboutCall, CallRinging
from connector.domain.effects import Emit, Plan
from connector.domain.events import EventMapped
from connector.domain.values import Person
from connector.handlers.calls.ongoing import Ongoing
from connector.handlers.calls.people import user_of
from connector.handlers.viewing import View, packed

SEEN = (
    *("kind", "account", "conversation", "client", "call", "direction", "line", "employee", "owner"),
    *("entity", "entity_id"),
)
"""What rules see of a call that rings, besides what every view has."""


def rung(call: Ongoing, event: AboutCall) -> Plan:
    """What the rules want for an employee at whom a client's call rings leaves as an event of its own: the card of the
    call waits for nothing. Colleagues, hidden numbers and calls of the past are not mapped.
    """
    if not isinstance(event, CallRinging) or not event.employee or not call.rules.mappings.on(event.kind):
        return
    if not (call.ours and call.pops and call.phone) or call.own_number or call.story.direction != "incoming":
        return
    user = yield from user_of(call.portal, event.employee, call.rules)
    if user:
        yield Emit(EventMapped(portal=call.portal, about=packed(_seen(call, event, user))), f"portal:{call.portal}")


def _seen(call: Ongoing, event: CallRinging, user: int) -> View:
    facts = call.rules.accounts[call.account]
    client = Person(id=call.phone, first_name=call.story.word("name"), phone=call.phone)
    return {
        "kind": event.kind,
        "account": call.account,
        "conversation": call.phone,
        "client": vars(client),
        "call": call.call,
        "direction": call.story.direction,
        "line": call.line,
        "employee": event.employee,
        "owner": user,
        "entity": call.story.done.entity,
        "entity_id": call.story.done.entity_id,
        "channel": facts.provider.slug,
        "portal": call.portal,
        "at": call.rules.at or event.at,
    }
