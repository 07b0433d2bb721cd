"""Calling Mango's API, and what its refusals mean (facts/providers.md §3.2, Limits)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from connector.domain.ports import Clock
from connector.domain.provider import Http
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.providers import transport
from connector.providers.mango.settings import MangoSettings
from connector.providers.mango.signature import sign
from connector.speech import Text

DONE = 1000
_LOCKED = 120.0  # after a wrong request Mango answers 401 to everything for two minutes

_AUTH = Text(
    "Mango Office does not accept our signature: an administrator has to compare api_key and sign_key in "
    "connector.yaml with the cabinet.",
    "Mango Office не принимает нашу подпись: администратору нужно сверить api_key и sign_key в connector.yaml "
    "с личным кабинетом.",
)
_LOCK = Text(
    "Mango Office has locked our key for two minutes after a wrong request; it is tried again. If this lasts, compare "
    "api_key and sign_key with the cabinet.",
    "Mango Office закрыл наш ключ на две минуты после неверного запроса; попытка повторится. Если так долго, сверьте "
    "api_key и sign_key с личным кабинетом.",
)
_BUSY = Text(
    "Mango Office asks to wait; it is tried again by itself.", "Mango Office просит подождать; повтор произойдёт сам."
)
_DOWN = Text(
    "Mango Office is failing; it is tried again by itself.", "На стороне Mango Office сбой; повтор произойдёт сам."
)
_UNCLEAR = Text(
    "Mango Office gave an answer that cannot be read; check api_url in connector.yaml.",
    "Mango Office ответил непонятно; проверьте api_url в connector.yaml.",
)
_MONEY = Text(
    "Mango Office does not connect the call: there is no money on the account or the tariff forbids it.",
    "Mango Office не соединяет: на счёте нет средств или тариф этого не разрешает.",
)
_WRONG = Text(
    "Mango Office finds the request wrong: check your extension in Bitrix24 and the number you call.",
    "Mango Office считает запрос неверным: проверьте свой внутренний номер в Битрикс24 и набранный номер.",
)
_NUMBER = Text(
    "Mango Office cannot call this number; check how it is written.",
    "Mango Office не может набрать этот номер; проверьте, как он записан.",
)
_NO_EXTENSION = Text(
    "Mango Office knows no employee with your extension; ask an administrator to compare it with the cabinet.",
    "В Mango Office нет сотрудника с вашим внутренним номером; попросите администратора сверить его с кабинетом.",
)
_NOT_NOW = Text(
    "Your telephone or the client's cannot be reached now; try again later.",
    "Ваш телефон или телефон клиента сейчас недоступен; попробуйте позже.",
)
_UNABLE = Text(
    "Mango Office cannot do this with your set of services; ask your manager at Mango Office.",
    "В вашем наборе услуг Mango Office этого нет; спросите менеджера Mango Office.",
)
_REFUSED = Text(
    "Mango Office refused; its code is in the details. Look it up in the vendor's list of codes.",
    "Mango Office отказал; код в подробностях. Посмотрите его в перечне кодов Mango Office.",
)
#: By code, or by its class when it is not here.
_CODES: Mapping[int, tuple[str, Text]] = {
    3101: ("mango.auth", _AUTH),
    3102: ("mango.auth", _AUTH),
    3300: ("mango.no_extension", _NO_EXTENSION),
    5008: ("mango.unable", _UNABLE),
}
_CLASSES: Mapping[int, tuple[str, Text]] = {
    20: ("mango.no_money", _MONEY),
    21: ("mango.no_money", _MONEY),
    22: ("mango.no_money", _MONEY),
    31: ("mango.wrong", _WRONG),
    32: ("mango.number", _NUMBER),
    33: ("mango.no_extension", _NO_EXTENSION),
    40: ("mango.unable", _UNABLE),
    42: ("mango.unreachable", _NOT_NOW),
}


def _now() -> datetime:
    return datetime.now(UTC)


def post(http: Http, settings: MangoSettings, method: str, told: Mapping[str, Any], clock: Clock = _now) -> Any:
    """One signed request; returns the answer as it is when it is 2xx or 3xx. Raises by status otherwise."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    form = {"vpbx_api_key": settings.api_key.get_secret_value(), "sign": sign(settings, text), "json": text}
    answer = transport.send(http, "mango", "POST", f"{settings.api_url.rstrip('/')}/{method}", data=form)
    if answer.status_code < 400:
        return answer
    raise _refusal(answer, clock)


def call(http: Http, settings: MangoSettings, method: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """One signed request; returns the decoded answer, whose ``result``, if any, is 1000. Raises otherwise."""
    said = decoded(post(http, settings, method, told))
    code = said.get("result", DONE)
    code = int(code) if isinstance(code, str) and code.isascii() and code.isdecimal() else code
    if not isinstance(code, int) or isinstance(code, bool):
        raise unclear("no result code")
    if code != DONE:
        raise _by_code(code)
    return said


def decoded(answer: requests.Response) -> dict[str, Any]:
    """The JSON object of an answer. Raises ``TransientError`` when there is none: what was asked may be done."""
    try:
        said = answer.json() if answer.status_code == 200 else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise unclear(str(answer.status_code))
    return said


def unclear(detail: str) -> TransientError:
    """For an answer that tells neither success nor refusal."""
    return TransientError("mango.unclear", hint=_UNCLEAR, detail=detail, maybe_done=True)


def _by_code(code: int) -> ConnectorError:
    detail = f"result {code}"
    if code // 1000 == 5 and code not in _CODES:
        return TransientError("mango.down", hint=_DOWN, detail=detail, maybe_done=True)
    cause, hint = _CODES.get(code) or _CLASSES.get(code // 100, ("mango.refused", _REFUSED))
    return PermanentError(cause, hint=hint, detail=detail)


def _refusal(answer: requests.Response, clock: Clock) -> ConnectorError:
    status = answer.status_code
    wait = transport.retry_after(answer.headers.get("retry-after", ""), clock)
    if status == 429:
        return TransientError("mango.busy", hint=_BUSY, detail="429", retry_after=2.0 if wait is None else wait)
    if status == 401:
        return TransientError("mango.locked", hint=_LOCK, detail="401", retry_after=_LOCKED)
    if status >= 500:
        return TransientError("mango.down", hint=_DOWN, detail=str(status), retry_after=wait, maybe_done=True)
    cause, hint = ("mango.auth", _AUTH) if status == 403 else ("mango.refused", _REFUSED)
    return PermanentError(cause, hint=hint, detail=str(status))
