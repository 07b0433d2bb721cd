"""Who should be where, and why: groups lead to targets, ``allow`` adds one person, ``deny`` is stronger than both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.domain.access import AccessSettings, GroupTarget, PersonTarget
from connector.speech import Text
from connector.sync.access.matching import Match, User
from connector.sync.access.targets import Target, target_of

_SAID = {
    "group": Text("group «{name}»", "группа «{name}»"),
    "allow": Text("allowed by name ({name})", "разрешено поимённо ({name})"),
    "left": Text("no longer in the source ({name})", "больше нет в источнике ({name})"),
    "deny": Text("denied by name ({name})", "запрещено поимённо ({name})"),
}

_NOBODY = Text(
    "access.{where}: nobody in Bitrix24 is called {person}; correct it or take it out",
    "access.{where}: никого с именем {person} в Битрикс24 нет; исправьте или уберите",
)
_SEVERAL = Text(
    "access.allow: several users are called {person}: {users}. Nobody is guessed: write #id or the external id",
    "access.allow: {person} — это несколько сотрудников: {users}. Наугад не выбираем: укажите #id или внешний код",
)
_OUTSIDER = Text(
    "access.allow: user {user} is no employee of this portal (extranet), or is dismissed",
    "access.allow: {user} — не сотрудник этого портала (экстранет) или уволен",
)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One link of the chain: ``kind`` is group, allow, deny or left, ``name`` the group or whom it is about."""

    kind: str
    name: str
    note: str = ""

    def said(self) -> Text:
        """For a person."""
        return _SAID[self.kind].with_(name=f"{self.name}: {self.note}" if self.note else self.name)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """That somebody be in a target, as what, and everything that leads there."""

    grade: str
    reasons: tuple[Reason, ...]

    def chain(self, target: Target) -> str:
        """For the audit: ``group "Sales", group "Sales West" → department:12``."""
        told = (
            f'{reason.kind} "{reason.name}"' + (f" ({reason.note})" if reason.note else "") for reason in self.reasons
        )
        return f"{', '.join(told)} → {target.key}"

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups among the reasons."""
        return tuple(reason.name for reason in self.reasons if reason.kind == "group")


@dataclass
class Wishes:
    """``by_target`` has every target of the settings, even one that nobody is led to. ``overruled`` are the wishes of
    those who are ``denied``; ``problems`` are what is wrong with ``allow`` and ``deny``.
    """

    by_target: dict[Target, dict[int, Wish]] = field(default_factory=dict)
    denied: dict[Target, dict[int, Reason]] = field(default_factory=dict)
    overruled: dict[Target, dict[int, Wish]] = field(default_factory=dict)
    problems: list[Text] = field(default_factory=list)

    def add(self, target: Target, user_id: int, grade: str, reason: Reason) -> None:
        """One more reason; the highest grade wins."""
        wished = self.by_target.setdefault(target, {})
        known = wished.get(user_id)
        if known is None:
            wished[user_id] = Wish(grade=grade, reasons=(reason,))
            return
        higher = grade if target.rank(grade) > target.rank(known.grade) else known.grade
        reasons = known.reasons if reason in known.reasons else (*known.reasons, reason)
        wished[user_id] = Wish(grade=higher, reasons=reasons)


class Groups:
    """The targets that each group leads to. Every group is compared with the patterns once."""

    def __init__(self, targets: Iterable[GroupTarget]) -> None:
        self._exact: dict[str, list[tuple[Target, str]]] = {}
        self._patterns: list[tuple[re.Pattern[str], tuple[Target, str]]] = []
        self._known: dict[str, list[tuple[Target, str]]] = {}
        for entry in targets:
            where, name = target_of(entry), entry.group.strip().casefold()
            self._exact.setdefault(name, []).append(where)
            if "*" in name or "?" in name:
                self._patterns.append((_pattern(name), where))

    def lead(self, group: str) -> list[tuple[Target, str]]:
        """``(target, grade)`` of each entry that this group fits."""
        name = group.casefold()
        if name not in self._known:
            fitting = [where for pattern, where in self._patterns if pattern.fullmatch(name)]
            self._known[name] = [*self._exact.get(name, ()), *fitting]
        return self._known[name]


def _pattern(name: str) -> re.Pattern[str]:
    """Only ``*`` and ``?`` are signs: names in directories are full of brackets."""
    return re.compile(re.escape(name).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def desired(settings: AccessSettings, matches: Mapping[int, Match], users: Mapping[int, User]) -> Wishes:
    """Who should be in which target. Only active people with an active user are led anywhere."""
    wishes = Wishes(by_target={target_of(entry)[0]: {} for entry in (*settings.targets, *settings.allow)})
    groups = Groups(settings.targets)
    for user_id, match in matches.items():
        if not match.person.active or not match.person.clear or not match.user.active:
            continue
        for group in sorted(match.person.groups):
            for target, grade in groups.lead(group):
                wishes.add(target, user_id, grade, Reason(kind="group", name=group))
    for entry in settings.allow:
        _allow(entry, wishes, matches, users)
    for entry in settings.deny:
        _deny(entry, wishes, matches, users)
    return wishes


def _allow(entry: PersonTarget, wishes: Wishes, matches: Mapping[int, Match], users: Mapping[int, User]) -> None:
    """Leavers of the source lose it by themselves."""
    target, grade = target_of(entry)
    named = [users[user_id] for user_id in meant(entry.person, matches, users)]
    able = [user for user in named if user.active and user.employee]
    if not able:
        why = _OUTSIDER.with_(user=named[0].label) if named else _NOBODY.with_(where="allow", person=entry.person)
        wishes.problems.append(why)
    elif len(able) > 1:
        labels = ", ".join(user.label for user in able)
        wishes.problems.append(_SEVERAL.with_(person=entry.person, users=labels))
    elif able[0].id not in matches or matches[able[0].id].person.active:
        wishes.add(target, able[0].id, grade, Reason(kind="allow", name=entry.person, note=entry.why))


def _deny(entry: PersonTarget, wishes: Wishes, matches: Mapping[int, Match], users: Mapping[int, User]) -> None:
    target, _ = target_of(entry)
    reason = Reason(kind="deny", name=entry.person, note=entry.why)
    named = meant(entry.person, matches, users)
    if not named:
        wishes.problems.append(_NOBODY.with_(where="deny", person=entry.person))
    for user_id in named:
        wish = wishes.by_target.get(target, {}).pop(user_id, None)
        if wish is not None:
            wishes.overruled.setdefault(target, {})[user_id] = wish
        wishes.denied.setdefault(target, {})[user_id] = reason


def meant(given: str, matches: Mapping[int, Match], users: Mapping[int, User]) -> list[int]:
    """The users that an e-mail, an external id or ``#17`` names; outsiders of the source are found in the portal."""
    wanted = given.strip().casefold()
    if wanted.startswith("#") and wanted[1:].isdigit():
        return [int(wanted[1:])] if int(wanted[1:]) in users else []
    people = [user_id for user_id, match in matches.items() if match.person.called(given)]
    return people or [user.id for user in users.values() if wanted in (user.email.casefold(), user.xml_id.casefold())]
