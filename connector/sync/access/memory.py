"""What the journal remembers for us: whom we put where, who is whom, which invitations are under way.

Kinds of links: ``access.grant`` ``<portal>|<target>|<user>|<source>``, ``access.person`` ``<portal>|<external id>``,
``access.invited`` ``<source>|<person>``, ``access.groups`` and ``access.braked`` ``<source>``, ``access.queue``
``<portal>|<line>`` and ``access.console`` ``<portal>.<user>``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.domain.effects import Remember
from connector.journal import Journal
from connector.journal.deeds import Line
from connector.sync.access.difference import Held, Step
from connector.sync.access.people import Person
from connector.sync.access.targets import Target, named

GRANT, PERSON, INVITED = "access.grant", "access.person", "access.invited"
GROUPS, BRAKED, QUEUE, CONSOLE = "access.groups", "access.braked", "access.queue", "access.console"
_ALL = 10_000_000
_WHAT = {True: "access.granted", False: "access.revoked"}


@dataclass(frozen=True, kw_only=True)
class Granted:
    """All grants on one portal: ``mine`` of this source by target and user, ``others`` those of each other source."""

    mine: Mapping[Target, dict[int, Held]]
    others: Mapping[Target, Mapping[int, Mapping[str, Held]]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Move:
    """A step in a target."""

    target: Target
    step: Step

    @property
    def gives(self) -> bool:
        """Whether somebody is put there. To go back to what they had before us is to leave."""
        step, rank = self.step, self.target.rank
        back = step.grade == step.had and rank(step.grade) < rank(step.was)
        return bool(step.grade) and not back

    @property
    def takes(self) -> bool:
        """Whether somebody is less afterwards than they are now, or is there no more."""
        return self.target.rank(self.step.grade) < self.target.rank(self.step.was)


class Memory:
    """One source's memory on one portal. ``who`` and ``trace`` are for the audit."""

    def __init__(self, journal: Journal, portal: str, source: str, *, trace: str = "") -> None:
        self._journal, self.portal, self.source, self._trace = journal, portal, source, trace

    def granted(self) -> Granted:
        """Who was put where, by whom."""
        mine: defaultdict[Target, dict[int, Held]] = defaultdict(dict)
        others: defaultdict[Target, defaultdict[int, dict[str, Held]]] = defaultdict(lambda: defaultdict(dict))
        for link in self._journal.links_like(GRANT, f"{self.portal}|", limit=_ALL):
            target, user_id, source = _parts(link.key)
            if target is None:
                continue
            if source == self.source:
                mine[target][user_id] = _held(link.value)
            else:
                others[target][user_id][source] = _held(link.value)
        return Granted(mine=mine, others=others)

    def known(self) -> dict[str, int]:
        """Users that we found before, by their external id."""
        begins = f"{self.portal}|"
        found = self._journal.links_like(PERSON, begins, limit=_ALL)
        return {link.key.removeprefix(begins): int(link.value["user"]) for link in found}

    def learning(self) -> frozenset[int]:
        """Users whose external id was being written when a run was cut off, or refused."""
        found = self._journal.links_like(PERSON, f"{self.portal}|", limit=_ALL)
        return frozenset(int(link.value["user"]) for link in found if link.value.get("learning"))

    def invited(self) -> frozenset[str]:
        """The people of this source whose invitation was begun, as :func:`invitee` calls them."""
        begins = f"{self.source}|"
        return frozenset(
            link.key.removeprefix(begins) for link in self._journal.links_like(INVITED, begins, limit=_ALL)
        )

    def groups(self) -> frozenset[str]:
        """The groups that the source had in the run before."""
        return frozenset(self._journal.recall(GROUPS, self.source) or ())

    def bases(self) -> dict[str, int]:
        """How many people the targets had that are braked, when that began."""
        return {str(key): int(count) for key, count in (self._journal.recall(BRAKED, self.source) or {}).items()}

    def queue(self, line: int) -> list[dict[str, str]]:
        """The queue as we last wrote it, departments and all."""
        return list(self._journal.recall(QUEUE, f"{self.portal}|{line}") or ())

    def begin(self, moves: Iterable[Move]) -> None:
        """Before the portal is asked: what a run that is cut off was about to do."""
        self.keep([self._link(move, "revoking" if move.takes else "granting") for move in moves])

    def settle(self, done: Sequence[Move], *, more: Sequence[Remember] = ()) -> None:
        """After it took place: grants are remembered, revokes forgotten, each with its line in the audit."""
        self.keep([*(self._link(move, "granted") for move in done), *more], [self._line(move) for move in done])

    def renew(self, moves: Sequence[Move]) -> None:
        """Grants that stand as they stood, for reasons that have changed."""
        self.keep([self._link(move, "granted") for move in moves])

    def drop(self, target: Target, dropped: Mapping[int, Held], *, told: Mapping[int, str]) -> None:
        """Forget people who are not there any more. A revoke that a cut run had begun took place: it is audited;
        ``told`` says of others why they need no revoke.
        """
        links = [Remember(GRANT, self._key(target, user), None) for user in dropped]
        lines = []
        for user, held in dropped.items():
            if held.state == "revoking" or user in told:
                why = told.get(user, held.chain)
                lines.append(Line(what="access.revoked", why=why, target=self._whom(target, user)))
        self.keep(links, lines)

    def keep(self, links: Sequence[Remember], lines: Sequence[Line] = ()) -> None:
        """Links and lines in one transaction."""
        self._journal.keep_deeds(
            links, lines, owner=f"portal:{self.portal}", who=f"sync:{self.source}", trace=self._trace
        )

    def _link(self, move: Move, state: str) -> Remember:
        step, key = move.step, self._key(move.target, move.step.user)
        if state == "granted" and not move.gives:
            return Remember(GRANT, key, None)
        grade = step.was if state == "revoking" else step.grade
        value = {"state": state, "grade": grade, "had": step.had, "chain": step.chain, "groups": list(step.groups)}
        return Remember(GRANT, key, value)

    def _line(self, move: Move) -> Line:
        what = "access.dismissed" if move.target.kind == "dismissed" else _WHAT[move.gives]
        whom = self._whom(move.target, move.step.user)
        role = move.step.grade if len(move.target.grades) > 1 else ""
        return Line(what=what, why=move.step.chain, target=whom, detail=role)

    def _key(self, target: Target, user: int) -> str:
        return f"{self.portal}|{_escaped(target.key)}|{user}|{self.source}"

    def _whom(self, target: Target, user: int) -> str:
        return f"{self.portal} #{user} {target.key}"


def person_link(portal: str, external_id: str, user: int, *, learning: bool = False) -> Remember:
    """That this external id is this user; ``learning``: it is about to be written into the portal."""
    value = {"user": user, "learning": True} if learning else {"user": user}
    return Remember(PERSON, f"{portal}|{external_id.casefold()}", value)


def invitee(person: Person) -> str:
    """What an invited person is remembered by."""
    return (person.external_id or person.email).casefold()


def _held(value: Mapping[str, Any]) -> Held:
    texts = {name: str(value.get(name) or "") for name in ("state", "grade", "had", "chain")}
    return Held(**texts, groups=tuple(value.get("groups") or ()))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C")


def _parts(key: str) -> tuple[Target | None, int, str]:
    _, target, user, source = key.split("|", 3)
    return named(target.replace("%7C", "|").replace("%25", "%")), int(user), source
