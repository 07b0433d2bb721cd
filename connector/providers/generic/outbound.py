"""Commands out to any system, as signed webhooks of our own (facts/providers.md §2.7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from connector.domain.bbcode import clean, html, markdown, plain
from connector.domain.effects import Acknowledge, Delete, Edit, Send
from connector.domain.ports import Clock
from connector.domain.provider import Http, Outgoing, Source, Upload
from connector.domain.values import File, Receipt
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers import transport
from connector.providers.generic.settings import GenericSettings
from connector.providers.standard_webhooks import signed, webhook_id
from connector.speech import Text

_FORMATS: dict[str, Callable[[str], str]] = {"plain": plain, "markdown": markdown, "html": html, "bbcode": clean}
Json = dict[str, Any]

_SIGNATURE = (
    "generic.signature",
    Text(
        "The receiver does not accept our signature: compare its secret with the account's, and both clocks.",
        "Получатель не принимает нашу подпись: сверьте его секрет с секретом аккаунта и часы обеих сторон.",
    ),
)
_REFUSALS: dict[int, tuple[str, Text]] = {
    401: _SIGNATURE,
    403: _SIGNATURE,
    404: (
        "generic.address",
        Text(
            "Nothing answers at deliver_url; correct it in connector.yaml.",
            "По адресу deliver_url ничего нет; исправьте его в connector.yaml.",
        ),
    ),
    413: (
        "generic.too_large",
        Text(
            "The receiver finds the message too large; shorten it.", "Для получателя сообщение велико; сократите его."
        ),
    ),
}
_REFUSED = (
    "generic.rejected",
    Text(
        "The receiver refused the message; its own log says why. Mend it there and replay.",
        "Получатель отклонил сообщение; причина в его журнале. Исправьте там и повторите.",
    ),
)
_GONE = Text(
    "The receiver asks to send it nothing more (410). Set another deliver_url, or let it accept again, then resume.",
    "Получатель просит больше ничего не слать (410). Задайте другой deliver_url или включите приём и возобновите.",
)
_BUSY = Text(
    "The receiver is busy or down; it is tried again by itself.",
    "Получатель занят или недоступен; повтор произойдёт сам.",
)
_BAD_URL = Text("The file's address must be http or https.", "Адрес файла должен быть http или https.")
THROTTLING = frozenset({429, 502, 503, 504})


def _now() -> datetime:
    return datetime.now(UTC)


def send(outgoing: Outgoing, settings: GenericSettings, http: Http) -> Receipt:
    """Carry out a command. Raises ``TransientError``, ``PermanentError`` or ``Stopped``.

    ``webhook-id`` comes from the idempotency key and survives retries, so a repeat is the receiver's to drop.
    """
    return _COMMANDS[type(outgoing.command)](outgoing.command, outgoing, settings, http)


def locate(file: File, settings: GenericSettings, http: Http) -> Source:
    """The sender gave the address itself; nobody is asked."""
    if urlsplit(file.ref).scheme not in ("http", "https"):
        raise PermanentError("generic.file_address", hint=_BAD_URL)
    return Source(url=file.ref, name=file.name, mime=file.mime)


def deliver(settings: GenericSettings, http: Http, message_id: str, kind: str, data: Json, clock: Clock = _now) -> Json:
    """Post one signed webhook; returns the receiver's JSON answer, ``{}`` when it says nothing."""
    now = clock()
    body = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": data}, ensure_ascii=False)
    headers = signed(message_id, body, settings.keys(), now)
    answer = transport.send(http, "generic", "POST", settings.deliver_url, data=body.encode(), headers=headers)
    if 200 <= answer.status_code < 300:
        return _said(answer)
    raise _error(answer, clock)


def _error(answer: requests.Response, clock: Clock) -> Exception:
    status = answer.status_code
    if status == 410:
        return Stopped("generic.gone", hint=_GONE, detail="410", state="suspended")
    wait = transport.retry_after(answer.headers.get("retry-after", ""), clock)
    if status in THROTTLING or wait is not None:
        return TransientError("generic.busy", hint=_BUSY, detail=str(status), retry_after=wait)
    if status >= 500:
        # It may have been taken before the receiver failed; a repeat bears the same webhook-id.
        return TransientError("generic.down", hint=_BUSY, detail=str(status), maybe_done=True)
    cause, hint = _REFUSALS.get(status, _REFUSED)
    return PermanentError(cause, hint=hint, detail=str(status))


def _said(answer: requests.Response) -> Json:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _send(command: Send, outgoing: Outgoing, settings: GenericSettings, http: Http) -> Receipt:
    message_id = webhook_id(outgoing.idempotency_key)
    message = {
        "id": message_id,
        **_text(command.text, settings),
        "files": [_file(upload) for upload in outgoing.uploads],
        "reply_to": command.reply_to,
    }
    said = deliver(settings, http, message_id, "message.created", _data(command, message=message))
    return Receipt(ids=(_own_id(said) or message_id,))


def _edit(command: Edit, outgoing: Outgoing, settings: GenericSettings, http: Http) -> Receipt:
    message = {"id": command.message_ids[0], **_text(command.text, settings)}
    deliver(settings, http, webhook_id(outgoing.idempotency_key), "message.updated", _data(command, message=message))
    return Receipt()


def _delete(command: Delete, outgoing: Outgoing, settings: GenericSettings, http: Http) -> Receipt:
    for number, message_id in enumerate(command.message_ids):
        key = outgoing.idempotency_key and f"{outgoing.idempotency_key}#{number}"
        deliver(settings, http, webhook_id(key), "message.deleted", _data(command, message={"id": message_id}))
    return Receipt()


def _acknowledge(command: Acknowledge, outgoing: Outgoing, settings: GenericSettings, http: Http) -> Receipt:
    key = webhook_id(outgoing.idempotency_key)
    deliver(settings, http, key, "button.acknowledged", _data(command, button={"id": command.press_id}))
    return Receipt()


def _data(command: Send | Edit | Delete | Acknowledge, **parts: Json) -> Json:
    return {"account": command.account, "conversation": command.conversation, **parts}


def _text(text: str, settings: GenericSettings) -> Json:
    return {"text": _FORMATS[settings.deliver_format](text), "format": settings.deliver_format}


def _file(upload: Upload) -> Json:
    return {"url": upload.url, "name": upload.name, "type": upload.mime, "size": upload.size, "kind": upload.kind}


def _own_id(said: Json) -> str:
    """The receiver's id for the message, when it gave one that Bitrix24 can keep (§7.5: 100 characters)."""
    given = said.get("id")
    text = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    return text if len(text) <= 100 else ""


_COMMANDS: dict[type, Callable[[Any, Outgoing, GenericSettings, Http], Receipt]] = {
    Send: _send,
    Edit: _edit,
    Delete: _delete,
    Acknowledge: _acknowledge,
}
