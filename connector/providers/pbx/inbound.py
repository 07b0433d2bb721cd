"""Webhooks in from any PBX: verify, key, parse, and the question for a route (facts/providers.md §2.7)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

from connector.domain import calls
from connector.domain.calls import Cause, Phrase
from connector.domain.events import Event, Ignored
from connector.domain.request import Reply, Request
from connector.domain.telephony import Found
from connector.domain.values import File
from connector.providers import standard_webhooks
from connector.providers.numbers import bare
from connector.providers.payload import check_method, json_object
from connector.providers.pbx import wire
from connector.providers.pbx.settings import WebhookPbxSettings

_WORDS: tuple[Cause, ...] = (
    "", "missed", "busy", "refused", "cancelled", "unreachable", "invalid", "forbidden", "no_money", "voicemail",
    "after_hours", "lost", "failed",
)  # fmt: skip
# What a switch says in numbers: Q.850 below 128, SIP from 300 on.
_NUMBERS: dict[str, Cause] = {
    "16": "", "31": "", "200": "", "1": "invalid", "22": "invalid", "28": "invalid", "404": "invalid", "410": "invalid",
    "484": "invalid", "604": "invalid", "17": "busy", "486": "busy", "600": "busy", "18": "missed", "19": "missed",
    "408": "missed", "21": "refused", "603": "refused", "487": "cancelled", "20": "unreachable", "27": "unreachable",
    "34": "unreachable", "38": "unreachable", "41": "unreachable", "42": "unreachable", "480": "unreachable",
    "503": "unreachable", "403": "forbidden", "55": "forbidden", "402": "no_money",
}  # fmt: skip
_CAUSES: dict[str, Cause] = {**{word: word for word in _WORDS}, **_NUMBERS}


def verify(request: Request, settings: WebhookPbxSettings) -> None:
    """Raises ``Refused``: 405 method, 401 signature, 400 or 415 for a body that is not a JSON object."""
    check_method(request)
    standard_webhooks.verify(request, settings.keys(), "pbx")
    json_object(request)


def dedupe_key(request: Request, _: WebhookPbxSettings) -> str:
    """``webhook-id``, which a repeat keeps."""
    return request.header("webhook-id")[:255] or request.digest()


def parse(request: Request, settings: WebhookPbxSettings) -> list[Event]:
    """The events of a body: one, or two when a call ended with its recording at hand.

    Raises ``pydantic.ValidationError`` when a known type is not as published.
    """
    body = json_object(request)
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in _PARSE:
        return [Ignored(what=str(kind)[:60])]
    return list(_PARSE[kind](wire.read(body).data, settings.account))


def asks(request: Request, _: WebhookPbxSettings) -> str:
    """The number that a ``call.route`` wants to be routed, else an empty string. Never raises for a verified body."""
    body = json_object(request)
    data = body.get("data")
    if body.get("type") != "call.route" or not isinstance(data, dict):
        return ""
    client = data.get("client")
    return bare(client) if isinstance(client, str | int) else ""


def tells(found: Found | None, _: WebhookPbxSettings) -> Reply:
    """``{"known", "extension", "name", "entity", "entity_id"}``; an empty extension: route the call as usual."""
    known = found or Found(phone="")
    said = {
        "known": found is not None,
        "extension": known.extension,
        "name": known.name,
        "entity": known.entity,
        "entity_id": known.entity_id,
    }
    return Reply(body=json.dumps(said, ensure_ascii=False).encode(), content_type="application/json")


def ended(data: wire.EndedData, account: str, *, past: bool = False) -> Sequence[Event]:
    """The end of a call, live or of the history, and its recording when that is told with it."""
    cause, detail = _cause(data.cause)
    end = calls.CallEnded(
        **_about(data, account),
        cause=cause,
        detail=detail,
        talk=data.talk,
        started_at=data.started_at and data.started_at.astimezone(UTC),
        answered_at=data.answered_at and data.answered_at.astimezone(UTC),
        past=past,
    )
    return [end] if data.recording is None else [end, _recording(data, data.recording, account)]


def _about(data: wire.CallData, account: str) -> dict[str, Any]:
    return {
        "account": account,
        "call": data.id,
        "at": data.at.astimezone(UTC),
        "leg": data.leg,
        "direction": data.direction,
        "client": bare(data.client),
        "name": data.name.strip(),
        "line": bare(data.line),
        "employee": bare(data.employee),
    }


def _cause(told: str) -> tuple[Cause, str]:
    known = _CAUSES.get(told.strip().lower())
    return ("failed", told) if known is None else (known, "" if told == known else told)


def _simply(kind: Callable[..., Event]) -> Callable[[Any, str], Sequence[Event]]:
    return lambda data, account: [kind(**_about(data, account))]


def _held(data: wire.HeldData, account: str) -> Sequence[Event]:
    return [calls.CallHeld(**_about(data, account), held=data.held)]


def _transferred(data: wire.TransferredData, account: str) -> Sequence[Event]:
    return [calls.CallTransferred(**_about(data, account), to=bare(data.to), how=data.how)]


def _leg_ended(data: wire.LegEndedData, account: str) -> Sequence[Event]:
    return [calls.LegEnded(**_about(data, account), cause=_cause(data.cause)[0])]


def _recorded(data: wire.RecordedData, account: str) -> Sequence[Event]:
    return [_recording(data, data.recording, account)]


def _recording(data: wire.CallData, part: wire.RecordingPart, account: str) -> Event:
    file = File(ref=part.url or part.path, name=part.name, mime=part.type, size=part.size, kind="audio")
    return calls.CallRecorded(**_about(data, account), recording=file)


def _transcribed(data: wire.TranscribedData, account: str) -> Sequence[Event]:
    phrases = tuple(
        Phrase(side="Client" if part.side == "client" else "User", begin=part.begin, end=part.end, text=part.text)
        for part in data.phrases
    )
    return [calls.CallTranscribed(**_about(data, account), phrases=phrases)]


_PARSE: dict[str, Callable[[Any, str], Sequence[Event]]] = {
    "call.started": _simply(calls.CallStarted),
    "call.ringing": _simply(calls.CallRinging),
    "call.answered": _simply(calls.CallAnswered),
    "call.held": _held,
    "call.transferred": _transferred,
    "call.leg_ended": _leg_ended,
    "call.ended": ended,
    "call.recorded": _recorded,
    "call.transcribed": _transcribed,
}
