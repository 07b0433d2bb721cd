"""A small database in a file, and a desk to read it with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.domain.sources import Desk, Page, Record
from connector.providers.sql.reading import SqlReader
from connector.providers.sql.settings import SqlSettings

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ORDERS = "CREATE TABLE orders (id INTEGER PRIMARY KEY, total TEXT, updated_at TEXT, deleted_at TEXT)"


class Base:
    """A file of SQLite. ``now`` is what its readers take for the time of the database."""

    def __init__(self, folder: Path, *statements: str) -> None:
        self.path, self.now = folder / "erp.db", NOW
        self.run(*(statements or (ORDERS,)))

    def run(self, *statements: str | tuple[str, tuple[Any, ...]]) -> None:
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("PRAGMA synchronous = OFF")
            for statement in statements:
                db.execute(*((statement, ()) if isinstance(statement, str) else statement))
            db.commit()

    def put(self, *orders: tuple[Any, ...]) -> None:
        """(id, total, updated_at[, deleted_at])"""
        rows = [(*order, None)[:4] for order in orders]
        self.run(*(("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)", row) for row in rows))

    def desk(self, **changes: Any) -> Desk:
        return a_desk(f"sqlite:///{self.path}", lambda: self.now, self.path.parent, **changes)


def a_desk(url: str, clock: Any, folder: Path, **changes: Any) -> Desk:
    if "query" not in changes:
        changes = {"table": "orders", **changes}
    settings = SqlSettings(source="erp", provider="sql", portal="main", url=url, **changes)
    return Desk(settings=settings, http=None, folder=folder, clock=clock)


def pages(desk: Desk, bookmark: Any = None, limit: int = 100) -> list[Page]:
    """All pages of one run."""
    with SqlReader(desk) as reader:
        found, position = [], reader.begin(bookmark).position
        while not found or not found[-1].ended:
            found.append(reader.page(position, limit))
            position = found[-1].position
            assert len(found) < 10_000
    return found


def records(desk: Desk, bookmark: Any = None, limit: int = 100) -> list[Record]:
    return [record for page in pages(desk, bookmark, limit) for record in page.records]


def ids(desk: Desk, bookmark: Any = None, limit: int = 100) -> list[str]:
    return [record.id for record in records(desk, bookmark, limit)]


def bookmark_of(desk: Desk, bookmark: Any = None) -> Any:
    return pages(desk, bookmark)[-1].bookmark
