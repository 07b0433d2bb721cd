"""A real MariaDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.errors import PermanentError, TransientError
from connector.providers.sql import setup, writing
from connector.providers.sql.line import Line
from connector.providers.sql.reading import SqlReader
from tests.contract.sources.sql.bases import a_desk, bookmark_of, ids, pages, records
from tests.integration.sources.mariadb import MariaDb, mariadb


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb() as running:
        yield running


class Erp:
    def __init__(self, server: MariaDb, folder: Path) -> None:
        self.server, self.name, self._folder = server, server.create(), folder

    def run(self, *statements: str) -> None:
        self.server.run(self.name, *statements)

    def desk(self, user: str = "root", **changes: Any) -> Any:
        url = changes.pop("url", self.server.url(self.name, user))
        return a_desk(url, lambda: datetime.now(UTC), self._folder, **changes)


@pytest.fixture
def erp(server: MariaDb, tmp_path: Path) -> Erp:
    return Erp(server, tmp_path)


def test_values_become_json(erp):
    erp.run(
        "CREATE TABLE orders (id BIGINT PRIMARY KEY, total DECIMAL(12,2), note VARCHAR(50), paid BIT(1), day DATE, "
        "clock TIME, born DATETIME(3), seen TIMESTAMP NULL, doc JSON, raw VARBINARY(10), big LONGBLOB, never DATETIME)",
        "SET SESSION sql_mode = '', time_zone = '+00:00'",
        "INSERT INTO orders VALUES (7, 10.50, 'Привет 👋', 1, '2026-03-01', '26:01:02', '2026-03-01 15:00:00.25', "
        "'2026-03-01 12:00:00', '{\"a\": [1]}', x'00ff', REPEAT('x', 5000), '0000-00-00 00:00:00')",
    )
    (page, *_) = pages(erp.desk(timezone="Europe/Moscow"))
    assert page.records[0].values == {
        "id": 7,
        "total": "10.50",
        "note": "Привет 👋",
        "paid": 1,
        "day": "2026-03-01",
        "clock": "26:01:02",
        "born": "2026-03-01T15:00:00.250000+03:00",
        "seen": "2026-03-01T15:00:00+03:00",
        "doc": '{"a": [1]}',
        "raw": "00ff",
        "never": None,
    }
    assert "big" in page.notes[0].en


@pytest.mark.parametrize("kind", ["DATETIME(6)", "TIMESTAMP(6) NULL", "DATE", "BIGINT"])
def test_changes_are_read_along_a_cursor_of_any_kind(erp, kind):
    value = "0" if kind == "BIGINT" else "'2026-03-01'"
    erp.run(
        f"CREATE TABLE orders (id INT, shop VARCHAR(20), mark {kind}, PRIMARY KEY (shop, id), KEY (mark))",
        *(f"INSERT INTO orders VALUES ({number}, 'Shop {number % 2}', {value})" for number in range(10)),
        "INSERT INTO orders VALUES (99, 'Shop 0', NULL)",
    )
    desk = erp.desk(id=["shop", "id"], cursor="mark", timezone="Europe/Moscow")
    everything = ids(desk, limit=3)
    assert len(everything) == 11
    bookmark = bookmark_of(desk)
    changes = ids(desk, bookmark, limit=3)
    assert sorted(changes) == sorted(everything)
    newer = "5" if kind == "BIGINT" else "'2026-03-05'"
    erp.run(f"UPDATE orders SET mark = {newer} WHERE id = 3")
    assert ids(desk, bookmark_of(desk, bookmark)) == ["Shop 0|99", "Shop 1|3"]


def test_a_session_can_change_nothing(erp):
    erp.run("CREATE TABLE orders (id INT)", "INSERT INTO orders VALUES (1)")
    with pytest.raises(PermanentError) as caught, Line(erp.desk().settings).transaction() as db:
        db.exec_driver_sql("DELETE FROM orders")
    assert caught.value.cause == "sql.read_only"


def test_columns_are_written_back(erp):
    erp.run("CREATE TABLE orders (id INT PRIMARY KEY, tags VARCHAR(10))", "INSERT INTO orders VALUES (1, 'a'), (2, '')")
    desk = erp.desk(writable=["tags"])
    written = writing.write(desk, {"1": {"tags": "a"}, "2": {"tags": ["vip", "x"]}, "3": {"tags": "z"}})
    assert written == ["1", "2"]
    assert [record.values["tags"] for record in records(desk)] == ["a", "vip, x"]


def test_a_statement_that_takes_too_long_is_ended(erp):
    with pytest.raises(TransientError) as caught:
        pages(erp.desk(query="SELECT SLEEP(20) AS id FROM (SELECT 1 AS x) t WHERE SLEEP(20) = 0", timeout="1s"))
    assert caught.value.cause == "sql.slow"


def test_troubles_say_what_they_are(erp, server):
    erp.run(
        "CREATE TABLE orders (id INT)",
        "CREATE USER IF NOT EXISTS stranger@127.0.0.1 IDENTIFIED BY 'planted-password'",
        f"CREATE TABLE {erp.name}.seen (id INT)",
        f"GRANT SELECT ON {erp.name}.seen TO stranger@127.0.0.1",
    )
    wrong = server.url(erp.name, password="wrong-password")
    closed = wrong.replace(f":{server.port}/", ":1/")
    for desk, cause in (
        (erp.desk(url=wrong), "sql.login"),
        (erp.desk(url=server.url("absent")), "sql.no_database"),
        (erp.desk(table="order"), "sql.no_table"),
        (erp.desk(table="", query="SELECT nothing FROM orders"), "sql.no_column"),
        (erp.desk(table="", query="SELECT 1 FROM WHERE"), "sql.refused"),
        (erp.desk("stranger"), "sql.no_right"),
        (erp.desk(url=closed), "sql.away"),
    ):
        with pytest.raises((PermanentError, TransientError)) as caught:
            pages(desk)
        assert caught.value.cause == cause, caught.value.detail
        assert isinstance(caught.value, TransientError) == (cause == "sql.away")
        assert "word@" not in str(caught.value)
        assert "wrong-password" not in str(caught.value)
    assert setup.check(erp.desk(url=wrong))[0].code == "sql.login"


def test_a_database_that_went_away_is_read_on_from_the_same_position(erp, server):
    erp.run("CREATE TABLE orders (id INT PRIMARY KEY)", "INSERT INTO orders VALUES (1), (2), (3)")
    with SqlReader(erp.desk()) as reader:
        page = reader.page(reader.begin(None).position, 1)
        server.stop()
        with pytest.raises(TransientError):
            reader.page(page.position, 1)
        server.start()
        assert [record.id for record in reader.page(page.position, 5).records] == ["2", "3"]


def test_the_check_knows_keys_and_indexes(erp):
    erp.run(
        "CREATE TABLE orders (id INT PRIMARY KEY, mark DATETIME, KEY (mark))", "INSERT INTO orders VALUES (1, NOW())"
    )
    states = {finding.code: finding.state for finding in setup.check(erp.desk(id="id", cursor="mark"))}
    expected = {"sql.reads": "ok", "sql.row": "ok", "sql.cursor": "ok", "sql.timezone": "warn"}
    assert states == {**expected, "sql.unique": "ok", "sql.index": "ok"}
