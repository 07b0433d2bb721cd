"""Who of the source is whom in the portal: by external id, by what we remember, by e-mail; never by a guess (§3.7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.speech import Text
from connector.sync.access.people import Person

_NOBODY = Text(
    "nobody in Bitrix24 has this external id or e-mail; invite them there, or set invite: true",
    "в Битрикс24 нет сотрудника с таким внешним кодом или почтой; пригласите его там или укажите invite: true",
)
_SEVERAL = Text(
    "several users have this e-mail: {users}; write the external id into XML_ID of the right one",
    "эта почта у нескольких сотрудников: {users}; впишите внешний код в XML_ID нужного",
)
_SAME_XML = Text(
    "several users have this XML_ID: {users}; leave it with one of them",
    "этот XML_ID у нескольких сотрудников: {users}; оставьте его у одного",
)
_SHARED = Text(
    "user {user} is claimed by several people of the source: {people}; correct e-mail or external id",
    "на сотрудника {user} претендуют несколько человек из источника: {people}; исправьте почту или внешний код",
)
_DISMISSED = Text(
    "user {user} is dismissed in Bitrix24; take them back there if that is right",
    "сотрудник {user} в Битрикс24 уволен; верните его там, если это верно",
)
_BROKEN = Text("their record is broken ({where})", "запись о нём сломана ({where})")
_OUTSIDER = Text(
    "user {user} is no employee of this portal (extranet); only employees are led by groups",
    "{user} — не сотрудник этого портала (экстранет); группы ведут только сотрудников",
)


@dataclass(frozen=True, kw_only=True)
class User:
    """A user of the portal. ``fields`` are the values of the user fields that targets name, as text."""

    id: int
    name: str = ""
    email: str = ""
    xml_id: str = ""
    active: bool = True
    employee: bool = True
    admin: bool = False
    departments: tuple[int, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """``ivanov@acme.ru (17)``."""
        return f"{self.email or self.name} ({self.id})".strip()


@dataclass(frozen=True, kw_only=True)
class Match:
    """A person and their user; ``how`` is ``xml_id``, ``known`` (we found them before) or ``email``."""

    person: Person
    user: User
    how: str


@dataclass(frozen=True, kw_only=True)
class Unmatched:
    """Somebody of the source who has no user, and why. ``unknown``: there is nobody, so they could be invited."""

    person: Person
    why: Text
    unknown: bool = False


@dataclass(frozen=True, kw_only=True)
class Matches:
    """``of`` by user id. ``unclear`` are users who may be meant by somebody who was not matched, or whose rows are
    broken: nothing is taken from them.
    """

    of: Mapping[int, Match]
    unmatched: tuple[Unmatched, ...]
    unclear: Mapping[int, Text]


class _Register:
    """The portal's users by what tells them apart."""

    def __init__(self, users: Iterable[User], known: Mapping[str, int]) -> None:
        self.by_id = {user.id: user for user in users}
        self.known = known
        self.by_xml: defaultdict[str, list[User]] = defaultdict(list)
        self.by_email: defaultdict[str, list[User]] = defaultdict(list)
        for user in self.by_id.values():
            if user.xml_id:
                self.by_xml[user.xml_id.casefold()].append(user)
            if user.email:
                self.by_email[user.email.casefold()].append(user)

    def find(self, person: Person) -> tuple[list[User], str]:
        """Who it may be, and by which sign they were found; of users with one e-mail the active ones."""
        external = person.external_id.casefold()
        if external and self.by_xml.get(external):
            return self.by_xml[external], "xml_id"
        if external and self.known.get(external) in self.by_id:
            return [self.by_id[self.known[external]]], "known"
        found = self.by_email.get(person.email, []) if person.email else []
        return [user for user in found if user.active] or found, "email"


def matched(people: Iterable[Person], users: Iterable[User], known: Mapping[str, int]) -> Matches:
    """Everybody of the source beside their user. ``known`` are users that we found before, by external id."""
    register = _Register(users, known)
    claims: defaultdict[int, list[Match]] = defaultdict(list)
    unmatched: list[Unmatched] = []
    unclear: dict[int, Text] = {}
    for person in people:
        found, how = register.find(person)
        refusal = _refused(person, found, how)
        if refusal is None:
            claims[found[0].id].append(Match(person=person, user=found[0], how=how))
        elif found or person.active:  # a leaver without a user is nobody's concern
            unmatched.append(refusal)
            unclear |= {user.id: refusal.why for user in found}
    of: dict[int, Match] = {}
    for user_id, rivals in claims.items():
        sure = [match for match in rivals if match.how != "email"] or rivals
        people_here = ", ".join(f"{match.person.label} ({match.person.where})" for match in rivals)
        why = _SHARED.with_(user=register.by_id[user_id].label, people=people_here)
        if len(sure) > 1:
            unclear[user_id] = why
        else:
            of[user_id] = sure[0]
            if not sure[0].person.clear:
                unclear[user_id] = _BROKEN.with_(where=sure[0].person.where)
        unmatched += [Unmatched(person=match.person, why=why) for match in rivals if of.get(user_id) is not match]
    return Matches(of=of, unmatched=tuple(unmatched), unclear=unclear)


def _refused(person: Person, found: list[User], how: str) -> Unmatched | None:
    """Why none of ``found`` is this person; ``None``: the one is."""
    if not found:
        return Unmatched(person=person, why=_NOBODY, unknown=True)
    if len(found) > 1:
        users = ", ".join(user.label for user in found)
        return Unmatched(person=person, why=(_SAME_XML if how == "xml_id" else _SEVERAL).with_(users=users))
    user = found[0]
    if not user.employee:
        return Unmatched(person=person, why=_OUTSIDER.with_(user=user.label))
    if not user.active and person.active:
        return Unmatched(person=person, why=_DISMISSED.with_(user=user.label))
    return None
