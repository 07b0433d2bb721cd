"""Delivery and reading statuses, and the chat's name (facts/bitrix24-openlines.md §1.8)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, EmptyObject, Params, lower_deep, whole
from connector.sandbox.connectors import require, where
from connector.sandbox.dialogs import entity_code, is_open
from connector.sandbox.methods import Call, Method

NOTHING: Mapping[str, Any] = MappingProxyType({"SUCCESS": True, "DATA": []})


def delivered(call: Call, params: Params) -> Any:
    """Clear "sending", keep ``message.id[]`` as the connector's ids, mark as read. Always a success.

    Works once per message, only while it is "sending"; an id that is no list is not kept.
    """
    given, connector, _ = where(params, "MESSAGES")
    for item in _items(given["MESSAGES"]):
        im, ids = item.get("im"), (item.get("message") or {}).get("id")
        number = whole(im.get("message_id")) if isinstance(im, Mapping) else 0
        message = call.portal.messages.get(number)
        if message is None or not message.sending or not isinstance(ids, list):
            continue
        if call.portal.chats[message.chat_id].connector == connector:
            message.sending, message.read, message.mids = False, True, [str(one) for one in ids]
    return dict(NOTHING)


def _items(messages: Any) -> list[dict[str, Any]]:
    items = lower_deep(messages)
    if isinstance(items, Mapping):
        items = list(items.values())
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise ApiError("ERROR_ARGUMENT", "Argument 'MESSAGES' is null or empty", 400, argument="MESSAGES")
    return [dict(item) for item in items]


def read(call: Call, params: Params) -> Any:
    """A stub on the real portal too: success, and nothing changes."""
    where(params, "MESSAGES")
    return dict(NOTHING)


def rename(call: Call, params: Params) -> dict[str, Any]:
    """Rename a client's chat; it needs an open session, and USER_ID unless the connector groups chats."""
    given, connector, line = where(params, "CHAT_ID", "NAME")
    held = call.portal.connectors.get(connector)
    if held is None:
        raise ApiError("IMCONNECTOR_NO_CORRECT_PROVIDER", "Failed to find a suitable provider", 400)
    if not call.portal.works(connector, line):
        raise ApiError("NOT_ACTIVE_LINE", "This line is not active", 400)
    if not held.group:
        require(given, "USER_ID")
    number = call.portal.clients.get(f"{connector}|{given.get('USER_ID', '')}")
    user = call.portal.users.get(number or 0)
    code = f"{connector}|{line}|{given['CHAT_ID']}|0"
    if user and not held.group:
        code = entity_code(call.portal, connector, line, str(given["CHAT_ID"]), user)
    chat = call.portal.chats.get(call.portal.chat_codes.get(code, 0))
    if chat is None or not is_open(call.portal.session_of(chat)):
        raise ApiError("CHAT_RENAMING_FAILED", "Failed to rename the chat", 400)
    chat.name, chat.named = str(given["NAME"]), True
    return {"SUCCESS": True, "DATA": {"RESULT": EmptyObject()}}


METHODS = MappingProxyType(
    {
        "imconnector.send.status.delivery": Method(run=delivered, scope="imopenlines", app_only=True),
        "imconnector.send.status.reading": Method(run=read, scope="imopenlines", app_only=True),
        "imconnector.chat.name.set": Method(run=rename, scope="imopenlines", app_only=True),
    }
)
