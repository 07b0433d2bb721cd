"""Status and recording callbacks of Twilio: verify, key, parse (facts/providers.md §3.8)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

from connector.domain.calls import CallAnswered, CallEnded, CallRecorded, CallRinging, CallStarted, Cause, LegEnded
from connector.domain.events import Event, Ignored
from connector.domain.request import Request
from connector.domain.values import File
from connector.errors import Refused
from connector.providers.formbody import form
from connector.providers.payload import json_object
from connector.providers.twilio import signature
from connector.providers.twilio.parties import Parties, parties
from connector.providers.twilio.settings import TwilioSettings
from connector.speech import Text

Fields = Mapping[str, str]
_METHOD = Text("Twilio posts or gets.", "Twilio присылает методом POST или GET.")
_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")

#: Why a leg ended, by its status; ``failed`` is told apart by the SIP answer.
CAUSES: dict[str, Cause] = {
    "completed": "",
    "busy": "busy",
    "no-answer": "missed",
    "canceled": "cancelled",
    "failed": "failed",
}
_SIP: dict[str, Cause] = {
    "404": "invalid",
    "484": "invalid",
    "604": "invalid",
    "403": "forbidden",
    "408": "missed",
    "480": "unreachable",
    "503": "unreachable",
    "486": "busy",
    "600": "busy",
    "487": "cancelled",
    "603": "refused",
}


def verify(request: Request, settings: TwilioSettings) -> None:
    """Raises ``Refused``: 405 method, 401 signature, 400 or 415 for a body that is no form and no signed JSON."""
    if request.method.upper() not in ("POST", "GET"):
        raise Refused("body.method", hint=_METHOD, status=405)
    signature.verify(request, settings)
    fields(request)


def dedupe_key(request: Request, _: TwilioSettings) -> str:
    """Call, status and sequence number; the recording and its status."""
    try:
        told = fields(request)
    except Refused:
        return request.digest()
    if "CallSid" not in told:
        return request.digest()
    names = ("CallSid", "CallStatus", "SequenceNumber", "DialCallSid", "DialCallStatus", "RecordingSid")
    return json.dumps([told.get(name, "") for name in (*names, "RecordingStatus")], ensure_ascii=False)


def parse(request: Request, settings: TwilioSettings) -> list[Event]:
    """The events of a callback: one of the call, and one of the recording when the callback has both."""
    told = fields(request)
    if not _SID.fullmatch(told.get("CallSid", "")):
        return [Ignored(what=("MessageSid" if "MessageSid" in told else "no CallSid"))]
    recorded = _recorded(told, request, settings)
    status = told.get("CallStatus", "")
    if "RecordingStatus" in told or not status:
        return recorded or [Ignored(what=f"recording {told.get('RecordingStatus', '')}"[:60])]
    child = bool(told.get("ParentCallSid"))
    read = (_CHILD if child else _PARENT).get(status)
    if read is None:
        return [Ignored(what=f"CallStatus {status}"[:60])]
    return [read(told, _who(told, request, settings), _about(told, request, settings)), *recorded]


def fields(request: Request) -> Fields:
    """What Twilio tells, from a form, a JSON object or, with GET, the query. Raises ``Refused``."""
    return request.once(_fields)


def _fields(request: Request) -> Fields:
    if request.method.upper() == "GET":
        return _asked(request)
    if request.header("content-type").partition(";")[0].strip().lower() == "application/json":
        return {name: str(value) for name, value in json_object(request).items() if isinstance(value, str | int)}
    return form(request)


def _asked(request: Request) -> Fields:
    """The query of our own address: a call that we placed bears the client and the employee there, signed."""
    pairs = parse_qsl(request.query[:8000], keep_blank_values=True)
    return {name: value.replace("\0", "\ufffd") for name, value in pairs}


def _who(told: Fields, request: Request, settings: TwilioSettings) -> Parties:
    asked = _asked(request)
    child = bool(told.get("ParentCallSid"))
    if not asked.get("client"):
        return parties(told, settings, child=child)
    return Parties(
        direction="outgoing",
        client=asked["client"],
        line=asked.get("line", ""),
        employee=asked.get("employee", ""),
        at_employee=not child,
    )


def _about(told: Fields, request: Request, settings: TwilioSettings) -> dict[str, Any]:
    who = _who(told, request, settings)
    return {
        "account": settings.account,
        "call": told.get("ParentCallSid") or told["CallSid"],
        "at": moment(told.get("Timestamp", "")) or request.received_at,
        "direction": who.direction,
        "client": who.client,
        "name": told.get("CallerName", "") if who.direction == "incoming" else "",
        "line": who.line,
        "employee": who.employee,
    }


def moment(told: str) -> datetime | None:
    """RFC 2822 with a zone; ``None`` for anything else."""
    try:
        read = parsedate_to_datetime(told)
        return read.astimezone(UTC) if read.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def cause(told: Fields) -> tuple[Cause, str]:
    """Why a leg ended and Twilio's words for it."""
    status, sip = told.get("CallStatus", ""), told.get("SipResponseCode", "")
    known = _SIP.get(sip, CAUSES[status]) if status == "failed" else CAUSES[status]
    return known, f"{status} {sip}".strip() if known else ""


def _started(_: Fields, __: Parties, about: dict[str, Any]) -> Event:
    return CallStarted(**about)


def _ringing(_: Fields, who: Parties, about: dict[str, Any]) -> Event:
    return CallRinging(**about if who.at_employee else about | {"employee": ""})


def _answered(_: Fields, __: Parties, about: dict[str, Any]) -> Event:
    return CallAnswered(**about)


def _parent_ringing(told: Fields, who: Parties, about: dict[str, Any]) -> Event:
    return (_started if told.get("Direction") == "inbound" else _ringing)(told, who, about)


def _parent_in_progress(told: Fields, who: Parties, about: dict[str, Any]) -> Event:
    """An inbound call is in progress as soon as the dial plan takes it, a click as soon as the employee does."""
    return (_answered if _straight(told, who) else _started)(told, who, about)


def _parent_ended(told: Fields, who: Parties, about: dict[str, Any]) -> Event:
    why, detail = cause(told)
    talk: int | None = 0
    if told["CallStatus"] == "completed":
        duration = told.get("CallDuration", "")
        talk = int(duration) if _straight(told, who) and re.fullmatch(r"[0-9]{1,6}", duration) else None
    return CallEnded(**about, cause=why, detail=detail, talk=talk)


def _leg_ended(told: Fields, who: Parties, about: dict[str, Any]) -> Event:
    return LegEnded(**about if who.at_employee else about | {"employee": ""}, cause=cause(told)[0])


def _straight(told: Fields, who: Parties) -> bool:
    """Twilio called the client itself: whoever answered is the client."""
    return told.get("Direction") == "outbound-api" and not who.at_employee


def _recorded(told: Fields, request: Request, settings: TwilioSettings) -> list[Event]:
    sid = told.get("RecordingSid", "")
    if not _SID.fullmatch(sid) or told.get("RecordingStatus", "completed") != "completed":
        return []
    about = _about(told, request, settings) if told.get("CallStatus") else _bare(told, request, settings)
    return [CallRecorded(**about, recording=File(ref=sid, name=f"{sid}.mp3", mime="audio/mpeg", kind="audio"))]


def _bare(told: Fields, request: Request, settings: TwilioSettings) -> dict[str, Any]:
    call = told.get("ParentCallSid") or told["CallSid"]
    return {"account": settings.account, "call": call, "at": request.received_at}


Read = Callable[[Fields, Parties, dict[str, Any]], Event]
_PARENT: dict[str, Read] = {
    "queued": _started,
    "initiated": _started,
    "ringing": _parent_ringing,
    "in-progress": _parent_in_progress,
    **dict.fromkeys(CAUSES, _parent_ended),
}
_CHILD: dict[str, Read] = {
    "queued": _started,
    "initiated": _started,
    "ringing": _ringing,
    "in-progress": _answered,
    **dict.fromkeys(CAUSES, _leg_ended),
}
