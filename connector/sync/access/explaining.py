"""Why somebody is in a target, or why not: the user, the groups, the rules, what we remember, the brake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connector.domain.access import BY_HAND
from connector.domain.sources import SourceSettings
from connector.errors import PermanentError
from connector.journal import Journal, MirrorRow
from connector.portal import Portal
from connector.speech import Text
from connector.sync.access.difference import Steps
from connector.sync.access.looking import survey
from connector.sync.access.memory import Memory
from connector.sync.access.people import Person
from connector.sync.access.planning import Plan, kept_in, planned
from connector.sync.access.survey import Survey
from connector.sync.access.targets import Target, named
from connector.sync.access.wishing import Groups, meant

_NO_ACCESS = Text(
    "source {source} leads nobody anywhere: it has no access: in connector.yaml",
    "источник {source} никого никуда не ведёт: в connector.yaml у него нет access:",
)
_NO_TARGET = Text(
    "There is no such target. Write it like department:12, team:15, workgroup:5, queue:3, field:UF_USR_GROUPS=Sales or "
    "console",
    "Такой цели нет. Пишите так: department:12, team:15, workgroup:5, queue:3, field:UF_USR_GROUPS=Sales или console",
)
_NO_PERSON = Text(
    "Neither the source nor the portal knows {person}; give an e-mail, an external id or #17",
    "Ни источник, ни портал не знают {person}; укажите почту, внешний код или #17",
)
_FOUND = Text("user {user}, found by {how}", "сотрудник {user}, найден по {how}")
_OUTSIDE = Text("user {user} is not in the source", "сотрудника {user} нет в источнике")
_HOW: Mapping[str, Text] = MappingProxyType(
    {
        "xml_id": Text("the external id (XML_ID)", "внешнему коду (XML_ID)"),
        "known": Text("what we remember of an earlier run", "памяти о прошлом запуске"),
        "email": Text("e-mail", "почте"),
    }
)
_UNMATCHED = Text("{person} has no user: {why}", "{person}: сотрудника нет: {why}")
_LEAVER = Text(
    "no longer active in the source, so led nowhere ({where})",
    "в источнике больше не числится, поэтому никуда ({where})",
)
_IN_GROUPS = Text("groups in the source: {groups}", "группы в источнике: {groups}")
_NO_GROUPS = Text("is in no group of the source", "в источнике не состоит ни в одной группе")
_LEADS = Text("{reason} leads to {target}", "{reason} ведёт сюда: {target}")
_BELONGS = Text("belongs there as {grade}", "должен быть там как {grade}")
_OVERRULED = Text("{reason} would lead to {target}", "{reason} привела бы сюда: {target}")
_UNREAD = Text(
    "source {source} has not been read yet. See what it would do: connector sync run {source} --dry-run",
    "источник {source} ещё не читали. Посмотрите, что он сделает: connector sync run {source} --dry-run",
)
_NO_LEAD = Text(
    "nothing leads to {target}: none of the groups, and no allow", "{target}: сюда не ведёт ни одна группа и нет allow"
)
_NAMED = Text("the groups that lead here: {groups}", "сюда ведут группы: {groups}")
_IS = Text("is there now", "сейчас там")
_IS_AS = Text("is there now, as {grade}", "сейчас там, {grade}")
_IS_NOT = Text("is not there now", "сейчас там нет")
_MANAGED = Text("we put them there: {chain}", "добавлены нами: {chain}")
_UNMANAGED = Text(
    "was put there by somebody else, so we never take them out", "добавлены не нами, поэтому мы их никогда не выводим"
)
_HALF = Text(
    "a run began this and was cut off or refused; the next one finds out",
    "запуск это начал, но прервался или получил отказ; следующий разберётся",
)
_STAYS = Text("is not taken out: {why}", "не выводим: {why}")
_BRAKED = Text("the brake holds: {why}", "тормоз держит: {why}")
_NEXT: Mapping[str, Text] = MappingProxyType(
    {
        "grant": Text("the next run puts them there", "следующий запуск добавит"),
        "revoke": Text("the next run takes them out", "следующий запуск выведет"),
        "less": Text("the next run makes them less there", "следующий запуск понизит"),
        "": Text("the next run changes nothing", "следующий запуск ничего не изменит"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """``wished`` and ``there``: whether they should be, and are, in the target; ``next`` is ``grant``, ``revoke`` or
    empty. ``lines`` are the story, for a person.
    """

    person: str
    target: str
    wished: bool
    there: bool
    next: str
    lines: tuple[Text, ...]


def explain(
    portal: Portal, journal: Journal, settings: SourceSettings, rows: Iterable[MirrorRow], person: str, target: str
) -> Explanation:
    """Why ``person`` (e-mail, external id, ``#17``) is or is not in ``target``; nothing is written.

    Raises ``PermanentError``: no such target or person, or one that REST cannot change, with what to do by hand.
    """
    where = _target(target)
    if settings.access is None:
        raise PermanentError("access.none", hint=_NO_ACCESS.with_(source=settings.source))
    memory = Memory(journal, portal.name, settings.source)
    with portal.bulk() as bulk:
        seen = survey(portal, bulk, journal, memory, settings.access, rows)
    if not seen.people.people and not seen.people.problems:
        raise PermanentError("access.unread", hint=_UNREAD.with_(source=settings.source))
    user_id, whom = _whom(seen, person)
    if not user_id and whom is None:
        raise PermanentError("access.person", hint=_NO_PERSON.with_(person=person))
    plan = planned(seen, allow_gone=False)
    steps = next((steps for steps in plan.steps if steps.target == where), None)
    actual = seen.sites[where].actual if where in seen.sites else {}
    return Explanation(
        person=seen.users[user_id].label if user_id else whom.label if whom else person,
        target=where.key,
        wished=user_id in seen.wishes.by_target.get(where, {}),
        there=user_id in actual,
        next=_next(steps, user_id).replace("less", "revoke"),
        lines=tuple(_story(seen, plan, steps, where, user_id, whom)),
    )


def _target(given: str) -> Target:
    by_hand = BY_HAND.get(given.strip().lower().partition(":")[0])
    if by_hand is not None:
        raise PermanentError("access.by_hand", hint=by_hand[1], detail=given)
    where = named(given)
    if where is None:
        raise PermanentError("access.target", hint=_NO_TARGET, detail=given)
    return where


def _whom(seen: Survey, given: str) -> tuple[int, Person | None]:
    """``(user id, person)``; 0 for somebody without a user, ``None`` for somebody who is not in the source."""
    for user_id in meant(given, seen.matches.of, seen.users):
        match = seen.matches.of.get(user_id)
        return user_id, match.person if match else None
    return 0, next((person for person in seen.people.people if person.called(given)), None)


def _story(
    seen: Survey, plan: Plan, steps: Steps | None, where: Target, user_id: int, person: Person | None
) -> Iterator[Text]:
    yield from _who(seen, user_id, person)
    yield from (problem for problem in seen.problems if problem not in seen.wishes.problems)
    if person is not None:
        groups = ", ".join(sorted(person.groups))
        yield _IN_GROUPS.with_(groups=groups) if groups else _NO_GROUPS
    yield from _rules(seen, where, user_id)
    if user_id:
        yield from _state(seen, plan, where, user_id)
        if steps is not None and user_id in steps.kept:
            yield _STAYS.with_(why=steps.kept[user_id])
        elif (
            steps is not None
            and user_id in steps.held
            and user_id in (kept := kept_in(seen, seen.sites[where]) if where in seen.sites else {})
        ):
            yield _STAYS.with_(why=kept[user_id])
    yield _NEXT[_next(steps, user_id)]


def _who(seen: Survey, user_id: int, person: Person | None) -> Iterator[Text]:
    match = seen.matches.of.get(user_id)
    if match is not None:
        yield _FOUND.with_(user=match.user.label, how=_HOW[match.how])
        if not match.person.active:
            yield _LEAVER.with_(where=match.person.where)
    elif user_id in seen.matches.unclear:
        yield seen.matches.unclear[user_id]
    elif user_id:
        yield _OUTSIDE.with_(user=seen.users[user_id].label)
    for unmatched in seen.matches.unmatched:
        if unmatched.person is person:
            yield _UNMATCHED.with_(person=unmatched.person.label, why=unmatched.why)


def _rules(seen: Survey, where: Target, user_id: int) -> Iterator[Text]:
    wish = seen.wishes.by_target.get(where, {}).get(user_id)
    denied = seen.wishes.denied.get(where, {}).get(user_id)
    if denied is not None:
        yield denied.said()
        overruled = seen.wishes.overruled.get(where, {}).get(user_id)
        for reason in overruled.reasons if overruled else ():
            yield _OVERRULED.with_(reason=reason.said(), target=where.said())
        return
    for reason in wish.reasons if wish else ():
        yield _LEADS.with_(reason=reason.said(), target=where.said())
    if wish is not None and len(where.grades) > 1:
        yield _BELONGS.with_(grade=wish.grade)
    if wish is None:
        yield _NO_LEAD.with_(target=where.said())
        groups = Groups(seen.settings.targets)
        leading = [name for name in sorted(seen.people.groups()) if where in {to for to, _ in groups.lead(name)}]
        if leading:
            yield _NAMED.with_(groups=", ".join(leading[:20]))


def _state(seen: Survey, plan: Plan, where: Target, user_id: int) -> Iterator[Text]:
    site, held = seen.sites.get(where), seen.managed.get(where, {}).get(user_id)
    grade = site.actual.get(user_id, "") if site else ""
    yield (_IS_AS.with_(grade=grade) if len(where.grades) > 1 else _IS) if grade else _IS_NOT
    if held is not None:
        yield _MANAGED.with_(chain=held.chain) if held.state == "granted" else _HALF
    elif grade:
        yield _UNMANAGED
    wish = seen.wishes.by_target.get(where, {}).get(user_id)
    if held is not None and (wish is None or where.rank(grade) > where.rank(wish.grade)):
        yield from (_BRAKED.with_(why=found.why) for found in plan.braked if found.target == where.key)


def _next(steps: Steps | None, user_id: int) -> str:
    if steps is None or not user_id:
        return ""
    if any(step.user == user_id for step in steps.grants):
        return "grant"
    taken = next((step for step in steps.revokes if step.user == user_id), None)
    return "" if taken is None else "less" if taken.grade else "revoke"
