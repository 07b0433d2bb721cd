"""``telephony.externalCall.*``: register, show, hide, finish, search (facts/bitrix24-telephony-crm.md §1.0-1.6)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox import call_crm, call_records, calling
from connector.sandbox.answers import ApiError, Params, is_empty, whole
from connector.sandbox.calling import Ending, Registration
from connector.sandbox.calls import DIRECTIONS, amount, core_error
from connector.sandbox.crm_values import moment
from connector.sandbox.external_lines import check_caller
from connector.sandbox.methods import Call, Method
from connector.sandbox.model import User


def _employee(call: Call, params: Params) -> int:
    """USER_ID unless it is zero, else whose extension USER_PHONE_INNER is."""
    number = whole(params.get("USER_ID"))
    held = None if number else call_crm.colleague(call.portal, str(params.get("USER_PHONE_INNER") or ""))
    if not number and held is None:
        raise core_error("USER_ID or USER_PHONE_INNER should be set")
    return number or (held.id if held else 0)


def _began(call: Call, params: Params) -> float:
    if is_empty(params.get("CALL_START_DATE")):
        return call.portal.now()
    at = moment(params["CALL_START_DATE"])
    if at is None:
        raise core_error("CALL_START_DATE should be in the ISO-8601 format")
    return at.timestamp()


def register(call: Call, params: Params) -> dict[str, Any]:
    """Register a call (§1.2); a repetition within 30 minutes gets the live call."""
    check_caller(call)
    user, kind = _employee(call, params), whole(params.get("TYPE"))
    if kind not in DIRECTIONS:
        raise core_error("Unknown TYPE")
    external, entity = params.get("EXTERNAL_CALL_ID"), str(params.get("CRM_ENTITY_TYPE") or "")
    asked = Registration(
        client_id=call.who.client_id,
        user_id=user,
        phone=str(params.get("PHONE_NUMBER") or ""),
        kind=kind,
        began=_began(call, params),
        line=str(params.get("LINE_NUMBER") or ""),
        external_id=None if external is None else str(external),
        crm_create=not is_empty(params.get("CRM_CREATE")),
        source=str(params.get("CRM_SOURCE") or ""),
        entity=(entity, whole(params["CRM_ENTITY_ID"])) if entity and params.get("CRM_ENTITY_ID") else None,
        show=params.get("SHOW") is None or not is_empty(params["SHOW"]),
    )
    return calling.register(call.portal, asked)


def finish(call: Call, params: Params) -> dict[str, Any]:
    """Finish a call (§1.4). ADD_TO_CHAT that is not sent means no, unlike what the documentation says."""
    check_caller(call)
    user, call_id = _employee(call, params), params.get("CALL_ID")
    if not isinstance(call_id, str):
        raise ApiError("INVALID_ARGUMENT", "CALL_ID must be a string", 400)
    ending = Ending(
        user_id=user,
        duration=max(whole(params.get("DURATION")), 0),
        status=str(params.get("STATUS_CODE") or ""),
        reason=str(params.get("FAILED_REASON") or ""),
        cost=amount(params.get("COST")),
        currency=str(params.get("COST_CURRENCY") or ""),
        vote=whole(params.get("VOTE")),
        to_chat=not is_empty(params.get("ADD_TO_CHAT")),
    )
    answer = calling.finish(call.portal, call_id, ending)
    if call.prepared is not None:
        call_records.keep_downloaded(call, call.portal.exchange.calls[call_id], params)
    return answer


def _users(params: Params) -> list[int] | None:
    given = params.get("USER_ID")
    if given is None:
        return None
    rows = list(given.values()) if isinstance(given, Mapping) else given if isinstance(given, list) else [given]
    return [whole(row) for row in rows]


def show(call: Call, params: Params) -> bool:
    """Show the card to USER_ID, one or many; ``false`` and no error when the call is not there or finished."""
    return calling.show(call.portal, str(params.get("CALL_ID") or ""), _users(params))


def hide(call: Call, params: Params) -> bool:
    """Hide the card from USER_ID; ``false`` as with :func:`show`."""
    return calling.hide(call.portal, str(params.get("CALL_ID") or ""), _users(params))


def search(call: Call, params: Params) -> list[dict[str, Any]]:
    """Contacts, leads, companies with this number and who is responsible; nobody is an empty list."""
    phone, portal = str(params.get("PHONE_NUMBER") or ""), call.portal
    if not phone:
        raise core_error("PHONE_NUMBER is empty")
    rows = []
    for kind, number in call_crm.found(portal, phone):
        assigned = whole(portal.crm[kind.lower()].rows[number].get("ASSIGNED_BY_ID"))
        name = call_crm.row_name(portal, kind, number)
        row: dict[str, Any] = {"CRM_ENTITY_TYPE": kind, "CRM_ENTITY_ID": number, "ASSIGNED_BY_ID": assigned}
        rows.append(row | {"NAME": name, "ASSIGNED_BY": _responsible(portal.users.get(assigned))})
    return rows


def _responsible(user: User | None) -> dict[str, Any]:
    return {
        "ID": str(user.id) if user else None,
        "TIMEMAN_STATUS": user.timeman if user else None,
        "USER_PHONE_INNER": (user.extension or None) if user else None,
        "WORK_PHONE": None,
        "PERSONAL_PHONE": None,
        "PERSONAL_MOBILE": (user.mobile or None) if user else None,
    }


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "telephony.externalcall.register": Method(run=register, scope="telephony"),
        "telephony.externalcall.finish": Method(run=finish, scope="telephony", prepare=call_records.download),
        "telephony.externalcall.show": Method(run=show, scope="telephony"),
        "telephony.externalcall.hide": Method(run=hide, scope="telephony"),
        "telephony.externalcall.searchcrmentities": Method(run=search, scope="telephony"),
    }
)
