"""The schema: migrations say the same as the tables, and several processes may start at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from connector.errors import SettingsError
from connector.journal import Journal, Vault, open_journal
from connector.journal.schema import metadata
from connector.journal.upgrade import _MIGRATIONS, _wait_for_others, current, head
from tests.conftest import SECRET
from tests.contract.journal.making import put
from tests.contract.journal.test_crashes import running, said
from tests.services import Postgres


def test_the_migrations_make_the_tables_that_the_code_means(journal: Journal) -> None:
    with journal.store.reading() as db:
        assert compare_metadata(MigrationContext.configure(db, opts={"compare_type": True}), metadata) == []
        assert current(db) == head() == "0012"
    assert ScriptDirectory(_MIGRATIONS).get_heads() == [head()]


def test_a_process_of_the_version_before_may_go_on_writing(empty_url: str) -> None:
    """The default of a new column stands for the writers that do not know it yet."""
    journal = open_journal(empty_url, Vault([SECRET]))
    insert = (
        "INSERT INTO calls (trace, delivery_id, what, started_at, seconds, outcome) VALUES ('t', 1, 'x', 0, 0, 'ok')"
    )
    with journal.store.writing() as db:
        db.execute(text(insert))
    with journal.store.reading() as db:
        assert db.execute(text("SELECT request_id FROM calls")).scalars().all() == [""]
    journal.close()


def test_the_partial_indexes_are_partial(journal: Journal) -> None:
    sqlite = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    postgres = "SELECT indexdef FROM pg_indexes WHERE tablename = 'deliveries'"
    with journal.store.reading() as db:
        made = db.execute(text(sqlite if journal.store.sqlite else postgres)).scalars().all()
    for state in ("waiting", "parked", "done"):
        assert any(f"ix_deliveries_{state}" in line and "WHERE" in line and state in line for line in made)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/deep/down/connector.db"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.create()


def test_the_web_the_workers_and_the_clock_may_start_at_once(empty_url: str) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(running("start", empty_url)) for _ in range(3)]
        assert [said(process) for process in processes] == [["up"]] * 3
    journal = open_journal(empty_url, Vault([SECRET]), migrate=False)
    assert put(journal)
    journal.close()


@pytest.mark.postgres
def test_a_migration_of_a_large_table_is_not_cut_short(pg_url: str) -> None:
    """An index that takes longer than any statement may would be begun again and again, for ever."""
    journal = open_journal(pg_url, Vault([SECRET]))
    with journal.store.writing() as db:
        _wait_for_others(db)
        assert db.execute(text("SHOW statement_timeout")).scalar() == "0"
    journal.close()


def test_a_newer_schema_stops_an_older_program(journal: Journal, opened: Callable[[], Journal]) -> None:
    with journal.store.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="newer version"):
        opened()


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://x/y", "postgresql"])
def test_a_database_that_is_none_of_the_two_is_said_so(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        open_journal(url, Vault([SECRET]))


def test_sqlite_is_durable_and_checks_its_references(tmp_path: Path) -> None:
    journal = open_journal(f"sqlite:///{tmp_path}/connector.db", Vault([SECRET]))
    with journal.store.reading() as db:
        found = {
            name: db.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    journal.close()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
@pytest.mark.postgres
def test_every_spelling_of_postgresql_is_understood(pg_url: str, scheme: str) -> None:
    journal = open_journal(pg_url.replace("postgresql", scheme, 1), Vault([SECRET]))
    journal.ping()
    journal.close()
