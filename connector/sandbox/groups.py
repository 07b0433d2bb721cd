"""Workgroups and their tags: KEYWORDS is the whole set (facts/bitrix24-telephony-crm.md §2.9, §3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError, Page, Params, is_yes, upper, whole
from connector.sandbox.crm_tables import PAGE, Row, matcher
from connector.sandbox.methods import Call, Method
from connector.sandbox.state import Portal

WRITABLE = ("NAME", "DESCRIPTION", "KEYWORDS", "VISIBLE", "OPENED", "CLOSED", "PROJECT")
NUMBERS = ("ID", "SUBJECT_ID", "OWNER_ID", "NUMBER_OF_MEMBERS")


def create(portal: Portal, given: Mapping[str, Any]) -> int:
    """A new workgroup of ``NAME``, ``KEYWORDS``, ``OWNER_ID`` and the like; its id."""
    now = portal.now_text()
    row: Row = {"SITE_ID": "s1", "NAME": "", "DESCRIPTION": None, "DATE_CREATE": now, "DATE_UPDATE": now}
    row |= {"ACTIVE": "Y", "VISIBLE": "Y", "OPENED": "N", "CLOSED": "N", "SUBJECT_ID": "1", "OWNER_ID": "1"}
    row |= {"KEYWORDS": None, "NUMBER_OF_MEMBERS": "1", "DATE_ACTIVITY": now, "PROJECT": "N", "IS_EXTRANET": "N"}
    return portal.groups.put(row | {str(name).upper(): str(value) for name, value in given.items()})


def tags(row: Row) -> list[str]:
    """The tags of a workgroup, in the order of the alphabet."""
    return sorted(part.strip() for part in str(row.get("KEYWORDS") or "").split(",") if part.strip())


def _visible(call: Call, row: Row) -> bool:
    return call.is_admin or row["VISIBLE"] == "Y" or row["OWNER_ID"] == str(call.who.user_id)


def workgroup(call: Call, params: Params) -> Row:
    """One workgroup, numbers as numbers; TAGS only when ``select`` asks for them."""
    asked = params.get("params")
    given: Mapping[str, Any] = asked if isinstance(asked, dict) else {}
    if not given.get("groupId"):
        raise ApiError("SONET_CONTROLLER_WORKGROUP_EMPTY", "No value for the workgroup ID was provided.", 400)
    row = call.portal.groups.rows.get(whole(given["groupId"]))
    if row is None or not _visible(call, row):
        raise ApiError("SONET_CONTROLLER_WORKGROUP_NOT_FOUND", "Workgroup not found.", 400)
    told = {name: value for name, value in row.items() if name != "IS_EXTRANET"}
    told |= {name: int(row[name]) for name in NUMBERS} | {"KEYWORDS": row["KEYWORDS"] or ""}
    return told | ({"TAGS": tags(row)} if "TAGS" in (given.get("select") or []) else {})


def find(call: Call, params: Params) -> Page:
    """Workgroups that the caller sees, by ``FILTER``; with ``IS_ADMIN`` Y an administrator sees all."""
    given = upper(params)
    filters = upper(given["FILTER"]) if isinstance(given.get("FILTER"), dict) else {}
    fits = matcher(filters | ({"ID": given["GROUP_ID"]} if given.get("GROUP_ID") else {}))
    admin = call.is_admin and is_yes(given.get("IS_ADMIN"))
    rows = [row for row in call.portal.groups.rows.values() if fits(row) and (admin or _visible(call, row))]
    begin = max(call.start, 0) // PAGE * PAGE
    following = begin + PAGE if begin + PAGE < len(rows) else None
    return Page(rows=rows[begin : begin + PAGE], total=len(rows), next=following)


def update(call: Call, params: Params) -> int:
    """Change a workgroup, for its owner or an administrator; its id. Errors have an empty code."""
    given = upper(params)
    row = call.portal.groups.rows.get(whole(given.get("GROUP_ID")))
    if row is None:
        raise ApiError("", "Wrong group ID", 400)
    if not call.is_admin and row["OWNER_ID"] != str(call.who.user_id):
        raise ApiError("", "User has no permissions to update group", 400)
    for name in WRITABLE:
        if name in given:
            row[name] = str(given[name] or "") or None
    row["DATE_UPDATE"] = call.portal.now_text()
    return int(row["ID"])


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "socialnetwork.api.workgroup.get": Method(run=workgroup, scope="socialnetwork"),
        "sonet_group.get": Method(run=find, scope="sonet_group"),
        "sonet_group.update": Method(run=update, scope="sonet_group"),
    }
)
