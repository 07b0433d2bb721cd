"""Calling the Bot API, and what each of its refusals means (facts/providers.md §2.1, Errors)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import requests

from connector.domain.provider import Http, Upload
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers import transport
from connector.providers.telegram.settings import TelegramSettings
from connector.speech import Text


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How one refusal is taken."""

    cause: str
    hint: Text
    verdict: Literal["permanent", "stopped", "transient", "unknown"] = "permanent"


_REVOKED = Text(
    "The bot token is wrong or revoked: take a fresh one from @BotFather, put it into connector.yaml and restart.",
    "Токен бота неверен или отозван: получите новый у @BotFather, впишите его в connector.yaml и перезапустите.",
)
_BLOCKED = Text(
    "The client blocked the bot or deleted their Telegram account; reach them another way.",
    "Клиент заблокировал бота или удалил аккаунт Telegram; свяжитесь с ним другим способом.",
)
_NO_CHAT = Text(
    "Telegram does not know this chat: a bot can write only to someone who wrote to it first.",
    "Telegram не знает этот чат: бот может писать только тому, кто написал ему первым.",
)
_NOT_A_MEMBER = Text(
    "The bot is not in this group or may not write there; ask the group's administrator to let it in.",
    "Бота нет в этой группе или ему нельзя писать; попросите администратора группы дать доступ.",
)
_TOO_LARGE = Text(
    "The file is larger than Telegram takes from or gives to a bot (50 MB up, 20 MB down); exchange it by a link.",
    "Файл больше, чем Telegram принимает от бота или отдаёт ему (50 МБ и 20 МБ); передайте его ссылкой.",
)
_CONFLICT = Text(
    "Another program reads this bot's updates: stop it, then run `connector check`.",
    "Обновления этого бота читает другая программа: остановите её и выполните `connector check`.",
)
_UNEDITABLE = Text(
    "Telegram no longer lets this message be changed; write a new one.",
    "Telegram больше не даёт изменить это сообщение; напишите новое.",
)
_MIGRATED = Text(
    "The group became a supergroup with a new id; answer in the conversation that its next message opens.",
    "Группа стала супергруппой с новым id; отвечайте в диалоге, который откроет её следующее сообщение.",
)
_REJECTED = Text(
    "Telegram refused the request; see its own words in the trace, mend the message and send it again.",
    "Telegram отклонил запрос; смотрите его ответ в трассе, исправьте сообщение и отправьте снова.",
)
_BUSY = Text("Telegram asks to wait; it is tried again by itself.", "Telegram просит подождать; повтор произойдёт сам.")
_DOWN = Text("Telegram is failing; it is tried again by itself.", "На стороне Telegram сбой; повтор произойдёт сам.")

#: The one table. Words of the description (lower case) go before the code; the first that fits decides.
FAULTS: dict[str | int, Fault] = {
    "bot was blocked by the user": Fault(cause="telegram.blocked", hint=_BLOCKED),
    "user is deactivated": Fault(cause="telegram.blocked", hint=_BLOCKED),
    "bot can't initiate conversation": Fault(cause="telegram.no_chat", hint=_NO_CHAT),
    "chat not found": Fault(cause="telegram.no_chat", hint=_NO_CHAT),
    "upgraded to a supergroup": Fault(cause="telegram.migrated", hint=_MIGRATED),
    "not enough rights": Fault(cause="telegram.not_a_member", hint=_NOT_A_MEMBER),
    "bot was kicked": Fault(cause="telegram.not_a_member", hint=_NOT_A_MEMBER),
    "bot is not a member": Fault(cause="telegram.not_a_member", hint=_NOT_A_MEMBER),
    "can't parse entities": Fault(cause="telegram.entities", hint=_REJECTED),
    "message is not modified": Fault(cause="telegram.not_modified", hint=_UNEDITABLE),
    "there is no text in the message to edit": Fault(cause="telegram.no_text", hint=_UNEDITABLE),
    "message to edit not found": Fault(cause="telegram.uneditable", hint=_UNEDITABLE),
    "message can't be edited": Fault(cause="telegram.uneditable", hint=_UNEDITABLE),
    "there is no caption in the message to edit": Fault(cause="telegram.uneditable", hint=_UNEDITABLE),
    "message to delete not found": Fault(cause="telegram.gone", hint=_UNEDITABLE),
    "message can't be deleted": Fault(cause="telegram.undeletable", hint=_UNEDITABLE),
    "query is too old": Fault(cause="telegram.press_expired", hint=_REJECTED),
    "query id is invalid": Fault(cause="telegram.press_expired", hint=_REJECTED),
    "photo_invalid_dimensions": Fault(cause="telegram.not_a_photo", hint=_REJECTED),
    "image_process_failed": Fault(cause="telegram.not_a_photo", hint=_REJECTED),
    "file is too big": Fault(cause="telegram.too_large", hint=_TOO_LARGE),
    400: Fault(cause="telegram.rejected", hint=_REJECTED),
    401: Fault(cause="telegram.token", hint=_REVOKED, verdict="stopped"),
    403: Fault(cause="telegram.forbidden", hint=_BLOCKED),
    404: Fault(cause="telegram.token", hint=_REVOKED, verdict="stopped"),
    409: Fault(cause="telegram.conflict", hint=_CONFLICT),
    413: Fault(cause="telegram.too_large", hint=_TOO_LARGE),
    429: Fault(cause="telegram.flood", hint=_BUSY, verdict="transient"),
}
_SERVER = Fault(cause="telegram.down", hint=_DOWN, verdict="unknown")


def call(
    http: Http,
    settings: TelegramSettings,
    method: str,
    fields: Mapping[str, Any],
    upload: tuple[str, Upload] | None = None,
) -> Any:
    """One Bot API call; returns its ``result``. ``upload`` is the name of the file's field and the file.

    Raises ``TransientError``, ``PermanentError`` or ``Stopped`` by :data:`FAULTS`.
    """
    url = settings.method_url(method)
    answer = transport.send(http, "telegram", "POST", url, **_body(fields, upload))
    said = _json(answer)
    if answer.status_code == 200 and said.get("ok") is True:
        return said.get("result")
    raise _error(answer.status_code, said)


def sent_id(result: Any) -> str:
    """The id of the message that a send method returned. Raises ``TransientError`` when there is none."""
    if isinstance(result, dict) and isinstance(result.get("message_id"), int):
        return str(result["message_id"])
    raise TransientError("telegram.unclear", hint=_DOWN, detail="no message_id in the answer", maybe_done=True)


def _body(fields: Mapping[str, Any], upload: tuple[str, Upload] | None) -> dict[str, Any]:
    if upload is None:
        return {"json": dict(fields)}
    name, file = upload
    form = {key: value if isinstance(value, str) else json.dumps(value) for key, value in fields.items()}
    return {"data": form, "files": {name: (file.name, file.read(), file.mime)}}


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _error(status: int, said: Mapping[str, Any]) -> Exception:
    words = str(said.get("description", ""))
    code = said.get("error_code", status)
    fault = _fault(code if isinstance(code, int) else status, words.lower())
    parameters = said.get("parameters")
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return _RAISE[fault.verdict](fault, f"{code} {words}".strip(), wait)


def _fault(code: int, words: str) -> Fault:
    by_words = next((fault for key, fault in FAULTS.items() if isinstance(key, str) and key in words), None)
    # An answer that is neither ok nor a known refusal (a proxy's page, a redirect) leaves the effect in doubt.
    return by_words or FAULTS.get(code) or (FAULTS[400] if 400 <= code < 500 else _SERVER)


def _wait(fault: Fault, detail: str, wait: object) -> Exception:
    seconds = min(float(wait), transport.MAX_RETRY_AFTER) if isinstance(wait, int | float) and wait >= 0 else None
    return TransientError(
        fault.cause, hint=fault.hint, detail=detail, retry_after=seconds, maybe_done=fault.verdict == "unknown"
    )


_RAISE: dict[str, Callable[[Fault, str, object], Exception]] = {
    "permanent": lambda fault, detail, _: PermanentError(fault.cause, hint=fault.hint, detail=detail),
    "stopped": lambda fault, detail, _: Stopped(fault.cause, hint=fault.hint, detail=detail, state="needs_reauth"),
    "transient": _wait,
    "unknown": _wait,
}
