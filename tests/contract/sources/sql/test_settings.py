from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connector.errors import PermanentError
from connector.providers.sql import PROVIDER
from connector.providers.sql.line import Line
from connector.providers.sql.settings import SqlSettings

URL = "postgresql://reader:pa55word@erp/erp"


def made(**changes: Any) -> SqlSettings:
    given = {"source": "erp", "provider": "sql", "portal": "main", "url": URL, **changes}
    return SqlSettings(**given)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "select 1;",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "-- orders; all of them\nSELECT 1",
        "SELECT ';' AS a, \"x;y\" FROM t /* ; */",
        "SELECT $tag$ ; $tag$",
        "SELECT 'it''s; fine'",
    ],
)
def test_one_select_is_taken(query: str):
    assert made(query=query).query


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t",
        "SELECT 1; DROP TABLE t",
        "SELECT 'a'; DELETE FROM t --'",
        "/* SELECT */ UPDATE t SET a = 1",
        "selection",
        "CALL p()",
    ],
)
def test_anything_but_one_select_is_refused(query: str):
    with pytest.raises(ValidationError) as caught:
        made(query=query)
    assert "SELECT" in str(caught.value)


@pytest.mark.parametrize("url", ["erp", "", "sqlite://", "sqlite:///:memory:"])
def test_what_is_no_database_is_refused(url: str):
    with pytest.raises(ValidationError):
        made(url=url, table="t")


def test_a_table_or_a_query_and_not_both():
    for changes in ({}, {"table": "t", "query": "SELECT 1"}, {"query": "SELECT 1", "writable": ["tags"]}):
        with pytest.raises(ValidationError):
            made(**changes)


def test_the_password_is_never_shown():
    settings = made(table="t")
    assert "pa55word" not in repr(settings) + str(settings)
    with pytest.raises(ValidationError) as caught:
        made(table="t", query="SELECT 1")
    assert "pa55word" not in str(caught.value)


def test_a_missing_driver_says_what_to_install():
    for url, word in (
        ("mssql+pyodbc://u:pa55word@erp/erp", "pyodbc"),
        ("mysql+mysqldb://u:pa55word@erp/erp", "mysqlclient"),
        ("clickhouse://u:pa55word@erp/erp", "clickhouse"),
    ):
        with pytest.raises(PermanentError) as caught, Line(made(url=url, table="t")).transaction():
            pass
        assert caught.value.cause == "sql.driver"
        assert word in caught.value.hint.en
        assert word in caught.value.hint.ru
        assert "pa55word" not in str(caught.value)


def test_the_manifest_reads_and_writes():
    assert PROVIDER.source is not None
    assert PROVIDER.source.write is not None
    assert PROVIDER.door is None
