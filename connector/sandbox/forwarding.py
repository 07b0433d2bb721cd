"""From the chat to the connector: the message events (facts/bitrix24-openlines.md §1.9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.sandbox.events import emit
from connector.sandbox.model import Chat, Message, Stored
from connector.sandbox.state import Portal

KINDS = ("image", "video", "audio")


def signed(portal: Portal, chat: Chat, message: Message, gap: str) -> str:
    """The text with the operator's signature when the connector wants one; ``gap`` stands before ``[br]``."""
    if message.author != "operator" or not portal.connectors[chat.connector].signature or not message.text:
        return message.text
    return f"[b]{portal.users[message.author_id].title}:[/b]{gap}[br]{message.text}"


def file_block(portal: Portal, file: Stored) -> dict[str, Any]:
    """A file as the event shows it; ``downloadLink`` needs no authorisation."""
    family = file.mime.split("/")[0]
    kind = family if family in KINDS else "file"
    suffix = "#img." + file.name.rsplit(".", 1)[-1] if kind == "image" else ""
    return {
        "name": file.name,
        "type": kind,
        "mime": file.mime,
        "link": f"http://{portal.domain}/~{file.sign[:6]}{suffix}",
        "downloadLink": portal.file_url(file),
        "size": len(file.content),
        "sizef": f"{max(1, round(len(file.content) / 1024))} KB",
    }


def _send(portal: Portal, event: str, chat: Chat, messages: list[dict[str, Any]], actor: int) -> None:
    data = {"CONNECTOR": chat.connector, "LINE": chat.line, "MESSAGES": messages}
    emit(portal, event, data, actor=actor, client_id=portal.connectors[chat.connector].client_id)


def _entry(chat: Chat, message: Message, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"im": {"chat_id": chat.id, "message_id": message.id}, "message": body, "chat": {"id": chat.external}}


def forward(portal: Portal, chat: Chat, message: Message) -> None:
    """``ONIMCONNECTORMESSAGEADD``; the message is "sending" until its delivery is reported."""
    actor = message.author_id if message.author == "operator" else 0
    body = {
        "user_id": actor,
        "text": signed(portal, chat, message, " ") or None,
        "files": [file_block(portal, portal.files[number]) for number in message.files],
        "params": message.params,
    }
    message.sending = message.forwarded = True
    _send(portal, "ONIMCONNECTORMESSAGEADD", chat, [_entry(chat, message, body)], actor)


def forward_edit(portal: Portal, chat: Chat, message: Message, actor: int) -> None:
    """``ONIMCONNECTORMESSAGEUPDATE``, only for a message whose delivery gave it a connector id."""
    if message.mids:
        body = {"id": message.mids, "text": signed(portal, chat, message, "")}
        _send(portal, "ONIMCONNECTORMESSAGEUPDATE", chat, [_entry(chat, message, body)], actor)


def forward_delete(portal: Portal, chat: Chat, message: Message, actor: int) -> None:
    """``ONIMCONNECTORMESSAGEDELETE``: one element per connector id of the message."""
    if message.mids:
        entries = [_entry(chat, message, {"id": mid}) for mid in message.mids]
        _send(portal, "ONIMCONNECTORMESSAGEDELETE", chat, entries, actor)
