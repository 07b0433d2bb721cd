"""What the operator's desk shows, as plain maps: the chat list, and one conversation."""

from __future__ import annotations

from typing import Any

from connector.sandbox import model
from connector.sandbox.desk_calls import calls_view, cards_view, lines_view, notices_view
from connector.sandbox.dialogs import current_line, is_open
from connector.sandbox.model import Chat, Message, Session, Stored
from connector.sandbox.state import Portal

SHOWN_CHATS = 200
SHOWN_MESSAGES = 200
LAST_TEXT = 300
INLINE_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
# The first session status of each state (facts/bitrix24-openlines.md §2.3), highest first.
STATES = (
    (model.SPAM, "spam"),
    (model.CLOSED, "closed"),
    (model.CLOSING, "rating"),
    (model.REPLIED, "answered"),
    (model.TAKEN, "work"),
    (model.NEW, "new"),
)


def desk_view(portal: Portal, chat_id: int, calls: bool = False) -> dict[str, Any]:
    """Everything on the screen while chat ``chat_id`` is open (0: none); chats with the latest words first.

    Cards of calls and notices are always there, the list of calls and the lines only with ``calls``.
    """
    with portal.lock:
        chats = sorted(portal.chats.values(), key=lambda chat: chat.messages[-1] if chat.messages else 0, reverse=True)
        chosen = portal.chats.get(chat_id)
        return {
            "asked": chat_id,
            "portal": {"domain": portal.domain, "down": bool(portal.down)},
            "operators": [
                {"id": user.id, "name": user.title, "active": user.active}
                for user in portal.users.values()
                if not user.client
            ],
            "lines": [{"id": line.id, "name": line.name} for line in portal.lines.values()],
            "total": len(chats),
            "chats": [_row(portal, chat) for chat in chats[:SHOWN_CHATS]],
            "chat": _conversation(portal, chosen) if chosen else None,
            "cards": cards_view(portal),
            "notices": notices_view(portal),
            "calls": calls_view(portal) if calls else None,
            "phone_lines": lines_view(portal) if calls else None,
        }


def _state(session: Session | None) -> str:
    if session is None:
        return "closed"
    return next(name for first, name in STATES if session.status >= first)


def _unanswered(portal: Portal, chat: Chat) -> int:
    """How many of the client's messages came since an operator last wrote to them; 0 in a closed dialog."""
    if not is_open(portal.session_of(chat)):
        return 0
    count = 0
    for number in reversed(chat.messages):
        message = portal.messages[number]
        if message.author == "operator" and message.forwarded:
            break
        count += message.author == "client" and not message.deleted
    return count


def _row(portal: Portal, chat: Chat) -> dict[str, Any]:
    session, connector = portal.session_of(chat), portal.connectors.get(chat.connector)
    last = portal.messages[chat.messages[-1]] if chat.messages else None
    known_line = chat.moved_line in portal.lines or chat.line in portal.lines
    operator = portal.users.get(session.operator) if session else None
    return {
        "id": chat.id,
        "client": portal.users[chat.user_id].title,
        "name": chat.name if chat.named else "",
        "connector": connector.name if connector else chat.connector,
        "line": current_line(portal, chat).name if known_line else f"#{chat.line}",
        "last": last.text[:LAST_TEXT] if last and not last.deleted else "",
        "last_file": portal.files[last.files[0]].name if last and last.files and not last.deleted else "",
        "last_deleted": bool(last and last.deleted),
        "by": last.author if last else "",
        "at": last.at if last else 0,
        "unanswered": _unanswered(portal, chat),
        "state": _state(session),
        "operator": operator.title if operator else "",
    }


def _conversation(portal: Portal, chat: Chat) -> dict[str, Any]:
    session, connector = portal.session_of(chat), portal.connectors.get(chat.connector)
    line = portal.lines.get(chat.moved_line) or portal.lines.get(chat.line)
    picture = portal.files.get(portal.users[chat.user_id].fields.get("picture", 0))
    numbers = chat.messages[-SHOWN_MESSAGES:]
    return {
        **_row(portal, chat),
        "open": is_open(session),
        "works": portal.works(chat.connector, chat.line),
        "operator_id": session.operator if session else 0,
        "line_id": line.id if line else 0,
        "vote": session.vote if session else 0,
        "may_rate": bool(
            session and connector and connector.system_messages and not session.vote and not session.wait_vote
        ),
        "may_edit": bool(connector and connector.edit_internal),
        "may_delete": bool(connector and connector.delete_internal),
        "picture": _address(picture) if picture and picture.mime in INLINE_IMAGES else "",
        "earlier": len(chat.messages) - len(numbers),
        "messages": [_message(portal, portal.messages[number]) for number in numbers],
    }


def _message(portal: Portal, message: Message) -> dict[str, Any]:
    author = portal.users.get(message.author_id)
    note = message.author != "client" and not message.forwarded
    mark = "note" if note else "sending" if message.sending else "delivered" if message.forwarded else ""
    return {
        "id": message.id,
        "author": message.author,
        "author_id": message.author_id,
        "name": author.title if author else "",
        "text": "" if message.deleted else message.text,
        "at": message.at,
        "mark": mark,
        "edited": message.edited,
        "deleted": message.deleted,
        "files": [] if message.deleted else [_file(portal.files[number]) for number in message.files],
    }


def _address(file: Stored) -> str:
    return f"/desk/files/{file.id}/{file.sign}"


def _file(file: Stored) -> dict[str, Any]:
    return {
        "name": file.name,
        "size": len(file.content),
        "url": _address(file),
        "image": file.mime in INLINE_IMAGES,
    }
