"""What a portal has: people, smart processes, funnels, dictionaries, user fields, workgroups, CRM rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from connector.sandbox import crm_types, departments, groups, user_fields
from connector.sandbox.answers import ApiError
from connector.sandbox.crm_fields import classic
from connector.sandbox.crm_items import items_of
from connector.sandbox.crm_settings import FLAGS
from connector.sandbox.installing import admin
from connector.sandbox.model import User
from connector.sandbox.state import Portal
from connector.sandbox.structure import ROLES, TEAM, TOP

Entry = Mapping[str, Any]


def furnish(portal: Portal, contents: Mapping[str, Any]) -> dict[str, list[int]]:
    """Add these things to a portal; the ids of each kind. Hold the lock. Nobody hears an event.

    ``contents`` maps a kind to a list: ``departments`` {NAME, PARENT, UF_HEAD}; ``users`` {id, name, last_name, admin,
    active, email, xml_id, departments, profile}, without an id the next one; ``types`` {entityTypeId, title,
    is…Enabled: Y, relations as in ``crm.type.add``}; ``categories`` {entityTypeId, name}; ``statuses`` {ENTITY_ID,
    STATUS_ID, NAME, SEMANTICS}; ``fields`` as in ``userfieldconfig.add``; ``groups`` {NAME, KEYWORDS, OWNER_ID,
    MEMBERS}; ``teams`` {name, parentId, members}; ``items`` {entityTypeId, fields}, user fields under their own names.
    Raises 400 ``CONTENTS`` for anything else.
    """
    unknown = contents.keys() - KINDS.keys()
    if unknown:
        raise ApiError("CONTENTS", f"unknown: {', '.join(sorted(unknown))}", 400)
    made: dict[str, list[int]] = {}
    for kind, put in KINDS.items():
        for entry in contents.get(kind) or ():
            try:
                made.setdefault(kind, []).append(put(portal, entry))
            except (KeyError, TypeError, ValueError) as error:
                raise ApiError("CONTENTS", f"{kind}: {type(error).__name__}: {error}", 400) from error
    return made


def _user(portal: Portal, entry: Entry) -> int:
    number = int(entry["id"]) if "id" in entry else portal.next_id("user")
    held, given = portal.users.get(number), {**entry, "id": number}
    placed = [int(one) for one in entry.get("departments", held.departments if held else [TOP])]
    unknown = set(placed) - portal.structure.departments.keys()
    if unknown:
        raise ValueError(f"there is no department {min(unknown)}")
    given |= {"departments": placed, "profile": dict(entry.get("profile", held.profile if held else {}))}
    portal.users[number] = replace(held, **given) if held else User(**given)
    return number


def _department(portal: Portal, entry: Entry) -> int:
    return departments.create(portal, {"PARENT": TOP, **{str(name).upper(): value for name, value in entry.items()}})


def _team(portal: Portal, entry: Entry) -> int:
    top = portal.structure.departments[TOP]
    node = portal.structure.add(TEAM, str(entry["name"]), int(entry.get("parentId", top.id)))
    for user in entry.get("members", ()):
        portal.structure.place(node, portal.users[int(user)], ROLES[TEAM][-1])
    return node.id


def _type(portal: Portal, entry: Entry) -> int:
    on = [flag for flag in FLAGS if str(entry.get(flag, "N")) == "Y"]
    held = portal.settings.add_type(int(entry["entityTypeId"]), str(entry["title"]), on)
    if "relations" in entry:
        crm_types.relate(held, entry["relations"])
    portal.crm.open(held.entity.table)
    return held.entity_type_id


def _category(portal: Portal, entry: Entry) -> int:
    number = int(entry["entityTypeId"])
    if not portal.settings.categories_of(number):
        raise ValueError(f"{number} has no funnels")
    return portal.settings.add_category(number, str(entry["name"])).id


def _status(portal: Portal, entry: Entry) -> int:
    sort, semantics = int(entry.get("SORT", 500)), str(entry.get("SEMANTICS", ""))
    name = str(entry["ENTITY_ID"])
    return portal.settings.add_status(name, str(entry["STATUS_ID"]), str(entry["NAME"]), sort, semantics)


def _field(portal: Portal, entry: Entry) -> int:
    given = {classic(str(name)): value for name, value in entry.items()}
    given["LIST"] = [{classic(str(name)): value for name, value in row.items()} for row in given.pop("ENUM", [])]
    entity, name = str(given["ENTITY_ID"]), str(given["FIELD_NAME"])
    if entity not in {held.uf for held in portal.settings.entities()}:
        raise ValueError(f"there is no {entity}")
    return user_fields.create(portal.settings, entity, name, given).id


def _group(portal: Portal, entry: Entry) -> int:
    return groups.create(portal, entry)


def _item(portal: Portal, entry: Entry) -> int:
    items = items_of(portal, int(entry["entityTypeId"]), original=True)
    return items.add(entry["fields"], admin(portal))


KINDS: Mapping[str, Callable[[Portal, Entry], int]] = MappingProxyType(
    {
        "departments": _department,
        "users": _user,
        "types": _type,
        "categories": _category,
        "statuses": _status,
        "fields": _field,
        "groups": _group,
        "teams": _team,
        "items": _item,
    }
)
