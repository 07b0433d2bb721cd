"""Past calls of Beeline Cloud PBX: recordings and statistics put together (facts/providers.md §3.5).

A row of the statistics has no id of the call. A recording has: the same extTrackingId that events bear. So a row that
has a recording is told under that id; one without is told only when the account asks for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.domain.calls import CallEnded, CallRecorded, Direction
from connector.domain.events import Event
from connector.domain.provider import Http
from connector.domain.values import File
from connector.providers.beeline.api import ask
from connector.providers.beeline.settings import BeelineSettings
from connector.providers.numbers import bare

Json = dict[str, Any]
PAGE = 100
MOST_PAGES = 500
#: A recording begins when the talk does, a row when the call does.
APART = timedelta(seconds=90)
DIRECTIONS: dict[str, Direction] = {"INBOUND": "incoming", "OUTBOUND": "outgoing"}


def history(since: datetime, until: datetime, settings: BeelineSettings, http: Http) -> Iterable[Event]:
    """Finished calls that began in the span: those that were recorded, with ``unrecorded`` all."""
    records = [row for row in _records(since, until, settings, http) if row.get("externalId") and _moment(row, "date")]
    for row in _statistics(since, until, settings, http):
        began = _moment(row, "startDate")
        if began is None:
            continue
        record = _record_of(row, began, records)
        if record is not None:
            records.remove(record)
            yield from _told(row, began, str(record["externalId"]), record, settings)
        elif settings.unrecorded:
            yield from _told(row, began, _made_up(row), None, settings)


def _told(row: Json, began: datetime, call: str, record: Json | None, settings: BeelineSettings) -> Iterator[Event]:
    direction = DIRECTIONS.get(str(row.get("direction")), "")
    missed, whole = row.get("status") == "MISSED", _milliseconds(row.get("duration"))
    ours, theirs = ("phone_to", "phone_from") if direction == "incoming" else ("phone_from", "phone_to")
    about: Json = {
        "account": settings.account,
        "call": call,
        "at": began + whole,
        "direction": direction,
        "client": bare(row.get(theirs)) or bare((record or {}).get("phone")),
        "line": bare(row.get(ours)),
        "employee": settings.extension(_user(row)),
    }
    talk = 0 if missed else int(whole.total_seconds())
    detail = "" if talk else str(row.get("status") or "")
    yield CallEnded(**about, past=True, talk=talk, cause="" if talk else "missed", detail=detail, started_at=began)
    if record is not None:
        file = File(ref=f"{call}/{_user(record)}", mime="audio/mpeg", kind="audio")
        yield CallRecorded(**about, recording=file)


def _record_of(row: Json, began: datetime, records: list[Json]) -> Json | None:
    """The recording of the same user and direction that began with this row or soon after."""
    for record in records:
        at = _moment(record, "date")
        same = _user(record) == _user(row) and record.get("direction") in (None, row.get("direction"))
        if same and at is not None and timedelta(seconds=-5) <= at - began <= APART:
            return record
    return None


def _statistics(since: datetime, until: datetime, settings: BeelineSettings, http: Http) -> Iterator[Json]:
    for page in range(MOST_PAGES):
        asked = {**_span(since, until), "page": page, "pageSize": PAGE}
        rows = _rows(ask(http, settings, "GET", "v2/statistics", params=asked))
        yield from rows
        if len(rows) < PAGE:
            return


def _records(since: datetime, until: datetime, settings: BeelineSettings, http: Http) -> Iterator[Json]:
    after: Json = {}
    for _ in range(MOST_PAGES):
        rows = _rows(ask(http, settings, "GET", "records", params={**_span(since, until), **after}))
        yield from rows
        if len(rows) < PAGE or after == {"id": rows[-1].get("id")}:
            return
        after = {"id": rows[-1].get("id")}


def _rows(said: Any) -> list[Json]:
    return [row for row in said if isinstance(row, dict)] if isinstance(said, list) else []


def _span(since: datetime, until: datetime) -> Json:
    names = {"dateFrom": since, "dateTo": until}
    return {name: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for name, moment in names.items()}


def _moment(row: Json, name: str) -> datetime | None:
    told = row.get(name)
    fits = isinstance(told, int) and not isinstance(told, bool) and 0 < told < 10**14
    return datetime.fromtimestamp(told / 1000, UTC) if fits and told is not None else None


def _milliseconds(told: Any) -> timedelta:
    fits = isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 10**9
    return timedelta(milliseconds=told if fits else 0)


def _user(row: Json) -> str:
    abonent = row.get("abonent")
    return str(abonent.get("userId") or "") if isinstance(abonent, dict) else ""


def _made_up(row: Json) -> str:
    """An id of what the statistics tell of a call: the same each time it is read."""
    told = [str(row.get(name)) for name in ("startDate", "direction", "status", "phone_from", "phone_to")]
    return "past-" + hashlib.sha256("|".join([_user(row), *told]).encode()).hexdigest()[:32]
