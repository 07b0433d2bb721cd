"""What is to be done in all targets together: the differences, the brake, and the last department that stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from connector.speech import Text
from connector.sync.access.brake import Braked, Scene, allowed, braked
from connector.sync.access.difference import Held, Steps, difference
from connector.sync.access.matching import User
from connector.sync.access.survey import Site, Survey
from connector.sync.access.targets import Target
from connector.sync.access.wishing import Reason, Wish

DISMISSED = Target(kind="dismissed")
_LAST_DEPARTMENT = Text(
    "it is their last department, and nobody is left without one: move or dismiss them by hand",
    "это последний отдел сотрудника, а без отдела нельзя: переведите или увольте его вручную",
)
_LAST_OPERATOR = Text(
    "the queue would be empty, which Bitrix24 does not take: name somebody else first",
    "очередь осталась бы пустой, а Битрикс24 этого не принимает: сначала назначьте другого",
)
_DISMISSALS = Text(
    "{count} of {all} people would be dismissed, more than {brake} %. Look at the source, then run with --allow-gone",
    "уволить пришлось бы {count} из {all}, это больше {brake} %. Проверьте источник и запустите с --allow-gone",
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps of every target that can be read; ``braked`` ones have no revokes."""

    steps: tuple[Steps, ...]
    braked: tuple[Braked, ...]


def planned(survey: Survey, *, allow_gone: bool) -> Plan:
    """Everything that this run should do. ``allow_gone``: a person has looked, the brake is off."""
    scene = _scene(survey)
    raw = [_steps(survey, site) for site in survey.sites.values()]
    held = [found for steps in raw if not allow_gone and (found := braked(steps, scene))]
    stopped = {found.target for found in held}
    free = [_without_revokes(steps) if steps.target.key in stopped else steps for steps in raw]
    settled = [_queue_not_empty(steps, survey) for steps in _departments_left(free, survey.users)]
    leavers = _dismissals(survey)
    if leavers is not None and not allow_gone:
        most = allowed(sum(match.user.active for match in survey.matches.of.values()), survey.settings.brake)
        if survey.people.empty or len(leavers.grants) > most:
            held.append(_too_many(leavers, survey))
            leavers = replace(leavers, grants=())
    return Plan(steps=(*settled, *((leavers,) if leavers else ())), braked=tuple(held))


def _scene(survey: Survey) -> Scene:
    members: defaultdict[str, set[int]] = defaultdict(set)
    for name in survey.people.groups():
        members[name] = set()
    for user_id, match in survey.matches.of.items():
        if match.person.active:
            for name in match.person.groups:
                members[name].add(user_id)
    return Scene(
        empty=survey.people.empty,
        members=members,
        was=survey.was_groups,
        targets=frozenset(survey.wishes.by_target),
        percent=survey.settings.brake,
        bases=survey.bases,
    )


def kept_in(survey: Survey, site: Site) -> dict[int, Text]:
    """Users that nothing is taken from in this target, and why."""
    everywhere = {} if site.target.kind == "console" else survey.protected
    return {**survey.matches.unclear, **everywhere, **site.kept}


def _steps(survey: Survey, site: Site) -> Steps:
    return difference(
        site.target,
        wished=survey.wishes.by_target.get(site.target, {}),
        actual=site.actual,
        managed=survey.managed.get(site.target, {}),
        kept=kept_in(survey, site),
        # Roles in our console are kept apart, by source.
        others={} if site.target.kind == "console" else survey.others.get(site.target, {}),
    )


def _without_revokes(steps: Steps) -> Steps:
    return replace(steps, revokes=())


def _departments_left(all_steps: list[Steps], users: Mapping[int, User]) -> list[Steps]:
    """Of everybody who would leave their last department, the first of them stays."""
    leaves: defaultdict[int, set[int]] = defaultdict(set)
    joins: set[int] = set()
    for steps in all_steps:
        if steps.target.kind == "department":
            joins |= {step.user for step in steps.grants}
            for step in steps.revokes:
                leaves[step.user].add(steps.target.number)
    stays = {}
    for user_id, left in leaves.items():
        departments = users[user_id].departments if user_id in users else ()
        if user_id not in joins and departments and left.issuperset(departments):
            stays[user_id] = departments[0]
    return [_keeping(steps, stays) if steps.target.kind == "department" else steps for steps in all_steps]


def _keeping(steps: Steps, stays: Mapping[int, int]) -> Steps:
    here = {user: _LAST_DEPARTMENT for user, number in stays.items() if number == steps.target.number}
    return _kept(steps, here)


def _queue_not_empty(steps: Steps, survey: Survey) -> Steps:
    if steps.target.kind != "queue" or steps.grants or not steps.revokes:
        return steps
    actual = list(survey.sites[steps.target].actual)
    if {step.user for step in steps.revokes}.issuperset(actual):
        return _kept(steps, {actual[0]: _LAST_OPERATOR})
    return steps


def _kept(steps: Steps, here: Mapping[int, Text]) -> Steps:
    revokes = tuple(step for step in steps.revokes if step.user not in here)
    return replace(steps, revokes=revokes, kept={**steps.kept, **here})


def _dismissals(survey: Survey) -> Steps | None:
    """Leavers with an active user, as people who are led to dismissal; nobody is led back from there."""
    if not survey.settings.dismiss:
        return None
    leavers: dict[int, Wish] = {}
    kept = kept_in(survey, Site(target=DISMISSED, actual={}))
    for user_id, match in survey.matches.of.items():
        if not match.person.active and user_id not in kept:
            leavers[user_id] = Wish(grade="in", reasons=(Reason(kind="left", name=match.person.label),))
    managed = survey.managed.get(DISMISSED, {})
    mine = {user: held for user, held in managed.items() if user in leavers}
    actual = {user.id: "in" for user in survey.users.values() if not user.active}
    steps = difference(DISMISSED, wished=leavers, actual=actual, managed=mine, kept={})
    back: dict[int, Held] = {user: held for user, held in managed.items() if user not in leavers}
    return replace(steps, dropped=back)


def _too_many(leavers: Steps, survey: Survey) -> Braked:
    everybody = sum(match.user.active for match in survey.matches.of.values())
    why = _DISMISSALS.with_(count=len(leavers.grants), all=everybody, brake=f"{survey.settings.brake:g}")
    return Braked(target=DISMISSED.key, revokes=len(leavers.grants), managed=everybody, why=why)
