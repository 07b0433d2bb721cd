"""Workgroups and their tags: KEYWORDS is the whole set (facts/bitrix24-telephony-crm.md §2.9, §3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, is_yes, upper, whole
from connector.sandbox.crm_tables import Row, matcher
from connector.sandbox.listing import paged, rank
from connector.sandbox.methods import Call, Method
from connector.sandbox.state import Portal

WRITABLE = ("NAME", "DESCRIPTION", "KEYWORDS", "VISIBLE", "OPENED", "CLOSED", "PROJECT")
MASTER = "SCRUM_MASTER_ID"
NUMBERS = ("ID", "SUBJECT_ID", "OWNER_ID", "NUMBER_OF_MEMBERS")


def create(portal: Portal, given: Mapping[str, Any]) -> int:
    """A new workgroup of ``NAME``, ``KEYWORDS``, ``OWNER_ID`` and the like; its id.

    ``MEMBERS`` are user ids, or a map of them to their roles E and K; the owner is one by itself.
    """
    now, sent = portal.now_text(), {str(name).upper(): value for name, value in given.items()}
    people = sent.pop("MEMBERS", ())
    row: Row = {"SITE_ID": "s1", "NAME": "", "DESCRIPTION": None, "DATE_CREATE": now, "DATE_UPDATE": now}
    row |= {"ACTIVE": "Y", "VISIBLE": "Y", "OPENED": "N", "CLOSED": "N", "SUBJECT_ID": "1", "OWNER_ID": "1"}
    row |= {"KEYWORDS": None, "NUMBER_OF_MEMBERS": "1", "DATE_ACTIVITY": now, "PROJECT": "N", "IS_EXTRANET": "N"}
    row |= {name: str(value) for name, value in sent.items()}
    number = portal.groups.put(row)
    roles = people if isinstance(people, Mapping) else dict.fromkeys(people, "K")
    master = {int(row[MASTER]): "E"} if row.get(MASTER) else {}
    held = {int(row["OWNER_ID"]): "A"} | master
    portal.members[number] = held | {int(user): str(role) for user, role in roles.items() if int(user) not in held}
    count(portal, number)
    return number


def count(portal: Portal, number: int) -> None:
    """NUMBER_OF_MEMBERS after a change."""
    portal.groups.amend(number, {"NUMBER_OF_MEMBERS": str(len(portal.members[number]))})


def add(call: Call, params: Params) -> int:
    """A new workgroup whose owner is the caller, or OWNER_ID if an administrator says so; its id."""
    given = upper(params)
    if not str(given.get("NAME") or "").strip():
        raise ApiError("", "Cannot create group", 400)
    sent = {name: given[name] for name in (*WRITABLE, MASTER) if given.get(name) not in (None, "")}
    owner = whole(given.get("OWNER_ID")) if call.is_admin else 0
    if owner and owner not in call.portal.users:
        raise ApiError("", "Cannot create group", 400)
    return create(call.portal, sent | {"OWNER_ID": owner or call.who.user_id})


def tags(row: Row) -> list[str]:
    """The tags of a workgroup, in the order of the alphabet."""
    return sorted(part.strip() for part in str(row.get("KEYWORDS") or "").split(",") if part.strip())


def visible(call: Call, row: Row) -> bool:
    """Whether the caller sees a group: a hidden one is for its members and administrators."""
    return call.is_admin or row["VISIBLE"] == "Y" or call.who.user_id in call.portal.members[int(row["ID"])]


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != MASTER}


def workgroup(call: Call, params: Params) -> Row:
    """One workgroup, numbers as numbers; TAGS only when ``select`` asks for them."""
    asked = params.get("params")
    given: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
    if not given.get("groupId"):
        raise ApiError("SONET_CONTROLLER_WORKGROUP_EMPTY", "No value for the workgroup ID was provided.", 400)
    row = call.portal.groups.rows.get(whole(given["groupId"]))
    if row is None or not visible(call, row):
        raise ApiError("SONET_CONTROLLER_WORKGROUP_NOT_FOUND", "Workgroup not found.", 400)
    told = {name: value for name, value in _shown(row).items() if name != "IS_EXTRANET"}
    told |= {name: int(row[name]) for name in NUMBERS} | {"KEYWORDS": row["KEYWORDS"] or ""}
    return told | ({"TAGS": tags(row)} if "TAGS" in (given.get("select") or []) else {})


def find(call: Call, params: Params) -> Page:
    """Workgroups that the caller sees, by ``FILTER``; with ``IS_ADMIN`` Y an administrator sees all."""
    given = upper(params)
    filters = upper(given["FILTER"]) if isinstance(given.get("FILTER"), dict) else {}
    fits = matcher(filters | ({"ID": given["GROUP_ID"]} if given.get("GROUP_ID") else {}))
    admin = call.is_admin and is_yes(given.get("IS_ADMIN"))
    rows = [_shown(row) for row in call.portal.groups.rows.values() if fits(row) and (admin or visible(call, row))]
    for name, way in reversed(list(upper(given["ORDER"]).items()) if isinstance(given.get("ORDER"), dict) else []):
        rows.sort(key=rank(name), reverse=str(way).upper() == "DESC")
    return paged(rows, call.start)


def update(call: Call, params: Params) -> int:
    """Change a workgroup, for its owner or an administrator; its id. Errors have an empty code."""
    given = upper(params)
    row = call.portal.groups.rows.get(whole(given.get("GROUP_ID")))
    if row is None:
        raise ApiError("", "Wrong group ID", 400)
    if not call.is_admin and row["OWNER_ID"] != str(call.who.user_id):
        raise ApiError("", "User has no permissions to update group", 400)
    sent = {name: str(given[name] or "") or None for name in WRITABLE if name in given}
    call.portal.groups.amend(int(row["ID"]), sent | {"DATE_UPDATE": call.portal.now_text()})
    return int(row["ID"])


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "socialnetwork.api.workgroup.get": Method(run=workgroup, scope="socialnetwork"),
        "sonet_group.create": Method(run=add, scope="sonet_group"),
        "sonet_group.get": Method(run=find, scope="sonet_group"),
        "sonet_group.update": Method(run=update, scope="sonet_group"),
    }
)
