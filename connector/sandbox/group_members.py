"""``sonet_group.user.*``: who is in a workgroup (facts/bitrix24-telephony-crm.md §3.4).

Administrators only, and without an invitation. Whoever cannot be added or removed is left out of the answer, silently;
errors have an empty code.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox import groups
from connector.sandbox.answers import ApiError, Params, upper, whole
from connector.sandbox.methods import Call, Method

OWNER, MODERATOR, MEMBER = "A", "E", "K"
NO_UPDATE = "No permissions to update users role"


def find(call: Call, params: Params) -> list[dict[str, str]]:
    """Everybody in the group ``ID`` with their roles: A owner, E moderator, K member."""
    number = whole(upper(params).get("ID"))
    if number <= 0:
        raise ApiError("", "Wrong socialnetwork group ID", 400)
    row = call.portal.groups.rows.get(number)
    if row is None or not groups.visible(call, row):
        raise ApiError("", "Socialnetwork group not found", 400)
    return [{"USER_ID": str(user), "ROLE": role} for user, role in call.portal.members[number].items()]


def add(call: Call, params: Params) -> list[str]:
    """Add employees; the ids of those who are new there."""
    number, people = _asked(call, params, "No permissions to add users")
    held = call.portal.members[number]
    added = [user for user in people if user not in held and _is_employee(call, user)]
    held |= dict.fromkeys(added, MEMBER)
    return _told(call, number, added)


def delete(call: Call, params: Params) -> list[str]:
    """Remove members, but neither the owner nor the scrum master; the ids of those who are gone."""
    number, people = _asked(call, params, NO_UPDATE)
    held, master = call.portal.members[number], whole(call.portal.groups.rows[number].get(groups.MASTER))
    gone = [user for user in people if held.get(user, OWNER) != OWNER and user != master]
    for user in gone:
        del held[user]
    return _told(call, number, gone)


def update(call: Call, params: Params) -> list[str]:
    """Give members the ROLE E or K; the ids of those who have it now. The owner stays one."""
    number, people = _asked(call, params, NO_UPDATE)
    role, held = str(upper(params).get("ROLE") or ""), call.portal.members[number]
    if role not in (MODERATOR, MEMBER):
        raise ApiError("", "Incorrect role code", 400)
    changed = [user for user in people if held.get(user, OWNER) != OWNER]
    held |= dict.fromkeys(changed, role)
    return _told(call, number, changed)


def _asked(call: Call, params: Params, refusal: str) -> tuple[int, list[int]]:
    given = upper(params)
    number = whole(given.get("GROUP_ID"))
    if number <= 0:
        raise ApiError("", "Wrong group ID", 400)
    if number not in call.portal.groups.rows:
        raise ApiError("", "Socialnetwork group not found", 400)
    if not call.is_admin:
        raise ApiError("", refusal, 400)
    people = _numbers(given.get("USER_ID"))
    if not people:
        raise ApiError("", "Wrong user IDs", 400)
    return number, people


def _numbers(value: Any) -> list[int]:
    sent = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    return list(dict.fromkeys(number for item in sent if (number := whole(item)) > 0))


def _is_employee(call: Call, number: int) -> bool:
    user = call.portal.users.get(number)
    return user is not None and not user.client and user.active


def _told(call: Call, number: int, people: list[int]) -> list[str]:
    groups.count(call.portal, number)
    return [str(user) for user in people]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "sonet_group.user.get": Method(run=find, scope="sonet_group"),
        "sonet_group.user.add": Method(run=add, scope="sonet_group"),
        "sonet_group.user.delete": Method(run=delete, scope="sonet_group"),
        "sonet_group.user.update": Method(run=update, scope="sonet_group"),
    }
)
