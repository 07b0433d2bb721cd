"""Chats and sessions of open lines: how they open, take messages and close (facts/bitrix24-openlines.md §0.2, §2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connector.sandbox import crm_binding, model
from connector.sandbox.events import emit
from connector.sandbox.model import Author, Chat, Line, Message, Session, User
from connector.sandbox.state import Portal

MAX_TEXT = 20_000
MAX_CODE = 255
CLOSE_TERM = 10
_BREAK = re.compile(r"\[br\]|#BR#", re.IGNORECASE)


def entity_code(portal: Portal, connector: str, line: int, external: str, user: User) -> str:
    """The dialog key; its last part is the internal user id, 0 in group mode."""
    held = portal.connectors[connector]
    return f"{connector}|{line}|{external}|{0 if held.group else user.id}"


def find_chat(portal: Portal, connector: str, line: int, external: str, user: User | None) -> Chat | None:
    """The chat of a client's thread on a line, if there is one."""
    if user is None or connector not in portal.connectors:
        return None
    number = portal.chat_codes.get(entity_code(portal, connector, line, external, user))
    return portal.chats[number] if number else None


def open_chat(portal: Portal, connector: str, line: int, external: str, user: User) -> Chat:
    """The chat of a client's thread on a line, created when it is new."""
    held = find_chat(portal, connector, line, external, user)
    if held:
        return held
    code = entity_code(portal, connector, line, external, user)
    chat = Chat(
        id=portal.next_id("chat"),
        connector=connector,
        line=line,
        external=external,
        user_id=user.id,
        code=code,
        name=f"{user.title} - {portal.lines[line].name}",
    )
    portal.chats[chat.id] = chat
    portal.chat_codes[code] = chat.id
    return chat


def is_open(session: Session | None) -> bool:
    """True while a session takes messages (status below 60)."""
    return session is not None and session.status < model.CLOSED


def current_line(portal: Portal, chat: Chat) -> Line:
    """The line that works with this chat now; a transfer moves it, the chat's code stays."""
    return portal.lines.get(chat.moved_line) or portal.lines[chat.line]


def _next_operator(portal: Portal, line: Line) -> int:
    queue = [user for user in line.queue if portal.users[user].active]
    if not queue:
        return 0
    line.turn += 1
    return queue[(line.turn - 1) % len(queue)]


def open_session(portal: Portal, chat: Chat, actor: int) -> Session:
    """A new session in this chat, given to the next operator of the queue; ``ONIMCONNECTORDIALOGSTART`` follows."""
    line = current_line(portal, chat)
    session = Session(
        id=portal.next_id("session"),
        chat_id=chat.id,
        line=line.id,
        operator=_next_operator(portal, line),
        began=portal.now(),
        parent=chat.sessions[-1] if chat.sessions else 0,
    )
    portal.sessions[session.id] = session
    chat.sessions.append(session.id)
    join(chat, session.operator)
    crm_binding.bind(portal, chat, session, line)
    _tell(portal, "ONIMCONNECTORDIALOGSTART", chat, session, actor)
    return session


def close_session(portal: Portal, session: Session, actor: int, status: int = model.CLOSED) -> None:
    """The session is really over; ``ONIMCONNECTORDIALOGFINISH`` follows."""
    chat = portal.chats[session.chat_id]
    session.status, session.closed, session.wait_vote = status, portal.now(), False
    if session.activity:
        answered = any(portal.messages[number].author == "operator" for number in session.messages)
        fields = {"COMPLETED": "Y", "END_TIME": portal.now_text(), "RESULT_STATUS": "2" if answered else "1"}
        portal.crm["activity"].update(session.activity, fields)
    _tell(portal, "ONIMCONNECTORDIALOGFINISH", chat, session, actor)


def join(chat: Chat, user_id: int) -> None:
    """Make an employee a member of the chat."""
    if user_id and user_id not in chat.members:
        chat.members.append(user_id)


def take(portal: Portal, session: Session, user_id: int) -> None:
    """Give the session to this operator."""
    session.operator = user_id
    if session.status < model.TAKEN:
        session.status = model.TAKEN
    join(portal.chats[session.chat_id], user_id)
    if session.activity:
        portal.crm["activity"].update(session.activity, {"RESPONSIBLE_ID": user_id})


def _tell(portal: Portal, event: str, chat: Chat, session: Session, actor: int) -> None:
    connector = portal.connectors.get(chat.connector)
    if connector is None:
        return
    user = 0 if connector.group else chat.user_id
    closed = "Y" if session.status >= model.CLOSED else "N"
    entry = {
        "connector": {
            "connector_id": chat.connector,
            "line_id": chat.line,
            "chat_id": chat.external,
            "user_id": user,
        },
        "session": {"id": session.id, "closed": closed, "parent_id": session.parent, "close_term": CLOSE_TERM},
        "chat": {"id": chat.external},
        "user": {"id": user},
    }
    data = {"CONNECTOR": chat.connector, "LINE": chat.line, "DATA": [entry]}
    emit(portal, event, data, actor=actor, client_id=connector.client_id)


def clean_text(text: str) -> str:
    """``[br]`` becomes a line break; what is too long is cut with " (...)"."""
    plain = _BREAK.sub("\n", text)
    return plain if len(plain) <= MAX_TEXT else plain[:MAX_TEXT] + " (...)"


def write(
    portal: Portal,
    chat: Chat,
    session: Session | None,
    author: Author,
    author_id: int,
    text: str,
    *,
    files: Iterable[int] = (),
    mids: Iterable[str] = (),
) -> Message:
    """A new message at the end of the chat. Its time is now, whatever its sender said."""
    message = Message(
        id=portal.next_id("message"),
        chat_id=chat.id,
        session_id=session.id if session else 0,
        author=author,
        author_id=author_id,
        text=clean_text(text),
        at=portal.now(),
        files=list(files),
        mids=list(mids),
    )
    portal.messages[message.id] = message
    chat.messages.append(message.id)
    if session:
        session.messages.append(message.id)
    return message
