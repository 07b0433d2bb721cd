"""``im.*``: writing into chats, notifying staff, reading a chat (facts/bitrix24-openlines.md §4.2, §4.4, §3.2c)."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

from connector.sandbox import desk
from connector.sandbox.answers import ApiError, Params, is_empty, upper, whole
from connector.sandbox.crm_tables import PAGE
from connector.sandbox.dialogs import write
from connector.sandbox.methods import Call, Method
from connector.sandbox.model import Chat, Message

MAX_ATTACH = 60_000


def _chat(call: Call, given: Params) -> Chat:
    dialog = str(given.get("DIALOG_ID") or "")
    number = whole(dialog.removeprefix("chat")) if dialog.startswith("chat") else whole(given.get("CHAT_ID"))
    chat = call.portal.chats.get(number)
    if chat is None:
        raise ApiError("CHAT_ID", "Chat ID can't be empty", 400)
    return chat


def message_add(call: Call, params: Params) -> int:
    """Write into ``chatN`` or to a person; the message id.

    As a plain message of a member of an open-line chat it goes to the client; with SYSTEM=Y or SKIP_CONNECTOR=Y not.
    """
    given = upper(params)
    text = str(given.get("MESSAGE") or "")
    if not text and is_empty(given.get("ATTACH")):
        raise ApiError("MESSAGE_EMPTY", "Message can't be empty", 400)
    dialog = str(given.get("DIALOG_ID") or "")
    if dialog.isdigit():
        return _private(call, int(dialog), text)
    chat, user = _chat(call, given), call.who.user_id
    if given.get("SYSTEM") == "Y":
        app = call.portal.apps.get(call.who.client_id)
        prefix = f"[b]{app.name}[/b]\n" if app else ""
        return write(call.portal, chat, call.portal.session_of(chat), "system", 0, prefix + text).id
    if user not in chat.members:
        raise ApiError("ACCESS_ERROR", "You don't have access to send messages to this chat", 403)
    return desk.say(call.portal, chat, user, text, to_client=given.get("SKIP_CONNECTOR") != "Y").id


def _private(call: Call, user_id: int, text: str) -> int:
    if user_id not in call.portal.users:
        raise ApiError("USER_NOT_FOUND", "User not found", 400)
    return _notice(call, user_id, text, "message", "")


def _notice(call: Call, user_id: int, text: str, kind: str, tag: str) -> int:
    number = call.portal.next_id("notify")
    notices = call.portal.notices
    for held in [held for held in notices if tag and held["tag"] == tag and held["user_id"] == user_id]:
        notices.remove(held)
    notices.append({"id": number, "user_id": user_id, "text": text, "kind": kind, "tag": tag, "at": call.portal.now()})
    return number


def notify(call: Call, params: Params) -> int | bool:
    """Notify an employee; a notice with the same TAG replaces the old one. ``false`` when there is no such employee."""
    given = upper(params)
    user, text = whole(given.get("USER_ID") or given.get("TO")), str(given.get("MESSAGE") or "")
    if user <= 0:
        raise ApiError("USER_ID_EMPTY", "User ID can't be empty", 400)
    if not text:
        raise ApiError("MESSAGE_EMPTY", "Message can't be empty", 400)
    if len(json.dumps(given.get("ATTACH") or "", ensure_ascii=False)) > MAX_ATTACH:
        raise ApiError("ATTACH_OVERSIZE", "You have exceeded the maximum allowable size of attach", 400)
    held = call.portal.users.get(user)
    if held is None or held.client or not held.active:
        return False
    return _notice(call, user, text, str(given.get("TYPE") or "USER").lower(), str(given.get("TAG") or ""))


def _typed(kind: str) -> Method:
    return Method(run=lambda call, params: notify(call, upper(params) | {"TYPE": kind}), scope="im")


def _own(call: Call, given: Params) -> Message:
    message = desk.own_message(call.portal, whole(given.get("MESSAGE_ID")))
    if message.author_id != call.who.user_id:
        raise ApiError("CANT_EDIT_MESSAGE", "Time has expired for modification or you don't have access", 400)
    return message


def message_update(call: Call, params: Params) -> bool:
    """Rewrite one's own message; an empty text deletes it."""
    given = upper(params)
    message, text = _own(call, given), str(given.get("MESSAGE") or "")
    if text:
        desk.edit(call.portal, message.id, text, call.who.user_id)
    else:
        desk.delete(call.portal, message.id, call.who.user_id)
    return True


def message_delete(call: Call, params: Params) -> bool:
    """Delete one's own message."""
    desk.delete(call.portal, _own(call, upper(params)).id, call.who.user_id)
    return True


def messages_get(call: Call, params: Params) -> dict[str, Any]:
    """The latest messages of a chat that the caller belongs to, newest first; LAST_ID or FIRST_ID moves the window."""
    given = upper(params)
    chat, portal = _chat(call, given), call.portal
    if call.who.user_id not in chat.members:
        raise ApiError("ACCESS_ERROR", "You don't have access to this chat", 403)
    limit = min(max(whole(given.get("LIMIT"), 20), 1), PAGE)
    last, first = whole(given.get("LAST_ID")), whole(given.get("FIRST_ID"))
    numbers = [number for number in reversed(chat.messages) if not last or number < last]
    if given.get("FIRST_ID") is not None:
        numbers = [number for number in chat.messages if number > first]
    rows = [portal.messages[number] for number in numbers[:limit]]
    people = sorted({row.author_id for row in rows if row.author_id})
    return {
        "chat_id": chat.id,
        "messages": [_row(call, row) for row in rows],
        "users": [{"id": number, "name": portal.users[number].title} for number in people],
        "files": [_file(call, number) for row in rows for number in row.files],
    }


def _row(call: Call, message: Message) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if message.mids:
        params["CONNECTOR_MID"] = list(message.mids)
    if message.files:
        params["FILE_ID"] = list(message.files)
    if message.deleted:
        params["IS_DELETED"] = "Y"
    return {
        "id": message.id,
        "chat_id": message.chat_id,
        "author_id": message.author_id,
        "date": call.portal.now_text(message.at),
        "text": "" if message.deleted else message.text,
        "unread": False,
        "params": params,
    }


def _file(call: Call, number: int) -> dict[str, Any]:
    file = call.portal.files[number]
    return {"id": number, "name": file.name, "size": len(file.content), "urlDownload": call.portal.file_url(file)}


METHODS = MappingProxyType(
    {
        "im.message.add": Method(run=message_add, scope="im"),
        "im.message.update": Method(run=message_update, scope="im"),
        "im.message.delete": Method(run=message_delete, scope="im"),
        "im.dialog.messages.get": Method(run=messages_get, scope="im"),
        "im.notify": Method(run=notify, scope="im"),
        "im.notify.personal.add": _typed("USER"),
        "im.notify.system.add": _typed("SYSTEM"),
    }
)
