"""Notifications of UIS, whose bodies we template ourselves: verify, key, parse (facts/providers.md §3.6)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.calls import (
    CallAnswered,
    CallEnded,
    CallRecorded,
    CallRinging,
    CallStarted,
    Direction,
    LegEnded,
)
from connector.domain.events import Event, Ignored
from connector.domain.request import Request
from connector.domain.values import File
from connector.errors import Refused
from connector.providers.gate import check_network, check_secret
from connector.providers.numbers import bare
from connector.providers.payload import check_method, json_object
from connector.providers.uis.settings import UisSettings

Json = dict[str, Any]
DIRECTIONS: dict[str, Direction] = {"in": "incoming", "out": "outgoing"}
_TOKEN = re.compile(rb'"token"\s*:\s*"([A-Za-z0-9_-]{1,200})"')


def verify(request: Request, settings: UisSettings) -> None:
    """Raises ``Refused``: 405 method, 403 network, 401 token.

    The vendor fills the template, and whether it escapes quotes in names is not known: a body that is broken by that
    is let in for its token, so that it is kept and parked, not lost.
    """
    check_method(request)
    check_network(request, settings.allow_from, "uis")
    check_secret(_token(request), settings.token, "uis")


def dedupe_key(request: Request, _: UisSettings) -> str:
    """Call, event, leg, employee and the vendor's time of it."""
    try:
        body = _body(request)
    except Refused:
        return request.digest()
    names = ("event", "call_session_id", "leg_id", "employee_id", "notification_time", "file_link")
    return json.dumps([body.get(name) for name in names], ensure_ascii=False) if "event" in body else request.digest()


def parse(request: Request, settings: UisSettings) -> list[Event]:
    """The events of a notification. Raises ``ValueError`` without the id of a call, ``Refused`` when it is no JSON."""
    body = _body(request)
    event = str(body.get("event") or "")
    if event not in _PARSE:
        return [Ignored(what=(event or str(body.get("notification_mnemonic")))[:60])]
    return _PARSE[event](body, _about(body, request, settings))


def _token(request: Request) -> str:
    try:
        return _text(_body(request).get("token"))
    except Refused:
        found = _TOKEN.search(request.body)
        return found[1].decode() if found else ""


def _body(request: Request) -> Json:
    """The cabinet decides what content type its notifications have."""
    return request.once(_object)


def _object(request: Request) -> Json:
    return json_object(replace(request, headers={**request.headers, "content-type": "application/json"}))


def _about(body: Json, request: Request, settings: UisSettings) -> Json:
    call = _text(body.get("call_session_id"))
    if not call or len(call) > 200:
        raise ValueError("no call_session_id: mend the template of this notification in the cabinet")
    employee = _text(body.get("employee_id"))
    return {
        "account": settings.account,
        "call": call,
        "at": moment(body.get("notification_time"), settings) or request.received_at,
        "direction": DIRECTIONS.get(_text(body.get("direction")), _IMPLIED.get(body["event"], "")),
        "client": bare(body.get("contact_phone_number")),
        "name": _text(body.get("contact_full_name")),
        "line": bare(body.get("virtual_phone_number")),
        "employee": settings.extension(employee) or bare(body.get("employee_phone_number")) or employee,
    }


def moment(told: object, settings: UisSettings) -> datetime | None:
    """``2019-12-16 14:40:47.234`` in the cabinet's zone, or ISO 8601 with an offset; ``None`` for anything else."""
    try:
        read = datetime.fromisoformat(_text(told))
        return (read if read.tzinfo else read.replace(tzinfo=ZoneInfo(settings.zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def seconds(told: object) -> int | None:
    """Whole seconds, also when they come as text; ``None`` when not told."""
    text = _text(told)
    return min(int(text), 604_800) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _text(told: object) -> str:
    return str(told).strip() if isinstance(told, str | int) and not isinstance(told, bool) else ""


def _simply(kind: Callable[..., Event]) -> Callable[[Json, Json], list[Event]]:
    return lambda _, about: [kind(**about)]


def _finished(body: Json, about: Json) -> list[Event]:
    talk, total = seconds(body.get("talk_time_duration")), seconds(body.get("total_time_duration"))
    began = about["at"] - timedelta(seconds=total) if total is not None else None
    return [CallEnded(**about, talk=talk, cause="missed" if talk == 0 else "", started_at=began)]


def _lost(_: Json, about: Json) -> list[Event]:
    return [CallEnded(**about, talk=0, cause="missed")]


def _recorded(body: Json, about: Json) -> list[Event]:
    told = body.get("file_link")
    links = [link for link in (told if isinstance(told, list) else [told]) if isinstance(link, str) and link]
    if not links:
        return [Ignored(what="recorded without file_link")]
    return [CallRecorded(**about, recording=File(ref=link, kind="audio")) for link in links[:20]]


_IMPLIED: dict[str, Direction] = {"incoming": "incoming", "outgoing": "outgoing", "lost": "incoming"}
#: By the word that our templates write into ``event`` (README.md).
_PARSE: dict[str, Callable[[Json, Json], list[Event]]] = {
    "incoming": _simply(CallStarted),
    "outgoing": _simply(CallStarted),
    "ringing": _simply(CallRinging),
    "answered": _simply(CallAnswered),
    "talk_finished": _simply(LegEnded),
    "finished": _finished,
    "lost": _lost,
    "recorded": _recorded,
}
