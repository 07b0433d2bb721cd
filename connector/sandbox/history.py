"""Reading dialogs back: ``imopenlines.dialog.get`` and ``imopenlines.session.history.get`` (§2.3, §3.2)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Params, upper, whole
from connector.sandbox.crm_binding import main_owner
from connector.sandbox.imopenlines import may_see
from connector.sandbox.methods import Call, Method
from connector.sandbox.model import CLOSED, Chat, Message, Session
from connector.sandbox.state import Portal


def entity_data(portal: Portal, chat: Chat) -> tuple[str, str, str]:
    """``entity_data_1..3``: pipe lists about CRM, session and line, the CRM bindings, silent mode."""
    session = portal.session_of(chat)
    kind, owner = main_owner(chat)
    crm = "Y" if owner else "N"
    pin, waiting = "Y" if chat.pinned else "N", "Y" if session and session.wait_vote else "N"
    number = session.id if session and session.status < CLOSED else 0
    began = int(session.began) if session else 0
    first = f"{crm}|{kind}|{owner}|{pin}|{waiting}|{number}|{began}|{chat.moved_line}|0|0"
    second = "|".join(f"{name}|{chat.crm.get(name, 0)}" for name in ("LEAD", "COMPANY", "CONTACT", "DEAL"))
    return first, second, "Y" if chat.silent else "N"


def _by_session(portal: Portal, number: Any) -> Chat | None:
    session = portal.sessions.get(whole(number))
    return portal.chats[session.chat_id] if session else None


def dialog(call: Call, params: Params) -> dict[str, Any]:
    """The chat of CHAT_ID, DIALOG_ID ``chatN``, SESSION_ID or USER_CODE. Not found is ``ACCESS_ERROR`` too."""
    given, portal = upper(params), call.portal
    number = whole(given.get("CHAT_ID") or str(given.get("DIALOG_ID") or "").removeprefix("chat"))
    code = str(given.get("USER_CODE") or "").removeprefix("imol|")
    chat = portal.chats.get(number) or _by_session(portal, given.get("SESSION_ID"))
    chat = chat or portal.chats.get(portal.chat_codes.get(code, 0))
    if chat is None or not may_see(call, chat):
        raise ApiError("ACCESS_ERROR", "You don't have access to this dialog", 403)
    first, second, third = entity_data(portal, chat)
    return {
        "id": chat.id,
        "dialog_id": f"chat{chat.id}",
        "type": "lines",
        "name": chat.name,
        "description": chat.description,
        "owner": (portal.session_of(chat) or _NOBODY).operator,
        "entity_type": "LINES",
        "entity_id": chat.code,
        "entity_data_1": first,
        "entity_data_2": second,
        "entity_data_3": third,
        "message_count": len(chat.messages),
        "last_message_id": chat.messages[-1] if chat.messages else 0,
        "manager_list": list(chat.members),
        "readed_list": [],
        "date_create": portal.now_text(portal.sessions[chat.sessions[0]].began) if chat.sessions else "",
        "role": "MEMBER" if call.who.user_id in chat.members else "GUEST",
        "restrictions": {},
        "permissions": {},
    }


_NOBODY = Session(id=0, chat_id=0, line=0, operator=0, began=0.0)


def history(call: Call, params: Params) -> dict[str, Any]:
    """The messages of one session (SESSION_ID, or the latest of CHAT_ID).

    ``params.connectorMid`` of a message holds the connector's ids.
    """
    portal = call.portal
    if not params.get("SESSION_ID") and not params.get("CHAT_ID"):
        raise ApiError("MISSING_REQUIRED_PARAM", "SESSION_ID or CHAT_ID is required", 400)
    chat = portal.chats.get(whole(params.get("CHAT_ID")))
    session = portal.sessions.get(whole(params.get("SESSION_ID"))) or (portal.session_of(chat) if chat else None)
    if session is None:
        raise ApiError("INVALID_SESSION_ID", "Session is not found", 400)
    chat = portal.chats[session.chat_id]
    if not may_see(call, chat):
        raise ApiError("ACCESS_DENIED", "You don't have access to this session", 403)
    messages = [portal.messages[number] for number in session.messages if not portal.messages[number].deleted]
    return {
        "chatId": chat.id,
        "canJoin": "Y",
        "canVoteHead": "N",
        "sessionId": session.id,
        "sessionVoteHead": session.head_vote,
        "sessionCommentHead": session.comment,
        "userId": f"chat{chat.id}",
        "message": {str(message.id): _row(portal, message) for message in messages},
        "usersMessage": {f"chat{chat.id}": [str(message.id) for message in messages]},
        "users": _users(portal, messages),
        "openlines": {"canvoteashead": {}},
        "chat": {str(chat.id): _chat_block(portal, chat)},
        "userInChat": {str(chat.id): [str(user) for user in chat.members]},
        "files": _files(portal, messages),
    }


def _row(portal: Portal, message: Message) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if message.mids:
        params["connectorMid"] = list(message.mids)
    if message.sending:
        params |= {"sending": "Y", "sendingTs": int(message.at)}
    if message.files:
        params["fileId"] = list(message.files)
    return {
        "id": str(message.id),
        "chatid": str(message.chat_id),
        "senderid": str(message.author_id),
        "recipientid": f"chat{message.chat_id}",
        "date": portal.now_text(message.at),
        "text": message.text,
        "textlegacy": message.text,
        "params": params,
    }


def _users(portal: Portal, messages: list[Message]) -> dict[str, Any]:
    people = {message.author_id for message in messages if message.author_id}
    return {str(number): {"id": str(number), "name": portal.users[number].title} for number in sorted(people)}


def _chat_block(portal: Portal, chat: Chat) -> dict[str, Any]:
    first, second, third = entity_data(portal, chat)
    return {
        "id": str(chat.id),
        "name": chat.name,
        "entityType": "LINES",
        "entityId": chat.code,
        "entityData1": first,
        "entityData2": second,
        "entityData3": third,
        "managerList": list(chat.members),
    }


def _files(portal: Portal, messages: list[Message]) -> dict[str, Any]:
    held = [portal.files[number] for message in messages for number in message.files]
    return {
        str(file.id): {
            "id": file.id,
            "name": file.name,
            "type": "image" if file.mime.startswith("image/") else "file",
            "size": len(file.content),
            "urldownload": portal.file_url(file),
        }
        for file in held
    }


METHODS = MappingProxyType(
    {
        "imopenlines.dialog.get": Method(run=dialog, scope="imopenlines"),
        "imopenlines.session.history.get": Method(run=history, scope="imopenlines"),
    }
)
