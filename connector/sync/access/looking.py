"""The survey: everything is read first, and only then decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from connector.domain.access import AccessSettings
from connector.journal import Journal, MirrorRow
from connector.portal import Portal
from connector.sync.access.difference import Held
from connector.sync.access.matching import Matches, User, matched
from connector.sync.access.memory import Granted, Memory, invitee
from connector.sync.access.people import people_of
from connector.sync.access.reading import protected, users_in
from connector.sync.access.sites import Eyes, sites_of
from connector.sync.access.survey import Site, Survey
from connector.sync.access.targets import Target, field_of
from connector.sync.access.wishing import Wishes, desired

if TYPE_CHECKING:
    from connector.portal.bulk import Bulk

ADMINS = "portal.admin"
_BATCH = 1000
_CONSOLE = Target(kind="console")


def rows_of(journal: Journal, source: str) -> Iterator[MirrorRow]:
    """Everybody whom the source ever told of, a batch in memory at a time: those who are gone are leavers."""
    last = ""
    while True:
        rows = journal.mirror_rows(source, after=last, limit=_BATCH)
        yield from rows
        if len(rows) < _BATCH:
            return
        last = rows[-1].record


def survey(
    portal: Portal, bulk: Bulk, journal: Journal, memory: Memory, settings: AccessSettings, rows: Iterable[MirrorRow]
) -> Survey:
    """Read source, portal and journal. Raises ``TransientError`` and ``Stopped`` of the portal; nothing is written."""
    people, granted = people_of(rows, settings), memory.granted()
    wanted = _targets(settings, granted)
    users = users_in(bulk, [field_of(target)[0] for target in wanted if target.kind == "field"])
    matches = matched(people.people, users.values(), memory.known())
    wishes = desired(settings, matches.of, users)
    eyes = Eyes(portal=portal, bulk=bulk, users=users, console=granted.mine.get(_CONSOLE, {}), named=wishes.by_target)
    sites, problems = sites_of(eyes, wanted)
    admins = [int(link.key.rpartition(".")[2]) for link in journal.links_like(ADMINS, f"{portal.name}.", limit=10_000)]
    return Survey(
        settings=settings,
        people=people,
        users=users,
        matches=matches,
        wishes=wishes,
        sites=sites,
        managed=_with_invited(granted, matches, wishes, sites, memory.invited()),
        others=granted.others,
        protected=protected(portal, settings, users, admins),
        was_groups=memory.groups(),
        bases=memory.bases(),
        problems=(*people.problems, *wishes.problems, *problems),
    )


def _targets(settings: AccessSettings, granted: Granted) -> set[Target]:
    """All that the settings name, and all that we still have people in."""
    named = set(desired(settings, {}, {}).by_target)
    return {target for target in named | set(granted.mine) if target.kind != "dismissed"}


def _with_invited(
    granted: Granted, matches: Matches, wishes: Wishes, sites: Mapping[Target, Site], invited: frozenset[str]
) -> dict[Target, dict[int, Held]]:
    """Whom we invited came with their departments: those are our grants, begun with the invitation."""
    managed = {target: dict(held) for target, held in granted.mine.items()}
    guests = {user for user, match in matches.of.items() if invitee(match.person) in invited}
    for target, wished in wishes.by_target.items():
        if target.kind != "department" or target not in sites:
            continue
        for user in guests & set(wished) & set(sites[target].actual):
            held = Held(state="granting", grade="in", groups=wished[user].groups)
            managed.setdefault(target, {}).setdefault(user, held)
    return managed


def again(survey: Survey, bulk: Bulk, memory: Memory, new: Iterable[int]) -> Survey:
    """The survey with people who have just been invited."""
    fresh: dict[int, User] = users_in(bulk, (), ids=list(new))
    users = {**survey.users, **fresh}
    matches = matched(survey.people.people, users.values(), memory.known())
    wishes = desired(survey.settings, matches.of, users)
    sites = {target: _joined(site, fresh) for target, site in survey.sites.items()}
    granted = Granted(mine={target: dict(held) for target, held in survey.managed.items()}, others=survey.others)
    managed = _with_invited(granted, matches, wishes, sites, memory.invited())
    return replace(survey, users=users, matches=matches, wishes=wishes, sites=sites, managed=managed)


def _joined(site: Site, fresh: Mapping[int, User]) -> Site:
    if site.target.kind != "department":
        return site
    here = {user.id: "in" for user in fresh.values() if site.target.number in user.departments}
    return replace(site, actual={**site.actual, **here})
