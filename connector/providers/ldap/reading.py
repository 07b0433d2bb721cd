"""Reads people of a directory, page by page, each with the groups that they are in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from connector.domain.sources import Broken, Desk, Page, Position, Record, Start
from connector.errors import PermanentError
from connector.providers.ldap.directory import Directory, opened
from connector.providers.ldap.ladder import Ladder
from connector.providers.ldap.listing import Listed, listed
from connector.providers.ldap.settings import GroupsSettings, LdapSettings
from connector.providers.ldap.stage import Person, Stage, Team
from connector.speech import Text

ABANDONED = timedelta(hours=12)
_NOBODY = Text(
    "The directory shows nobody by {asked} below {base}, so nobody counts as gone. If there must be somebody: check "
    "`base`, `filter` and what the user may read",
    "По фильтру {asked} под {base} каталог никого не показывает, поэтому никто не считается удалённым. Если люди там "
    "есть, проверьте `base`, `filter` и права чтения",
)
_VANISHED = Text(
    "The directory shows nobody any more although it showed {total} people as this run began: check what the user "
    "may read there, then start the run again",
    "Каталог больше никого не показывает, хотя в начале прогона людей было {total}: проверьте права чтения и "
    "запустите прогон снова",
)

Connect = Callable[[LdapSettings], AbstractContextManager[Directory]]


class PeopleReader:
    """Positions are ``{"run", "after", "since", "full", "total", "bookmark"}``, bookmarks ``{"people", "groups"}``.

    ``connect`` makes a connection when one is needed.
    """

    def __init__(self, desk: Desk, connect: Connect = opened) -> None:
        self._desk, self._connect = desk, connect
        self._settings: LdapSettings = desk.settings
        self._run = ""
        self._stage: Stage | None = None
        self._ladder = Ladder({})
        self._teams: dict[int, Team] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def begin(self, bookmark: Position) -> Start:
        """List everybody, or with ``changes`` those who changed since ``bookmark``, unless a group did as well."""
        self._sweep()
        run, before = uuid4().hex, bookmark if isinstance(bookmark, Mapping) else {}
        since, groups = None, None
        if self._settings.changes and before.get("people"):
            since, groups = datetime.fromisoformat(before["people"]) - self._settings.overlap, before.get("groups", "")
        found = self._list(run, since, groups)
        full = found.since is None and found.total > 0
        latest = found.latest.isoformat() if found.latest else before.get("people")
        position = {
            "run": run,
            "after": "",
            "since": found.since.isoformat() if found.since else None,
            "full": full,
            "total": found.total,
            "bookmark": {"people": latest, "groups": found.groups},
        }
        return Start(position=position, full=full, total=found.total)

    def page(self, position: Position, limit: int) -> Page:
        """The next people in the order of their ids."""
        stage = self._opened(position)
        people = list(stage.people(position["after"], limit))
        ended = len(people) < limit
        if ended:
            self._finished(stage)
        notes = []
        if ended and position["since"] is None and not position["total"]:
            base = self._settings.where(self._settings.people)
            notes.append(_NOBODY.with_(asked=self._settings.people.wanted, base=base))
        return Page(
            records=self._records(stage, [person for person in people if not person.broken]),
            broken=[_broken(person) for person in people if person.broken],
            position={**position, "after": people[-1].place if people else position["after"]},
            ended=ended,
            bookmark=position["bookmark"] if ended else None,
            notes=notes,
        )

    def _records(self, stage: Stage, people: Sequence[Person]) -> list[Record]:
        groups = self._settings.groups
        if groups is None:
            return [Record(id=person.id, values=person.values, where=person.dn) for person in people]
        within = stage.memberships([key for person in people for key in person.keys])
        return [
            Record(id=person.id, values={**person.values, **self._groups(groups, person, within)}, where=person.dn)
            for person in people
        ]

    def _groups(self, groups: GroupsSettings, person: Person, within: Mapping[str, set[int]]) -> dict[str, list[str]]:
        direct = {number for key in person.keys for number in within.get(key, ())}
        numbers = self._ladder.above(direct) if groups.nested else direct
        teams = [self._teams[number] for number in numbers if groups.told(self._teams[number].name)]
        columns = {"groups": [team.name for team in teams]}
        if "dn" in groups.also:
            columns["group_dns"] = [team.dn for team in teams]
        if "id" in groups.also:
            columns["group_ids"] = [team.id for team in teams]
        return {name: sorted({*told}) for name, told in columns.items()}

    def _opened(self, position: Mapping[str, Any]) -> Stage:
        run = str(position["run"])
        if self._stage is not None and self._run == run:
            return self._stage
        path = self._path(run)
        if not path.exists():
            since = datetime.fromisoformat(position["since"]) if position["since"] else None
            found = self._list(run, since, None)
            if position["full"] and not found.total:
                raise PermanentError("ldap.nobody", hint=_VANISHED.with_(total=position["total"]))
        self._close()
        self._run, self._stage = run, Stage(path)
        self._ladder, self._teams = Ladder(self._stage.parents()), self._stage.teams()
        return self._stage

    def _list(self, run: str, since: datetime | None, groups: str | None) -> Listed:
        with self._connect(self._settings) as directory:
            return listed(directory, self._settings, self._path(run), since=since, groups=groups)

    def _path(self, run: str) -> Path:
        return self._desk.folder / f"{run}.people"

    def _finished(self, stage: Stage) -> None:
        """The next run may throw this away; until then its last page can be asked again."""
        os.utime(stage.path, (0, 0))

    def _sweep(self) -> None:
        oldest = (self._desk.clock() - ABANDONED).timestamp()
        for path in [*self._desk.folder.glob("*.people"), *self._desk.folder.glob("*.part")]:
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _close(self) -> None:
        stage, self._stage = self._stage, None
        if stage is not None:
            stage.__exit__()


def _broken(person: Person) -> Broken:
    return Broken(where=person.dn, why=person.broken or Text("", ""), id=person.id, values=person.values)
