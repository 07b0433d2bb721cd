"""Calling Twilio's REST API, and what each of its refusals means (facts/providers.md §3.8)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import requests

from connector.domain.provider import Http
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers import transport
from connector.providers.twilio.settings import TwilioSettings
from connector.speech import Text

Json = dict[str, Any]
MOST_PAGES = 1000

_AUTH = Text(
    "Twilio does not accept account_sid and auth_token: copy both from its console into connector.yaml.",
    "Twilio не принимает account_sid и auth_token: скопируйте оба из его консоли в connector.yaml.",
)
_SUSPENDED = Text(
    "Twilio has suspended the account: see its console.", "Twilio приостановил аккаунт: смотрите его консоль."
)
_BUSY = Text("Twilio asks to wait; it is tried again by itself.", "Twilio просит подождать; повтор произойдёт сам.")
_DOWN = Text("Twilio is failing; it is tried again by itself.", "На стороне Twilio сбой; повтор произойдёт сам.")
_TO = Text(
    "Twilio cannot call this address; check the client's number, and the employee's in employees of the account.",
    "Twilio не может позвонить по этому адресу; проверьте номер клиента и адрес сотрудника в employees аккаунта.",
)
_FROM = Text(
    "Twilio does not let us call from this number: set number of the account to one bought or verified there.",
    "Twilio не даёт звонить с этого номера: укажите в number аккаунта купленный или подтверждённый в нём номер.",
)
_GEO = Text(
    "Twilio does not allow calls there: switch the country on in its console (Voice → Geo permissions).",
    "Twilio не разрешает звонки туда: включите страну в его консоли (Voice → Geo permissions).",
)
_TRIAL = Text(
    "A trial account of Twilio calls verified numbers only: verify this one or upgrade.",
    "Пробный аккаунт Twilio звонит только на подтверждённые номера: подтвердите этот или перейдите на платный.",
)
_GONE = Text("Twilio does not have this any more.", "У Twilio этого больше нет.")
_REJECTED = Text(
    "Twilio refused the request; its words are in the trace.", "Twilio отклонил запрос; его слова в трассе."
)

#: By Twilio's own code.
REFUSALS: dict[int, tuple[str, Text]] = {
    21201: ("twilio.invalid", _TO),
    21211: ("twilio.invalid", _TO),
    21214: ("twilio.invalid", _TO),
    21217: ("twilio.invalid", _TO),
    21223: ("twilio.invalid", _TO),
    21210: ("twilio.line", _FROM),
    21212: ("twilio.line", _FROM),
    21213: ("twilio.line", _FROM),
    21215: ("twilio.forbidden", _GEO),
    21216: ("twilio.forbidden", _GEO),
    13227: ("twilio.forbidden", _GEO),
    21219: ("twilio.forbidden", _TRIAL),
    20404: ("twilio.gone", _GONE),
}
_STOPS: dict[int, tuple[str, Text, str]] = {
    20003: ("twilio.auth", _AUTH, "needs_reauth"),
    20005: ("twilio.suspended", _SUSPENDED, "suspended"),
    10001: ("twilio.suspended", _SUSPENDED, "suspended"),
}


def authorization(settings: TwilioSettings) -> dict[str, str]:
    """HTTP Basic with the account's sid and token. Never logged."""
    pair = f"{settings.account_sid}:{settings.auth_token.get_secret_value()}"
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def ask(http: Http, settings: TwilioSettings, method: str, url: str, **options: Any) -> Json:
    """One request; returns Twilio's JSON. Raises by its code, then by the status."""
    answer = transport.send(http, "twilio", method, url, headers=authorization(settings), **options)
    said = _json(answer)
    if 200 <= answer.status_code < 300 and said:
        return said
    raise _error(answer, said)


def rows(http: Http, settings: TwilioSettings, name: str, query: Json) -> Iterator[Json]:
    """All rows of a list resource (``Calls``, ``Recordings``), page by page."""
    said = ask(http, settings, "GET", settings.resource(f"{name}.json"), params={"PageSize": 1000, **query})
    for _ in range(MOST_PAGES):
        found = said.get(name.lower())
        yield from (row for row in (found if isinstance(found, list) else ()) if isinstance(row, dict))
        following = said.get("next_page_uri")
        if not isinstance(following, str) or not following.startswith("/"):
            return
        said = ask(http, settings, "GET", settings.api_url.rstrip("/") + following)


def _json(answer: requests.Response) -> Json:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _error(answer: requests.Response, said: Json) -> Exception:
    status, code = answer.status_code, said.get("code")
    code = code if isinstance(code, int) else 0
    detail = f"{code or status} {said.get('message', '')}".strip()[:300]
    if code in _STOPS or status == 401:
        cause, hint, state = _STOPS.get(code, _STOPS[20003])
        return Stopped(cause, hint=hint, detail=detail, state=state)
    if code in REFUSALS:
        cause, hint = REFUSALS[code]
        return PermanentError(cause, hint=hint, detail=detail)
    wait = transport.retry_after(answer.headers.get("retry-after", ""), lambda: datetime.now(UTC))
    if status == 429 or code == 20429:
        return TransientError("twilio.rate", hint=_BUSY, detail=detail, retry_after=wait or 5.0)
    if status >= 500 or 200 <= status < 300:
        return TransientError("twilio.down", hint=_DOWN, detail=detail, retry_after=wait, maybe_done=True)
    return PermanentError("twilio.refused", hint=_REJECTED, detail=detail)
