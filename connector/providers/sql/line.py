"""The line to a database: opened when it is first needed, read only, each page a transaction of its own.

Nothing is set that would outlive a transaction where a pool of connections (PgBouncer) stands between.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader
from sqlalchemy import Connection, Engine, create_engine, exc, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from connector.errors import PermanentError
from connector.providers.sql.faults import told
from connector.providers.sql.settings import SqlSettings
from connector.settings.mistakes import did_you_mean, nearest
from connector.speech import Text

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_PACKAGES = {"pymysql": "PyMySQL", "MySQLdb": "mysqlclient", "cx_Oracle": "cx-Oracle", "mssql": "pyodbc"}
_PATIENCE = 10  # seconds until a connection stands
_STEPS = 20_000  # of SQLite's machine between two looks at the clock

_LISTED = 20  # names of tables that are told

_NO_TABLE = Text(
    "There is no table {name}, or our user does not see it: {near}",
    "Таблицы {name} нет, или она не видна нашему пользователю: {near}",
)
_NO_DRIVER = Text(
    "The driver for {kind} is not installed. Run: pip install {package}",
    "Драйвер для {kind} не установлен. Выполните: pip install {package}",
)
_NO_DIALECT = Text(
    "SQLAlchemy does not know databases of the kind {kind}: compare the beginning of url, or install the package that "
    "its maker names for SQLAlchemy.",
    "SQLAlchemy не знает баз вида {kind}: сверьте начало url или установите пакет, который производитель указывает для "
    "SQLAlchemy.",
)


@dataclass(frozen=True, kw_only=True)
class Way:
    """How one kind of database is opened (arguments of ``create_engine``), and what is said before each transaction:
    ``settle(connection, seconds a statement may take, whether it is for writing)``. ``clock`` asks for its time."""

    arguments: Callable[[URL, bool], dict[str, Any]] = lambda url, writing: {}
    settle: Callable[[Connection, float, bool], None] = lambda connection, seconds, writing: None
    clock: str = ""


class Line:
    """One connection to the database of ``settings``."""

    def __init__(self, settings: SqlSettings, *, writing: bool = False) -> None:
        self._settings, self._writing = settings, writing
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self.kind = address(settings).get_backend_name()

    @property
    def clock(self) -> str:
        """The statement that asks for the database's own time in UTC; empty: there is none."""
        return _ways().get(self.kind, Way()).clock

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction. Raises ``TransientError`` and ``PermanentError`` for whatever the database says."""
        try:
            with told(self._settings, self._close_broken):
                connection = self._connected()
                with connection.begin():
                    way, seconds = _ways().get(self.kind, Way()), self._settings.timeout.total_seconds()
                    way.settle(connection, seconds, self._writing)
                    yield connection
        except PermanentError as error:
            if error.cause != "sql.no_table" or not self._settings.table:
                raise
            raise self._missing(error) from None

    def _missing(self, error: PermanentError) -> PermanentError:
        """The error with the nearest name of a table that is there, as far as one may look."""
        schema, _, name = self._settings.table.strip().rpartition(".")
        try:
            seen = inspect(self._connected())
            names = [*seen.get_table_names(schema or None), *seen.get_view_names(schema or None)]
        except exc.SQLAlchemyError:
            names = []
        self.close()
        guess = nearest(name, names)
        near = did_you_mean(name, [guess] if guess else names[:_LISTED])
        return PermanentError(error.cause, hint=_NO_TABLE.with_(name=self._settings.table, near=near))

    def close(self) -> None:
        """Close the connection; a later transaction opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(exc.SQLAlchemyError):  # a line that is cut cannot be closed in form
                connection.close()

    def _connected(self) -> Connection:
        if self._connection is None:
            if self._engine is None:
                self._engine = _engine(address(self._settings), self._writing)
            self._connection = self._engine.connect()
        return self._connection

    def _close_broken(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(exc.SQLAlchemyError):
                connection.invalidate()
                connection.close()


def address(settings: SqlSettings) -> URL:
    """The URL, with the driver that we bring where none is named."""
    url = make_url(settings.url.get_secret_value().strip())
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def _engine(url: URL, writing: bool) -> Engine:
    kind = url.get_backend_name()
    arguments = _ways().get(kind, Way()).arguments(url, writing)
    try:
        return create_engine(url, poolclass=NullPool, **arguments)
    except exc.NoSuchModuleError:
        raise PermanentError("sql.driver", hint=_NO_DIALECT.with_(kind=kind)) from None
    except ImportError as error:
        package = _PACKAGES.get(error.name or "", error.name or _PACKAGES.get(kind, kind))
        raise PermanentError("sql.driver", hint=_NO_DRIVER.with_(kind=kind, package=package)) from None


def _postgresql(url: URL, writing: bool) -> dict[str, Any]:
    said = {
        "connect_timeout": _PATIENCE,
        "application_name": "bitrix24-connector",
        "prepare_threshold": None,  # prepared statements outlive a transaction
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    connecting = {name: value for name, value in said.items() if name not in url.query}
    return {"connect_args": connecting, "execution_options": {} if writing else {"postgresql_readonly": True}}


def _settle_postgresql(connection: Connection, seconds: float, writing: bool) -> None:
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")
    connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
    driver = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection):
        for name, loader in (("timestamp", _Timestamp), ("timestamptz", _Timestamptz), ("date", _Date)):
            driver.adapters.register_loader(name, loader)


class _Timestamp(TimestampLoader):
    """``infinity`` and years that Python does not know stay text: one such row must not stop all others."""

    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode()


class _Timestamptz(TimestamptzLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode()


class _Date(DateLoader):
    def load(self, data: Any) -> Any:
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data).decode()


def _mysql(url: URL, writing: bool) -> dict[str, Any]:
    if url.get_driver_name() != "pymysql":
        return {}
    said = {"connect_timeout": _PATIENCE, "charset": "utf8mb4"}
    return {"connect_args": {name: value for name, value in said.items() if name not in url.query}}


def _settle_mysql(connection: Connection, seconds: float, writing: bool) -> None:
    """Of the session, before the transaction has really begun: with the first table."""
    limit = (
        f"max_statement_time = {seconds}"
        if getattr(connection.dialect, "is_mariadb", False)
        else f"max_execution_time = {int(seconds * 1000)}"
    )
    connection.exec_driver_sql(f"SET SESSION {limit}")
    connection.exec_driver_sql("SET SESSION time_zone = '+00:00'")
    connection.exec_driver_sql(f"SET SESSION TRANSACTION {'READ WRITE' if writing else 'READ ONLY'}")


def _sqlite(url: URL, writing: bool) -> dict[str, Any]:
    place = f"file:{quote(url.database or '')}?mode={'rw' if writing else 'ro'}"

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(place, uri=True, timeout=_PATIENCE, check_same_thread=False)
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        return connection

    return {"creator": opened}


def _settle_sqlite(connection: Connection, seconds: float, writing: bool) -> None:
    ends = time.monotonic() + seconds
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.set_progress_handler(lambda: int(time.monotonic() > ends), _STEPS)


def _ways() -> Mapping[str, Way]:
    return {
        "postgresql": Way(arguments=_postgresql, settle=_settle_postgresql, clock="SELECT now()"),
        "mysql": Way(arguments=_mysql, settle=_settle_mysql, clock="SELECT UTC_TIMESTAMP(6)"),
        "sqlite": Way(arguments=_sqlite, settle=_settle_sqlite),
        "mssql": Way(clock="SELECT SYSUTCDATETIME()"),
    }
