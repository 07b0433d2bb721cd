"""Brings the schema up to date, also when the web, the workers and the clock start at the same moment."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from connector.errors import SettingsError
from connector.journal.engine import Process
from connector.journal.faults import JournalAway

_PATIENCE = 120.0  # seconds to wait for another process that upgrades
_ADVISORY = 0x62783234  # one number for all connectors of one PostgreSQL database
_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(process: Process) -> None:
    """Run what is missing. Raises ``JournalAway``, or ``SettingsError`` when the schema is newer than the program."""
    if process.turns:
        _make_file(Path(process.engine.url.database or ""))
    with process.turn(_PATIENCE):
        if process.turns:
            _write_ahead(process)
        with process.writer.begin() as connection:
            if not process.turns:
                _wait_for_others(connection)
            _run(connection)


def head() -> str:
    """The revision that this program expects: the last one, and files are named by their revision."""
    return max(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("r*.py"))


def current(connection: Connection) -> str | None:
    """The revision that the database has; ``None`` when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _run(connection: Connection) -> None:
    if current(connection) == head():
        return
    from alembic import command  # loads slowly, and a schema is seldom behind
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SettingsError(
            "The database was upgraded by a newer version of the connector: install that version or a newer one. / "
            "База данных обновлена более новой версией коннектора: установите её или ещё более новую. "
            f"({error})"
        ) from error


def _make_file(path: Path) -> None:
    """An empty file that only we may read; SQLite gives its companions the same rights."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise JournalAway(f"{error.strerror}: {path}") from error


def _write_ahead(process: Process) -> None:
    """Outside any transaction, so below SQLAlchemy."""
    try:
        raw = process.engine.raw_connection()
        raw.cursor().execute("PRAGMA journal_mode = WAL")
        raw.close()
    except sqlite3.Error as error:
        raise JournalAway(str(error)) from error


def _wait_for_others(connection: Connection) -> None:
    """The wait ends after a while; what is done after it takes its time: an index of a large table takes minutes."""
    connection.execute(text(f"SET LOCAL statement_timeout = {int(_PATIENCE * 1000)}"))
    connection.execute(text(f"SET LOCAL lock_timeout = {int(_PATIENCE * 1000)}"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY})
    connection.execute(text("SET LOCAL statement_timeout = 0"))
