"""Targets as they are in the portal: one reader for each kind (facts/bitrix24-telephony-crm.md §3.2-3.4, §3.6)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from connector.errors import PermanentError
from connector.portal import Portal
from connector.speech import Text
from connector.sync.access.difference import Held
from connector.sync.access.matching import User
from connector.sync.access.reading import answered, unreadable
from connector.sync.access.survey import Site
from connector.sync.access.targets import Target, field_of

if TYPE_CHECKING:
    from connector.portal.bulk import Bulk

_HEAD = Text("heads a department", "руководит отделом")
_TEAM_HEAD = Text("leads this team", "руководит этой командой")
_OWNER = Text("owns this workgroup", "владелец этой рабочей группы")
_SCRUM = Text("is the scrum master of this workgroup", "скрам-мастер этой рабочей группы")
_MISSING = Text(
    "{target} is not in this Bitrix24; correct access.targets",
    "{target}: такого в этом Битрикс24 нет; исправьте access.targets",
)
_NO_TEAM = Text(
    "{target} is a department: write department: with its number there",
    "{target} — это отдел: укажите department: с его номером",
)
_SINGLE = Text(
    "{target}: make the field a multiple one in Bitrix24, a field with one value cannot bear several groups",
    "{target}: сделайте поле в Битрикс24 множественным, в одно значение несколько групп не поместятся",
)
_NO_OPTION = Text(
    "{target}: the list has no such entry; add it to the field in Bitrix24",
    "{target}: в списке нет такого пункта; добавьте его в поле в Битрикс24",
)
Found = Site | Text

_ROLES = {"A": "owner", "E": "moderator", "K": "member"}
_OF_TEAM = {"MEMBER_TEAM_EMPLOYEE": "in"}


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """What readers look with. ``console`` are the roles that this source gave, ``named`` the targets of its
    settings.
    """

    portal: Portal
    bulk: Bulk
    users: Mapping[int, User]
    console: Mapping[int, Held]
    named: Collection[Target]

    def missing(self, target: Target, why: Text = _MISSING) -> Found:
        """A target that the portal does not have. Of one that no settings name, nothing is left but our memory."""
        return why.with_(target=target.said()) if target in self.named else Site(target=target, actual={})


def sites_of(eyes: Eyes, targets: Iterable[Target]) -> tuple[dict[Target, Site], list[Text]]:
    """Every target that can be read, and why the others cannot. Raises ``TransientError`` or ``Stopped``."""
    by_kind: dict[str, list[Target]] = {}
    for target in sorted(set(targets)):
        by_kind.setdefault(target.kind, []).append(target)
    found: dict[Target, Site] = {}
    problems: list[Text] = []
    for kind, some in by_kind.items():
        for target, site in _READERS[kind](eyes, some):
            if isinstance(site, Site):
                found[target] = site
            else:
                problems.append(site)
    return found, problems


def _departments(eyes: Eyes, targets: Sequence[Target]) -> Iterator[tuple[Target, Found]]:
    rows = [row for page in eyes.bulk.rows("department.get") for row in page]
    known = {int(row["ID"]) for row in rows}
    heads = {int(head): _HEAD for row in rows if (head := str(row.get("UF_HEAD") or "0")).isdecimal() and head != "0"}
    for target in targets:
        if target.number not in known:
            yield target, eyes.missing(target)
            continue
        here = {user.id: "in" for user in eyes.users.values() if target.number in user.departments}
        yield target, Site(target=target, actual=here, kept=heads)


def _fields(eyes: Eyes, targets: Sequence[Target]) -> Iterator[tuple[Target, Found]]:
    """A list field bears ids of its entries. The whole set is replaced, so it is merged when it is written (§2.8)."""
    known: dict[str, Mapping[str, Any] | Text | None] = {}
    for target in targets:
        name, _, _ = field_of(target)
        if name not in known:
            known[name] = _field(eyes, target, name)
        row = known[name]
        if row is None or isinstance(row, Text):
            yield target, row or eyes.missing(target)
        else:
            yield target, _field_site(eyes, target, row)


def _field(eyes: Eyes, target: Target, name: str) -> Mapping[str, Any] | Text | None:
    try:
        rows = eyes.portal.call("user.userfield.list", {"filter": {"FIELD_NAME": name}}, live=False)
    except PermanentError as error:
        return unreadable(target, error)
    return next((row for row in rows if row.get("FIELD_NAME") == name), None) if isinstance(rows, list) else None


def _field_site(eyes: Eyes, target: Target, row: Mapping[str, Any]) -> Found:
    name, text, option = field_of(target)
    if str(row.get("MULTIPLE") or "N") != "Y":
        return _SINGLE.with_(target=target.said())
    entries = {str(entry.get("VALUE")).casefold(): str(entry.get("ID")) for entry in row.get("LIST") or ()}
    wire = entries.get(text.casefold(), "") if option else text
    if not wire:
        return eyes.missing(target, _NO_OPTION)
    here = {user.id: "in" for user in eyes.users.values() if wire in user.fields.get(name, ())}
    return Site(target=target, actual=here, detail=(name, wire))


def _workgroups(eyes: Eyes, targets: Sequence[Target]) -> Iterator[tuple[Target, Found]]:
    ids = [target.number for target in targets]
    asked = {"FILTER": {"ID": ids}, "IS_ADMIN": "Y"}
    rows = {int(row["ID"]): row for page in eyes.bulk.rows("sonet_group.get", asked) for row in page}
    present = [target for target in targets if target.number in rows]
    for target in targets:
        if target.number not in rows:
            yield target, eyes.missing(target)
    outcomes = eyes.bulk.calls("sonet_group.user.get", ({"ID": target.number} for target in present))
    for target, outcome in zip(present, outcomes, strict=True):
        members, problem = answered(target, outcome)
        if problem is not None:
            yield target, problem
            continue
        grades = {int(row["USER_ID"]): _ROLES[row["ROLE"]] for row in members or () if row.get("ROLE") in _ROLES}
        kept = {user: _OWNER for user, grade in grades.items() if grade == "owner"}
        scrum = str(rows[target.number].get("SCRUM_MASTER_ID") or "0")
        kept |= {int(scrum): _SCRUM} if scrum.isdecimal() and scrum != "0" else {}
        yield target, Site(target=target, actual=grades, kept=kept)


def _queues(eyes: Eyes, targets: Sequence[Target]) -> Iterator[tuple[Target, Found]]:
    asked = ({"CONFIG_ID": target.number, "WITH_QUEUE": "Y"} for target in targets)
    for target, outcome in zip(targets, eyes.bulk.calls("imopenlines.config.get", asked), strict=True):
        line, problem = answered(target, outcome)
        if problem is not None:
            yield target, problem
        elif not isinstance(line, Mapping):
            yield target, eyes.missing(target)
        else:
            yield target, Site(target=target, actual=dict.fromkeys(queue_in(line), "in"), detail=line)


def queue_in(line: Mapping[str, Any]) -> list[int]:
    """The user ids of a line's queue in their order, departments expanded (openlines §2.1)."""
    queue = line.get("QUEUE")
    some = list(queue.values()) if isinstance(queue, Mapping) else queue or ()
    return [int(user) for user in some]


def _teams(eyes: Eyes, targets: Sequence[Target]) -> Iterator[tuple[Target, Found]]:
    """REST 3.0 (§3.3): numbers are numbers, the node is inside ``item``."""
    for target in targets:
        params = {"id": target.number, "select": ["id", "type", "members"]}
        try:
            result = eyes.portal.call("humanresources.node.get", params, live=False)
        except PermanentError as error:
            yield target, unreadable(target, error)
            continue
        node = result.get("item", result) if isinstance(result, Mapping) else {}
        if str(node.get("type", "TEAM")).upper() != "TEAM":
            yield target, _NO_TEAM.with_(target=target.said())
            continue
        members = node.get("members") or ()
        heads = {int(row["userId"]): _TEAM_HEAD for row in members if row.get("role") not in _OF_TEAM}
        yield target, Site(target=target, actual={int(row["userId"]): "in" for row in members}, kept=heads)


def _console(eyes: Eyes, targets: Sequence[Target]) -> Iterator[tuple[Target, Found]]:
    """The console's roles are ours alone."""
    for target in targets:
        yield target, Site(target=target, actual={user: held.grade for user, held in eyes.console.items()})


_READERS: Mapping[str, Callable[[Eyes, Sequence[Target]], Iterator[tuple[Target, Found]]]] = MappingProxyType(
    {
        "department": _departments,
        "team": _teams,
        "workgroup": _workgroups,
        "queue": _queues,
        "field": _fields,
        "console": _console,
    }
)
