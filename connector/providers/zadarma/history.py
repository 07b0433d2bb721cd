"""Finished calls from the statistics of the PBX (facts/providers.md §3.3)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.calls import CallEnded, CallRecorded
from connector.domain.events import Event
from connector.domain.provider import Http
from connector.providers.numbers import bare
from connector.providers.zadarma.api import call, unclear
from connector.providers.zadarma.inbound import cause_of, direction_of, moment, recording_file, seconds, yes
from connector.providers.zadarma.settings import ZadarmaSettings

LONGEST = timedelta(days=30)
PAGE = 1000
PAUSE = 21.0  # three requests of statistics a minute
Row = Mapping[str, str]
_NUMBER = re.compile(r"\+?\d{2,20}")


def history(
    since: datetime, until: datetime, settings: ZadarmaSettings, http: Http, sleep: Callable[[float], None] = time.sleep
) -> Iterable[Event]:
    """Calls that began in the span, which may be longer than the month that Zadarma tells at once."""
    begin, asked = since, 0
    while begin < until:
        end = min(begin + LONGEST, until)
        calls: dict[str, list[Row]] = {}
        skip = 0
        while True:
            if asked:
                sleep(PAUSE)
            asked += 1
            page = _page(begin, end, skip, settings, http)
            for row in page:
                calls.setdefault(row.get("pbx_call_id", ""), []).append(row)
            skip += PAGE
            if len(page) < PAGE:
                break
        for name, rows in calls.items():
            yield from _events(name, rows, settings)
        begin = end


def _page(since: datetime, until: datetime, skip: int, settings: ZadarmaSettings, http: Http) -> list[Row]:
    zone = ZoneInfo(settings.zone)
    told = {
        "start": since.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        "end": until.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        "version": "2",
        "skip": str(skip),
        "limit": str(PAGE),
    }
    rows = call(http, settings, "/v1/statistics/pbx/", told).get("stats")
    if not isinstance(rows, list):
        raise unclear("no statistics")
    return [_texts(row) for row in rows if isinstance(row, dict)]


def _events(name: str, rows: Sequence[Row], settings: ZadarmaSettings) -> Iterator[Event]:
    """One call from its rows: one for each place where it rang, in no promised order."""
    times = [(at, _spoken(row)) for row in rows if (at := moment(row.get("callstart", ""), settings))]
    if not name or not times:
        return
    talked = [row for row in rows if row.get("disposition", "").lower() == "answered" and _spoken(row)]
    last = max(talked or rows, key=lambda row: (_spoken(row), row.get("callstart", "")))
    talk = sum(map(_spoken, talked))
    incoming = name.startswith("in_")
    client = _bare(last.get("clid" if incoming else "destination", ""))
    about: dict[str, Any] = {
        "account": settings.account,
        "call": name[:200],
        "at": max(at + timedelta(seconds=spoken) for at, spoken in times),
        "direction": direction_of(name, client),
        "client": client,
        "line": "",
        "employee": _bare(last.get("destination" if incoming else "sip", "")),
    }
    cause = cause_of(last) if not talk else ""
    yield CallEnded(
        **about,
        cause=cause,
        talk=talk,
        started_at=min(at for at, _ in times),
        past=True,
        detail=last.get("disposition", "")[:40] if cause else "",
    )
    for row in rows:
        if yes(row.get("is_recorded", "")):
            yield CallRecorded(**about, recording=recording_file(row.get("call_id", "") or name))


def _spoken(row: Row) -> int:
    return seconds(row.get("billseconds", "") or row.get("seconds", ""))


def _bare(text: str) -> str:
    """``"Ivan" <79001112233>`` → the number."""
    found = _NUMBER.findall(text.rpartition("<")[2])
    return found[-1] if found else bare(text)


def _texts(row: Mapping[str, Any]) -> Row:
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in row.items()}
