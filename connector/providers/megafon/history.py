"""Finished calls, read from the PBX in either way (facts/providers.md §3.4, Outgoing API)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.domain.calls import Direction
from connector.domain.events import Event
from connector.domain.provider import Http
from connector.errors import PermanentError
from connector.providers.megafon.api import decoded, old, rest, unclear
from connector.providers.megafon.inbound import direction_of, ended, moment
from connector.providers.megafon.settings import MegafonSettings
from connector.providers.numbers import bare

MOST = 1000  # rows of one answer; a span with so many is asked for in halves
STEP, LEAST = timedelta(days=1), timedelta(minutes=1)
Row = Mapping[str, str]
_COLUMNS = ("uid", "type", "client", "account", "via", "start", "wait", "duration", "record")
_DIRECTIONS: Mapping[str, Direction] = {"in": "incoming", "missed": "incoming", "out": "outgoing"}
_PAGES = 50


def history(since: datetime, until: datetime, settings: MegafonSettings, http: Http) -> Iterable[Event]:
    """Calls that began in the span. A login becomes an extension where the PBX tells whose it is."""
    people = _extensions(settings, http)
    begin = since
    while begin < until:
        end = min(begin + STEP, until)
        for row in _rows(begin, end, settings, http):
            yield from _events(row, settings, people)
        begin = end


def employees(settings: MegafonSettings, http: Http) -> list[Row]:
    """All employees as the PBX tells them: ``login``, ``ext`` and more, as text."""
    return _PEOPLE[settings.api](settings, http)


def _rows(since: datetime, until: datetime, settings: MegafonSettings, http: Http) -> Iterator[Row]:
    rows = _HISTORY[settings.api](since, until, settings, http)
    if len(rows) < MOST or until - since <= LEAST:
        yield from rows
        return
    middle = since + (until - since) / 2
    yield from _rows(since, middle, settings, http)
    yield from _rows(middle, until, settings, http)


def _events(row: Row, settings: MegafonSettings, people: Mapping[str, str]) -> list[Event]:
    call, began = row.get("uid", "") or row.get("callid", ""), moment(row.get("start", ""))
    if not call or began is None:
        return []
    kind = row.get("type", "").lower()
    who = row.get("ext", "") or row.get("user", "") or row.get("account", "")
    client = bare(row.get("client", "") or row.get("phone", ""))
    about: dict[str, Any] = {
        "account": settings.account,
        "call": call[:200],
        "direction": direction_of(_DIRECTIONS.get(kind, ""), client),
        "client": client,
        "line": bare(row.get("diversion", "") or row.get("via", "")),
        "employee": people.get(who, who).strip(),
    }
    missed = kind == "missed" or (not row.get("status") and row.get("duration", "0") in ("", "0"))
    told = {**row, "status": row.get("status", "") or ("missed" if missed else "success")}
    return ended(told, about, began, past=True)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _rest(since: datetime, until: datetime, settings: MegafonSettings, http: Http) -> list[Row]:
    span = {"start": _stamp(since), "end": _stamp(until), "type": "all", "limit": MOST}
    said = decoded(rest(http, settings, "GET", "history/json", span))
    if not isinstance(said, list):
        raise unclear("history is no list")
    return [_texts(row) for row in said if isinstance(row, dict)]


def _old(since: datetime, until: datetime, settings: MegafonSettings, http: Http) -> list[Row]:
    span = {"start": _stamp(since), "end": _stamp(until), "type": "all", "limit": MOST}
    answer = old(http, settings, "history", span)
    text = answer.content.decode("utf-8", "replace").lstrip("\ufeff")
    if text.lstrip().startswith(("{", "[", "<")):
        decoded(answer)  # an error, told as JSON
        raise unclear("history is no table")
    rows = [row for row in csv.reader(io.StringIO(text)) if len(row) >= len(_COLUMNS)]
    return [dict(zip(_COLUMNS, row, strict=False)) for row in rows if row[0].upper() != "UID"]


def _extensions(settings: MegafonSettings, http: Http) -> dict[str, str]:
    """Extensions by login. Without them history tells logins, which is better than no history."""
    try:
        return {row.get("login", ""): row["ext"] for row in employees(settings, http) if row.get("ext")}
    except PermanentError:
        return {}


def _people(settings: MegafonSettings, http: Http) -> list[Row]:
    found: list[Row] = []
    start: object = None
    for _ in range(_PAGES):
        said = decoded(rest(http, settings, "GET", "users", {} if start is None else {"start": start}))
        rows, info = (said.get("items"), said.get("info")) if isinstance(said, dict) else (said, None)
        found += [_texts(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        start = info.get("next") if isinstance(info, dict) else None
        if not isinstance(start, int) or not rows:
            break
    return found


def _people_old(settings: MegafonSettings, http: Http) -> list[Row]:
    said = decoded(old(http, settings, "accounts", {}))
    rows = [_texts(row) for row in said if isinstance(row, dict)] if isinstance(said, list) else []
    return [{**row, "login": row.get("login", "") or row.get("name", "")} for row in rows]


def _texts(row: Mapping[str, Any]) -> Row:
    kept = {name: value for name, value in row.items() if isinstance(value, str | int | float)}
    return {name: str(int(value) if isinstance(value, float) else value) for name, value in kept.items()}


_HISTORY: Mapping[str, Callable[[datetime, datetime, MegafonSettings, Http], list[Row]]] = {"rest": _rest, "old": _old}
_PEOPLE: Mapping[str, Callable[[MegafonSettings, Http], list[Row]]] = {"rest": _people, "old": _people_old}
