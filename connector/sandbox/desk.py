"""What an operator does in a chat. Callers hold the portal's lock."""

from __future__ import annotations

from collections.abc import Iterable

from connector.sandbox import model
from connector.sandbox.answers import ApiError
from connector.sandbox.dialogs import close_session, current_line, is_open, join, open_session, take, write
from connector.sandbox.forwarding import forward, forward_delete, forward_edit
from connector.sandbox.model import Chat, Message, Session
from connector.sandbox.state import Portal

EDIT_WINDOW = 259_200
VOTE_TEXT = {"ru": "Оцените работу оператора: 1 - хорошо, 0 - плохо", "en": "Rate the dialog: 1 - good, 0 - bad"}
THANKS = {"ru": "Спасибо за оценку!", "en": "Thank you for the rating!"}


def say(
    portal: Portal, chat: Chat, user_id: int, text: str, *, files: Iterable[int] = (), to_client: bool = True
) -> Message:
    """An operator writes. ``to_client`` false: a note that the client does not get.

    Raises 403 ``ACCESS_ERROR`` while the connector does not work on the chat's line: operators are blocked then.
    """
    if to_client and not portal.works(chat.connector, chat.line):
        raise ApiError("ACCESS_ERROR", "The connector is not active on the open line of this chat", 403)
    session = portal.session_of(chat)
    if session is None or not is_open(session):
        session = open_session(portal, chat, user_id)
    join(chat, user_id)
    if to_client:
        if not session.operator:
            take(portal, session, user_id)
        session.status = model.REPLIED
    message = write(portal, chat, session, "operator", user_id, text, files=files)
    if to_client and not chat.silent:
        forward(portal, chat, message)
    return message


def system(
    portal: Portal, chat: Chat, session: Session | None, text: str, params: dict[str, str] | None = None
) -> None:
    """An important system text (welcome, rating): it goes to the client unless the connector wants none."""
    connector = portal.connectors[chat.connector]
    message = write(portal, chat, session, "system", 0, text)
    message.params = params or {}
    if connector.system_messages:
        forward(portal, chat, message)


def own_message(portal: Portal, message_id: int) -> Message:
    """An existing message, or 400 ``MESSAGE_ID_ERROR``."""
    message = portal.messages.get(message_id)
    if message is None or message.deleted:
        raise ApiError("MESSAGE_ID_ERROR", "Message not found", 400)
    return message


def edit(portal: Portal, message_id: int, text: str, user_id: int = 0) -> Message:
    """An operator rewrites their message, within three days and if the connector allows it (``CANT_EDIT_MESSAGE``)."""
    message = own_message(portal, message_id)
    chat = portal.chats[message.chat_id]
    late = portal.now() - message.at > EDIT_WINDOW
    if message.author != "operator" or late or not portal.connectors[chat.connector].edit_internal:
        raise ApiError("CANT_EDIT_MESSAGE", "Time has expired for modification or you don't have access", 400)
    message.text, message.edited = text, True
    forward_edit(portal, chat, message, user_id or message.author_id)
    return message


def delete(portal: Portal, message_id: int, user_id: int = 0) -> Message:
    """An operator removes a message, if the connector allows it (``CANT_EDIT_MESSAGE``)."""
    message = own_message(portal, message_id)
    chat = portal.chats[message.chat_id]
    connector = portal.connectors[chat.connector]
    allowed = connector.delete_external if message.author == "client" else connector.delete_internal
    if not allowed:
        raise ApiError("CANT_EDIT_MESSAGE", "Time has expired for modification or you don't have access", 400)
    message.deleted = True
    forward_delete(portal, chat, message, user_id or message.author_id)
    return message


def open_dialog(portal: Portal, chat: Chat) -> Session:
    """The chat's open session, or 400 ``CHAT_TYPE``."""
    session = portal.session_of(chat)
    if session is None or not is_open(session):
        raise ApiError("CHAT_TYPE", "The dialog is closed", 400)
    return session


def finish(portal: Portal, chat: Chat, user_id: int, status: int = model.CLOSED) -> Session:
    """Close the dialog; a line that asks for a rating waits for it first (§3.3)."""
    session = open_dialog(portal, chat)
    asks = current_line(portal, chat).vote and portal.connectors[chat.connector].system_messages
    if status != model.CLOSED or not asks or session.vote or session.wait_vote:
        close_session(portal, session, user_id, status)
        return session
    _ask(portal, chat, session)
    return session


def ask_rating(portal: Portal, chat: Chat) -> Session:
    """Ask for a rating now, whatever the line does on finish.

    Raises 400 ``VOTE_WRONG`` when it was asked or given already, or the connector takes no system messages.
    """
    session = open_dialog(portal, chat)
    if session.vote or session.wait_vote or not portal.connectors[chat.connector].system_messages:
        raise ApiError("VOTE_WRONG", "A rating cannot be asked for", 400)
    _ask(portal, chat, session)
    return session


def _ask(portal: Portal, chat: Chat, session: Session) -> None:
    session.status, session.wait_vote = model.CLOSING, True
    sid, text = str(session.id), VOTE_TEXT[portal.config.language]
    params = {"IMOL_FORM": "like", "IMOL_VOTE": sid, "IMOL_VOTE_SID": sid, "IMOL_VOTE_TEXT": text}
    system(portal, chat, session, text, params)


def vote(portal: Portal, chat: Chat, session: Session, text: str) -> bool:
    """Take ``1``/``0`` (or a text that begins so) as the awaited rating; false when it is none."""
    if not session.wait_vote or not (text in ("1", "0") or text.startswith(("1 ", "0 "))):
        return False
    session.vote = 5 if text[0] == "1" else 1
    system(portal, chat, session, THANKS[portal.config.language])
    close_session(portal, session, 0)
    return True


def transfer(portal: Portal, chat: Chat, *, user_id: int = 0, line_id: int = 0) -> Session:
    """Hand the dialog to another operator or another line's queue; the chat keeps its code and its connector's line."""
    session = open_dialog(portal, chat)
    if line_id:
        if line_id not in portal.lines:
            raise ApiError("QUEUE_ID_EMPTY", "Queue ID can't be empty", 400)
        line = portal.lines[line_id]
        chat.moved_line = 0 if line_id == chat.line else line_id
        session.line, session.status = line_id, model.NEW
        take(portal, session, line.queue[0] if line.queue else 0)
        return session
    user = portal.users.get(user_id)
    if user is None or user.client or not user.active or user_id == session.operator:
        raise ApiError("OPERATOR_WRONG", "Wrong operator", 400)
    take(portal, session, user_id)
    return session
