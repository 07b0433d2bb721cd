"""What to do about each event: plain generators, pure (DESIGN.md §6.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connector.domain.calls import CALL_KINDS
from connector.domain.effects import Plan
from connector.domain.events import ReplyWritten
from connector.handlers import dialogs, messages, portals, replies
from connector.handlers.calls import cards, clicks, finishing, missed, reached, recordings
from connector.handlers.judging import NO_RULES, Mappings
from connector.handlers.letters import answering, arriving
from connector.handlers.mapped import event_mapped, mapped, record_changed
from connector.handlers.rehearsals import spared
from connector.handlers.rules import Rules

Handler = Callable[..., Plan]


def _reply_written(event: ReplyWritten, rules: Rules) -> Plan:
    """By the channel of the question: a letter where it was a letter."""
    by_mail = rules.accounts[event.account].mail is not None
    return (yield from (answering.letter_written if by_mail else replies.reply_written)(event, rules))


# What the rules have a say in, once it is done itself.
_TOLD: Mapping[str, Handler] = {
    "message.received": messages.message_received,
    "button.pressed": messages.button_pressed,
    "conversation.blocked": messages.conversation_blocked,
    "conversation.unblocked": messages.conversation_unblocked,
    "dialog.started": dialogs.dialog_started,
    "dialog.finished": dialogs.dialog_finished,
    "call.finished": missed.call_finished,
}
_BY_RULES: Mapping[str, Handler] = {"event.mapped": event_mapped, "record.changed": record_changed}

# (side of the destination, kind of the event) -> handler
HANDLERS: Mapping[tuple[str, str], Handler] = {
    **{("portal", kind): mapped(handler) for kind, handler in _TOLD.items()},
    **{("portal", kind): handler for kind, handler in _BY_RULES.items()},
    ("portal", "message.edited"): messages.message_edited,
    ("portal", "message.deleted"): messages.message_deleted,
    ("portal", "letter.received"): arriving.letter_received,
    ("portal", "letter.bounced"): arriving.letter_bounced,
    ("portal", "machine.answered"): arriving.machine_answered,
    ("account", "letter.wanted"): answering.letter_wanted,
    ("account", "button.pressed"): messages.button_acknowledged,
    ("account", "reply.written"): spared(_reply_written),
    ("account", "reply.edited"): spared(replies.reply_edited),
    ("account", "reply.deleted"): spared(replies.reply_deleted),
    ("portal", "reply.delivered"): replies.reply_delivered,
    ("portal", "reply.refused"): replies.reply_refused,
    ("portal", "app.installed"): portals.app_installed,
    ("portal", "handlers.checked"): portals.handlers_checked,
    ("portal", "app.uninstalled"): portals.app_uninstalled,
    ("portal", "line.connected"): portals.line_connected,
    ("portal", "line.disconnected"): portals.line_disconnected,
    **{("portal", kind): cards.call_told for kind in CALL_KINDS},
    ("portal", "call.settled"): finishing.call_settled,
    ("portal", "call.recording_due"): recordings.recording_due,
    ("portal", "call.transcript_due"): recordings.transcript_due,
    ("portal", "call.requested"): clicks.call_requested,
    ("account", "call.prepared"): clicks.call_prepared,
    ("portal", "call.refused"): clicks.call_refused,
    ("portal", "client.reached"): reached.client_reached,
    ("portal", "callback.changed"): reached.callback_changed,
}
# (side, kind) of all that is handled under a version of the mapping set.
MAPPED = frozenset(("portal", kind) for kind in (*_TOLD, *_BY_RULES))

__all__ = ["HANDLERS", "MAPPED", "NO_RULES", "Handler", "Mappings", "Rules"]
