"""Finished calls from Mango's extended statistics (facts/providers.md §3.2, History)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.calls import CallEnded, CallRecorded, Direction
from connector.domain.events import Event
from connector.domain.provider import Http
from connector.errors import PermanentError, TransientError
from connector.providers.mango.api import call, decoded, post, unclear
from connector.providers.mango.inbound import number, recording_file, text
from connector.providers.mango.reasons import cause
from connector.providers.mango.settings import MangoSettings
from connector.providers.numbers import bare
from connector.speech import Text

LONGEST = timedelta(days=30)  # Mango refuses more than a month
PAGE = 500
POLLS, PAUSE = 24, 5.0
Json = dict[str, Any]
_DIRECTIONS: Mapping[int, Direction] = {1: "incoming", 2: "outgoing", 3: "internal"}
_WORKING = frozenset({"request", "work"})
_SLOW = Text(
    "Mango Office is still counting its statistics; it is asked again later.",
    "Mango Office ещё считает статистику; запрос повторится позже.",
)
_FAILED = Text(
    "Mango Office could not count its statistics; ask for a shorter span.",
    "Mango Office не смог посчитать статистику; запросите период короче.",
)


def history(
    since: datetime, until: datetime, settings: MangoSettings, http: Http, sleep: Callable[[float], None] = time.sleep
) -> Iterable[Event]:
    """Calls that began in the span, which may be longer than Mango's month. Extensions are those of today."""
    people = _extensions(settings, http)
    begin = since
    while begin < until:
        end = min(begin + LONGEST, until)
        for row in _rows(begin, end, settings, http, sleep):
            yield from _events(row, settings, people)
        begin = end


def _rows(
    since: datetime, until: datetime, settings: MangoSettings, http: Http, sleep: Callable[[float], None]
) -> Iterator[Json]:
    offset = 0
    while True:
        zone = ZoneInfo(settings.zone)
        span = {
            "start_date": since.astimezone(zone).strftime("%d.%m.%Y %H:%M:%S"),
            "end_date": until.astimezone(zone).strftime("%d.%m.%Y %H:%M:%S"),
            "limit": PAGE,
            "offset": offset,
        }
        key = text(call(http, settings, "stats/calls/request", span).get("key"))
        if not key:
            raise unclear("no key of the statistics")
        page = _result(key, settings, http, sleep)
        yield from page
        offset += PAGE
        if len(page) < PAGE:
            return
        sleep(PAUSE)


def _result(key: str, settings: MangoSettings, http: Http, sleep: Callable[[float], None]) -> list[Json]:
    for _ in range(POLLS):
        sleep(PAUSE)
        answer = post(http, settings, "stats/calls/result", {"key": key})
        said = {"status": "work"} if answer.status_code == 204 else decoded(answer)
        status = text(said.get("status")).lower()
        if status in _WORKING:
            continue
        if status != "complete":
            raise PermanentError("mango.statistics", hint=_FAILED, detail=status[:40])
        blocks = said.get("data")
        blocks = blocks if isinstance(blocks, list) else [blocks]
        return [row for block in blocks if isinstance(block, dict) for row in _dicts(block.get("list"))]
    raise TransientError("mango.statistics_slow", hint=_SLOW, retry_after=300.0)


def _events(row: Json, settings: MangoSettings, people: Mapping[str, str]) -> Iterator[Event]:
    entry, began = text(row.get("entry_id"))[:200], number(row.get("context_start_time"))
    if not entry or not began:
        return
    started = datetime.fromtimestamp(began, UTC)  # the statistics tell real unix times
    direction = _DIRECTIONS.get(number(row.get("context_type")), "")
    talk = number(row.get("talk_duration"))
    legs = [leg for leg in _legs(row.get("context_calls")) if text(leg.get("call_type")) != "group"]
    talked = [leg for leg in legs if number(leg.get("call_answer_time"))]
    people_legs = [leg for leg in talked or legs if text(leg.get("call_type")) == "user"]
    reason = next((number(leg.get("call_end_reason")) for leg in reversed(legs)), 0)
    outward = direction != "incoming"
    # What counts is when the other side answered: of a call that goes out, the client.
    others = [leg for leg in talked if text(leg.get("call_type")) == ("number" if outward else "user")] or talked
    answered = min((number(leg.get("call_answer_time")) for leg in others), default=0) if talk else 0
    caller = people.get(text(row.get("caller_id")), "")
    about: dict[str, Any] = {
        "account": settings.account,
        "call": entry,
        "at": started + timedelta(seconds=number(row.get("duration"))),
        "direction": direction,
        "client": bare(row.get("called_number" if outward else "caller_number")),
        "line": "" if outward else bare(row.get("called_number")),
        "employee": caller if outward else _extension(people_legs[-1] if people_legs else {}, people),
    }
    yield CallEnded(
        **about,
        cause=cause(reason, talked=bool(talk)),
        talk=talk,
        started_at=started,
        answered_at=datetime.fromtimestamp(answered, UTC) if answered else None,
        past=True,
        detail=str(reason) if reason and not talk else "",
    )
    for ref in dict.fromkeys(ref for leg in _legs(row.get("context_calls")) for ref in _recordings(leg)):
        yield CallRecorded(**about, recording=recording_file(ref))


def _legs(value: object) -> Iterator[Json]:
    """Legs and, after a group, its members."""
    for leg in _dicts(value):
        yield leg
        yield from _dicts(leg.get("members"))


def _recordings(leg: Json) -> list[str]:
    told = leg.get("recording_id")
    return [ref for ref in map(text, told if isinstance(told, list) else [told]) if ref]


def _extension(leg: Json, people: Mapping[str, str]) -> str:
    return text(leg.get("call_abonent_extension")) or people.get(text(leg.get("call_abonent_id")), "")


def _extensions(settings: MangoSettings, http: Http) -> dict[str, str]:
    """Extensions by the vendor's number of an employee, which is all that statistics tell."""
    return {user: extension for user, extension in employees(settings, http) if user and extension}


def employees(settings: MangoSettings, http: Http) -> list[tuple[str, str]]:
    """(number, extension) of all employees. Raises as :func:`~connector.providers.mango.api.call` does."""
    said = call(http, settings, "config/users/request", {"ext_fields": ["general.user_id"]})
    parts = [(_part(row, "general"), _part(row, "telephony")) for row in _dicts(said.get("users"))]
    return [(text(general.get("user_id")), text(telephony.get("extension"))) for general, telephony in parts]


def _part(row: Json, name: str) -> Json:
    part = row.get(name)
    return part if isinstance(part, dict) else {}


def _dicts(value: object) -> list[Json]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
