"""Connections and transactions, for SQLite and PostgreSQL alike. Safe across forks: each process has its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url

from connector.errors import SettingsError
from connector.journal.faults import JournalAway
from connector.journal.turns import Turns

_PATIENCE = 4.0  # seconds that a writer waits for its turn
_SQLITE = ("PRAGMA busy_timeout = 3000", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON")
_POSTGRES = {
    "connect_timeout": 3,
    "application_name": "bitrix24-connector",
    # jit: compiling a statement takes longer than running any of ours.
    "options": "-c jit=off -c statement_timeout=15000 -c lock_timeout=4000 "
    "-c idle_in_transaction_session_timeout=30000",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10000,
}


class Process:
    """What one process has of the database."""

    def __init__(self, url: URL) -> None:
        self.engine = _engine(url)
        self.writer = self.engine.execution_options(immediate=True)
        self.turns = Turns(Path(url.database or "")) if is_sqlite(url) else None
        self.upgrading = threading.Lock()
        self.upgraded = False

    def turn(self, patience: float = _PATIENCE) -> AbstractContextManager[None]:
        """The writer's turn, where the database has none of its own."""
        return self.turns.turn(patience) if self.turns else nullcontext()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        if self.turns:
            self.turns.close()


class Store:
    """The database. ``upgrade`` brings the schema up to date before the first use; it is tried again until it works."""

    def __init__(self, url: str, *, upgrade: Callable[[Process], None] | None) -> None:
        self.url = parse_url(url)
        self.sqlite = is_sqlite(self.url)
        self._upgrade = upgrade
        self._processes: dict[int, Process] = {}

    def process(self) -> Process:
        """This process's part; a forked child never touches its parent's connections."""
        mine = self._processes.get(os.getpid())
        return mine or self._processes.setdefault(os.getpid(), Process(self.url))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent view. Raises :class:`JournalAway`."""
        with mapped():
            process = self.ready()
            with process.engine.begin() as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: committed and flushed to disk at the end, or nothing of it.

        On SQLite writers come one after the other; on PostgreSQL row locks decide. Raises :class:`JournalAway`.
        """
        with mapped():
            process = self.ready()
            with process.turn(), process.writer.begin() as connection:
                yield connection

    def ready(self) -> Process:
        """This process with the schema in place."""
        process = self.process()
        if process.upgraded or self._upgrade is None:
            return process
        with process.upgrading:
            if not process.upgraded:
                self._upgrade(process)
                process.upgraded = True
        return process

    def close(self) -> None:
        """Close this process's connections."""
        process = self._processes.pop(os.getpid(), None)
        if process:
            process.close()


@contextmanager
def mapped() -> Iterator[None]:
    """What the driver says of a lost or locked database becomes :class:`JournalAway`; refused rows stay as they are."""
    try:
        yield
    except (exc.IntegrityError, exc.DataError, exc.ProgrammingError) as error:
        if error.connection_invalidated:
            raise JournalAway(str(error.orig)) from error
        raise
    except exc.DBAPIError as error:
        raise JournalAway(str(error.orig)) from error
    except exc.TimeoutError as error:
        raise JournalAway("all connections are in use") from error


def upsert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An ``INSERT`` that understands ``ON CONFLICT``, of this dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def parse_url(text: str) -> URL:
    """The database's URL with our drivers. Raises ``SettingsError`` for anything else than the two databases."""
    try:
        url = make_url(text)
    except exc.ArgumentError:
        raise SettingsError(_NOT_A_URL) from None
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite+pysqlite")
    raise SettingsError(_NOT_A_URL)


_NOT_A_URL = (
    "DATABASE_URL: expected sqlite:///path/to/file.db or postgresql://user:password@host/database. / "
    "DATABASE_URL: ожидается sqlite:///путь/к/файлу.db или postgresql://пользователь:пароль@сервер/база."
)


def is_sqlite(url: URL) -> bool:
    """Whether the database is a file of this machine."""
    return url.get_backend_name() == "sqlite"


def _engine(url: URL) -> Engine:
    shared: dict[str, Any] = {"hide_parameters": True, "pool_size": 5, "max_overflow": 15, "pool_timeout": 5}
    if not is_sqlite(url):
        return create_engine(url, pool_pre_ping=True, connect_args=_POSTGRES, **shared)
    engine = create_engine(url, **shared)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # pysqlite would open transactions by itself, and never an immediate one
    for pragma in _SQLITE:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
