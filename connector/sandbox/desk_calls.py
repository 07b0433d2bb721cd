"""What the operator's desk shows of the telephone: cards of calls, the list of calls, recordings, notices."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, send_file

from connector.sandbox import call_crm
from connector.sandbox.answers import ApiError
from connector.sandbox.calls import PhoneCall
from connector.sandbox.state import Portal

SHOWN_CALLS = 100
SHOWN_NOTICES = 20
RESULT_STAYS = 8.0  # seconds that the result of a call is on the screen
NOTICE_STAYS = 900.0  # seconds after which a notice is nobody's business any more


def cards_view(portal: Portal) -> list[dict[str, Any]]:
    """The cards on somebody's screen, and for a moment the results of finished calls. Hold the lock.

    ``for`` are the users whose screen it is, ``state`` is live, talking, over, or left: the call is over and nobody hid
    the card. ``since`` is what the timer counts from.
    """
    shown: list[dict[str, Any]] = []
    for call in portal.exchange.calls.values():
        if call.shown_to:
            shown.append(_card(portal, call, call.shown_to, "left" if call.finished else _state(call)))
        if call.finished and portal.now() - call.finished < RESULT_STAYS and _had(call, call.employee):
            over = _card(portal, call, [call.employee], "over")
            shown.append(over | {"id": f"{call.call_id}/over", "status": call.status, "duration": call.duration})
    return shown


def calls_view(portal: Portal) -> list[dict[str, Any]]:
    """The latest calls, the newest first. Hold the lock."""
    calls = list(portal.exchange.calls.values())[-SHOWN_CALLS:]
    return [_row(portal, call) for call in reversed(calls)]


def notices_view(portal: Portal) -> list[dict[str, Any]]:
    """The latest notices to employees, oldest first. Hold the lock."""
    fresh = [one for one in portal.notices if portal.now() - one["at"] < NOTICE_STAYS]
    return [{name: one[name] for name in ("id", "user_id", "text", "at")} for one in fresh[-SHOWN_NOTICES:]]


def lines_view(portal: Portal) -> list[dict[str, str]]:
    """The lines to call from. Hold the lock."""
    return [{"number": one.number, "name": one.name or one.number} for one in portal.exchange.lines.values()]


def _had(call: PhoneCall, user: int) -> bool:
    return any(change.act == "show" and change.user == user for change in call.cards)


def _state(call: PhoneCall) -> str:
    """The portal hears of no answer: only that a call that rang at several people is left at one of them."""
    return "talking" if _answered(call) else "live"


def _answered(call: PhoneCall) -> float:
    """When the card was hidden from all but one of those who had it together, 0 while it was not."""
    seen: set[int] = set()
    answered = 0.0
    for change in call.cards:
        if change.act == "show":
            answered = answered if change.user in seen else 0.0
            seen.add(change.user)
        elif change.user in seen:
            seen.discard(change.user)
            answered = (answered or change.at) if len(seen) == 1 else 0.0
    return answered


def _about(portal: Portal, call: PhoneCall) -> dict[str, Any]:
    kind, number = call.primary
    line = portal.exchange.line(call.client_id, call.line)
    return {
        "id": call.call_id,
        "direction": call.direction,
        "phone": call.phone,
        "client": call_crm.client_name(portal, call),
        "crm": {"kind": kind, "id": number} if kind else None,
        "created": bool(call.created),
        "internal": call.internal,
        "line": (line.name if line else "") or call.line,
    }


def _card(portal: Portal, call: PhoneCall, users: list[int], state: str) -> dict[str, Any]:
    return {
        **_about(portal, call),
        "state": state,
        "since": _answered(call) or call.began,
        "for": list(users),
        "names": {str(user): _name(portal, user) for user in users},
    }


def _row(portal: Portal, call: PhoneCall) -> dict[str, Any]:
    record = portal.files.get(call.record)
    return {
        **_about(portal, call),
        "at": call.began,
        "live": not call.finished,
        "employee": _name(portal, call.employee or call.user_id),
        "duration": call.duration,
        "status": call.status,
        "missed": call.missed,
        "called_back": call.called_back,
        "record": {"url": f"/desk/records/{record.id}/{record.sign}", "name": record.name} if record else None,
        "transcript": list(call.transcript.lines) if call.transcript else [],
    }


def _name(portal: Portal, user_id: int) -> str:
    user = portal.users.get(user_id)
    return user.title if user else f"#{user_id}"


def record_answer(portal: Portal, number: int, sign: str) -> Response:
    """A recording to listen to, whole or in parts (Range), which was checked to be sound; 404 ``FILE_NOT_FOUND``."""
    with portal.lock:
        held = portal.files.get(number)
        recorded = any(call.record == number for call in portal.exchange.calls.values())
    if held is None or held.sign != sign or not recorded:
        raise ApiError("FILE_NOT_FOUND", "There is no such recording", 404)
    answer = send_file(io.BytesIO(held.content), held.mime, conditional=True, etag=False)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    return answer
