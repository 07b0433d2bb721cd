"""What the PBX posts: verify, key, parse, and the question whom to ring (facts/providers.md §3.4)."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.domain.calls import (
    CallAnswered,
    CallEnded,
    CallRecorded,
    CallRinging,
    CallStarted,
    CallTransferred,
    Cause,
    Direction,
    LegEnded,
)
from connector.domain.events import Event, Ignored
from connector.domain.request import Reply, Request
from connector.domain.telephony import Found
from connector.domain.values import File
from connector.errors import Refused
from connector.providers.formbody import form
from connector.providers.megafon.settings import MegafonSettings
from connector.providers.numbers import bare
from connector.providers.payload import check_method, json_object
from connector.speech import Text

_UNSIGNED = Text(
    "Send the key for the CRM in the field crm_token.", "Передайте ключ авторизации в CRM в поле crm_token."
)
_MISMATCH = Text(
    "crm_token is not this account's: compare it with «key for the CRM» in the cabinet of the PBX.",
    "crm_token не от этого аккаунта: сверьте его с «ключом для авторизации в CRM» в кабинете АТС.",
)
_DIRECTIONS: Mapping[str, Direction] = {"in": "incoming", "out": "outgoing"}
_EXTENSION = re.compile(r"(?!112)\d{2,4}")
_OF_TYPE: Mapping[str, Direction] = {"INCOMING": "incoming", "OUTGOING": "outgoing"}
#: ``status`` in lower case without spaces.
CAUSES: Mapping[str, Cause] = {
    "success": "",
    "answered": "",
    "missed": "missed",
    "noanswer": "missed",
    "busy": "busy",
    "notavailable": "unreachable",
    "notallowed": "forbidden",
    "notfound": "invalid",
    "cancel": "cancelled",
    "cancelled": "cancelled",
}
_KEYS: Mapping[str, tuple[str, ...]] = {
    "event": ("type", "second_callid"),
    "history": ("uid", "type", "status", "link"),
    "contact": ("phone",),
    "rating": ("rating",),
}


def verify(request: Request, settings: MegafonSettings) -> None:
    """Raises ``Refused``: 405 method, 401 token, 400 or 415 for a body that is neither a form nor a JSON object."""
    check_method(request)
    shown = fields(request).get("crm_token") or request.header("x-crm-token") or request.header("x-api-key")
    if not shown:
        raise Refused("megafon.unsigned", hint=_UNSIGNED, status=401)
    known = settings.crm_token.get_secret_value()
    if not hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), known.encode()):
        raise Refused("megafon.token", hint=_MISMATCH, status=401)


def fields(request: Request) -> Mapping[str, str]:
    """The fields of a form or a JSON body as text. Raises ``Refused`` (400; 415 for another type)."""
    return request.once(_fields)


def dedupe_key(request: Request, _: MegafonSettings) -> str:
    """(cmd, callid, who, what is new in it); a digest for what cannot be read or has no call.

    The PBX numbers nothing, so an employee at whom one call rings twice is told of once (facts §3.4).
    """
    try:
        told = fields(request)
    except Refused:
        return request.digest()
    command, call = told.get("cmd", ""), told.get("callid", "")
    if command not in _KEYS or not call:
        return request.digest()
    return ":".join(
        (command, call, told.get("user", "") or told.get("ext", ""), *(told.get(n, "") for n in _KEYS[command]))
    )


def parse(request: Request, settings: MegafonSettings) -> list[Event]:
    """The events of one request. Raises ``ValueError`` when a call has no id."""
    told = fields(request)
    command = told.get("cmd", "")
    read = _COMMANDS.get(command)
    if read is None:
        return [Ignored(what=".".join(filter(None, ("megafon", command[:20], told.get("rating", "")[:5]))))]
    if not told.get("callid"):
        raise ValueError("there is no callid")
    return read(told, settings, request.received_at)


def asks(request: Request, _: MegafonSettings) -> str:
    """The number that ``contact`` asks about; empty for every other request."""
    told = fields(request)
    return bare(told.get("phone", "")) if told.get("cmd") == "contact" else ""


def tells(found: Found | None, _: MegafonSettings) -> Reply:
    """Who it is and whom to ring; an empty object when nobody knows."""
    told = {"contact_name": found.name, "responsible": found.extension} if found else {}
    said = json.dumps({name: value for name, value in told.items() if value}, ensure_ascii=False)
    return Reply(body=said.encode(), content_type="application/json; charset=utf-8")


def direction_of(told: Direction, phone: str) -> Direction:
    """A number as short as an extension is a colleague's; the PBX does not say so."""
    return "internal" if told and _EXTENSION.fullmatch(phone) else told


def moment(text: str) -> datetime | None:
    """``20261103T110500Z`` or ``2026-11-03T11:05:00Z``; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def seconds(text: str) -> int | None:
    """Whole seconds; ``None`` when there are none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None


def recording_file(call: str, link: str) -> File:
    """A recording by its address."""
    name = re.sub(r"[^A-Za-z0-9-]", "", call)[:80]
    return File(ref=link, name=f"megafon-{name}.mp3", mime="audio/mpeg", kind="audio")


def ended(told: Mapping[str, str], about: dict[str, Any], received_at: datetime, *, past: bool = False) -> list[Event]:
    """The end of a call and its recording, from ``history`` as it is posted or read."""
    status = re.sub(r"[^a-z]", "", told.get("status", "").lower())
    talk, wait, began = seconds(told.get("duration", "")), seconds(told.get("wait", "")), moment(told.get("start", ""))
    why = CAUSES.get(status, "failed") if status else ""
    talked = bool(talk) and not why
    answered = began + timedelta(seconds=wait) if began and wait is not None and talked else None
    over = began + timedelta(seconds=(wait or 0) + (talk or 0)) if began and (past or wait is not None) else received_at
    about = about | {"at": over}
    end = CallEnded(
        **about,
        cause=why,
        talk=talk if talked else 0,
        started_at=began,
        answered_at=answered,
        past=past,
        detail=told.get("status", "")[:40] if why else "",
    )
    link = told.get("link", "") or told.get("record", "")
    if not re.match(r"https?://", link):
        return [end]
    return [end, CallRecorded(**about, recording=recording_file(about["call"], link))]


def _fields(request: Request) -> Mapping[str, str]:
    if request.header("content-type").partition(";")[0].strip().lower() == "application/json":
        return {name: _text(value) for name, value in json_object(request).items()}
    return form(request)


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _about(told: Mapping[str, str], settings: MegafonSettings, at: datetime, direction: Direction) -> dict[str, Any]:
    return {
        "account": settings.account,
        "call": told["callid"][:200],
        "at": at,
        "direction": direction_of(direction, bare(told.get("phone", ""))),
        "client": bare(told.get("phone", "")),
        "line": bare(told.get("diversion", "")),
        "employee": told.get("ext", "").strip() or told.get("user", "").strip(),
    }


def _event(told: Mapping[str, str], settings: MegafonSettings, received_at: datetime) -> list[Event]:
    kind = told.get("type", "").upper()
    read = _TYPES.get(kind)
    if read is None:
        return [Ignored(what=f"megafon.event.{kind[:20]}")]
    direction = _DIRECTIONS.get(told.get("direction", "").lower()) or _OF_TYPE.get(kind, "")
    return [read(told, _about(told, settings, received_at, direction))]


def _cancelled(_: Mapping[str, str], about: dict[str, Any]) -> Event:
    return LegEnded(**about, cause="cancelled" if about["direction"] == "outgoing" else "")


def _transferred(told: Mapping[str, str], about: dict[str, Any]) -> Event:
    """The employee who is named is the one who has the call now; who gave it away is not told."""
    how: Any = "attended" if told.get("second_callid") else "blind"
    return CallTransferred(**about | {"employee": ""}, to=about["employee"], how=how)


def _history(told: Mapping[str, str], settings: MegafonSettings, received_at: datetime) -> list[Event]:
    direction = _DIRECTIONS.get(told.get("type", "").lower(), "")
    return ended(told, _about(told, settings, received_at, direction), received_at)


_TYPES: Mapping[str, Callable[[Mapping[str, str], dict[str, Any]], Event]] = {
    "INCOMING": lambda _, about: CallRinging(**about),
    "OUTGOING": lambda _, about: CallStarted(**about),
    "ACCEPTED": lambda _, about: CallAnswered(**about),
    "COMPLETED": lambda _, about: LegEnded(**about),
    "CANCELLED": _cancelled,
    "TRANSFERRED": _transferred,
}
_COMMANDS: Mapping[str, Callable[[Mapping[str, str], MegafonSettings, datetime], list[Event]]] = {
    "event": _event,
    "history": _history,
}
