"""Placing calls, recordings and the past of UIS (facts/providers.md §3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from connector.domain.calls import CallEnded, CallRecorded, Cause
from connector.domain.effects import Dial
from connector.domain.events import Event
from connector.domain.provider import Http, Outgoing, Source
from connector.domain.values import File, Receipt
from connector.errors import PermanentError
from connector.providers.numbers import bare
from connector.providers.uis.inbound import DIRECTIONS, moment, seconds
from connector.providers.uis.rpc import FAULTS, call
from connector.providers.uis.settings import UisSettings
from connector.speech import Text

Json = dict[str, Any]
PAGE = 1000
_FIELDS = (
    "id", "start_time", "finish_time", "direction", "is_lost", "finish_reason", "talk_duration", "wait_duration",
    "total_duration", "contact_phone_number", "contact_full_name", "virtual_phone_number", "communication_id",
    "call_records", "last_answered_employee_id",
)  # fmt: skip
# Of the vendor's reasons of an outgoing call that reached nobody; its list is not published.
_REASONS: dict[str, Cause] = {"no_success_subscriber_call": "unreachable"}

_NO_LINE = Text(
    "Say from which number to call: set number of the account in connector.yaml to a virtual number of UIS.",
    "Укажите, с какого номера звонить: впишите в number аккаунта виртуальный номер UIS.",
)
_BAD_URL = Text("The recording's address must be http or https.", "Адрес записи должен быть http или https.")


def dial(outgoing: Outgoing, settings: UisSettings, http: Http) -> Receipt:
    """``start.employee_call``: the employee's telephone first, then the client. The receipt bears call_session_id.

    Our id goes along as ``external_id``, which notifications and reports of this call repeat.
    """
    command = outgoing.command
    assert isinstance(command, Dial)
    line = command.line or settings.number or (next(iter(settings.lines)) if len(settings.lines) == 1 else "")
    if not line:
        raise PermanentError("uis.line", hint=_NO_LINE)
    params = {
        "first_call": "employee",
        "switch_at_once": True,
        "early_switching": True,  # the employee hears what the client's line says
        "direction": "out",
        "virtual_phone_number": _digits(line),
        "contact": _digits(command.phone),
        "external_id": command.call,
        "employee": {"id": _employee(command.extension, settings, http)},
    }
    result = call(http, settings, settings.api_url, "start.employee_call", params)
    data = result.get("data")
    session = data.get("call_session_id") if isinstance(data, dict) else None
    return Receipt(ids=(str(session),)) if isinstance(session, int | str) and session else Receipt()


def recording(file: File, settings: UisSettings, http: Http) -> Source:
    """The notification gave the address itself; the report's are below ``media_url``. Nobody is asked."""
    if urlsplit(file.ref).scheme not in ("http", "https"):
        raise PermanentError("uis.file_address", hint=_BAD_URL)
    return Source(url=file.ref, name=file.name, mime=file.mime)


def history(since: datetime, until: datetime, settings: UisSettings, http: Http) -> Iterable[Event]:
    """Calls that began in the span, by ``get.calls_report``, oldest first."""
    zone = ZoneInfo(settings.zone)
    span = {
        "date_from": since.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        "date_till": until.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        "fields": list(_FIELDS),
        "sort": [{"field": "start_time", "order": "asc"}],
        "limit": PAGE,
    }
    offset, rows = 0, [Json()] * PAGE
    while len(rows) == PAGE:
        rows = _rows(call(http, settings, settings.data_url, "get.calls_report", {**span, "offset": offset}))
        offset += PAGE
        for row in rows:
            yield from _past(row, settings)


def _rows(result: Json) -> list[Json]:
    data = result.get("data")
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def _past(row: Json, settings: UisSettings) -> Iterator[Event]:
    began, talk, total = (
        moment(row.get("start_time"), settings),
        seconds(row.get("talk_duration")),
        seconds(row.get("total_duration")) or 0,
    )
    if not row.get("id") or began is None:
        return
    wait = seconds(row.get("wait_duration"))
    employee = str(row.get("last_answered_employee_id") or "")
    about: Json = {
        "account": settings.account,
        "call": str(row["id"]),
        "at": moment(row.get("finish_time"), settings) or began + timedelta(seconds=total),
        "direction": DIRECTIONS.get(str(row.get("direction")), ""),
        "client": bare(row.get("contact_phone_number")),
        "name": str(row.get("contact_full_name") or ""),
        "line": bare(row.get("virtual_phone_number")),
        "employee": settings.extension(employee) or employee,
    }
    cause, detail = _cause(row, talk)
    answered = began + timedelta(seconds=wait) if talk and wait is not None else None
    yield CallEnded(**about, past=True, talk=talk, cause=cause, detail=detail, started_at=began, answered_at=answered)
    records = row.get("call_records")
    for record in records if isinstance(records, list) else ():
        where = f"{settings.media_url}/{quote(str(row.get('communication_id') or row['id']))}/{quote(str(record))}/"
        yield CallRecorded(**about, recording=File(ref=where, kind="audio"))


def _cause(row: Json, talk: int | None) -> tuple[Cause, str]:
    reason = str(row.get("finish_reason") or "")[:60]
    if talk:
        return "", ""
    if row.get("is_lost") or row.get("direction") == "in" or not reason:
        return "missed", reason
    return _REASONS.get(reason, "failed"), reason


def _employee(extension: str, settings: UisSettings, http: Http) -> int:
    """The UIS id of whoever has ``extension``: as the account says, else as UIS says."""
    if extension in settings.employees:
        return settings.employees[extension]
    fields = {"fields": ["id", "extension", "phone_numbers"], "limit": PAGE}
    for row in _rows(call(http, settings, settings.data_url, "get.employees", fields)):
        if extension in _telephones(row):
            return int(row["id"])
    fault = FAULTS["employee_not_found"]
    raise PermanentError(fault.cause, hint=fault.hint, detail=extension[:40])


def _telephones(row: Json) -> set[str]:
    told = row.get("extension")
    numbers = row.get("phone_numbers")
    listed = [told, *(numbers if isinstance(numbers, list) else [])]
    known = [each.get(name) for each in listed if isinstance(each, dict) for name in _NUMBER_NAMES]
    return {str(number) for number in known if number} if isinstance(row.get("id"), int) else set()


_NUMBER_NAMES = ("extension_phone_number", "phone_number")


def _digits(number: str) -> str:
    return "".join(sign for sign in number if sign.isascii() and sign.isdigit())
