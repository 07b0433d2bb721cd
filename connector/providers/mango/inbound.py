"""What Mango posts to the addresses below our hook: key and parse (facts/providers.md §3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connector.domain.calls import (
    CallAnswered,
    CallEnded,
    CallHeld,
    CallRecorded,
    CallRinging,
    CallStarted,
    CallTransferred,
    Direction,
    LegEnded,
)
from connector.domain.events import Event, Ignored
from connector.domain.request import Request
from connector.domain.values import File
from connector.errors import Refused
from connector.providers.mango.reasons import cause, leg_cause
from connector.providers.mango.settings import MangoSettings
from connector.providers.mango.signature import body
from connector.providers.numbers import bare

Json = dict[str, Any]
_DIRECTIONS: Mapping[int, Direction] = {0: "internal", 1: "incoming", 2: "outgoing"}
#: By path: what makes a request one of a kind.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "events/call": ("call_id", "seq", "call_state"),
    "events/summary": ("entry_id",),
    "events/recording": ("recording_id", "seq", "recording_state"),
    "events/record/added": ("recording_id",),
}


def dedupe_key(request: Request, _: MangoSettings) -> str:
    """The kind and its numbers; for what has none, or cannot be read, a digest."""
    kind, parts = kind_of(request), list[str]()
    try:
        parts = [text(body(request).get(name)) for name in _KEYS.get(kind, ())]
    except Refused:
        parts = []
    return ":".join((kind, *parts)) if parts and all(parts) else f"{kind[:60]}:{request.digest()}"


def kind_of(request: Request) -> str:
    """What follows ``/hooks/<account>/``, for instance ``events/record/added``."""
    return "/".join(part for part in request.path.split("/")[3:] if part)


def parse(request: Request, settings: MangoSettings) -> list[Event]:
    """The events of one request; a kind that tells nothing of a call is ``Ignored`` by its path.

    Raises ``ValueError`` when a known kind has no call in it.
    """
    kind, told = kind_of(request), body(request)
    read = _PARSE.get(kind)
    if read is not None:
        return read(told, settings, request.received_at)
    code = text(told.get("result"))
    return [Ignored(what=".".join(filter(None, ("mango", kind.replace("/", ".")[:40], code[:10]))))]


def text(value: object) -> str:
    """A word or number as text; anything else as nothing."""
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def number(value: object) -> int:
    """``seq``, times and codes come as numbers or as text."""
    digits = text(value)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 13 else 0


def _side(told: Json, name: str) -> tuple[str, str]:
    """(extension, number) of ``from`` or ``to``."""
    side = told.get(name)
    side = side if isinstance(side, dict) else {}
    return text(side.get("extension")), bare(side.get("number"))


def _line(told: Json) -> str:
    side = told.get("to")
    return bare(side.get("line_number")) if isinstance(side, dict) else ""


def _entry(told: Json) -> str:
    entry = text(told.get("entry_id"))
    if not entry:
        raise ValueError("there is no entry_id")
    return entry[:200]


def _moment(told: Json, name: str, settings: MangoSettings, received_at: datetime) -> datetime:
    stamp = number(told.get(name))
    return settings.moment(stamp) if stamp else received_at


def _ordered(told: Json) -> bool:
    """The first leg of a call that was ordered: it rings at the employee, and the client is called afterwards."""
    return bool(text(told.get("callback_initiator"))) and not _side(told, "from")[0] and bool(_side(told, "to")[0])


def _about(told: Json, settings: MangoSettings, at: datetime) -> dict[str, Any]:
    """Who talks with whom: the client is the side without an extension."""
    (caller, caller_number), (called, called_number) = _side(told, "from"), _side(told, "to")
    direction: Direction = "internal" if caller and called else "outgoing" if caller else "incoming"
    employee, client = (caller, called_number) if caller else (called, caller_number)
    if direction == "internal":
        client = called
    if _ordered(told):
        direction = "outgoing"
    return {
        "account": settings.account,
        "call": _entry(told),
        "at": at,
        "direction": direction,
        "client": client,
        "line": _line(told),
        "employee": employee,
    }


def _call(told: Json, settings: MangoSettings, received_at: datetime) -> list[Event]:
    about = _about(told, settings, _moment(told, "timestamp", settings, received_at))
    state = text(told.get("call_state"))
    # Old documents of the vendor write ``locaton``, and so do old installations.
    where = text(told.get("location") or told.get("locaton"))
    if where != "abonent" and state == "Appeared":
        return [CallStarted(**about | {"employee": ""})]
    read = _STATES.get(state) if where == "abonent" else None
    return read(told, about) if read else [Ignored(what=f"mango.call.{where[:20]}.{state[:20]}")]


def _appeared(told: Json, about: dict[str, Any]) -> list[Event]:
    if about["direction"] != "incoming" and _side(told, "from")[0]:
        return [CallStarted(**about)]
    moved = _TRANSFERS.get(text(told.get("transfer")))
    given: list[Event] = []
    if moved and about["employee"]:
        # Who gave the call away is not told here, only to whom.
        given = [CallTransferred(**about | {"employee": ""}, to=about["employee"], how=moved)]
    return [*given, CallRinging(**about)]


def _connected(told: Json, about: dict[str, Any]) -> list[Event]:
    # An employee who takes the telephone for a call that they ordered does not talk with anybody yet.
    return [Ignored(what="mango.call.ordered.Connected")] if _ordered(told) else [CallAnswered(**about)]


def _held(_: Json, about: dict[str, Any]) -> list[Event]:
    return [CallHeld(**about, held=True)]


def _disconnected(told: Json, about: dict[str, Any]) -> list[Event]:
    return [LegEnded(**about, cause=leg_cause(number(told.get("disconnect_reason"))))]


def _summary(told: Json, settings: MangoSettings, received_at: datetime) -> list[Event]:
    (caller, caller_number), (called, called_number) = _side(told, "from"), _side(told, "to")
    direction = _DIRECTIONS.get(number(told.get("call_direction")), "")
    incoming = direction == "incoming"
    answered, ended = (number(told.get(name)) for name in ("talk_time", "end_time"))
    began, reason = number(told.get("create_time")), number(told.get("disconnect_reason"))
    client = called if direction == "internal" else caller_number if incoming else called_number
    return [
        CallEnded(
            account=settings.account,
            call=_entry(told),
            at=_moment(told, "end_time", settings, received_at),
            direction=direction,
            client=client,
            line=bare(told.get("line_number")),
            employee=called if incoming else caller,
            cause=cause(reason, talked=bool(answered)),
            talk=max(0, ended - answered) if answered else 0,
            started_at=settings.moment(began) if began else None,
            answered_at=settings.moment(answered) if answered else None,
            detail=str(reason) if reason and not answered else "",
        )
    ]


def _recording(told: Json, settings: MangoSettings, received_at: datetime) -> list[Event]:
    state, code = text(told.get("recording_state")), number(told.get("completion_code"))
    kept = "Cloud" in (text(told.get("recipient")) or "Cloud")
    if state != "Completed" or code not in (0, 1000) or not kept:
        return [Ignored(what=".".join(filter(None, ("mango.recording", state[:20], str(code or "")))))]
    return _added(told, settings, received_at)


def _added(told: Json, settings: MangoSettings, received_at: datetime) -> list[Event]:
    ref = text(told.get("recording_id"))
    if not ref:
        raise ValueError("there is no recording_id")
    return [
        CallRecorded(
            account=settings.account,
            call=_entry(told),
            at=_moment(told, "timestamp", settings, received_at),
            employee=text(told.get("extension")),
            recording=recording_file(ref),
        )
    ]


def recording_file(ref: str) -> File:
    """A recording by its id at Mango, which is base64: not a name for a file."""
    name = "".join(sign for sign in ref if sign.isascii() and sign.isalnum())[:80]
    return File(ref=ref, name=f"mango-{name}.mp3", mime="audio/mpeg", kind="audio")


_TRANSFERS: Mapping[str, Any] = {"blind": "blind", "consultative": "attended"}
_STATES: Mapping[str, Callable[[Json, dict[str, Any]], list[Event]]] = {
    "Appeared": _appeared,
    "Connected": _connected,
    "OnHold": _held,
    "Disconnected": _disconnected,
}
_PARSE: Mapping[str, Callable[[Json, MangoSettings, datetime], list[Event]]] = {
    "events/call": _call,
    "events/summary": _summary,
    "events/recording": _recording,
    "events/record/added": _added,
}
