"""A folder of files and the reader of it: runs are made as the engine makes them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connector.domain.sources import Broken, Desk, Page, Reader, Record, Start
from connector.providers.table.listing import Storage
from connector.providers.table.reading import TableReader
from connector.providers.table.settings import TableSettings
from connector.providers.table.storages import storage_of

LONG_AGO = 3600.0  # seconds: a file that old is quiet


@dataclass
class Run:
    """What one run gave."""

    start: Start
    records: list[Record] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    bookmark: Any = None

    @property
    def ids(self) -> list[str]:
        return [record.id for record in self.records]

    @property
    def sees_all(self) -> bool:
        """Whether what it did not give may be taken for gone."""
        return self.start.full and not any(page.partial for page in self.pages)

    @property
    def values(self) -> list[dict[str, Any]]:
        return [dict(record.values) for record in self.records]


class Shelf:
    """Files below ``folder``; each is put there as one that has been quiet for an hour, unless said otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache = folder / "out", folder / "cache"
        self.folder.mkdir(parents=True)
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.pauses: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def put(self, name: str, content: str | bytes, *, age: float = LONG_AGO, encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        self.aged(path, age)
        return path

    def aged(self, path: Path, age: float) -> None:
        moment = self.now.timestamp() - age
        os.utime(path, (moment, moment))

    def settings(self, **said: Any) -> TableSettings:
        told = {"source": "orders", "provider": "table", "portal": "main", "location": f"{self.folder}/", **said}
        return TableSettings(**told)

    def desk(self, settings: TableSettings | None = None, http: Any = None) -> Desk:
        return Desk(settings=settings or self.settings(), http=http, folder=self.cache, clock=lambda: self.now)

    def reader(self, settings: TableSettings | None = None, storage: Storage | None = None, http: Any = None) -> Reader:
        desk = self.desk(settings, http)
        return TableReader(desk, storage or storage_of(desk), pause=self._pause)

    def run(self, bookmark: Any = None, *, limit: int = 1000, storage: Storage | None = None, **said: Any) -> Run:
        """Read to the end, each page by a reader that knows nothing but the position."""
        settings = self.settings(**said)
        with self.reader(settings, storage) as reader:
            run = Run(start=reader.begin(bookmark))
        position = run.start.position
        while True:
            with self.reader(settings, storage) as reader:
                page = reader.page(carried(position), limit)
            add(run, page)
            if page.ended:
                run.bookmark = carried(page.bookmark)
                return run
            position = page.position

    def later(self, seconds: float = LONG_AGO) -> None:
        self.now += timedelta(seconds=seconds)

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.meanwhile()


def add(run: Run, page: Page) -> None:
    run.pages.append(page)
    run.records += page.records
    run.broken += page.broken
    run.notes += [note.en for note in page.notes]


def carried(position: Any) -> Any:
    """As it comes back from the journal."""
    return json.loads(json.dumps(position))


def csv(*rows: str, end: str = "\n") -> str:
    return "".join(row + end for row in rows)


def orders(*ids: str) -> str:
    return csv("number;what", *(f"{each};x" for each in ids))
