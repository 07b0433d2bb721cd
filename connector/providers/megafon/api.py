"""Calling the PBX in its new and its old way, and what its refusals mean (facts/providers.md §3.4, Outgoing API)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import requests

from connector.domain.ports import Clock
from connector.domain.provider import Http
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.providers import transport
from connector.providers.megafon.settings import MegafonSettings
from connector.speech import Text

_AUTH = Text(
    "The PBX does not accept our key: an administrator has to compare api_key in connector.yaml with «key for the PBX» "
    "in its cabinet.",
    "АТС не принимает наш ключ: администратору нужно сверить api_key в connector.yaml с «ключом для авторизации в АТС» "
    "в её кабинете.",
)
_NO_EMPLOYEE = Text(
    "The PBX knows no employee with your extension or login; ask an administrator to compare it with the cabinet.",
    "АТС не знает сотрудника с вашим внутренним номером или логином; попросите администратора сверить его с кабинетом.",
)
_REFUSED = Text(
    "The PBX refused the call; its words are in the details. Check your telephone, your extension and the number.",
    "АТС не приняла звонок; её ответ в подробностях. Проверьте свой телефон, внутренний номер и набранный номер.",
)
_ADDRESS = Text(
    "Nothing of a PBX answers at api_url; copy the address of your PBX from its cabinet into connector.yaml.",
    "По адресу api_url АТС не отвечает; впишите в connector.yaml адрес вашей АТС из её кабинета.",
)
_UNABLE = Text(
    "This PBX cannot do that; try api: old in connector.yaml, or ask the support of the PBX.",
    "Эта АТС такого не умеет; попробуйте api: old в connector.yaml или спросите поддержку АТС.",
)
_BUSY = Text("The PBX asks to wait; it is tried again by itself.", "АТС просит подождать; повтор произойдёт сам.")
_DOWN = Text("The PBX is failing; it is tried again by itself.", "На стороне АТС сбой; повтор произойдёт сам.")
_UNCLEAR = Text(
    "The PBX gave an answer that cannot be read; check api_url in connector.yaml.",
    "Ответ АТС непонятен; проверьте api_url в connector.yaml.",
)
#: Words of the answer (lower case) go before its status.
_WORDS: Mapping[str, tuple[str, Text]] = {
    "token": ("megafon.auth", _AUTH),
    "api key": ("megafon.auth", _AUTH),
    "user not found": ("megafon.no_employee", _NO_EMPLOYEE),
    "no such user": ("megafon.no_employee", _NO_EMPLOYEE),
    "unknown user": ("megafon.no_employee", _NO_EMPLOYEE),
}
_STATUSES: Mapping[int, tuple[str, Text]] = {
    401: ("megafon.auth", _AUTH),
    403: ("megafon.auth", _AUTH),
    404: ("megafon.address", _ADDRESS),
    405: ("megafon.unable", _UNABLE),
    501: ("megafon.unable", _UNABLE),
}


def _now() -> datetime:
    return datetime.now(UTC)


def rest(
    http: Http, settings: MegafonSettings, method: Literal["GET", "POST"], path: str, told: Mapping[str, Any]
) -> requests.Response:
    """One request of ``crmapi/v1``: parameters of a GET, a JSON body of a POST. Raises unless it is answered 200."""
    url = f"{settings.api_url.rstrip('/')}/crmapi/v1/{path}"
    key = {"X-API-KEY": settings.api_key.get_secret_value()}
    body: dict[str, Any] = {"json": dict(told)} if method == "POST" else {"params": dict(told)}
    return _checked(transport.send(http, "megafon", method, url, headers=key, **body), settings)


def old(http: Http, settings: MegafonSettings, command: str, told: Mapping[str, Any]) -> requests.Response:
    """One command of ``sys/crm_api.wcgp``. Raises unless it is answered 200."""
    url = f"{settings.api_url.rstrip('/')}/sys/crm_api.wcgp"
    form = {"cmd": command, "token": settings.api_key.get_secret_value(), **told}
    return _checked(transport.send(http, "megafon", "POST", url, data=form), settings)


def decoded(answer: requests.Response) -> Any:
    """The JSON of an answer. Raises ``TransientError`` when it is none, ``PermanentError`` when it tells an error."""
    try:
        said = answer.json()
    except ValueError:
        raise unclear("not JSON") from None
    if isinstance(said, dict) and said.get("error"):
        raise _by_words(str(said["error"]), 400)
    return said


def unclear(detail: str) -> TransientError:
    """For an answer that tells neither success nor refusal."""
    return TransientError("megafon.unclear", hint=_UNCLEAR, detail=detail, maybe_done=True)


def _checked(answer: requests.Response, settings: MegafonSettings, clock: Clock = _now) -> requests.Response:
    status = answer.status_code
    if status in (200, 201, 202):
        return answer
    wait = transport.retry_after(answer.headers.get("retry-after", ""), clock)
    if status == 429:
        raise TransientError("megafon.busy", hint=_BUSY, detail="429", retry_after=5.0 if wait is None else wait)
    if status >= 500 and status not in _STATUSES:
        raise TransientError("megafon.down", hint=_DOWN, detail=str(status), retry_after=wait, maybe_done=True)
    if status < 400:
        # A wrong name of the PBX leads to the vendor's site (301).
        raise PermanentError("megafon.address", hint=_ADDRESS, detail=str(status))
    # The old way sends the key as a field, which a refusal may quote.
    raise _by_words(_words(answer).replace(settings.api_key.get_secret_value(), "•••"), status)


def _words(answer: requests.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return ""
    return str(said.get("error") or said.get("message") or "") if isinstance(said, dict) else ""


def _by_words(words: str, status: int) -> ConnectorError:
    known = next((fault for word, fault in _WORDS.items() if word in words.lower()), None)
    cause, hint = known or _STATUSES.get(status, ("megafon.refused", _REFUSED))
    detail = f"{status} {words}".strip()[:200]
    return PermanentError(cause, hint=hint, detail=detail)
