"""Methods about the application, the caller and the portal (facts/bitrix24-platform.md §1.1, §4.6)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Params, upper
from connector.sandbox.methods import Call, Method


def app_info(call: Call, params: Params) -> dict[str, Any]:
    """The portal's view of the application; a webhook learns scope and licence only."""
    portal = call.portal
    if call.who.kind == "webhook":
        return {"SCOPE": sorted(call.who.scope), "LICENSE": portal.config.plan}
    app = portal.apps[call.who.client_id]
    family = portal.config.plan.partition("_")[2]
    return {
        "ID": 1,
        "CODE": portal.config.app_code if app.client_id == portal.config.client_id else app.client_id,
        "VERSION": app.version,
        "STATUS": "L",
        "INSTALLED": app.installed,
        "PAYMENT_EXPIRED": "N",
        "DAYS": None,
        "LANGUAGE_ID": portal.config.language,
        "LICENSE": portal.config.plan,
        "LICENSE_TYPE": family,
        "LICENSE_FAMILY": family,
    }


def profile(call: Call, params: Params) -> dict[str, Any]:
    """The calling user."""
    user = call.portal.users[call.who.user_id]
    return {
        "ID": str(user.id),
        "ADMIN": user.admin,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": "",
        "TIME_ZONE": "",
    }


def scope(call: Call, params: Params) -> list[str]:
    """What the credential may do."""
    return sorted(call.who.scope)


def server_time(call: Call, params: Params) -> str:
    """The portal's clock with its zone."""
    return call.portal.now_text()


def method_names(call: Call, params: Params) -> list[str]:
    """Every method within the scope."""
    return [
        name
        for name, method in call.registry.items()
        if method.listed and (not method.scope or method.scope in call.who.scope)
    ]


def method_get(call: Call, params: Params) -> dict[str, bool]:
    """Whether a method exists and may be called."""
    name = str(upper(params).get("NAME") or "")
    if not name:
        raise ApiError("ERROR_ARGUMENT", "Argument 'NAME' is null or empty", 400, argument="NAME")
    method = call.registry.get(name)
    usable = method is not None and (not method.scope or method.scope in call.who.scope)
    return {"isExisting": method is not None, "isAvailable": usable}


def feature_get(call: Call, params: Params) -> dict[str, str]:
    """Whether the plan has a feature."""
    code = str(upper(params).get("CODE") or "")
    return {"value": "Y" if call.portal.config.has_feature(code) else "N"}


METHODS = MappingProxyType(
    {
        "app.info": Method(run=app_info),
        "profile": Method(run=profile),
        "scope": Method(run=scope),
        "server.time": Method(run=server_time),
        "methods": Method(run=method_names),
        "method.get": Method(run=method_get),
        "feature.get": Method(run=feature_get),
    }
)
