"""XSI events of Beeline Cloud PBX: verify, key, parse (facts/providers.md §3.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

from connector.domain.calls import (
    CallAnswered,
    CallHeld,
    CallRecorded,
    CallRinging,
    CallStarted,
    CallTransferred,
    Cause,
    Direction,
    LegEnded,
)
from connector.domain.events import Event, Ignored
from connector.domain.request import Request
from connector.domain.values import File
from connector.errors import Refused
from connector.providers.beeline.settings import BeelineSettings
from connector.providers.beeline.xml import child, children, document, kind, text
from connector.providers.gate import check_network, check_secret
from connector.providers.numbers import bare
from connector.providers.payload import check_method

#: Of which leg a personality is.
DIRECTIONS: dict[str, Direction] = {
    "Terminator": "incoming",
    "Originator": "outgoing",
    "Click-to-Dial": "outgoing",
}
#: BroadWorks' internalReleaseCause.
CAUSES: dict[str, Cause] = {
    "Busy": "busy",
    "Forbidden": "forbidden",
    "Temporarily Unavailable": "unreachable",
    "User Not Found": "invalid",
    "Translation Failure": "invalid",
    "Request Timeout": "missed",
    "Routing Failure": "unreachable",
    "Insufficient Credits": "no_money",
}
# What a leg tells once: doubled subscriptions double these, under other event ids.
_ONCE = frozenset({"CallReceivedEvent", "CallOriginatedEvent", "CallAnsweredEvent", "CallReleasedEvent"})


@dataclass(frozen=True, kw_only=True)
class _Leg:
    """One leg as an event tells of it; ``user`` is Beeline's id of whose it is."""

    call: Element
    about: dict[str, Any]
    user: str

    def at(self, field: str) -> dict[str, Any]:
        """What is known, at the time that ``field`` tells (milliseconds), else at that of receipt."""
        told = text(self.call, field)
        moment = datetime.fromtimestamp(int(told) / 1000, UTC) if re.fullmatch(r"[0-9]{12,14}", told) else None
        return {**self.about, "at": moment or self.about["at"]}


def verify(request: Request, settings: BeelineSettings) -> None:
    """Raises ``Refused``: 405 method, 403 network, 401 secret in the path, 400, 413 or 415 for no fair XML."""
    check_method(request)
    check_network(request, settings.allow_from, "beeline")
    check_secret(request.path.rstrip("/").partition(f"/hooks/{settings.account}/")[2], settings.secret, "beeline")
    document(request)


def dedupe_key(request: Request, _: BeelineSettings) -> str:
    """Leg and kind of what is told once for each leg; else the vendor's id of the event."""
    try:
        event = document(request)
    except Refused:
        return request.digest()
    data = child(event, "eventData")
    target, leg, event_id = text(event, "targetId"), text(data, "call", "callId"), text(event, "eventID")
    if kind(data) in _ONCE and target and leg:
        return f"{kind(data)}:{target}:{leg}:{text(data, 'call', 'startTime')}"
    return event_id or request.digest()


def parse(request: Request, settings: BeelineSettings) -> list[Event]:
    """The events of one XSI event. Raises ``ValueError`` when a call has no id."""
    event = document(request)
    data = child(event, "eventData")
    what = kind(data) or kind(event)
    call = child(data, "call")
    if what not in _PARSE or call is None:
        return [Ignored(what=what[:60] or "no type")]
    about = _about(event, call, request, settings)
    return _PARSE[what](_Leg(call=call, about=about, user=text(event, "targetId")))


def _about(event: Element, call: Element, request: Request, settings: BeelineSettings) -> dict[str, Any]:
    leg = text(call, "callId")
    tracking = text(call, "extTrackingId") or text(call, "networkCallId") or leg
    if not tracking or len(tracking) > 200 or len(leg) > 200:
        raise ValueError("a call without extTrackingId and callId")
    return {
        "account": settings.account,
        "call": tracking,
        "leg": f"{leg or tracking}",
        "at": request.received_at,
        "direction": _direction(call),
        "client": bare(text(call, "remoteParty", "address")),
        "name": text(call, "remoteParty", "name"),
        "line": _line(call),
        "employee": settings.extension(text(event, "targetId")),
    }


def _direction(call: Element) -> Direction:
    if text(call, "remoteParty", "callType") == "Group":
        return "internal"
    return DIRECTIONS.get(text(call, "personality"), "")


def _line(call: Element) -> str:
    """The number that the client dialled: the last address of the redirections, else that of this telephone."""
    passed = [bare(text(each, "address")) for each in children(child(call, "redirections"))]
    own = bare(text(call, "endpoint", "addressOfRecord"))
    return next((number for number in reversed(passed) if number), own if re.fullmatch(r"\+?[0-9]{10,15}", own) else "")


def _received(leg: _Leg) -> list[Event]:
    told = leg.at("startTime")
    return [CallStarted(**told), CallRinging(**told)]


def _originated(leg: _Leg) -> list[Event]:
    return [CallStarted(**leg.at("startTime"))]


def _answered(leg: _Leg) -> list[Event]:
    return [CallAnswered(**leg.at("answerTime"))]


def _held(leg: _Leg) -> list[Event]:
    return [CallHeld(**leg.about, held=True)]


def _retrieved(leg: _Leg) -> list[Event]:
    return [CallHeld(**leg.about, held=False)]


def _given_away(leg: _Leg) -> list[Event]:
    """A transfer that tells where to; the employee's own leg then ends by itself."""
    to = bare(text(leg.call, "redirect", "address"))
    return [CallTransferred(**leg.about, to=to)] if to else [Ignored(what="transfer to nobody told")]


def _released(leg: _Leg) -> list[Event]:
    told = leg.at("releaseTime")
    ended: list[Event] = [LegEnded(**told, cause=_cause(leg.call))]
    if text(leg.call, "recorded").lower() != "true" or not text(leg.call, "answerTime"):
        return ended
    # Beeline finds a recording by the call and the user whose it is.
    file = File(ref=f"{leg.about['call']}/{leg.user}", mime="audio/mpeg", kind="audio")
    return [*ended, CallRecorded(**told, recording=file)]


def _cause(call: Element) -> Cause:
    """Why there was no talk. Without a cause it follows from who let go: the one that was called, or the caller."""
    if text(call, "answerTime"):
        return ""
    told = text(call, "internalReleaseCause")
    if told:
        return CAUSES.get(told, "failed")
    ours, incoming = text(call, "releasingParty") == "localRelease", text(call, "personality") == "Terminator"
    return "missed" if ours == incoming else "cancelled"


_PARSE: dict[str, Callable[[_Leg], list[Event]]] = {
    "CallReceivedEvent": _received,
    "CallOriginatedEvent": _originated,
    "CallAnsweredEvent": _answered,
    "CallHeldEvent": _held,
    "CallRetrievedEvent": _retrieved,
    "CallTransferredEvent": _given_away,
    "CallRedirectedEvent": _given_away,
    "CallReleasedEvent": _released,
}
