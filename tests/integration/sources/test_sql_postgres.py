"""A real PostgreSQL."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import pytest

from connector.errors import PermanentError, TransientError
from connector.providers.sql import setup, writing
from connector.providers.sql.line import Line
from connector.providers.sql.reading import SqlReader
from tests.contract.sources.sql.bases import a_desk, bookmark_of, ids, pages, records
from tests.services import PASSWORD, Postgres

pytestmark = pytest.mark.postgres


class Erp:
    def __init__(self, server: Postgres, folder: Path) -> None:
        self.url, self._folder = server.create(), folder

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as db:
            for statement in statements:
                db.execute(statement)

    def desk(self, **changes: Any) -> Any:
        return a_desk(changes.pop("url", self.url), lambda: datetime.now(UTC), self._folder, **changes)


@pytest.fixture
def erp(postgres_server: Postgres, tmp_path: Path) -> Iterator[Erp]:
    made = Erp(postgres_server, tmp_path)
    yield made
    postgres_server.drop(made.url)


def test_values_become_json(erp):
    erp.run(
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE TABLE orders (id uuid PRIMARY KEY, total numeric(12,2), paid bool, day date, clock time, "
        "born timestamp, seen timestamptz, doc jsonb, words text[], raw bytea, host inet, mood mood, "
        "never timestamptz, rate float8,"
        " took interval, old date)",
        "INSERT INTO orders VALUES ('00000000-0000-0000-0000-000000000001', 10.50, true, '2026-03-01', '15:00', "
        "'2026-03-01 15:00', '2026-03-01 12:00+00', '{\"a\": [1, 2.5]}', '{a,б}', '\\x00ff', '10.0.0.1', 'glad', "
        "'infinity', 'NaN', '26:01:02', '0044-03-15 BC')",
    )
    assert records(erp.desk(timezone="Europe/Moscow"))[0].values == {
        "id": "00000000-0000-0000-0000-000000000001",
        "total": "10.50",
        "paid": True,
        "day": "2026-03-01",
        "clock": "15:00:00",
        "born": "2026-03-01T15:00:00+03:00",
        "seen": "2026-03-01T15:00:00+03:00",
        "doc": {"a": [1, 2.5]},
        "words": ["a", "б"],
        "raw": "00ff",
        "host": "10.0.0.1",
        "mood": "glad",
        "never": "infinity",
        "rate": "nan",
        "took": "26:01:02",
        "old": "0044-03-15 BC",
    }


@pytest.mark.parametrize("kind", ["timestamp", "timestamptz", "date", "bigint", "numeric", "text"])
@pytest.mark.parametrize("key", ["int", "uuid", "varchar(40)", "numeric"])
def test_changes_are_read_along_cursors_and_ids_of_any_kind(erp, kind, key):
    old, new = {"text": ("'v1'", "'v2'"), "bigint": ("1", "2"), "numeric": ("1.5", "1.75")}.get(
        kind, ("'2026-03-01'", "'2026-03-03'")
    )
    name = "lpad({}::text, 32, '0')::uuid" if key == "uuid" else f"{{}}::{key}"
    erp.run(
        f'CREATE TABLE orders ("Id" {key} PRIMARY KEY, mark {kind})',
        *(f"INSERT INTO orders VALUES ({name.format(number)}, {old})" for number in range(10)),
        f"INSERT INTO orders VALUES ({name.format(99)}, NULL)",
    )
    desk = erp.desk(id="Id", cursor="mark")
    everything, bookmark = ids(desk, limit=3), bookmark_of(desk)
    assert len(everything) == 11
    assert sorted(ids(desk, bookmark, limit=3)) == sorted(everything)
    erp.run(f'UPDATE orders SET mark = {new} WHERE "Id" = {name.format(3)}')
    changed = ids(desk, bookmark_of(desk, bookmark))
    assert [int(found[-2:]) for found in changed] == [99, 3]


def test_a_row_that_will_change_for_ever_hides_nothing(erp):
    erp.run(
        "CREATE TABLE orders (id int PRIMARY KEY, mark timestamptz)",
        "INSERT INTO orders VALUES (1, now() - interval '1 day'), (2, 'infinity'), (3, '2199-01-01')",
    )
    desk = erp.desk(cursor="mark")
    bookmark = bookmark_of(desk)
    erp.run("INSERT INTO orders VALUES (4, now())")
    assert ids(desk, bookmark, limit=1) == ["4", "3", "2"]
    assert ids(desk, bookmark_of(desk, bookmark)) == ["4", "3", "2"]


def test_a_transaction_that_commits_late_is_found(erp):
    erp.run("CREATE TABLE orders (id int PRIMARY KEY, mark timestamptz DEFAULT now())", "INSERT INTO orders VALUES (1)")
    desk = erp.desk(cursor="mark")
    with psycopg.connect(erp.url) as late:
        late.execute("INSERT INTO orders VALUES (2)")
        erp.run("INSERT INTO orders VALUES (3)")
        bookmark = bookmark_of(desk, bookmark_of(desk))
        late.commit()
    assert "2" in ids(desk, bookmark)


def test_a_session_can_change_nothing(erp):
    erp.run("CREATE TABLE orders (id int)", "CREATE SEQUENCE numbers")
    unlocking = "SELECT set_config('transaction_read_only', 'off', false)"
    for statement in ("DELETE FROM orders", "SELECT nextval('numbers')", unlocking):
        with pytest.raises(PermanentError) as caught, Line(erp.desk().settings).transaction() as db:
            db.exec_driver_sql(statement)
        assert caught.value.cause in ("sql.read_only", "sql.refused")
    with pytest.raises(PermanentError):
        pages(erp.desk(table="", query="WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone"))


def test_a_query_with_colons_and_percents_is_taken_as_it_stands(erp):
    erp.run("CREATE TABLE orders (id int, note text)", "INSERT INTO orders VALUES (1, '100% at 12:30'), (2, 'x')")
    query = "SELECT id::text AS id, note FROM orders WHERE note LIKE '%% at 12:30' AND (ARRAY[1,2])[1:2] IS NOT NULL"
    assert ids(erp.desk(table="", query=query.replace("%%", "%"))) == ["1"]


def test_tables_of_schemas_are_found(erp):
    erp.run('CREATE SCHEMA "Sales"', 'CREATE TABLE "Sales".orders (id int)', 'INSERT INTO "Sales".orders VALUES (5)')
    assert ids(erp.desk(table="Sales.orders")) == ["5"]
    with pytest.raises(PermanentError) as caught:
        ids(erp.desk(table="Sales.order"))
    assert "orders" in caught.value.hint.ru


def test_columns_are_written_back_texts_and_arrays(erp):
    erp.run(
        "CREATE TABLE orders (id int PRIMARY KEY, tags text[], label varchar(5), doc jsonb)",
        "INSERT INTO orders (id) VALUES (1), (2)",
    )
    desk = erp.desk(writable=["tags", "label", "doc"])
    many = {"1": {"tags": ["a", "б"], "label": "vip", "doc": {"x": 1}}, "2": {"label": "too long"}, "3": {"label": "x"}}
    assert writing.write(desk, many) == ["1"]
    assert records(desk)[0].values == {"id": 1, "tags": ["a", "б"], "label": "vip", "doc": {"x": 1}}
    assert records(desk)[1].values["label"] is None


def test_troubles_say_what_they_are(erp, postgres_server):
    erp.run(
        "CREATE TABLE orders (id int)",
        "DROP ROLE IF EXISTS stranger_to_orders",
        "CREATE ROLE stranger_to_orders LOGIN",
    )
    for desk, cause in (
        (erp.desk(url=erp.url.replace("//postgres:", "//nobody:")), "sql.login"),
        (erp.desk(url=postgres_server.url("absent")), "sql.no_database"),
        (erp.desk(table="order"), "sql.no_table"),
        (erp.desk(table="", query="SELECT nothing FROM orders"), "sql.no_column"),
        (erp.desk(table="", query="SELECT 1 FROM WHERE"), "sql.refused"),
        (erp.desk(table="", query="SELECT pg_sleep(20)::text AS id", timeout="1s"), "sql.slow"),
        (erp.desk(url=erp.url.replace("//postgres:", "//stranger_to_orders:")), "sql.no_right"),
        (erp.desk(url=erp.url.replace(f":{postgres_server.port}/", ":1/")), "sql.away"),
        (erp.desk(url="postgresql://u@nowhere.invalid/erp"), "sql.away"),
    ):
        with pytest.raises((PermanentError, TransientError)) as caught:
            pages(desk)
        assert caught.value.cause == cause, caught.value.detail
        assert isinstance(caught.value, TransientError) == (cause in ("sql.away", "sql.slow"))
        assert PASSWORD not in str(caught.value) + caught.value.hint.en
    assert setup.check(erp.desk(table="order"))[0].code == "sql.no_table"


def test_a_connection_that_is_cut_is_read_on_from_the_same_position(erp):
    erp.run("CREATE TABLE orders (id int PRIMARY KEY)", "INSERT INTO orders SELECT generate_series(1, 3)")
    with SqlReader(erp.desk()) as reader:
        page = reader.page(reader.begin(None).position, 1)
        erp.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'bitrix24-connector' AND datname = current_database()"
        )
        with pytest.raises(TransientError) as caught:
            reader.page(page.position, 1)
        assert caught.value.cause == "sql.away"
        assert [record.id for record in reader.page(page.position, 5).records] == ["2", "3"]


def test_what_is_read_leaves_no_transaction_open(erp):
    erp.run("CREATE TABLE orders (id int PRIMARY KEY)", "INSERT INTO orders SELECT generate_series(1, 3)")
    with SqlReader(erp.desk()) as reader:
        reader.page(reader.begin(None).position, 1)
        erp.run("SET lock_timeout = '1s'", "ALTER TABLE orders ADD COLUMN note text")
    with psycopg.connect(erp.url) as db:
        mine = "application_name = 'bitrix24-connector' AND datname = current_database()"
        assert db.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {mine}").fetchone() == (0,)


def test_memory_stays_flat_over_a_large_table(erp):
    erp.run(
        "CREATE TABLE orders (id int PRIMARY KEY, note text)",
        "INSERT INTO orders SELECT n, repeat('x', 500) FROM generate_series(1, 40000) n",
    )
    tracemalloc.start()
    try:
        with SqlReader(erp.desk()) as reader:
            position, count, peaks = reader.begin(None).position, 0, []
            while True:
                tracemalloc.reset_peak()
                page = reader.page(position, 2000)
                position, count = page.position, count + len(page.records)
                peaks.append(tracemalloc.get_traced_memory()[1])
                if page.ended:
                    break
    finally:
        tracemalloc.stop()
    assert count == 40_000
    assert median(peaks[-9:]) < peaks[1] * 1.2  # what other threads do meanwhile is counted too, now and then


def test_several_readers_do_not_disturb_each_other(erp):
    erp.run("CREATE TABLE orders (id int PRIMARY KEY)", "INSERT INTO orders SELECT generate_series(1, 500)")
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(ids(erp.desk(), limit=70))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[str(number) for number in range(1, 501)]] * 4
