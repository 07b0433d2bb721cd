"""``user.get|current|add|update``: the employees of the portal (facts/bitrix24-telephony-crm.md §3.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, is_yes, upper, whole
from connector.sandbox.crm_fields import Field
from connector.sandbox.crm_tables import EQUALITIES, matcher, operator
from connector.sandbox.crm_values import shown, stored
from connector.sandbox.lines import refill
from connector.sandbox.listing import paged, rank
from connector.sandbox.methods import Call, Method
from connector.sandbox.model import User
from connector.sandbox.state import Portal
from connector.sandbox.user_fields import PEOPLE

ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        "NAME": "name",
        "LAST_NAME": "last_name",
        "EMAIL": "email",
        "XML_ID": "xml_id",
        "PERSONAL_MOBILE": "mobile",
        "UF_PHONE_INNER": "extension",
    }
)
# What is looked for most, in small letters: a table of thousands is narrowed down before it is shown.
NARROWING: Mapping[str, Callable[[User], Iterable[str]]] = MappingProxyType(
    {
        "ID": lambda user: (str(user.id),),
        "EMAIL": lambda user: (user.email.lower(),),
        "XML_ID": lambda user: (user.xml_id.lower(),),
        "UF_DEPARTMENT": lambda user: map(str, user.departments),
    }
)
# Compared without regard to capitals.
FOLDED = frozenset({"EMAIL", "NAME", "LAST_NAME"})
OWN_SCOPE = "user.userfield"
_PROFILE = re.compile(r"(PERSONAL|WORK)_[A-Z_]+|SECOND_NAME|UF_(?!USR_|DEPARTMENT$|PHONE_INNER$)[A-Z_]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def user_row(portal: Portal, user: User, scope: Iterable[str]) -> dict[str, Any]:
    """An employee as ``user.get`` shows one; ``UF_USR_…`` only with the scope for them."""
    row: dict[str, Any] = {"ID": str(user.id), "XML_ID": user.xml_id, "ACTIVE": user.active}
    row |= {"NAME": user.name, "LAST_NAME": user.last_name, "SECOND_NAME": "", "EMAIL": user.email}
    row |= {"WORK_POSITION": "", "PERSONAL_MOBILE": user.mobile, "UF_PHONE_INNER": user.extension or None}
    row |= {"UF_DEPARTMENT": list(user.departments), "USER_TYPE": "employee" if user.departments else "extranet"}
    row |= {name: value for name, value in user.profile.items() if not name.startswith("UF_USR_")}
    if OWN_SCOPE in scope:
        row |= {name: shown(field, user.profile) for name, field in _own_fields(portal).items()}
    return row


def _own_fields(portal: Portal) -> dict[str, Field]:
    held = portal.settings.fields_of(PEOPLE)
    return {
        name: Field(name=name, column=name, kind=one.type, multiple=one.multiple, user_field=one)
        for name, one in held.items()
    }


def current(call: Call, params: Params) -> dict[str, Any]:
    """The calling user, in full."""
    return user_row(call.portal, call.portal.users[call.who.user_id], call.who.scope)


def find(call: Call, params: Params) -> Page:
    """Employees by ``ID`` or ``FILTER``, ordered by ``sort`` and ``order``, 50 at a time; clients are no employees."""
    given = upper(params)
    asked = given.get("FILTER")
    filters = upper(asked) if isinstance(asked, dict) else {}
    filters |= {"ID": given["ID"]} if given.get("ID") else {}
    fits = matcher({key: _wanted(key, value) for key, value in filters.items()})
    portal, scope = call.portal, call.who.scope
    rows = [user_row(portal, user, scope) for user in _candidates(portal, filters)]
    rows = [row for row in rows if fits(row | {name: row[name].lower() for name in FOLDED})]
    rows.sort(key=rank(str(given.get("SORT") or "ID").upper()), reverse=str(given.get("ORDER", "")).upper() == "DESC")
    return paged(_selected(rows, given.get("SELECT")), call.start)


def _wanted(key: str, value: Any) -> Any:
    name = key[len(operator(key)[0]) :]
    if name == "ACTIVE":
        return is_yes(value)
    if name not in FOLDED:
        return value
    return [str(item).lower() for item in value] if isinstance(value, list) else str(value).lower()


def _candidates(portal: Portal, filters: Mapping[str, Any]) -> list[User]:
    """The employees that may fit: those with the asked ids, addresses, XML_IDs and departments, if these are asked."""
    people = [user for user in portal.users.values() if not user.client]
    for name, kept in NARROWING.items():
        value = next((filters[prefix + name] for prefix in EQUALITIES if prefix + name in filters), None)
        if value not in (None, ""):
            wanted = {str(item).lower() for item in (value if isinstance(value, list) else [value])}
            people = [user for user in people if not wanted.isdisjoint(kept(user))]
    return people


def _selected(rows: list[dict[str, Any]], select: Any) -> list[dict[str, Any]]:
    """``select`` names fields; ``*`` is all but the user fields, ``UF_*`` those."""
    if not isinstance(select, list) or not select:
        return rows
    wanted = {str(name) for name in select} | {"ID"}

    def chosen(name: str) -> bool:
        return name in wanted or ("UF_*" if name.startswith("UF_") else "*") in wanted

    return [{name: value for name, value in row.items() if chosen(name)} for row in rows]


def departments_in(value: Any) -> list[int]:
    """UF_DEPARTMENT as it is sent: one id or several."""
    sent = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    return [number for item in sent if (number := whole(item)) > 0]


def _write(portal: Portal, user: User, given: Mapping[str, Any]) -> None:
    """Take over what is sent of a profile; unknown names are ignored, UF_DEPARTMENT and multiple fields are whole."""
    own = _own_fields(portal)
    kept = {name: stored(own[name], value) for name, value in given.items() if name in own}
    kept |= {
        name: str(value or "") for name, value in given.items() if name not in ATTRIBUTES and _PROFILE.fullmatch(name)
    }
    user.profile |= kept
    for name, attribute in ATTRIBUTES.items():
        if name in given:
            setattr(user, attribute, str(given[name] or ""))
    if "ACTIVE" in given:
        user.active = is_yes(given["ACTIVE"])
    if "UF_DEPARTMENT" in given:
        portal.structure.assign(user, departments_in(given["UF_DEPARTMENT"]))
    if given.keys() & {"ACTIVE", "UF_DEPARTMENT"}:
        refill(portal)


def _is_taken(portal: Portal, email: Any, own: int = 0) -> bool:
    address = str(email or "").lower()
    return bool(address) and any(
        user.email.lower() == address and user.id != own for user in portal.users.values() if not user.client
    )


def add(call: Call, params: Params) -> int:
    """Invite an employee: a letter leaves and a seat is taken; the new id."""
    given, portal = upper(params), call.portal
    email = str(given.get("EMAIL") or "")
    if not call.is_admin:
        raise ApiError("ERROR_CORE", "access_denied", 400)
    if not _EMAIL.fullmatch(email):
        raise ApiError("ERROR_ARGUMENT", "wrong_email", 400, argument="")
    if _is_taken(portal, email):
        raise ApiError("ERROR_ARGUMENT", "A user with this email already exists", 400, argument="")
    if not departments_in(given.get("UF_DEPARTMENT")):
        raise ApiError("ERROR_ARGUMENT", "no_extranet_field", 400, argument="")
    user = User(id=portal.next_id("user"), name="")
    portal.users[user.id] = user
    _write(portal, user, given)
    portal.invited.append(user.id)
    return user.id


def update(call: Call, params: Params) -> bool:
    """Change an employee: administrators everybody, others themselves but neither ACTIVE nor UF_DEPARTMENT."""
    given, portal = upper(params), call.portal
    user = portal.users.get(whole(given.get("ID")))
    own = user is not None and user.id == call.who.user_id and not {"ACTIVE", "UF_DEPARTMENT"} & given.keys()
    if user is None or user.client or not (call.is_admin or own):
        raise ApiError("ERROR_CORE", "access_denied", 400)
    if "EMAIL" in given and not _EMAIL.fullmatch(str(given["EMAIL"])):
        raise ApiError("ERROR_CORE", "wrong_email", 400)
    if _is_taken(portal, given.get("EMAIL"), user.id):
        raise ApiError("ERROR_CORE", "A user with this email already exists", 400)
    _write(portal, user, given)
    return True


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "user.current": Method(run=current, scope="user"),
        "user.get": Method(run=find, scope="user"),
        "user.add": Method(run=add, scope="user"),
        "user.update": Method(run=update, scope="user"),
    }
)
