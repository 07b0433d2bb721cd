"""``event.bind`` and its kin (facts/bitrix24-platform.md §5.2), and the portal-side queue of offline events (§5.6)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from connector.sandbox import events
from connector.sandbox.answers import ApiError, Params, upper, whole
from connector.sandbox.methods import Call, Method
from connector.sandbox.model import Binding


def _event_name(call: Call, given: Params) -> str:
    name = str(given.get("EVENT") or "").upper()
    if not name:
        raise ApiError("ERROR_ARGUMENT", "Argument 'EVENT' is null or empty", 400, argument="EVENT")
    if name not in events.names(call.portal, call.who.scope):
        raise ApiError("ERROR_EVENT_NOT_FOUND", "Event not found", 400)
    return name


def _handler(given: Params) -> str:
    url = given.get("HANDLER")
    if not isinstance(url, str) or not url:
        raise ApiError("ERROR_ARGUMENT", "Argument 'HANDLER' is null or empty", 400, argument="HANDLER")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ApiError("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported event handler protocol", 400)
    if "." not in (parts.hostname or ""):
        raise ApiError("ERROR_WRONG_HANDLER_URL", "Wrong handler URL", 400)
    return url


def _is_offline(given: Params) -> bool:
    kind = str(given.get("EVENT_TYPE") or "online").lower()
    if kind not in ("online", "offline"):
        raise ApiError("ERROR_ARGUMENT", "Value must be one of {online, offline}", 400, argument="EVENT_TYPE")
    return kind == "offline"


def _is_admin(call: Call) -> bool:
    return call.portal.users[call.who.user_id].admin


def _auth_type(call: Call, given: Params) -> int:
    wanted = whole(given.get("AUTH_TYPE"))
    if _is_admin(call):
        return wanted
    if wanted not in (0, call.who.user_id):
        raise ApiError("ACCESS_DENIED", "Access denied! Only admins can set AUTH_TYPE", 403)
    return call.who.user_id


def bind(call: Call, params: Params) -> bool:
    """Subscribe. Binding twice is ``ERROR_CORE`` "Handler already binded"; a trailing slash makes another handler."""
    given = upper(params)
    name, offline = _event_name(call, given), _is_offline(given)
    if offline:
        return _bind_offline(call, name)
    url, user = _handler(given), _auth_type(call, given)
    held = call.portal.bindings
    if any((b.client_id, b.event, b.handler, b.user_id) == (call.who.client_id, name, url, user) for b in held):
        raise ApiError("ERROR_CORE", "Unable to set event handler: Handler already binded", 400)
    number = call.portal.next_id("binding")
    held.append(Binding(id=number, client_id=call.who.client_id, event=name, handler=url, user_id=user))
    return True


def _bind_offline(call: Call, name: str) -> bool:
    if not _is_admin(call):
        raise ApiError("ACCESS_DENIED", "Access denied! Offline events are for admins", 403)
    if name == "ONOFFLINEEVENT" or name in events.APP_EVENTS:
        raise ApiError("ERROR_ARGUMENT", "Offline event cannot be registered for this event.", 400, argument="EVENT")
    client = call.who.client_id
    if any(b.offline and (b.client_id, b.event) == (client, name) for b in call.portal.bindings):
        raise ApiError("ERROR_CORE", "Unable to set event handler: Handler already binded", 400)
    number = call.portal.next_id("binding")
    call.portal.bindings.append(Binding(id=number, client_id=client, event=name, handler="", user_id=0, offline=True))
    return True


def get(call: Call, params: Params) -> list[dict[str, Any]]:
    """The application's bindings; a non-admin sees their own."""
    rows = []
    for binding in call.portal.bindings:
        if binding.client_id != call.who.client_id:
            continue
        if not _is_admin(call) and binding.user_id != call.who.user_id:
            continue
        if binding.offline:
            rows.append({"event": binding.event, "connector_id": "", "offline": 1})
        else:
            auth_type = str(binding.user_id)
            rows.append({"event": binding.event, "handler": binding.handler, "auth_type": auth_type, "offline": 0})
    return rows


def unbind(call: Call, params: Params) -> dict[str, int]:
    """Unsubscribe; ``{"count": n}``. Without ``auth_type`` an admin removes every user's binding of that URL."""
    given = upper(params)
    name, offline = _event_name(call, given), _is_offline(given)
    url = "" if offline else _handler(given)
    users = None if "AUTH_TYPE" not in given and _is_admin(call) else _auth_type(call, given)
    kept = [
        b
        for b in call.portal.bindings
        if (b.client_id, b.event, b.handler, b.offline) != (call.who.client_id, name, url, offline)
        or users not in (None, b.user_id)
    ]
    count = len(call.portal.bindings) - len(kept)
    call.portal.bindings = kept
    return {"count": count}


def test(call: Call, params: Params) -> int:
    """Fire ``ONAPPTEST`` with the parameters as ``data[QUERY]``."""
    data = {"QUERY": params, "LANGUAGE_ID": call.portal.config.language}
    events.emit(call.portal, "ONAPPTEST", data, actor=call.who.user_id, client_id=call.who.client_id)
    return 1


def listing(call: Call, params: Params) -> list[str]:
    """Names that may be bound: ``SCOPE`` narrows."""
    wanted = upper(params).get("SCOPE")
    scope = call.who.scope & {str(wanted)} if wanted else call.who.scope
    return events.names(call.portal, scope)


METHODS = MappingProxyType(
    {
        "events": Method(run=listing, app_only=True),
        "event.bind": Method(run=bind, app_only=True),
        "event.get": Method(run=get, app_only=True),
        "event.unbind": Method(run=unbind, app_only=True),
        "event.test": Method(run=test, app_only=True),
    }
)
