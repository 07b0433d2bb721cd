"""Calling the two JSON-RPC APIs of UIS, and what each of their refusals means (facts/providers.md §3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import requests

from connector.domain.provider import Http
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers import transport
from connector.providers.uis.settings import UisSettings
from connector.speech import Text

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How one refusal is taken; ``state`` for those that stop everything."""

    cause: str
    hint: Text
    verdict: Literal["permanent", "stopped", "transient"] = "permanent"
    state: str = ""


_TOKEN = Text(
    "UIS does not accept access_token: make a new one in the cabinet (Account → API users) and put it into "
    "connector.yaml.",
    "UIS не принимает access_token: выпустите новый в кабинете (Аккаунт → Пользователи API) и впишите в "
    "connector.yaml.",
)
_IP = Text(
    "UIS does not know the address of this server: add it to the white list of the API user in the cabinet.",
    "UIS не знает адреса этого сервера: добавьте его в белый список пользователя API в кабинете.",
)
_COMPONENT = Text(
    "The tariff of UIS does not include this part of the API; ask UIS to switch it on.",
    "В тарифе UIS нет этой части API; попросите UIS её подключить.",
)
_ACCOUNT = Text("UIS has disabled the account: write to its support.", "UIS отключил аккаунт: напишите в поддержку.")
_LIMIT = Text("UIS asks to wait; it is tried again by itself.", "UIS просит подождать; повтор произойдёт сам.")
_DOWN = Text("UIS is failing; it is tried again by itself.", "На стороне UIS сбой; повтор произойдёт сам.")
_EMPLOYEE = Text(
    "UIS has no such employee: correct employees of the account, or your internal number in Bitrix24.",
    "В UIS нет такого сотрудника: исправьте employees аккаунта или свой внутренний номер в Битрикс24.",
)
_NO_PHONE = Text(
    "You have no active telephone in UIS: switch one on in the cabinet, in the card of the employee.",
    "У вас нет активного телефона в UIS: включите номер в кабинете, в карточке сотрудника.",
)
_LINE = Text(
    "UIS cannot call from this number: set number of the account to a virtual number of yours (not an 800 one).",
    "UIS не может звонить с этого номера: укажите в number аккаунта свой виртуальный номер (не 800).",
)
_OWN = Text("This is a number of our own; UIS does not call it.", "Это наш собственный номер; UIS на него не звонит.")
_BLACK = Text("The client is in the black list of UIS.", "Клиент в чёрном списке UIS; уберите его оттуда в кабинете.")
_CONTACT = Text(
    "UIS does not take this number; check it in the client's card.",
    "UIS не принимает этот номер; проверьте его в карточке клиента.",
)
_DIRECTION = Text(
    "UIS does not allow this call: see Account → Security → API in the cabinet (abroad is forbidden at first).",
    "UIS не разрешает этот звонок: смотрите Аккаунт → Правила безопасности → API (за границу сначала нельзя).",
)
_REJECTED = Text("UIS refused the request; its own words are in the trace.", "UIS отклонил запрос; его ответ в трассе.")

_REAUTH = Fault(cause="uis.token", hint=_TOKEN, verdict="stopped", state="needs_reauth")
_PART = Fault(cause="uis.component", hint=_COMPONENT)
#: The one table, by the mnemonic of the error.
FAULTS: dict[str, Fault] = {
    "access_token_invalid": _REAUTH,
    "access_token_expired": _REAUTH,
    "access_token_blocked": _REAUTH,
    "auth_error": _REAUTH,
    "ip_not_whitelisted": Fault(cause="uis.ip", hint=_IP, verdict="stopped", state="blocked"),
    "account_inactive": Fault(cause="uis.account", hint=_ACCOUNT, verdict="stopped", state="suspended"),
    "component_disabled": _PART,
    "method_component_disabled": _PART,
    "method_not_found": _PART,
    "forbidden": Fault(cause="uis.forbidden", hint=_DIRECTION),
    "limit_exceeded": Fault(cause="uis.limit", hint=_LIMIT, verdict="transient"),
    "internal_error": Fault(cause="uis.down", hint=_DOWN, verdict="transient"),
    "employee_not_found": Fault(cause="uis.no_extension", hint=_EMPLOYEE),
    "no_active_phone_number": Fault(cause="uis.offline", hint=_NO_PHONE),
    "virtual_phone_number_not_found": Fault(cause="uis.line", hint=_LINE),
    "own_virtual_phone_number_not_allowed": Fault(cause="uis.invalid", hint=_OWN),
    "contact_in_blacklist": Fault(cause="uis.forbidden", hint=_BLACK),
    "invalid_parameter_value": Fault(cause="uis.invalid", hint=_CONTACT),
}
_UNKNOWN = Fault(cause="uis.refused", hint=_REJECTED)
_NO_TOKEN = Text(
    "Set access_token of the account in connector.yaml: without it UIS only tells of calls.",
    "Задайте access_token аккаунта в connector.yaml: без него UIS только рассказывает о звонках.",
)


def call(http: Http, settings: UisSettings, url: str, method: str, params: Mapping[str, Any]) -> Json:
    """One call; returns its ``result``: ``{"data", "metadata"}``.

    Raises by :data:`FAULTS`; ``TransientError`` with ``maybe_done`` when nobody knows what became of it.
    """
    if settings.access_token is None:
        raise PermanentError("uis.no_access_token", hint=_NO_TOKEN)
    token = {"access_token": settings.access_token.get_secret_value()}
    body = {"jsonrpc": "2.0", "id": "connector", "method": method, "params": {**token, **params}}
    answer = transport.send(http, "uis", "POST", url, json=body)
    said = _json(answer)
    result, error = said.get("result"), said.get("error")
    if isinstance(error, dict):
        raise _error(error)
    if answer.status_code != 200 or not isinstance(result, dict):
        raise _unreadable(answer)
    return result


def _json(answer: requests.Response) -> Json:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _unreadable(answer: requests.Response) -> Exception:
    status = answer.status_code
    if status == 429:
        wait = transport.retry_after(answer.headers.get("retry-after", ""), lambda: datetime.now(UTC))
        return TransientError("uis.limit", hint=_LIMIT, detail="429", retry_after=wait)
    if 400 <= status < 500:
        return PermanentError(_UNKNOWN.cause, hint=_UNKNOWN.hint, detail=str(status))
    return TransientError("uis.down", hint=_DOWN, detail=str(status), maybe_done=True)


def _error(error: Json) -> Exception:
    data = error.get("data")
    data = data if isinstance(data, dict) else {}
    mnemonic = str(data.get("mnemonic", ""))
    fault = FAULTS.get(mnemonic, _UNKNOWN)
    detail = f"{mnemonic or error.get('code')}: {error.get('message', '')}"[:300]
    if fault.verdict == "stopped":
        return Stopped(fault.cause, hint=fault.hint, detail=detail, state=fault.state)
    if fault.verdict == "transient":
        # A limit is looked at before anything is done; an internal error may strike after it.
        unclear = mnemonic == "internal_error"
        return TransientError(fault.cause, hint=fault.hint, detail=detail, retry_after=_reset(data), maybe_done=unclear)
    return PermanentError(fault.cause, hint=fault.hint, detail=detail)


def _reset(data: Json) -> float | None:
    """Seconds until the limit that is used up is set back (of the minute, else of the day)."""
    metadata = data.get("metadata")
    limits = metadata.get("limits") if isinstance(metadata, dict) else None
    limits = limits if isinstance(limits, dict) else {}
    for span in ("day", "minute"):
        left, reset = limits.get(f"{span}_remaining"), limits.get(f"{span}_reset")
        if isinstance(left, int) and isinstance(reset, int) and left <= 0:
            return float(min(max(reset, 1), 86_400))
    return 60.0
