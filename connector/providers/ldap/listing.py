"""Lists people and groups of a directory into a :class:`~connector.providers.ldap.stage.Stage`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.errors import PermanentError
from connector.providers.ldap.directory import Directory, Entry
from connector.providers.ldap.names import first_value, key_of
from connector.providers.ldap.settings import GroupsSettings, LdapSettings
from connector.providers.ldap.stage import Making, Person, Stage, Team
from connector.providers.ldap.values import active, every, first, marks_of, values_of
from connector.speech import Text

_STAMPS = ("modifyTimestamp", "whenChanged", "entryCSN", "uSNChanged", "entryusn")
_RANGE = re.compile(r";range=(\d+)-(\d+|\*)$")
_NO_GROUPS = Text(
    "Below {base} no group is found by {asked}, so nobody would be in any. Correct `groups`, grant reading there, or "
    "leave `groups` out",
    "Под {base} по фильтру {asked} не нашлось ни одной группы, и все оказались бы без групп. Исправьте `groups`, дайте "
    "право чтения или уберите `groups`",
)
_NO_MEMBERS = Text(
    "Of {count} groups nobody is a member by `{member}`. Say in `groups.member` where membership stands (member, "
    "uniqueMember, memberUid or memberOf), or grant reading that attribute",
    "По атрибуту `{member}` ни в одной из групп ({count}) никого нет. Укажите в `groups.member`, где записано членство "
    "(member, uniqueMember, memberUid или memberOf), или дайте право чтения этого атрибута",
)
_NO_IDS = Text(
    "None of {count} people has `{attribute}`: say in `people.id` which attribute identifies them (objectGUID in "
    "Active Directory, entryUUID in OpenLDAP, ipaUniqueID in FreeIPA)",
    "Ни у кого из найденных ({count}) нет `{attribute}`: укажите в `people.id` атрибут, по которому их различать "
    "(objectGUID в Active Directory, entryUUID в OpenLDAP, ipaUniqueID в FreeIPA)",
)
NO_ID = Text("The entry has no `{attribute}`", "У записи нет `{attribute}`")
TWICE = Text(
    "`{attribute}` is the same as somebody else's: it must be unique in `people.id`",
    "`{attribute}` такой же, как у другого: в `people.id` нужен неповторяющийся атрибут",
)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What a listing brought. ``since`` is when those who were asked for had changed at earliest; ``None``: everybody.

    ``latest`` is the newest change that was seen, ``groups`` the digest of all groups.
    """

    total: int
    since: datetime | None
    latest: datetime | None
    groups: str


def listed(
    directory: Directory, settings: LdapSettings, path: Path, *, since: datetime | None, groups: str | None
) -> Listed:
    """Make the stage at ``path``. With ``since`` only who changed from then on is listed, unless the digest of the
    groups is another than ``groups`` (``None``: whatever it is)."""
    with Making(path) as stage:
        digest = _read_groups(directory, settings, stage)
        if groups is not None and digest != groups:
            since = None
        latest = _read_people(directory, settings, stage, since)
        _look(settings, stage, whole=since is None)
        return Listed(total=stage.count("person"), since=since, latest=latest, groups=digest)


def _read_groups(directory: Directory, settings: LdapSettings, stage: Stage) -> str:
    groups = settings.groups
    if groups is None:
        return ""
    base, cut, within = settings.where(groups), [], []
    for entry in directory.search(base, groups.wanted, _group_attributes(groups)):
        number = stage.add_team(_team(entry, groups), _members(entry, groups))
        if (begun := _next_range(entry, groups.member)) is not None:
            cut.append((number, entry.dn, begun))
        if groups.member == "memberOf":
            within.append((_key(entry.dn), [_key(dn) for dn in every(entry.attributes, "memberOf")]))
    for number, dn, begun in cut:
        for entry in _ranges(directory, dn, groups.member, begun):
            stage.add_members(number, _members(entry, groups))
    for key, teams in within:
        stage.enter(key, teams)
    if not stage.count("team"):
        raise PermanentError("ldap.no_groups", hint=_NO_GROUPS.with_(base=base, asked=groups.wanted))
    return stage.digest()


def _group_attributes(groups: GroupsSettings) -> list[str]:
    return [groups.name, groups.member, "objectGUID", "entryUUID", "objectSid", "gidNumber", *_STAMPS]


def _team(entry: Entry, groups: GroupsSettings) -> Team:
    told = entry.attributes
    stamp = "|".join(first(told, name) for name in _STAMPS)
    return Team(
        key=_key(entry.dn),
        dn=entry.dn,
        name=first(told, groups.name) or first_value(entry.dn),
        id=first(told, "objectGUID") or first(told, "entryUUID") or entry.dn,
        stamp=stamp,
    )


def _members(entry: Entry, groups: GroupsSettings) -> Iterator[str]:
    """Keys of the members that an entry of a group tells, and of those whose primary group it is."""
    told = entry.attributes
    if sid := first(told, "objectSid"):
        yield f"sid:{sid}"
    if groups.member == "memberUid":
        yield from (f"uid:{uid.casefold()}" for uid in every(told, "memberUid"))
        if number := first(told, "gidNumber"):
            yield f"gid:{number}"
    if groups.member in ("member", "uniqueMember"):
        for name in told:
            if name.partition(";")[0] == groups.member.lower():
                yield from (_key(dn) for dn in every(told, name))


def _next_range(entry: Entry, member: str) -> int | None:
    """Where the rest of the members begins: Active Directory tells 1500 at once (``member;range=0-1499``)."""
    for name in entry.attributes:
        found = _RANGE.search(name)
        if found and name.startswith(f"{member.lower()};") and found[2] != "*":
            return int(found[2]) + 1
    return None


def _ranges(directory: Directory, dn: str, member: str, begun: int) -> Iterator[Entry]:
    ahead: int | None = begun
    while ahead is not None:
        asked = [f"{member};range={ahead}-*"]
        found = next(iter(directory.search(dn, "(objectClass=*)", asked, deep=False)), None)
        if found is None:
            return
        yield found
        after = _next_range(found, member)
        ahead = after if after is not None and after > ahead else None


def _read_people(directory: Directory, settings: LdapSettings, stage: Stage, since: datetime | None) -> datetime | None:
    people = settings.people
    latest: datetime | None = None
    asked = people.wanted if since is None else f"(&{people.wanted}({people.stamp}>={_written(since, people.stamp)}))"
    for entry in directory.search(settings.where(people), asked, list(_people_attributes(settings))):
        person = _person(entry, settings)
        if not stage.add_person(person) and not person.broken:
            why = TWICE.with_(attribute=people.id)
            stage.add_person(Person(id=person.id, dn=person.dn, values=person.values, broken=why))
        if settings.groups is not None and settings.groups.member == "memberOf":
            stage.enter(person.keys[0], (_key(dn) for dn in every(entry.attributes, "memberOf")))
        latest = _later(latest, first(entry.attributes, people.stamp))
    return latest


def _later(latest: datetime | None, told: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        return latest
    return at if at.tzinfo is not None and (latest is None or at > latest) else latest


def _people_attributes(settings: LdapSettings) -> Iterable[str]:
    people = settings.people
    yield from dict.fromkeys((*people.columns, people.id, people.email, people.name, people.stamp))
    yield from marks_of(people.active)
    if settings.groups is None:
        return
    yield from ("objectSid", "primaryGroupID")
    if settings.groups.member == "memberUid":
        yield from (people.uid, "gidNumber")
    if settings.groups.member == "memberOf":
        yield "memberOf"


def _person(entry: Entry, settings: LdapSettings) -> Person:
    people, told = settings.people, entry.attributes
    ident = first(told, people.id)
    values: dict[str, Any] = {
        **values_of(told, people),
        "id": ident,
        "dn": entry.dn,
        "email": first(told, people.email).lower() or None,
        "name": first(told, people.name) or first_value(entry.dn),
        "active": active(told, people.active),
    }
    broken = None if ident else NO_ID.with_(attribute=people.id)
    return Person(id=ident, dn=entry.dn, values=values, keys=_keys(entry, settings), broken=broken)


def _keys(entry: Entry, settings: LdapSettings) -> list[str]:
    """What groups know a person by. The primary group of Active Directory lists nobody: it stands in the person."""
    told, keys = entry.attributes, [_key(entry.dn)]
    domain, primary = first(told, "objectSid").rpartition("-")[0], first(told, "primaryGroupID")
    if domain and primary:
        keys.append(f"sid:{domain}-{primary}")
    if settings.groups is not None and settings.groups.member == "memberUid":
        keys += [f"uid:{uid.casefold()}" for uid in every(told, settings.people.uid)]
        keys += [f"gid:{number}" for number in every(told, "gidNumber")]
    return keys


def _look(settings: LdapSettings, stage: Stage, *, whole: bool) -> None:
    """What cannot be meant is said rather than taken for the truth: nobody has an id, all groups are empty."""
    people, groups = settings.people, settings.groups
    count = stage.count("person")
    if count and not any(not person.broken for person in stage.people("1", 1)):
        raise PermanentError("ldap.no_ids", hint=_NO_IDS.with_(count=count, attribute=people.id))
    if groups is not None and whole and count and not stage.has_members():
        hint = _NO_MEMBERS.with_(count=stage.count("team"), member=groups.member)
        raise PermanentError("ldap.no_members", hint=hint)


def _written(at: datetime, stamp: str) -> str:
    told = at.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    return f"{told}.0Z" if stamp == "whenChanged" else f"{told}Z"


def _key(dn: str) -> str:
    return f"dn:{key_of(dn)}"
