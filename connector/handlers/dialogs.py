"""Sessions of Open Lines: what to remember of them."""

from __future__ import annotations

from connector.domain.effects import Plan, Remember
from connector.domain.events import DialogFinished, DialogStarted
from connector.handlers.rules import Rules


def dialog_started(event: DialogStarted, rules: Rules) -> Plan:
    """Keep the session's id: it finds the chat of a first message whose answer was lost."""
    yield Remember("session", f"{event.account}.{event.conversation}", {"session_id": event.session_id})


def dialog_finished(event: DialogFinished, rules: Rules) -> Plan:
    """A closed session is no longer where messages are looked for."""
    yield Remember("session", f"{event.account}.{event.conversation}", None)
