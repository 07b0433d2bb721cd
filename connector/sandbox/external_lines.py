"""``telephony.externalLine.*`` (facts/bitrix24-telephony-crm.md §1.1): lines belong to their application."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Params
from connector.sandbox.calls import ExternalLine, core_error
from connector.sandbox.methods import Call, Method


def check_caller(call: Call) -> None:
    """Refuse a webhook with 403 ``WRONG_AUTH_TYPE`` where the portal does as its documentation says (§1.0)."""
    if call.who.kind == "webhook" and not call.portal.config.telephony_by_webhook:
        raise ApiError("WRONG_AUTH_TYPE", "Current authorization type is denied for this method", 403)


def _number(params: Params) -> str:
    number = str(params.get("NUMBER") or "").strip()
    if not number:
        raise core_error("NUMBER should not be empty")
    return number


def _found(call: Call, params: Params) -> ExternalLine:
    number = _number(params)
    held = call.portal.exchange.line(call.who.client_id, number)
    if held is None:
        raise core_error(f"Could not find line with number {number}")
    return held


def add(call: Call, params: Params) -> dict[str, int]:
    """A new line; its ID."""
    check_caller(call)
    number, exchange = _number(params), call.portal.exchange
    if exchange.line(call.who.client_id, number):
        raise core_error("Line already exists")
    auto = params.get("CRM_AUTO_CREATE", "Y") == "Y"
    return {"ID": exchange.open_line(call.who.client_id, number, str(params.get("NAME") or ""), auto).id}


def update(call: Call, params: Params) -> dict[str, str]:
    """Change NAME or CRM_AUTO_CREATE; the ID, as a text here."""
    check_caller(call)
    if params.get("NAME") is None and params.get("CRM_AUTO_CREATE") is None:
        raise core_error("There are no fields to update")
    held = _found(call, params)
    if params.get("NAME") is not None:
        held.name = str(params["NAME"])
    if params.get("CRM_AUTO_CREATE") is not None:
        held.crm_auto_create = params["CRM_AUTO_CREATE"] == "Y"
    return {"ID": str(held.id)}


def get(call: Call, params: Params) -> list[dict[str, str]]:
    """All lines of the caller's application, without ids and without pages."""
    check_caller(call)
    return [one.row() for one in call.portal.exchange.lines_of(call.who.client_id)]


def delete(call: Call, params: Params) -> list[Any]:
    """Remove a line; an empty list."""
    check_caller(call)
    call.portal.exchange.lines.pop(_found(call, params).id)
    return []


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "telephony.externalline.add": Method(run=add, scope="telephony"),
        "telephony.externalline.update": Method(run=update, scope="telephony"),
        "telephony.externalline.get": Method(run=get, scope="telephony"),
        "telephony.externalline.delete": Method(run=delete, scope="telephony"),
    }
)
