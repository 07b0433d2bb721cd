"""Events of the portal: who gets them, and what they look like (facts/bitrix24-platform.md §5.3, §5.4).

Callers hold the portal's lock; the posts leave later, from the outbox's own thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.sandbox.answers import php_array
from connector.sandbox.forms import encode_form
from connector.sandbox.model import App, Binding, Connector
from connector.sandbox.state import Portal

CONNECTOR_EVENTS = (
    "ONIMCONNECTORMESSAGEADD",
    "ONIMCONNECTORMESSAGEUPDATE",
    "ONIMCONNECTORMESSAGEDELETE",
    "ONIMCONNECTORSTATUSDELETE",
    "ONIMCONNECTORLINEDELETE",
    "ONIMCONNECTORDIALOGSTART",
    "ONIMCONNECTORDIALOGFINISH",
)
APP_EVENTS = ("ONAPPINSTALL", "ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPTEST", "ONAPPPAYMENT", "ONAPPMETHODCONFIRM")
CRM_EVENTS = tuple(
    f"ONCRM{entity}{act}"
    for entity in ("LEAD", "CONTACT", "COMPANY", "DEAL", "ACTIVITY", "DYNAMICITEM", "TIMELINECOMMENT")
    for act in ("ADD", "UPDATE", "DELETE")
)
TELEPHONY_EVENTS = (
    "ONEXTERNALCALLSTART",
    "ONEXTERNALCALLBACKSTART",
    "ONVOXIMPLANTCALLINIT",
    "ONVOXIMPLANTCALLSTART",
    "ONVOXIMPLANTCALLEND",
)

# Scope that a subscriber needs; the empty one is granted to all.
SCOPES: Mapping[str, tuple[str, ...]] = {
    "": (*APP_EVENTS, "ONOFFLINEEVENT"),
    "imopenlines": CONNECTOR_EVENTS,
    "crm": CRM_EVENTS,
    "telephony": TELEPHONY_EVENTS,
}
WITH_REFRESH = frozenset({"ONAPPINSTALL", "ONAPPUPDATE", "ONAPPTEST", "ONOFFLINEEVENT"})
WITHOUT_TOKENS = frozenset({"ONAPPUNINSTALL", "ONAPPMETHODCONFIRM"})


def names(portal: Portal, scope: frozenset[str]) -> list[str]:
    """Every event that may be bound with this scope; an older box lacks some."""
    missing = {name.upper() for name in portal.config.without_events}
    granted = [name for needed, group in SCOPES.items() if not needed or needed in scope for name in group]
    return [name for name in granted if name not in missing]


def emit(portal: Portal, event: str, data: Any, *, actor: int = 0, client_id: str = "") -> None:
    """Queue ``event`` for its handlers. ``actor`` 0: a robot or the system did it, so no tokens travel.

    ``client_id`` limits it to one application. An application whose installation is unfinished gets nothing.
    """
    for binding in portal.bindings:
        if binding.event != event or client_id not in ("", binding.client_id):
            continue
        app = portal.apps[binding.client_id]
        if not app.installed:
            portal.counters["events_withheld"] += 1
            continue
        if binding.offline:
            portal.offline.add(app.client_id, event, php_array(data), actor, portal.now_text())
            continue
        body = event_body(portal, event, data, app, binding, actor)
        portal.outbox.put(event, binding.handler, body)


def event_body(portal: Portal, event: str, data: Any, app: App, binding: Binding | None, actor: int) -> str:
    """The form as it goes over the wire; ``data`` is left out when it is empty."""
    now = portal.now()
    form: dict[str, Any] = {"event": event}
    if binding:
        form["event_handler_id"] = binding.id
        actor = binding.user_id or actor
    form |= {"data": data, "ts": int(now), "auth": auth_block(portal, event, app, actor)}
    return encode_form(form)


def auth_block(portal: Portal, event: str, app: App, actor: int) -> dict[str, Any]:
    """The ``auth`` part: case A with an acting user, B without, D with a refresh token, E never with tokens."""
    block: dict[str, Any] = {
        "domain": portal.domain,
        "client_endpoint": portal.client_endpoint,
        "server_endpoint": portal.server_endpoint,
        "member_id": portal.config.member_id,
        "application_token": app.application_token,
    }
    if not actor or event in WITHOUT_TOKENS:
        return block
    access, token = portal.mint(actor, app.client_id)
    block |= {
        "access_token": access,
        "expires": int(token.expires),
        "expires_in": int(portal.config.token_ttl),
        "scope": app.scope,
        "status": "L",
        "user_id": actor,
    }
    if event in WITH_REFRESH:
        block["refresh_token"] = portal.mint_refresh(actor, app.client_id)
    return block


def emit_status_delete(portal: Portal, connector: Connector, line: int, actor: int) -> None:
    """``ONIMCONNECTORSTATUSDELETE``: its keys are lower case (facts/bitrix24-openlines.md §1.9)."""
    data = {"connector": connector.id, "line": line}
    emit(portal, "ONIMCONNECTORSTATUSDELETE", data, actor=actor, client_id=connector.client_id)
