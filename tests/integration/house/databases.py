"""The two databases of the house, and how to be without each of them for a while."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import services


@dataclass(frozen=True, kw_only=True)
class Database:
    """A private database. Inside ``away()`` nobody can write to it; after the block it is back."""

    kind: str
    url: str
    away: Callable[[], AbstractContextManager[None]]


@contextmanager
def sqlite(folder: Path) -> Iterator[Database]:
    """A file of its own; it is away while another process holds it exclusively."""
    path = folder / "house.db"

    @contextmanager
    def away() -> Iterator[None]:
        holder = sqlite3.connect(path, isolation_level=None, timeout=20)
        try:
            holder.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            holder.close()

    yield Database(kind="sqlite", url=f"sqlite:///{path}", away=away)


@contextmanager
def postgresql(folder: Path) -> Iterator[Database]:
    """A cluster of its own; it is away while the server is stopped. Skips where PostgreSQL is not installed."""
    with services.postgres() as server:

        @contextmanager
        def away() -> Iterator[None]:
            server.stop()
            try:
                yield
            finally:
                server.start()

        yield Database(kind="postgresql", url=server.create(), away=away)


DATABASES: dict[str, Callable[[Path], AbstractContextManager[Database]]] = {"sqlite": sqlite, "postgresql": postgresql}
