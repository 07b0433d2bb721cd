"""Calls and the CRM: who calls, the lead of a stranger, the activity (facts/bitrix24-telephony-crm.md §1.6-1.8)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox import crm_rows
from connector.sandbox.calls import CALLBACK, INCOMING, MISSED, OUTGOING, PhoneCall
from connector.sandbox.crm_binding import TYPES
from connector.sandbox.crm_duplicates import matching, reduced
from connector.sandbox.crm_settings import ENTITIES
from connector.sandbox.crm_tables import Row
from connector.sandbox.events import emit
from connector.sandbox.model import User
from connector.sandbox.state import Portal

SEARCHED = ("CONTACT", "LEAD", "COMPANY")
LOCAL_USER = "Lead creation is disabled for local users"
NO_BINDING = "Could not find suitable CRM entity to create activity"
SUBJECTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "outgoing": ("Outgoing call", "Исходящий звонок"),
        "incoming": ("Incoming call", "Входящий звонок"),
        "callback": ("Callback", "Обратный звонок"),
        "info": ("Voice alert", "Информационный звонок"),
    }
)
# Types of calls whose activity can be missed: a redirected one cannot, whatever its status (§1.8).
MISSABLE = frozenset({INCOMING, CALLBACK})


def found(portal: Portal, phone: str) -> list[tuple[str, int]]:
    """Every contact, open lead and company with this number, in that order."""
    return [
        (kind, number)
        for kind in SEARCHED
        for number in matching(portal, kind.lower(), "PHONE", [phone])
        if kind != "LEAD" or _is_open(portal.crm["lead"].rows[number])
    ]


def _is_open(lead: Row) -> bool:
    return (lead.get("STATUS_SEMANTIC_ID") or "P") == "P"


def bindings(portal: Portal, phone: str) -> dict[str, int]:
    """The first of each kind with this number, and the company of the contact."""
    owners: dict[str, int] = {}
    for kind, number in found(portal, phone):
        owners.setdefault(kind, number)
    if "CONTACT" in owners and "COMPANY" not in owners:
        company = int(portal.crm["contact"].rows[owners["CONTACT"]].get("COMPANY_ID") or 0)
        owners |= {"COMPANY": company} if company in portal.crm["company"].rows else {}
    return owners


def colleague(portal: Portal, extension: str) -> User | None:
    """The active employee with this internal number."""
    return next(
        (
            user
            for user in portal.users.values()
            if extension and user.extension == extension and user.active and not user.client
        ),
        None,
    )


def _is_local(portal: Portal, phone: str) -> bool:
    number = reduced("PHONE", phone)
    return any(
        user.active and not user.client and number and reduced("PHONE", user.mobile) == number
        for user in portal.users.values()
    )


def create_lead(portal: Portal, call: PhoneCall, source: str) -> str:
    """A lead for a number that nobody knows; a text when it must not be created (LEAD_CREATION_ERROR)."""
    if _is_local(portal, call.phone):
        return LOCAL_USER
    if call.crm or call.internal:
        return ""
    title = f"{call.phone} - {_subject(portal, call)}"
    fields: Row = {
        "TITLE": title,
        "PHONE": [{"VALUE": call.phone, "VALUE_TYPE": "WORK"}],
        "SOURCE_ID": _source(portal, source),
        "SOURCE_DESCRIPTION": call.line,
        "ASSIGNED_BY_ID": str(call.user_id),
    }
    number = crm_rows.insert(portal, ENTITIES[1], fields, call.user_id)
    crm_rows.tell(portal, ENTITIES[1], "ADD", number, call.user_id)
    call.crm = {"LEAD": number}
    call.created.append(("LEAD", number))
    return ""


def _source(portal: Portal, asked: str) -> str:
    known = {status["STATUS_ID"] for status in portal.settings.statuses_of("SOURCE")}
    return next((one for one in (asked, "CALL") if one in known), "OTHER")


def _subject(portal: Portal, call: PhoneCall) -> str:
    return portal.settings.word(SUBJECTS[call.direction])


def hand_over(portal: Portal, call: PhoneCall, user_id: int) -> None:
    """What the call created belongs to who handled it; what was there before keeps its owner."""
    for kind, number in call.created:
        entity = ENTITIES[TYPES[kind]]
        row = portal.crm[entity.table].rows.get(number)
        if row and crm_rows.change(portal, entity, row, {"ASSIGNED_BY_ID": str(user_id)}, user_id):
            crm_rows.tell(portal, entity, "UPDATE", number, user_id)


def add_activity(portal: Portal, call: PhoneCall) -> str:
    """The activity of a finished call; the reason when there is none (ERRORS.ACTIVITY_CREATION)."""
    if not call.internal and not call.crm:
        call.crm = bindings(portal, call.phone)
    if not call.crm:
        return NO_BINDING
    kind, owner = call.primary
    missed = call.status == MISSED and call.kind in MISSABLE
    columns: Row = {
        "OWNER_TYPE_ID": str(TYPES[kind]),
        "OWNER_ID": str(owner),
        "BINDINGS": [{"OWNER_TYPE_ID": str(TYPES[name]), "OWNER_ID": str(one)} for name, one in call.crm.items()],
        "TYPE_ID": "2",
        "PROVIDER_ID": "VOXIMPLANT_CALL",
        "PROVIDER_TYPE_ID": "CALLBACK" if call.kind == CALLBACK else "CALL",
        "ORIGIN_ID": f"VI_{call.call_id}",
        "SUBJECT": f"{_subject(portal, call)} {call.phone}",
        "DIRECTION": "2" if call.kind == OUTGOING else "1",
        "RESPONSIBLE_ID": str(call.employee),
        "AUTHOR_ID": str(call.employee),
        "START_TIME": portal.now_text(call.began),
        "END_TIME": portal.now_text(call.began + call.duration),
        "COMPLETED": "N" if missed else "Y",
        "STATUS": "1" if missed else "2",
        "SETTINGS": {"MISSED_CALL": True} if missed else {},
        "COMMUNICATIONS": [_communication(call.phone, kind, owner)],
    }
    call.activity = portal.crm["activity"].add(columns)
    emit(portal, "ONCRMACTIVITYADD", {"FIELDS": {"ID": call.activity}}, actor=call.employee)
    return ""


def _communication(phone: str, kind: str, owner: int) -> dict[str, Any]:
    return {"TYPE": "PHONE", "VALUE": phone, "ENTITY_TYPE_ID": str(TYPES[kind]), "ENTITY_ID": str(owner)}


def client_name(portal: Portal, call: PhoneCall) -> str:
    """Who the other side is, as the CRM or the list of colleagues tells it; empty when nobody knows."""
    if call.internal:
        other = colleague(portal, call.phone)
        return other.title if other else ""
    return row_name(portal, *call.primary)


def row_name(portal: Portal, kind: str, number: int) -> str:
    """The name of a contact, the title of any other CRM row."""
    row = portal.crm[kind.lower()].rows.get(number, {}) if kind in TYPES else {}
    if kind == "CONTACT":
        return f"{row.get('NAME', '')} {row.get('LAST_NAME', '')}".strip()
    return str(row.get("TITLE", ""))
