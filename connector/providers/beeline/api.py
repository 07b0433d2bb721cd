"""Calling the portal's REST API of Beeline Cloud PBX, and what its refusals mean (facts/providers.md §3.5)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from connector.domain.provider import Http
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers import transport
from connector.providers.beeline.settings import BeelineSettings
from connector.speech import Text

_AUTH = Text(
    "Beeline does not accept token: make a new API key in the cabinet of Cloud PBX and put it into connector.yaml.",
    "Билайн не принимает token: создайте новый ключ API в кабинете «Облачной АТС» и впишите его в connector.yaml.",
)
_MISSING = Text(
    "Beeline does not have this employee, call or recording; see its own words in the trace.",
    "У Билайна нет такого сотрудника, звонка или записи; смотрите его ответ в трассе.",
)
_REJECTED = Text(
    "Beeline refused the request; its own words are in the trace.", "Билайн отклонил запрос; его ответ — в трассе."
)
_BUSY = Text("Beeline asks to wait; it is tried again by itself.", "Билайн просит подождать; повтор произойдёт сам.")
_DOWN = Text("Beeline is failing; it is tried again by itself.", "На стороне Билайна сбой; повтор произойдёт сам.")


def authorization(settings: BeelineSettings) -> dict[str, str]:
    """The header with the API key. Never logged."""
    return {"X-MPBX-API-AUTH-TOKEN": settings.token.get_secret_value()}


def ask(http: Http, settings: BeelineSettings, method: str, path: str, **options: Any) -> Any:
    """One request; returns what Beeline says: JSON, or bare text (an answer may be either, or empty).

    Raises ``Stopped`` (401, 403), ``PermanentError`` or ``TransientError``.
    """
    url = f"{settings.api_url.rstrip('/')}/{path}"
    answer = transport.send(http, "beeline", method, url, headers=authorization(settings), **options)
    if 200 <= answer.status_code < 300:
        return _said(answer)
    raise _error(answer)


def _said(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text.strip()


def _error(answer: requests.Response) -> Exception:
    status, said = answer.status_code, _said(answer)
    words = f"{said.get('errorCode', '')} {said.get('description', '')}" if isinstance(said, dict) else ""
    detail = f"{status} {words}".strip()[:300]
    if status in (401, 403):
        return Stopped("beeline.token", hint=_AUTH, detail=detail, state="needs_reauth")
    if status == 429:
        wait = transport.retry_after(answer.headers.get("retry-after", ""), lambda: datetime.now(UTC))
        return TransientError("beeline.rate", hint=_BUSY, detail=detail, retry_after=wait)
    if status >= 500:
        return TransientError("beeline.down", hint=_DOWN, detail=detail, maybe_done=True)
    if status == 404:
        return PermanentError("beeline.missing", hint=_MISSING, detail=detail)
    return PermanentError("beeline.refused", hint=_REJECTED, detail=detail)
