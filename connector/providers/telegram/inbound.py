"""Updates in from Telegram: verify, key, parse (facts/providers.md §2.1)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from connector.domain.bbcode import escape
from connector.domain.events import (
    ButtonPressed,
    ConversationBlocked,
    ConversationUnblocked,
    Event,
    Ignored,
    MessageEdited,
    MessageReceived,
)
from connector.domain.request import Request
from connector.domain.values import Person
from connector.errors import Refused
from connector.providers.payload import check_method, json_object
from connector.providers.telegram import content
from connector.providers.telegram.settings import TelegramSettings
from connector.speech import Text

SECRET_HEADER = "x-telegram-bot-api-secret-token"
Json = Mapping[str, Any]
QUOTE_LIMIT = 300

_WRONG_SECRET = Text(
    "The secret token is missing or wrong: set the webhook with the account's secret, then run `connector check`.",
    "Секретный токен не указан или неверен: задайте вебхук снова с секретом аккаунта и выполните `connector check`.",
)


def verify(request: Request, settings: TelegramSettings) -> None:
    """Raises ``Refused``: 405 method, 401 secret, 400 or 415 for a body that no Bot API sends."""
    check_method(request)
    expected = settings.secret.get_secret_value().encode()
    if not hmac.compare_digest(request.header(SECRET_HEADER).encode("utf-8", "surrogateescape"), expected):
        raise Refused("telegram.secret", hint=_WRONG_SECRET, status=401)
    json_object(request)


def dedupe_key(request: Request, _: TelegramSettings) -> str:
    """``update_id``, which a repeat keeps; the body's digest when there is none."""
    try:
        update_id = json_object(request).get("update_id")
    except Refused:
        return request.digest()
    return str(update_id) if isinstance(update_id, int) and not isinstance(update_id, bool) else request.digest()


def parse(request: Request, settings: TelegramSettings) -> list[Event]:
    """The events of one update; kinds that mean nothing to us become ``Ignored`` by their name."""
    update = json_object(request)
    position = int(update["update_id"])
    kind = next((name for name in update if name != "update_id"), "empty")
    read = _KINDS.get(kind)
    return [read(update[kind], position, settings) if read else Ignored(what=kind[:60])]


def _message(message: Json, position: int, settings: TelegramSettings) -> Event:
    if reason := _foreign(message["chat"], settings):
        return Ignored(what=reason)
    found = content.read(message)
    if isinstance(found, str):
        return Ignored(what=f"message.{found}")
    client = _sender(message, phone=found.contact.phone if found.contact and found.contact.own else "")
    return MessageReceived(
        account=settings.account,
        conversation=str(message["chat"]["id"]),
        position=position,
        message_id=str(message["message_id"]),
        client=client,
        text=found.text,
        files=found.files,
        location=found.location,
        contact=found.contact,
        reply_to=str(message["reply_to_message"]["message_id"]) if "reply_to_message" in message else "",
        quote=_quote(message),
        forwarded_from=_forwarded_from(message.get("forward_origin")),
        sent_at=_moment(message.get("date")),
        album=str(message.get("media_group_id", "")),
    )


def _edited_message(message: Json, position: int, settings: TelegramSettings) -> Event:
    if reason := _foreign(message["chat"], settings):
        return Ignored(what=reason)
    if "text" not in message and "caption" not in message:
        # A live location moves by edits; a file changed without a caption has no text to show.
        return Ignored(what="edited_message.without_text")
    return MessageEdited(
        account=settings.account,
        conversation=str(message["chat"]["id"]),
        position=position,
        message_id=str(message["message_id"]),
        client=_sender(message),
        text=content.text(message),
        sent_at=_moment(message.get("edit_date")),
    )


def _callback_query(query: Json, position: int, settings: TelegramSettings) -> Event:
    message = query.get("message")
    if message is None or "data" not in query:
        return Ignored(what="callback_query.inline" if message is None else "callback_query.game")
    if reason := _foreign(message["chat"], settings):
        return Ignored(what=reason)
    return ButtonPressed(
        account=settings.account,
        conversation=str(message["chat"]["id"]),
        position=position,
        press_id=str(query["id"]),
        data=str(query["data"]),
        client=_person(query["from"]),
        label=_label(message, query["data"]),
    )


def _my_chat_member(change: Json, position: int, settings: TelegramSettings) -> Event:
    status = change["new_chat_member"]["status"]
    event = _MEMBERSHIP.get(status)
    if change["chat"]["type"] != "private" or event is None:
        return Ignored(what=f"my_chat_member.{status}")
    return event(
        account=settings.account,
        conversation=str(change["chat"]["id"]),
        position=position,
        client=_person(change["from"]),
    )


def _foreign(chat: Json, settings: TelegramSettings) -> str:
    """Why a chat is not a conversation of ours, or an empty string."""
    kind = str(chat["type"])
    if kind == "private" or (settings.groups and kind in ("group", "supergroup")):
        return ""
    return f"message.in_{kind}"


def _sender(message: Json, phone: str = "") -> Person:
    """Who wrote; somebody anonymous in a group is known by the chat they speak for."""
    if "from" in message:
        return _person(message["from"], phone)
    chat = message.get("sender_chat") or message["chat"]
    return Person(id=str(chat["id"]), first_name=str(chat.get("title", "")), username=str(chat.get("username", "")))


def _person(user: Json, phone: str = "") -> Person:
    username = str(user.get("username", ""))
    return Person(
        id=str(user["id"]),
        first_name=str(user.get("first_name", "")),
        last_name=str(user.get("last_name", "")),
        username=username,
        phone=phone,
        language=str(user.get("language_code", "")),
        profile_url=f"https://t.me/{username}" if username else "",
    )


def _quote(message: Json) -> str:
    """What the client picked to answer, else the beginning of what they answer."""
    if "quote" in message:
        return escape(str(message["quote"].get("text", "")))
    answered = message.get("reply_to_message", {})
    return escape(str(answered.get("text") or answered.get("caption") or "")[:QUOTE_LIMIT])


def _forwarded_from(origin: Json | None) -> str:
    if not origin:
        return ""
    if user := origin.get("sender_user"):
        return escape(" ".join(str(user[part]) for part in ("first_name", "last_name") if user.get(part)))
    chat = origin.get("sender_chat") or origin.get("chat") or {}
    return escape(str(origin.get("sender_user_name") or chat.get("title") or chat.get("username") or ""))


def _label(message: Json, data: str) -> str:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    texts = (str(button["text"]) for row in rows for button in row if button.get("callback_data") == data)
    return escape(next(texts, str(data)))


def _moment(seconds: Any) -> datetime | None:
    """Unix seconds; Telegram writes 0 where it does not know."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


_MEMBERSHIP: dict[str, type[ConversationBlocked] | type[ConversationUnblocked]] = {
    "kicked": ConversationBlocked,
    "member": ConversationUnblocked,
}
#: The vocabulary: Telegram's update kind → how it is read. All others are ``Ignored``.
_KINDS: dict[str, Callable[[Any, int, TelegramSettings], Event]] = {
    "message": _message,
    "edited_message": _edited_message,
    "callback_query": _callback_query,
    "my_chat_member": _my_chat_member,
}
UPDATES = tuple(_KINDS)
