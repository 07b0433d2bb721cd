"""What happens to a call at the portal: it is registered, its card is shown and hidden, it is finished.

facts/bitrix24-telephony-crm.md §1.2-1.4, §1.7, §1.10. Callers hold the portal's lock.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connector.sandbox import call_crm
from connector.sandbox.answers import EmptyObject
from connector.sandbox.calls import (
    INCOMING,
    LINE_LENGTH,
    MISSED,
    OUTGOING,
    REDIRECTED,
    CardAct,
    CardChange,
    PhoneCall,
    core_error,
    dialled,
)
from connector.sandbox.crm_binding import TYPES
from connector.sandbox.events import emit
from connector.sandbox.state import Portal

TOLD_AT_THE_END = (
    "CALL_ID",
    "PHONE_NUMBER",
    "PORTAL_NUMBER",
    "PORTAL_USER_ID",
    "CALL_DURATION",
    "COST",
    "COST_CURRENCY",
    "CALL_FAILED_CODE",
    "CALL_FAILED_REASON",
    "CRM_ACTIVITY_ID",
)
NOT_FOUND = "Call is not found (call should be registered prior to finishing)"


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What is asked of a new call. ``began`` is unix seconds, ``entity`` a CRM row that spares the search by number."""

    client_id: str
    user_id: int
    phone: str
    kind: int
    began: float
    line: str = ""
    external_id: str | None = None
    crm_create: bool = False
    source: str = ""
    entity: tuple[str, int] | None = None
    show: bool = True


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a call ended, as ``finish`` is told."""

    user_id: int
    duration: int = 0
    status: str = ""
    reason: str = ""
    cost: float = 0.0
    currency: str = ""
    vote: int = 0
    to_chat: bool = False


def app_number(portal: Portal, client_id: str) -> str | None:
    """REST_APP_ID: the applications count from 1, a webhook has none."""
    return str(list(portal.apps).index(client_id) + 1) if client_id in portal.apps else None


def check_user(portal: Portal, user_id: int) -> None:
    """Refuse anybody who is not an active employee."""
    user = portal.users.get(user_id)
    if user is None or user.client or not user.active:
        raise core_error("User is not found or is not active")


def register(portal: Portal, asked: Registration) -> dict[str, Any]:
    """Register a call, or find the live one it repeats; what ``telephony.externalCall.register`` answers."""
    exchange, phone = portal.exchange, dialled(asked.phone)
    if not phone:
        raise core_error("Unsupported phone number format")
    check_user(portal, asked.user_id)
    call = PhoneCall(
        call_id=f"externalCall.{secrets.token_hex(16)}.{int(portal.now())}",
        client_id=asked.client_id,
        user_id=asked.user_id,
        phone=phone,
        kind=asked.kind,
        began=asked.began,
        line=asked.line.strip()[:LINE_LENGTH],
        external_id=asked.external_id,
        internal=call_crm.colleague(portal, phone) is not None,
    )
    if call.line and exchange.line(call.client_id, call.line) is None:
        exchange.open_line(call.client_id, call.line)
    twin = exchange.twin(call, portal.now())
    # The event leaves before the portal looks for a repeated registration (§1.10), with an id that may be nobody's.
    _tell_init(portal, call)
    if twin:
        if asked.show:
            show(portal, twin.call_id)
        return _registered(twin)
    exchange.calls[call.call_id] = call
    error = _bind(portal, call, asked)
    emit(portal, "ONVOXIMPLANTCALLSTART", {"CALL_ID": call.call_id, "USER_ID": call.user_id}, actor=call.user_id)
    if asked.show:
        show(portal, call.call_id)
    return _registered(call) | ({"LEAD_CREATION_ERROR": error} if error else {})


def _bind(portal: Portal, call: PhoneCall, asked: Registration) -> str:
    if asked.entity and asked.entity[0] in TYPES:
        call.crm = dict([asked.entity])
    elif not call.internal:
        call.crm = call_crm.bindings(portal, call.phone)
    if not asked.crm_create or call.internal:
        return ""
    return call_crm.create_lead(portal, call, asked.source)


def _tell_init(portal: Portal, call: PhoneCall) -> None:
    data = {"CALL_ID": call.call_id, "CALL_TYPE": call.kind, "CALLER_ID": call.phone}
    data |= {"REST_APP_ID": app_number(portal, call.client_id) or ""}
    emit(portal, "ONVOXIMPLANTCALLINIT", data, actor=call.user_id)


def _registered(call: PhoneCall) -> dict[str, Any]:
    kind, number = call.primary
    lead = next((one for name, one in call.created if name == "LEAD"), None)
    return {
        "CALL_ID": call.call_id,
        "CRM_CREATED_LEAD": lead,
        "CRM_CREATED_ENTITIES": [{"ENTITY_TYPE": name, "ENTITY_ID": one} for name, one in call.created],
        "CRM_ENTITY_TYPE": kind,
        "CRM_ENTITY_ID": number or None,
    }


def show(portal: Portal, call_id: str, users: Iterable[int] | None = None) -> bool:
    """Show the card to ``users``, without them to whom the call was registered on; false: there is no live call."""
    call = portal.exchange.live(call_id)
    if call is None:
        return False
    for user in [call.user_id] if users is None else users:
        if user not in call.shown_to:
            call.shown_to.append(user)
        _note(portal, call, "show", user)
    return True


def hide(portal: Portal, call_id: str, users: Iterable[int] | None = None) -> bool:
    """Hide the card, as :func:`show` shows it."""
    call = portal.exchange.live(call_id)
    if call is None:
        return False
    for user in [call.user_id] if users is None else users:
        take_away(portal, call, "hide", user)
    return True


def take_away(portal: Portal, call: PhoneCall, act: CardAct, user: int) -> None:
    """The card leaves that user's screen."""
    if user in call.shown_to:
        call.shown_to.remove(user)
    _note(portal, call, act, user)


def _note(portal: Portal, call: PhoneCall, act: CardAct, user: int) -> None:
    call.cards.append(CardChange(at=portal.now(), act=act, user=user))


def finish(portal: Portal, call_id: str, ending: Ending) -> dict[str, Any]:
    """Close a live call and write it down; what ``telephony.externalCall.finish`` answers.

    The card leaves the screen of ``ending.user_id`` only. Whoever else still has it keeps it: the call is no longer
    there to be hidden. A second finish finds no call.
    """
    call = portal.exchange.live(call_id)
    if call is None:
        raise core_error(NOT_FOUND)
    check_user(portal, ending.user_id)
    hide(portal, call_id, [ending.user_id])
    call.employee, call.duration, call.reason = ending.user_id, ending.duration, ending.reason
    call.status = ending.status or ("200" if ending.duration > 0 else MISSED)
    call.in_chat = ending.to_chat
    call_crm.hand_over(portal, call, ending.user_id)
    error = call_crm.add_activity(portal, call)
    row = _row(portal, call, ending)
    call.row = portal.exchange.statistics.put(_kept(portal, call, row))
    call.finished = portal.now()
    _missed(portal, call)
    _tell_end(portal, call, row)
    errors = {"ERRORS": {"ACTIVITY_CREATION": error}} if error else {}
    return {"ID": call.row, **row, "CALL_START_DATE": EmptyObject(), **errors}


def _tell_end(portal: Portal, call: PhoneCall, row: dict[str, Any]) -> None:
    told = {name: "" if row[name] is None else row[name] for name in TOLD_AT_THE_END}
    told |= {"CALL_TYPE": row["INCOMING"], "CALL_START_DATE": portal.now_text(call.began)}
    emit(portal, "ONVOXIMPLANTCALLEND", told, actor=call.employee)


def _row(portal: Portal, call: PhoneCall, ending: Ending) -> dict[str, Any]:
    app, (kind, number) = portal.apps.get(call.client_id), call.primary
    return {
        "CALL_ID": call.call_id,
        "EXTERNAL_CALL_ID": call.external_id,
        "PORTAL_USER_ID": ending.user_id,
        "PHONE_NUMBER": call.phone,
        "PORTAL_NUMBER": call.line or f"REST_APP:{app_number(portal, call.client_id) or ''}",
        "INCOMING": str(call.kind),
        "CALL_DURATION": call.duration,
        # Whether there was talk, whatever the status code says.
        "CALL_STATUS": int(call.duration > 0),
        "CALL_VOTE": ending.vote,
        "COST": ending.cost,
        "COST_CURRENCY": ending.currency,
        "CALL_FAILED_CODE": call.status,
        "CALL_FAILED_REASON": call.reason,
        "REST_APP_ID": app_number(portal, call.client_id),
        "REST_APP_NAME": app.name if app else None,
        "CRM_ACTIVITY_ID": call.activity or None,
        "CRM_ENTITY_TYPE": kind or None,
        "CRM_ENTITY_ID": number or None,
        "COMMENT": None,
    }


def _kept(portal: Portal, call: PhoneCall, row: dict[str, Any]) -> dict[str, Any]:
    """The row of the statistics: all scalars are texts there."""
    texts = {name: None if value is None else str(value) for name, value in row.items() if name != "INCOMING"}
    texts |= {"CALL_TYPE": str(call.kind), "CALL_START_DATE": portal.now_text(call.began), "CALL_CATEGORY": "external"}
    texts |= {"CALL_RECORD_URL": None, "TRANSCRIPT_ID": None, "TRANSCRIPT_PENDING": "N", "CALL_LOG": None}
    return texts | {"SESSION_ID": None, "REDIAL_ATTEMPT": None, "RECORD_DURATION": None, "RECORD_FILE_ID": None}


def _missed(portal: Portal, call: PhoneCall) -> None:
    """An unanswered call stays so until somebody has called that number back (§1.8)."""
    if call.status == MISSED and call.kind in (INCOMING, REDIRECTED):
        call.missed = True
    elif call.status == "200" and call.kind == OUTGOING:
        for other in portal.exchange.calls.values():
            other.called_back |= other.missed and other.phone == call.phone
