"""Calling Zadarma's API, and what its refusals mean (facts/providers.md §3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import requests

from connector.domain.ports import Clock
from connector.domain.provider import Http
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.providers import transport
from connector.providers.zadarma.settings import ZadarmaSettings
from connector.providers.zadarma.signature import authorization, query
from connector.speech import Text

_AUTH = Text(
    "Zadarma does not accept our keys: an administrator has to compare key and secret in connector.yaml with the "
    "cabinet, and api_url (a Novofon account needs https://api.novofon.com).",
    "Zadarma не принимает наши ключи: администратору нужно сверить key и secret в connector.yaml с личным кабинетом "
    "и api_url (для аккаунта Novofon — https://api.novofon.com).",
)
_MONEY = Text(
    "There is not enough money on the Zadarma account for this call.",
    "На счёте Zadarma не хватает средств для этого звонка.",
)
_NUMBER = Text(
    "Zadarma cannot place this call: check your extension in Bitrix24 and how the client's number is written.",
    "Zadarma не может соединить: проверьте свой внутренний номер в Битрикс24 и запись номера клиента.",
)
_REFUSED = Text(
    "Zadarma refused; its words are in the details.",
    "Zadarma отказала; её ответ в подробностях.",
)
_BUSY = Text("Zadarma asks to wait; it is tried again by itself.", "Zadarma просит подождать; повтор произойдёт сам.")
_DOWN = Text("Zadarma is failing; it is tried again by itself.", "На стороне Zadarma сбой; повтор произойдёт сам.")
_UNCLEAR = Text(
    "Zadarma gave an answer that cannot be read; check api_url in connector.yaml.",
    "Ответ Zadarma непонятен; проверьте api_url в connector.yaml.",
)
#: Words of ``message`` (lower case), which go before the status.
_WORDS: Mapping[str, tuple[str, Text]] = {
    "authoriz": ("zadarma.auth", _AUTH),
    "signature": ("zadarma.auth", _AUTH),
    "money": ("zadarma.no_money", _MONEY),
    "balance": ("zadarma.no_money", _MONEY),
    "funds": ("zadarma.no_money", _MONEY),
    "number": ("zadarma.number", _NUMBER),
    "parameter": ("zadarma.number", _NUMBER),
}
_LONGEST_WAIT = 300.0
_USUAL_WAIT = 60.0  # limits are counted by the minute


def _now() -> datetime:
    return datetime.now(UTC)


def call(
    http: Http,
    settings: ZadarmaSettings,
    method: str,
    told: Mapping[str, str],
    verb: Literal["GET", "POST"] = "GET",
    clock: Clock = _now,
) -> dict[str, Any]:
    """One signed call of a method such as ``/v1/request/callback/``; returns its answer when that says ``success``.

    Raises ``TransientError`` or ``PermanentError``.
    """
    sent = query({**told, "format": "json"})
    url, headers = f"{settings.api_url.rstrip('/')}{method}", {"Authorization": authorization(settings, method, sent)}
    if verb == "GET":
        answer = transport.send(http, "zadarma", "GET", f"{url}?{sent}", headers=headers)
    else:
        headers["content-type"] = "application/x-www-form-urlencoded"
        answer = transport.send(http, "zadarma", "POST", url, data=sent.encode(), headers=headers)
    said = _decoded(answer)
    if answer.status_code == 200 and said.get("status") == "success":
        return said
    raise _refusal(answer, said, clock)


def unclear(detail: str) -> TransientError:
    """For an answer that tells neither success nor refusal."""
    return TransientError("zadarma.unclear", hint=_UNCLEAR, detail=detail, maybe_done=True)


def _decoded(answer: requests.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _refusal(answer: requests.Response, said: Mapping[str, Any], clock: Clock) -> ConnectorError:
    status, words = answer.status_code, str(said.get("message") or said.get("error") or "")
    if status == 429 or "exceeded" in words.lower():
        return TransientError("zadarma.busy", hint=_BUSY, detail=str(status), retry_after=_wait(answer, clock))
    if status >= 500:
        return TransientError("zadarma.down", hint=_DOWN, detail=str(status), maybe_done=True)
    if status < 400 and said.get("status") != "error":
        return unclear(str(status))
    known = next((fault for word, fault in _WORDS.items() if word in words.lower()), None)
    auth = ("zadarma.auth", _AUTH) if status in (401, 403) else None
    cause, hint = known or auth or ("zadarma.refused", _REFUSED)
    return PermanentError(cause, hint=hint, detail=f"{status} {words}".strip()[:200])


def _wait(answer: requests.Response, clock: Clock) -> float:
    told = transport.retry_after(answer.headers.get("retry-after", ""), clock)
    if told is not None:
        return told
    reset = answer.headers.get("x-ratelimit-reset", "").strip()
    if not (reset.isascii() and reset.isdecimal() and len(reset) < 12):
        return _USUAL_WAIT
    # A time, or seconds until it: the vendor's documents do not agree.
    seconds = float(reset) - (clock().timestamp() if len(reset) > 6 else 0)
    return min(max(seconds, 1.0), _LONGEST_WAIT)
