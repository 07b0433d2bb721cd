"""What Zadarma posts: key, parse, and the question whom to ring (facts/providers.md §3.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.calls import (
    CallAnswered,
    CallEnded,
    CallRecorded,
    CallRinging,
    CallStarted,
    Cause,
    Direction,
)
from connector.domain.events import Event, Ignored
from connector.domain.request import Reply, Request
from connector.domain.telephony import Found
from connector.domain.values import File
from connector.errors import Refused
from connector.providers.formbody import form
from connector.providers.numbers import bare
from connector.providers.zadarma.settings import ZadarmaSettings

Told = Mapping[str, str]
#: ``disposition``; what is not here goes by ``status_code`` (Q.931).
CAUSES: Mapping[str, Cause] = {
    "answered": "",
    "busy": "busy",
    "cancel": "cancelled",
    "no answer": "missed",
    "failed": "failed",
    "no money": "no_money",
    "no money, no limit": "no_money",
    "unallocated number": "invalid",
    "no limit": "forbidden",
    "no day limit": "forbidden",
    "line limit": "unreachable",
}
_Q931: Mapping[str, Cause] = {
    "1": "invalid",
    "3": "unreachable",
    "16": "missed",
    "17": "busy",
    "18": "missed",
    "19": "missed",
    "20": "unreachable",
    "21": "refused",
    "27": "unreachable",
    "28": "invalid",
    "34": "unreachable",
    "38": "unreachable",
    "42": "unreachable",
}
_EXTENSION = re.compile(r"(?!112)\d{3}")  # what employees of this PBX are numbered with
_PREFIXES: Mapping[str, Direction] = {"in": "incoming", "out": "outgoing"}


def dedupe_key(request: Request, _: ZadarmaSettings) -> str:
    """(event, pbx_call_id, call_start, internal), and the recording; a digest for what has no call."""
    try:
        told = form(request)
    except Refused:
        return request.digest()
    if not told.get("event", "").startswith("NOTIFY_") or not told.get("pbx_call_id"):
        return request.digest()
    names = ("event", "pbx_call_id", "call_start", "internal", "call_id_with_rec")
    return ":".join(told.get(name, "") for name in names)


def parse(request: Request, settings: ZadarmaSettings) -> list[Event]:
    """The events of one request. Raises ``ValueError`` when a call has no id."""
    told = form(request)
    kind = told.get("event", "")
    read = _PARSE.get(kind)
    if read is None:
        return [Ignored(what=f"zadarma.{kind[:40].lower()}")]
    if not told.get("pbx_call_id"):
        raise ValueError("there is no pbx_call_id")
    return read(told, settings, request.received_at)


def asks(request: Request, _: ZadarmaSettings) -> str:
    """Who calls, when the PBX has just taken the call and waits for a word of ours; empty otherwise."""
    told = form(request)
    caller = bare(told.get("caller_id", "")) if told.get("event") == "NOTIFY_START" else ""
    return caller if re.fullmatch(r"\+?\d{3,20}", caller) else ""


def tells(found: Found | None, settings: ZadarmaSettings) -> Reply:
    """Ring at the responsible employee first, and show who calls; an empty object leaves the call to its scheme."""
    told: dict[str, Any] = {}
    if found and found.extension:
        told = {"redirect": found.extension, "return_timeout": settings.return_timeout}
    if found and found.name:
        told["caller_name"] = found.name
    body = json.dumps(told, ensure_ascii=False).encode()
    return Reply(body=body, content_type="application/json; charset=utf-8")


def moment(text: str, settings: ZadarmaSettings) -> datetime | None:
    """``2025-11-03 14:05:00`` of the account's zone, as UTC."""
    try:
        local = datetime.strptime(text.strip()[:19], "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
    return local.replace(tzinfo=ZoneInfo(settings.zone)).astimezone(UTC)


def cause_of(told: Told) -> Cause:
    """Why there was no talk."""
    known = CAUSES.get(told.get("disposition", "").strip().lower())
    if known is not None:
        return known
    return _Q931.get(told.get("status_code", "").strip(), "failed")


def seconds(text: str) -> int:
    """Whole seconds; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0


def yes(text: str) -> bool:
    """``1`` or ``true``."""
    return text.strip().lower() in ("1", "true")


def recording_file(ref: str) -> File:
    """A recording by its id, or by that of its call (``in_…``, ``out_…``)."""
    return File(
        ref=ref, name=f"zadarma-{re.sub(r'[^A-Za-z0-9._-]', '', ref)[:80]}.mp3", mime="audio/mpeg", kind="audio"
    )


def direction_of(call: str, client: str) -> Direction:
    """By the beginning of the call's id; a number as short as an extension is a colleague's."""
    told = _PREFIXES.get(call.partition("_")[0], "")
    return "internal" if told and _EXTENSION.fullmatch(client) else told


def _about(told: Told, settings: ZadarmaSettings, at: datetime, **who: str) -> dict[str, Any]:
    call, client = told["pbx_call_id"][:200], bare(who.get("client", ""))
    return {
        "account": settings.account,
        "call": call,
        "at": at,
        "direction": direction_of(call, client),
        "client": client,
        "line": bare(who.get("line", "")),
        "employee": who.get("employee", "").strip(),
    }


def _incoming(told: Told, settings: ZadarmaSettings, at: datetime, employee: str = "") -> dict[str, Any]:
    return _about(
        told, settings, at, client=told.get("caller_id", ""), line=told.get("called_did", ""), employee=employee
    )


def _outgoing(told: Told, settings: ZadarmaSettings, at: datetime) -> dict[str, Any]:
    caller, employee = told.get("caller_id", ""), told.get("internal", "")
    line = "" if caller == employee or _EXTENSION.fullmatch(caller) else caller
    return _about(told, settings, at, client=told.get("destination", ""), line=line, employee=employee)


def _start(told: Told, settings: ZadarmaSettings, received_at: datetime) -> list[Event]:
    at = moment(told.get("call_start", ""), settings) or received_at
    return [CallStarted(**_incoming(told, settings, at))]


def _internal(told: Told, settings: ZadarmaSettings, received_at: datetime) -> list[Event]:
    # From here on call_start is still the start of the whole call, so the time of receipt counts.
    return [CallRinging(**_incoming(told, settings, received_at, told.get("internal", "")))]


def _answer(told: Told, settings: ZadarmaSettings, received_at: datetime) -> list[Event]:
    if told["pbx_call_id"].startswith("out_"):
        about = _outgoing(
            {**told, "internal": told.get("internal") or told.get("caller_id", "")}, settings, received_at
        )
    else:
        who = told.get("internal") or bare(told.get("destination", ""))
        about = _incoming({**told, "called_did": ""}, settings, received_at, who)
    return [CallAnswered(**about)]


def _out_start(told: Told, settings: ZadarmaSettings, received_at: datetime) -> list[Event]:
    at = moment(told.get("call_start", ""), settings) or received_at
    return [CallStarted(**_outgoing(told, settings, at))]


def _end(told: Told, settings: ZadarmaSettings, received_at: datetime) -> list[Event]:
    talker = told.get("last_internal") or told.get("internal", "")
    return _ended(told, settings, _incoming(told, settings, received_at, talker))


def _out_end(told: Told, settings: ZadarmaSettings, received_at: datetime) -> list[Event]:
    return _ended(told, settings, _outgoing(told, settings, received_at))


def _ended(told: Told, settings: ZadarmaSettings, about: dict[str, Any]) -> list[Event]:
    cause, talk = cause_of(told), seconds(told.get("duration", ""))
    # A menu that answers counts as an answer too; only what else was told shows whether anybody talked.
    nobody = about["direction"] == "incoming" and not about["employee"]
    end = CallEnded(
        **about,
        cause=cause,
        talk=0 if cause else None if nobody else talk,
        started_at=moment(told.get("call_start", ""), settings),
        detail=told.get("disposition", "")[:40] if cause else "",
    )
    ref = told.get("call_id_with_rec", "").strip()
    return (
        [end, CallRecorded(**about, recording=recording_file(ref))]
        if ref and yes(told.get("is_recorded", ""))
        else [end]
    )


def _record(told: Told, settings: ZadarmaSettings, received_at: datetime) -> list[Event]:
    ref = told.get("call_id_with_rec", "").strip() or told["pbx_call_id"]
    return [CallRecorded(**_about(told, settings, received_at), recording=recording_file(ref))]


_PARSE: Mapping[str, Callable[[Told, ZadarmaSettings, datetime], list[Event]]] = {
    "NOTIFY_START": _start,
    "NOTIFY_INTERNAL": _internal,
    "NOTIFY_ANSWER": _answer,
    "NOTIFY_END": _end,
    "NOTIFY_OUT_START": _out_start,
    "NOTIFY_OUT_END": _out_end,
    "NOTIFY_RECORD": _record,
}
