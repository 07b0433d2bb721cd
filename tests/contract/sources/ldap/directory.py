"""A directory in memory, with the habits of Active Directory that no free server has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.domain.sources import Broken, Desk, Record
from connector.providers.ldap.directory import Entry
from connector.providers.ldap.reading import PeopleReader
from connector.providers.ldap.settings import LdapSettings
from connector.speech import Text

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
_SINCE = re.compile(r"\((modifyTimestamp|whenChanged)>=(\d{14})")
_RANGE = re.compile(r"(.+);range=(\d+)-\*")


def entry(dn: str, **attributes: Any) -> Entry:
    """An entry; values are texts, bytes, numbers or lists of them."""
    told = {
        name.lower(): [each if isinstance(each, bytes) else str(each).encode() for each in _list(given)]
        for name, given in attributes.items()
    }
    return Entry(dn, told)


def _list(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else [given]


@dataclass
class FakeDirectory:
    """``people`` and ``groups`` as they stand; ``window`` members are told at once, as Active Directory does.

    A search whose filter speaks of groups finds groups. ``searches`` are those that were made. ``fails`` is raised
    after so many entries.
    """

    people: list[Entry] = field(default_factory=list)
    groups: list[Entry] = field(default_factory=list)
    window: int = 0
    searches: list[str] = field(default_factory=list)
    fails: tuple[int, Exception] | None = None

    def search(self, base: str, asked: str, attributes: Sequence[str], *, deep: bool = True) -> Iterator[Entry]:
        self.searches.append(asked)
        if not deep:
            yield from (self._ranged(each, attributes) for each in self.groups if each.dn == base)
            return
        found = self.groups if "roup" in asked else self.people
        since = _SINCE.search(asked)
        for number, each in enumerate(found):
            if self.fails is not None and number == self.fails[0]:
                raise self.fails[1]
            if since is None or each.attributes[since[1].lower()][0].decode() >= since[2]:
                yield self._ranged(self._only(each, attributes), attributes)

    def _only(self, found: Entry, attributes: Sequence[str]) -> Entry:
        wanted = {name.lower() for name in attributes}
        return Entry(found.dn, {name: given for name, given in found.attributes.items() if name in wanted})

    def _ranged(self, found: Entry, attributes: Sequence[str]) -> Entry:
        members = list(found.attributes.get("member", ()))
        if not self.window or len(members) <= self.window:
            return found
        asked = _RANGE.fullmatch(attributes[0])
        begun = int(asked[2]) if asked else 0
        ended = begun + self.window
        name = f"member;range={begun}-{'*' if ended >= len(members) else ended - 1}"
        rest = {key: given for key, given in found.attributes.items() if key != "member"}
        return Entry(found.dn, {**rest, "member": [], name: members[begun:ended]})


def settings(**given: Any) -> LdapSettings:
    """A source ``staff``; people are known by ``uid``, which the tests can read."""
    people = {"id": "uid", **given.pop("people", {})}
    whole = {"url": "ldaps://dc.acme.test", "base": "dc=acme,dc=test", "groups": {}, **given, "people": people}
    return LdapSettings.model_validate({"source": "staff", "provider": "ldap", "portal": "main", **whole})


@dataclass
class Bench:
    """A reader at work: ``directory`` may change between two readings, ``folder`` may be lost."""

    folder: Path
    directory: FakeDirectory
    settings: LdapSettings

    def reader(self) -> PeopleReader:
        """One more reader, as another process has."""

        @contextmanager
        def connect(settings: LdapSettings) -> Iterator[FakeDirectory]:
            yield self.directory

        desk = Desk(settings=self.settings, http=_nothing(), folder=self.folder, clock=lambda: NOW)
        return PeopleReader(desk, connect)

    def read(self, bookmark: Any = None, limit: int = 1000) -> Reading:
        """A whole run."""
        with self.reader() as reader:
            start = reader.begin(bookmark)
            reading = Reading(full=start.full, total=start.total)
            position, ended = start.position, False
            while not ended:
                page = reader.page(position, limit)
                reading.records.extend(page.records)
                reading.broken.extend(page.broken)
                reading.notes.extend(page.notes)
                position, ended, reading.bookmark = page.position, page.ended, page.bookmark
                reading.pages += 1
            return reading


@dataclass
class Reading:
    """What a whole run brought."""

    full: bool
    total: int | None
    records: list[Record] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    bookmark: Any = None
    pages: int = 0

    @property
    def groups(self) -> dict[str, list[str]]:
        """The groups of each person by id."""
        return {record.id: record.values["groups"] for record in self.records}


class _Nothing:
    @property
    def request(self) -> Any:
        raise AssertionError("a directory is not asked over HTTP")


def _nothing() -> Any:
    return _Nothing()
