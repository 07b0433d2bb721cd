"""What we ask of any PBX: to place a call, to give a recording, to tell of the past (facts/providers.md §2.7)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from pydantic import ValidationError

from connector.domain.effects import Dial
from connector.domain.events import Event
from connector.domain.ports import Clock
from connector.domain.provider import Http, Outgoing, Source
from connector.domain.values import File, Receipt
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers import transport
from connector.providers.pbx import inbound, wire
from connector.providers.pbx.settings import WebhookPbxSettings
from connector.providers.standard_webhooks import signed, webhook_id
from connector.speech import Text

Json = dict[str, Any]
Told = tuple[str, Text]
THROTTLING = frozenset({429, 502, 503, 504})
MOST_PAGES = 1000

_NO_DIAL = Text(
    "Calls cannot be placed from Bitrix24 yet: set dial_url of the account in connector.yaml.",
    "Звонить из Битрикс24 пока нельзя: задайте dial_url аккаунта в connector.yaml.",
)
#: Why a call was not placed, by the ``error`` of the PBX's answer: the text is shown to the user who clicked.
REFUSALS: dict[str, Told] = {
    "no_extension": (
        "pbx.no_extension",
        Text(
            "The PBX has no such extension: correct your internal number in your Bitrix24 profile.",
            "На АТС нет такого внутреннего номера: исправьте свой внутренний номер в профиле Битрикс24.",
        ),
    ),
    "no_answer": (
        "pbx.no_answer",
        Text(
            "Your telephone did not answer; pick it up when it rings, and click again.",
            "Ваш телефон не ответил; снимите трубку, когда он звонит, и нажмите ещё раз.",
        ),
    ),
    "busy": (
        "pbx.busy",
        Text(
            "Your line is busy; finish the other call and click again.",
            "Ваша линия занята; завершите другой звонок и нажмите ещё раз.",
        ),
    ),
    "offline": (
        "pbx.offline",
        Text(
            "Your telephone is not connected to the PBX; start it and click again.",
            "Ваш телефон не подключён к АТС; включите его и нажмите ещё раз.",
        ),
    ),
    "invalid": (
        "pbx.invalid",
        Text(
            "The PBX does not know this number; check it in the client's card.",
            "АТС не знает такого номера; проверьте его в карточке клиента.",
        ),
    ),
    "forbidden": (
        "pbx.forbidden",
        Text(
            "The PBX does not let you call this number; ask its administrator.",
            "АТС не разрешает вам звонить на этот номер; обратитесь к её администратору.",
        ),
    ),
    "no_money": (
        "pbx.no_money",
        Text(
            "There is no money left for calls; top up the account of the operator.",
            "На счёте оператора закончились деньги; пополните его.",
        ),
    ),
}
_SIGNATURE: Told = (
    "pbx.signature",
    Text(
        "The PBX does not accept our signature: compare its secret with the account's, and both clocks.",
        "АТС не принимает нашу подпись: сверьте её секрет с секретом аккаунта и часы обеих сторон.",
    ),
)
_ADDRESS: Told = (
    "pbx.address",
    Text(
        "Nothing answers at the address of the PBX; correct dial_url or history_url in connector.yaml.",
        "По адресу АТС ничего нет; исправьте dial_url или history_url в connector.yaml.",
    ),
)
_STATUSES: dict[int, Told] = {401: _SIGNATURE, 403: _SIGNATURE, 404: _ADDRESS, 405: _ADDRESS}
_REFUSED: Told = (
    "pbx.refused",
    Text("The PBX refused the call; its own log says why.", "АТС отказалась звонить; причина в её журнале."),
)
_GONE = Text(
    "The PBX asks to send it nothing more (410). Set another dial_url, or let it accept again, then resume.",
    "АТС просит больше ничего не слать (410). Задайте другой dial_url или включите приём и возобновите.",
)
_BUSY = Text("The PBX is busy or down; it is tried again by itself.", "АТС занята или недоступна; повтор будет сам.")
_HISTORY = Text(
    'history_url must answer {{"calls": […], "next": "…"}}, each call as the data of call.ended ({wrong} wrong).',
    'history_url должен отвечать {{"calls": […], "next": "…"}}, звонок — как data у call.ended (неверных: {wrong}).',
)
_NO_PLACE = Text(
    "The PBX told a path of a recording, but the account does not say where it lies: give it recordings: {url: …}.",
    "АТС назвала путь записи, но в аккаунте не сказано, где она лежит: добавьте ему recordings: {url: …}.",
)
_OUTSIDE = Text(
    "The PBX named a recording outside its folder, and it is not fetched: mend the path that it posts.",
    "АТС назвала запись вне её папки, она не загружена: исправьте путь, который она присылает.",
)


def _now() -> datetime:
    return datetime.now(UTC)


def dial(outgoing: Outgoing, settings: WebhookPbxSettings, http: Http) -> Receipt:
    """Ask the PBX to ring at an extension and connect it. Raises by :data:`REFUSALS` and the status of the answer.

    ``webhook-id`` comes from the idempotency key and survives retries, so a repeat is the receiver's to drop. The
    receipt bears the PBX's id of the call, when its answer tells one.
    """
    command = outgoing.command
    assert isinstance(command, Dial)
    if not settings.dial_url:
        raise PermanentError("pbx.no_dial_url", hint=_NO_DIAL)
    data = {
        "account": command.account,
        "id": command.call,
        "employee": command.extension,
        "client": command.phone,
        "line": command.line,
    }
    said = post(settings, http, webhook_id(outgoing.idempotency_key), "call.dial", data)
    given = said.get("id")
    text = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    return Receipt(ids=(text,)) if 0 < len(text) <= 200 else Receipt()


def post(settings: WebhookPbxSettings, http: Http, message_id: str, kind: str, data: Json, clock: Clock = _now) -> Json:
    """Post one signed webhook to ``dial_url``; returns the PBX's JSON answer, ``{}`` when it says nothing."""
    now = clock()
    body = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": data}, ensure_ascii=False)
    headers = signed(message_id, body, settings.keys(), now)
    answer = transport.send(http, "pbx", "POST", settings.dial_url, data=body.encode(), headers=headers)
    return _said(answer, clock)


def recording(file: File, settings: WebhookPbxSettings, http: Http) -> Source:
    """Where a recording lies: its own address, or its path below ``recordings``.

    Our login goes to addresses below ``api_url`` only. Raises ``PermanentError``.
    """
    if urlsplit(file.ref).scheme in ("http", "https"):
        secret = settings.files_authorization
        ours = bool(secret) and file.ref.startswith(settings.api_url.rstrip("/") + "/")
        headers = {"authorization": secret.get_secret_value()} if secret and ours else {}
        return Source(url=file.ref, headers=headers, name=file.name, mime=file.mime)
    if settings.recordings is None:
        raise PermanentError("recording.no_place", hint=_NO_PLACE)
    parts = PurePosixPath(file.ref).parts
    if not parts or parts[0] == "/" or ".." in parts or "\\" in file.ref or not file.ref.isprintable():
        raise PermanentError("recording.outside", hint=_OUTSIDE)
    name = file.name or parts[-1]
    return Source(url=f"{settings.recordings.url}/{quote('/'.join(parts))}", name=name, mime=file.mime)


def history(since: datetime, until: datetime, settings: WebhookPbxSettings, http: Http) -> Iterable[Event]:
    """Calls that began in the span, page by page, as ``history_url`` tells them; nothing without one.

    Raises ``PermanentError`` (``pbx.history``) after the last page when some rows were not as published.
    """
    cursor, wrong = "", 0
    for _ in range(MOST_PAGES if settings.history_url else 0):
        said = _page(since, until, cursor, settings, http)
        rows = said.get("calls")
        for row in rows if isinstance(rows, list) else [None]:
            events = _past(row, settings.account)
            wrong += events is None
            yield from events or ()
        cursor = str(said.get("next") or "")
        if not cursor:
            break
    if wrong:
        raise PermanentError("pbx.history", hint=_HISTORY.with_(wrong=wrong))


def _page(since: datetime, until: datetime, cursor: str, settings: WebhookPbxSettings, http: Http) -> Json:
    span = {"since": since.astimezone(UTC).isoformat(), "until": until.astimezone(UTC).isoformat()}
    query = urlencode(span | ({"cursor": cursor} if cursor else {}))
    url = settings.history_url + ("&" if "?" in settings.history_url else "?") + query
    headers = signed(webhook_id(""), "", settings.keys(), _now())
    return _said(transport.send(http, "pbx", "GET", url, headers=headers), _now)


def _past(row: Any, account: str) -> Iterator[Event] | None:
    try:
        return iter(inbound.ended(wire.past(row), account, past=True))
    except ValidationError:
        return None


def _said(answer: requests.Response, clock: Clock) -> Json:
    try:
        said = answer.json()
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    if 200 <= answer.status_code < 300:
        return said
    raise _error(answer, said, clock)


def _error(answer: requests.Response, said: Json, clock: Clock) -> Exception:
    status = answer.status_code
    if status == 410:
        return Stopped("pbx.gone", hint=_GONE, detail="410", state="suspended")
    told = REFUSALS.get(str(said.get("error")))
    if told is not None and status < 500:
        return PermanentError(told[0], hint=told[1], detail=str(said.get("message", ""))[:200])
    wait = transport.retry_after(answer.headers.get("retry-after", ""), clock)
    if status in THROTTLING or wait is not None:
        return TransientError("pbx.busy_now", hint=_BUSY, detail=str(status), retry_after=wait)
    if status >= 500:
        # The call may have been placed before the PBX failed; a repeat bears the same webhook-id.
        return TransientError("pbx.down", hint=_BUSY, detail=str(status), maybe_done=True)
    cause, hint = _STATUSES.get(status, _REFUSED)
    return PermanentError(cause, hint=hint, detail=f"{status} {str(said.get('message', ''))[:200]}".strip())
