"""What to do about each event: plain generators, pure (DESIGN.md §6.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connector.domain.effects import Plan
from connector.handlers import dialogs, messages, portals, replies
from connector.handlers.rehearsals import spared
from connector.handlers.rules import Rules

Handler = Callable[..., Plan]

# (side of the destination, kind of the event) -> handler
HANDLERS: Mapping[tuple[str, str], Handler] = {
    ("portal", "message.received"): messages.message_received,
    ("portal", "message.edited"): messages.message_edited,
    ("portal", "message.deleted"): messages.message_deleted,
    ("portal", "button.pressed"): messages.button_pressed,
    ("account", "button.pressed"): messages.button_acknowledged,
    ("portal", "conversation.blocked"): messages.conversation_blocked,
    ("portal", "conversation.unblocked"): messages.conversation_unblocked,
    ("account", "reply.written"): spared(replies.reply_written),
    ("account", "reply.edited"): spared(replies.reply_edited),
    ("account", "reply.deleted"): spared(replies.reply_deleted),
    ("portal", "reply.delivered"): replies.reply_delivered,
    ("portal", "reply.refused"): replies.reply_refused,
    ("portal", "dialog.started"): dialogs.dialog_started,
    ("portal", "dialog.finished"): dialogs.dialog_finished,
    ("portal", "app.installed"): portals.app_installed,
    ("portal", "handlers.checked"): portals.handlers_checked,
    ("portal", "app.uninstalled"): portals.app_uninstalled,
    ("portal", "line.connected"): portals.line_connected,
    ("portal", "line.disconnected"): portals.line_disconnected,
}

__all__ = ["HANDLERS", "Handler", "Rules"]
