"""People whom the portal does not know by their external id: invited when told, and learnt once they are found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.domain.effects import Remember
from connector.errors import PermanentError
from connector.journal.deeds import Line
from connector.portal.batch import Outcome
from connector.speech import Text
from connector.sync.access.hands import Hands, packs_of, refusal
from connector.sync.access.matching import Match, Unmatched
from connector.sync.access.memory import INVITED, Memory, invitee, person_link
from connector.sync.access.people import Person
from connector.sync.access.survey import Survey
from connector.sync.access.wishing import Groups

_NO_DEPARTMENT = Text(
    "{person}: nobody is invited without a department; lead one of their groups to department:",
    "{person}: без отдела никого не приглашаем; направьте одну из его групп в department:",
)
_NO_EMAIL = Text("{person}: has no e-mail to be invited by", "{person}: нет почты, на которую пригласить")
_NOT_INVITED = Text("{person} was not invited: {why}", "{person} не приглашён: {why}")
_NOT_LEARNT = Text(
    "the external id could not be written into XML_ID of {user}: {why}. We remember who it is",
    "внешний код не удалось записать в XML_ID сотрудника {user}: {why}. Кто это, мы помним",
)


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """Somebody to invite, and the departments that their groups lead to."""

    person: Person
    departments: tuple[int, ...]


def invitations(survey: Survey) -> tuple[list[Invitation], list[Text]]:
    """Whom to invite, and why others cannot be. Nobody while the settings do not say so: each takes a seat."""
    if not survey.settings.invite:
        return [], []
    groups = Groups(survey.settings.targets)
    found, problems = [], []
    for unmatched in _unknown(survey.matches.unmatched):
        person = unmatched.person
        led = {
            target.number for name in person.groups for target, _ in groups.lead(name) if target.kind == "department"
        }
        readable = tuple(sorted(led & {target.number for target in survey.sites if target.kind == "department"}))
        if not person.email:
            problems.append(_NO_EMAIL.with_(person=person.label))
        elif not readable:
            problems.append(_NO_DEPARTMENT.with_(person=person.label))
        else:
            found.append(Invitation(person=person, departments=readable))
    return found, problems


def invite(hands: Hands, invited: Sequence[Invitation]) -> tuple[dict[str, int], list[Text]]:
    """Send the invitations: ``(the new user ids by invitee, 0 for those who were refused; what was refused)``. One
    e-mail is one user, so nobody is doubled.
    """
    made: dict[str, int] = {}
    problems: list[Text] = []
    for pack in hands.going(packs_of(invited)):
        memory = hands.memory
        memory.keep([Remember(INVITED, _key(memory, each.person), {"state": "inviting"}) for each in pack])
        commands = ((index, "user.add", _row(each)) for index, each in enumerate(pack))
        for index, outcome in hands.bulk.write(commands):
            person, user = pack[int(str(index))].person, _new(outcome)
            made[invitee(person)] = user
            if user:
                line = Line(what="access.invited", why="not in Bitrix24 yet", target=f"{memory.portal} #{user}")
                memory.keep(_known(memory, person, user), [line])
            else:
                problems.append(_NOT_INVITED.with_(person=person.label, why=refusal(outcome)))
                if isinstance(outcome.error, PermanentError):
                    memory.keep([Remember(INVITED, _key(memory, person), None)])
    return made, problems


def learn(hands: Hands, matches: Mapping[int, Match], *, write: bool) -> tuple[list[int], list[Text]]:
    """Remember those who were found by e-mail, and write their external id into an XML_ID that is empty."""
    memory = hands.memory
    found = [match for match in matches.values() if match.how == "email" and match.person.external_id]
    memory.keep([person_link(memory.portal, match.person.external_id, match.user.id) for match in found])
    cut = memory.learning()
    done = [user for user, match in matches.items() if match.how == "xml_id" and user in cut]
    _learnt(memory, [matches[user] for user in done])
    problems: list[Text] = []
    for pack in hands.going(packs_of(unlearnt(matches) if write else ())):
        memory.keep([person_link(memory.portal, one.person.external_id, one.user.id, learning=True) for one in pack])
        commands = ((one.user.id, "user.update", {"ID": one.user.id, "XML_ID": one.person.external_id}) for one in pack)
        told = {matches[int(str(user_id))].user.id: outcome for user_id, outcome in hands.bulk.write(commands)}
        good = [user for user, outcome in told.items() if outcome.state == "ok" and outcome.result is True]
        _learnt(memory, [matches[user] for user in good])
        done += good
        for user in told.keys() - set(good):
            problems.append(_NOT_LEARNT.with_(user=matches[user].user.label, why=refusal(told[user])))
    return done, problems


def unlearnt(matches: Mapping[int, Match]) -> list[Match]:
    """Those whose external id the portal does not know yet."""
    return [
        match
        for match in matches.values()
        if match.how != "xml_id" and match.person.external_id and not match.user.xml_id
    ]


def _learnt(memory: Memory, some: Sequence[Match]) -> None:
    """Their external ids stand in the portal."""
    links = [person_link(memory.portal, match.person.external_id, match.user.id) for match in some]
    told = {f"{memory.portal} #{match.user.id}": match.person.external_id for match in some}
    why = "found by e-mail"
    lines = [Line(what="access.learned", why=why, target=whom, detail=external) for whom, external in told.items()]
    memory.keep(links, lines)


def welcomed(memory: Memory, matches: Mapping[int, Match], invited: frozenset[str]) -> None:
    """Forget the invitations of those who are in the portal and have what they were invited with."""
    there = [match.person for match in matches.values() if invitee(match.person) in invited]
    memory.keep([Remember(INVITED, _key(memory, person), None) for person in there])


def _unknown(unmatched: Sequence[Unmatched]) -> Iterator[Unmatched]:
    return (each for each in unmatched if each.unknown and each.person.active and each.person.clear)


def _row(invitation: Invitation) -> dict[str, Any]:
    first, _, last = invitation.person.name.partition(" ")
    row = {"EMAIL": invitation.person.email, "UF_DEPARTMENT": list(invitation.departments)}
    named = {"NAME": first, "LAST_NAME": last.strip(), "XML_ID": invitation.person.external_id}
    return {**row, **{name: value for name, value in named.items() if value}}


def _new(outcome: Outcome) -> int:
    return int(outcome.result) if outcome.state == "ok" and str(outcome.result).isdecimal() else 0


def _known(memory: Memory, person: Person, user: int) -> list[Remember]:
    return [person_link(memory.portal, person.external_id, user)] if person.external_id else []


def _key(memory: Memory, person: Person) -> str:
    return f"{memory.source}|{invitee(person)}"
