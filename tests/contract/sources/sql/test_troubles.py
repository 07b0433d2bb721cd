from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connector.errors import PermanentError, TransientError
from connector.providers.sql import setup, writing
from connector.providers.sql.line import Line
from tests.contract.sources.sql.bases import Base, a_desk, pages, records


@pytest.fixture
def base(tmp_path: Path) -> Base:
    base = Base(tmp_path)
    base.put((1, "a", "2026-03-01 11:00:00"), (2, "b", None))
    return base


def refused(desk: Any) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        pages(desk)
    return caught.value


@pytest.mark.parametrize("key", ["id", "cursor", "deleted"])
def test_a_column_that_is_not_there_is_named_with_the_nearest(base, key):
    error = refused(base.desk(**{key: "updated_on"}))
    assert error.cause == "sql.no_column"
    assert key in error.hint.en
    assert all("updated_on" in words and "updated_at" in words for words in error.hint)


def test_a_table_that_is_not_there_is_named_with_the_nearest(base):
    error = refused(base.desk(table="order"))
    assert error.cause == "sql.no_table"
    assert all("order" in words and "orders" in words for words in error.hint)


def test_a_file_that_is_not_there_or_is_none(base, tmp_path):
    (tmp_path / "text.db").write_text("this is no database at all " * 50)
    for name in ("absent.db", "text.db"):
        error = refused(a_desk(f"sqlite:///{tmp_path}/{name}", lambda: base.now, tmp_path))
        assert error.cause == "sql.no_file"
    assert not (tmp_path / "absent.db").exists()


def test_a_database_that_is_locked_is_read_later(base):
    with closing(sqlite3.connect(base.path)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        line = Line(base.desk().settings)
        with line.transaction() as db:
            db.exec_driver_sql("PRAGMA busy_timeout = 50")
        with pytest.raises(TransientError) as caught, line.transaction() as db:
            db.exec_driver_sql("SELECT * FROM orders")
    assert caught.value.cause == "sql.busy"


def test_a_statement_that_takes_too_long_is_ended(base):
    query = """WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT 100000000)
               SELECT max(id) AS id FROM n"""
    with pytest.raises(TransientError) as caught:
        pages(base.desk(table="", query=query, timeout="1s"))
    assert caught.value.cause == "sql.slow"


def test_a_reader_can_change_nothing(base):
    with pytest.raises(PermanentError) as caught, Line(base.desk().settings).transaction() as db:
        db.exec_driver_sql("DELETE FROM orders")
    assert caught.value.cause == "sql.read_only"


def test_only_writable_columns_of_rows_that_are_there_are_written(base):
    desk = base.desk(writable=["total"])
    written = writing.write(desk, {"1": {"total": ["vip", "новый"]}, "9": {"total": "x"}, "2": {"total": None}})
    assert written == ["1", "2"]
    assert [record.values["total"] for record in records(desk)] == ["vip, новый", None]
    with pytest.raises(PermanentError) as caught:
        writing.write(desk, {"1": {"updated_at": "now", "total": "y"}})
    assert caught.value.cause == "sql.not_writable"
    assert records(desk)[0].values["total"] == "vip, новый"


def test_a_row_that_refuses_its_value_does_not_hold_up_the_others(tmp_path):
    base = Base(tmp_path, "CREATE TABLE orders (id INTEGER, tags TEXT CHECK (tags <> 'bad'))")
    base.run("INSERT INTO orders VALUES (1, ''), (2, '')")
    assert writing.write(base.desk(writable=["tags"]), {"1": {"tags": "bad"}, "2": {"tags": "good"}}) == ["2"]


def test_the_check_tells_what_would_be_slow_or_wrong(base):
    found = {finding.code: finding for finding in setup.check(base.desk(id="id", cursor="updated_at"))}
    states = {code: finding.state for code, finding in found.items()}
    assert states == {
        "sql.reads": "ok",
        "sql.row": "ok",
        "sql.cursor": "warn",
        "sql.unique": "ok",
        "sql.index": "warn",
    }
    base.run("CREATE INDEX i ON orders (updated_at, id)", "DELETE FROM orders WHERE updated_at IS NULL")
    assert {finding.state for finding in setup.check(base.desk(id="id", cursor="updated_at"))} == {"ok"}
    assert [finding.state for finding in setup.check(base.desk(table="absent"))] == ["bad"]
    assert "warn" in {finding.state for finding in setup.check(base.desk(id="total"))}
