"""Registering connectors and switching them on lines (facts/bitrix24-openlines.md §1.1-1.6, §1.8)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Params, is_empty, is_yes, upper, whole
from connector.sandbox.events import emit_status_delete
from connector.sandbox.methods import Call, Method
from connector.sandbox.model import Connector, Status
from connector.sandbox.state import Portal

# Connectors that every portal has.
BUILT_IN: MappingProxyType[str, str] = MappingProxyType({"livechat": "Live Chat"})


def require(given: Params, *names: str) -> None:
    """400 ``ERROR_ARGUMENT`` for the first of ``names`` that is absent or empty."""
    for name in names:
        if given.get(name) in (None, "", [], {}):
            raise ApiError("ERROR_ARGUMENT", f"Argument '{name}' is null or empty", 400, argument=name)


def where(params: Params, *others: str) -> tuple[Params, str, int]:
    """Parameters folded to upper case, the connector id and the line id."""
    given = upper(params)
    require(given, "CONNECTOR", "LINE", *others)
    return given, str(given["CONNECTOR"]).lower(), whole(given["LINE"])


def _refused(code: str, text: str) -> dict[str, Any]:
    return {"result": False, "error": code, "error_description": text}


def _missing(given: Params) -> dict[str, Any] | None:
    if not isinstance(given.get("ID"), str) or not given["ID"]:
        return _refused("CONNECTOR_ID_REQUIRED", "The connector ID is not specified")
    if "." in given["ID"]:
        return _refused("APPLICATION_REGISTRATION_ERROR_POINT", "The connector ID cannot contain a dot")
    if not isinstance(given.get("NAME"), str) or not given["NAME"]:
        return _refused("NAME_REQUIRED", "The connector name is not specified")
    icon = given.get("ICON")
    if not isinstance(icon, dict) or not isinstance(upper(icon).get("DATA_IMAGE"), str):
        return _refused("ICON_REQUIRED", "The connector icon is not specified")
    if not isinstance(given.get("PLACEMENT_HANDLER"), str) or not given["PLACEMENT_HANDLER"]:
        return _refused("NO_PLACEMENT_HANDLER", "The placement handler is not specified")
    return None


def register(call: Call, params: Params) -> dict[str, Any]:
    """Create or update a connector; errors come with HTTP 200 inside ``result``.

    The last application to register an id owns it.
    """
    given = upper(params)
    refused = _missing(given)
    if refused:
        return refused
    connector = Connector(
        id=given["ID"].lower(),
        client_id=call.who.client_id,
        name=given["NAME"][:255],
        handler=given["PLACEMENT_HANDLER"],
        edit_internal=is_yes(given.get("EDIT_INTERNAL_MESSAGES"), True),
        delete_internal=is_yes(given.get("DEL_INTERNAL_MESSAGES"), True),
        delete_external=is_yes(given.get("DEL_EXTERNAL_MESSAGES"), True),
        system_messages=is_yes(given.get("NEED_SYSTEM_MESSAGES"), True),
        signature=is_yes(given.get("NEED_SIGNATURE"), True),
        group=is_yes(given.get("CHAT_GROUP")),
    )
    call.portal.connectors[connector.id] = connector
    return {"result": True}


def unregister(call: Call, params: Params) -> dict[str, Any]:
    """Remove a connector with its statuses; each line fires ``ONIMCONNECTORSTATUSDELETE``."""
    known = call.portal.connectors.get(str(upper(params).get("ID") or "").lower())
    if known is None:
        return _refused("APPLICATION_UNREGISTRATION_ERROR", "The connector is not registered")
    drop_statuses(call.portal, known, call.who.user_id)
    del call.portal.connectors[known.id]
    return {"result": True}


def drop_statuses(portal: Portal, connector: Connector, actor: int) -> None:
    """Take a connector off every line."""
    for key in [key for key in portal.statuses if key[0] == connector.id]:
        del portal.statuses[key]
        emit_status_delete(portal, connector, key[1], actor)


def activate(call: Call, params: Params) -> bool:
    """On or off. Only ``0``, ``"0"``, ``""`` and ``false`` switch off: ``"N"`` switches on."""
    given = upper(params)
    require(given, "CONNECTOR", "LINE")
    if given.get("ACTIVE") is None:
        raise ApiError("ERROR_ARGUMENT", "Argument 'ACTIVE' is null or empty", 400, argument="ACTIVE")
    portal, key = call.portal, (str(given["CONNECTOR"]).lower(), whole(given["LINE"]))
    if is_empty(given["ACTIVE"]):
        portal.statuses.pop(key, None)
        connector = portal.connectors.get(key[0])
        if connector:
            emit_status_delete(portal, connector, key[1], call.who.user_id)
        return True
    status = portal.statuses.setdefault(key, Status(connector=key[0], line=key[1]))
    if not status.active or status.error:
        status.ready_at = portal.now() + portal.config.activation_delay
    status.active, status.error = True, False
    return True


def status(call: Call, params: Params) -> dict[str, Any]:
    """CONFIGURED: switched on; STATUS: switched on and not in error."""
    given = upper(params)
    require(given, "CONNECTOR")
    connector, line = str(given["CONNECTOR"]).lower(), whole(given.get("LINE"))
    held = call.portal.statuses.get((connector, line))
    return {
        "LINE": line,
        "CONNECTOR": connector,
        "ERROR": bool(held and held.error),
        "CONFIGURED": bool(held and held.active),
        "STATUS": bool(held and held.active and not held.error),
    }


def data_set(call: Call, params: Params) -> bool:
    """Texts of the Contact Center. Non-empty keys are merged over the old ones: nothing can be blanked."""
    given, connector, line = where(params, "DATA")
    if not isinstance(given["DATA"], dict):
        raise ApiError("ERROR_ARGUMENT", "Argument 'DATA' is null or empty", 400, argument="DATA")
    held = call.portal.statuses.setdefault((connector, line), Status(connector=connector, line=line))
    held.data |= {name: str(value) for name, value in upper(given["DATA"]).items() if value}
    return True


def listing(call: Call, params: Params) -> dict[str, str]:
    """Connector ids and names."""
    return {**BUILT_IN, **{item.id: item.name for item in call.portal.connectors.values()}}


def set_error(call: Call, params: Params) -> dict[str, Any]:
    """Mark a connector on a line as broken: both directions stop until it is activated again."""
    _, connector, line = where(params)
    held = call.portal.statuses.get((connector, line))
    if held:
        held.error = True
    return {"SUCCESS": True, "DATA": []}


def _needs_app(run: Any) -> Method:
    return Method(run=run, scope="imopenlines", app_only=True)


METHODS = MappingProxyType(
    {
        "imconnector.register": _needs_app(register),
        "imconnector.unregister": _needs_app(unregister),
        "imconnector.activate": _needs_app(activate),
        "imconnector.status": _needs_app(status),
        "imconnector.connector.data.set": _needs_app(data_set),
        "imconnector.list": _needs_app(listing),
        "imconnector.set.error": _needs_app(set_error),
    }
)
