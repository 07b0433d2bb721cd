"""Methods about the application, the caller and the portal (facts/bitrix24-platform.md §1.1, §4.6)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, is_yes, php_array, upper
from connector.sandbox.crm_tables import PAGE, matcher
from connector.sandbox.methods import Call, Method
from connector.sandbox.model import User


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


def user_row(user: User) -> dict[str, Any]:
    """A user as ``user.get`` shows one."""
    return {
        "ID": str(user.id),
        "ACTIVE": user.active,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "EMAIL": user.fields.get("email", ""),
        "USER_TYPE": "imconnector" if user.xml_id else "employee",
        "XML_ID": user.xml_id,
        "PERSONAL_MOBILE": user.mobile,
        "UF_PHONE_INNER": user.extension or None,
        "UF_DEPARTMENT": [] if user.xml_id else [1],
    }


def user_current(call: Call, params: Params) -> dict[str, Any]:
    """The calling user, in full."""
    return user_row(call.portal.users[call.who.user_id])


def user_get(call: Call, params: Params) -> Page:
    """Employees by ``ID`` or ``FILTER``, 50 at a time; clients of connectors are no employees."""
    given = upper(params)
    filters = dict(given.get("FILTER") or {}) | ({"ID": given["ID"]} if given.get("ID") else {})
    filters = {str(key).upper(): value for key, value in filters.items()}
    if "ACTIVE" in filters:
        filters["ACTIVE"] = is_yes(filters["ACTIVE"])
    fits = matcher(filters)
    people = [user_row(user) for user in call.portal.users.values() if not user.xml_id]
    rows = [row for row in people if fits(row)]
    if str(given.get("ORDER", "")).upper() == "DESC":
        rows.reverse()
    begin = max(call.start, 0) // PAGE * PAGE
    following = begin + PAGE if call.start >= 0 and begin + PAGE < len(rows) else None
    total = len(rows) if call.start >= 0 else 0
    return Page(rows=php_array(rows[begin : begin + PAGE]), total=total, next=following)


METHODS = MappingProxyType(
    {
        "app.info": Method(run=app_info),
        "profile": Method(run=profile),
        "scope": Method(run=scope),
        "server.time": Method(run=server_time),
        "methods": Method(run=method_names),
        "method.get": Method(run=method_get),
        "feature.get": Method(run=feature_get),
        "user.current": Method(run=user_current, scope="user"),
        "user.get": Method(run=user_get, scope="user"),
    }
)
