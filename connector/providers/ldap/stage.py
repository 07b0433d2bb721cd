"""A listing of the directory on this machine, from which a run reads its pages.

The cookie of a paged search dies with its connection and servers seldom sort, so a run lists everybody once, into a
file of its own, and pages by the person's id. Where the file is missing (another machine) it is made anew, and the run
goes on behind the same id. It is an SQLite file, so that memory stays flat however many there are.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from connector.speech import Text

_SCHEMA = """
CREATE TABLE person (place TEXT PRIMARY KEY, line TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE team (no INTEGER PRIMARY KEY, key TEXT UNIQUE, dn TEXT, name TEXT, id TEXT, stamp TEXT);
CREATE TABLE member (key TEXT, no INTEGER, PRIMARY KEY (key, no)) WITHOUT ROWID;
"""
_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Person:
    """One who was listed. ``keys`` are what groups know them by. ``broken`` says why this is no record."""

    id: str
    dn: str
    values: Mapping[str, Any] = field(default_factory=dict)
    keys: Sequence[str] = ()
    broken: Text | None = None

    @property
    def place(self) -> str:
        """Where they stand in the order: broken rows first, then by id."""
        return f"0{self.dn}" if self.broken else f"1{self.id}"


@dataclass(frozen=True, kw_only=True)
class Team:
    """One group. ``key`` is the key of its DN; ``stamp`` changes with it."""

    key: str
    dn: str
    name: str
    id: str
    stamp: str = ""


class Stage:
    """The file at ``path``; a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._data = sqlite3.connect(path)
        # A cache that may be lost at any time; a half-made one never gets its name.
        self._data.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()

    def add_person(self, person: Person) -> bool:
        """``False`` when somebody with that id stands there already."""
        line = json.dumps([person.id, person.dn, person.values, list(person.keys), person.broken], ensure_ascii=False)
        done = self._data.execute("INSERT OR IGNORE INTO person VALUES (?, ?)", (person.place, line))
        return done.rowcount == 1

    def add_team(self, team: Team, members: Iterable[str] = ()) -> int:
        """Its number; ``members`` are keys of people and groups."""
        row = (team.key, team.dn, team.name, team.id, team.stamp)
        done = self._data.execute("INSERT OR REPLACE INTO team (key, dn, name, id, stamp) VALUES (?, ?, ?, ?, ?)", row)
        number = int(done.lastrowid or 0)
        self.add_members(number, members)
        return number

    def add_members(self, number: int, members: Iterable[str]) -> None:
        """More members of a group."""
        self._data.executemany("INSERT OR IGNORE INTO member VALUES (?, ?)", ((key, number) for key in members))

    def enter(self, key: str, teams: Iterable[str]) -> None:
        """Whoever ``key`` is, is in the groups with these keys, as far as they are known."""
        statement = "INSERT OR IGNORE INTO member SELECT ?, no FROM team WHERE key = ?"
        self._data.executemany(statement, ((key, team) for team in teams))

    def count(self, table: str) -> int:
        """How many rows ``person`` or ``team`` has."""
        return int(self._data.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def has_members(self) -> bool:
        """Whether any group says that anybody is in it; a primary group stands in the people."""
        query = "SELECT 1 FROM member WHERE key >= 'dn:' AND key < 'dn;' OR key >= 'uid:' AND key < 'uid;' LIMIT 1"
        return self._data.execute(query).fetchone() is not None

    def digest(self) -> str:
        """Changes with any group and any membership."""
        told = hashlib.sha256()
        for row in self._data.execute("SELECT key, dn, name, id, stamp FROM team ORDER BY key"):
            told.update(repr(row).encode())
        query = "SELECT t.key, m.key FROM member m JOIN team t ON t.no = m.no ORDER BY t.key, m.key"
        for row in self._data.execute(query):
            told.update(repr(row).encode())
        return told.hexdigest()[:32]

    def people(self, after: str, limit: int) -> Iterator[Person]:
        """Those behind the place ``after``, in order."""
        query = "SELECT line FROM person WHERE place > ? ORDER BY place LIMIT ?"
        for (line,) in self._data.execute(query, (after, limit)):
            told, dn, values, keys, broken = json.loads(line)
            yield Person(id=told, dn=dn, values=values, keys=keys, broken=Text(*broken) if broken else None)

    def teams(self) -> dict[int, Team]:
        """All groups by their numbers."""
        rows = self._data.execute("SELECT no, key, dn, name, id FROM team")
        return {no: Team(key=key, dn=dn, name=name, id=told) for no, key, dn, name, told in rows}

    def parents(self) -> dict[int, set[int]]:
        """The groups that each group is directly in."""
        above: dict[int, set[int]] = {}
        for no, parent in self._data.execute("SELECT t.no, m.no FROM member m JOIN team t ON t.key = m.key"):
            above.setdefault(no, set()).add(parent)
        return above

    def memberships(self, keys: Sequence[str]) -> dict[str, set[int]]:
        """The groups that each of ``keys`` is directly in."""
        found: dict[str, set[int]] = {}
        for begun in range(0, len(keys), _AT_ONCE):
            some = keys[begun : begun + _AT_ONCE]
            query = f"SELECT key, no FROM member WHERE key IN ({','.join('?' * len(some))})"
            for key, number in self._data.execute(query, some):
                found.setdefault(key, set()).add(number)
        return found

    def keep(self) -> None:
        """Write down what was added."""
        self._data.commit()


class Making:
    """A stage that is being made: it gets its name ``path`` only when it is whole, and is gone after an error."""

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_suffix(f".{uuid4().hex[:8]}.part")

    def __enter__(self) -> Stage:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._part)) as data:
            data.executescript(_SCHEMA)
        self._stage = Stage(self._part)
        return self._stage

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._stage.keep()
        self._stage.__exit__()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)
