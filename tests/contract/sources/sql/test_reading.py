from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import PermanentError
from connector.providers.sql.reading import SqlReader
from tests.contract.sources.sql.bases import NOW, Base, bookmark_of, ids, pages, records


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return Base(tmp_path)


def at(minute: int) -> str:
    return f"2026-03-01 11:{minute:02}:00"


def test_without_a_cursor_every_run_reads_everything(base):
    base.put((2, "b", None), (1, "a", None), (10, "c", None))
    found = pages(base.desk(), limit=2)
    assert [record.id for page in found for record in page.records] == ["1", "2", "10"]
    assert found[-1].bookmark is None
    with SqlReader(base.desk()) as reader:
        start = reader.begin(None)
    assert (start.full, start.total) == (True, 3)


def test_with_a_cursor_the_next_run_reads_changes_only(base):
    base.put((1, "a", at(1)), (2, "b", at(30)))
    desk = base.desk(cursor="updated_at", overlap="5m")
    bookmark = bookmark_of(desk)
    base.put((3, "c", at(40)), (1, "a2", at(50)))
    assert ids(desk, bookmark) == ["2", "3", "1"]
    with SqlReader(desk) as reader:
        start = reader.begin(bookmark)
    assert (start.full, start.total) == (False, 3)
    assert ids(desk, bookmark_of(desk, bookmark)) == ["1"]


def test_rows_that_change_while_everything_is_read_are_read_again(base):
    base.put(*((number, "old", at(1)) for number in range(1, 7)))
    desk = base.desk(cursor="updated_at")
    with SqlReader(desk) as reader:
        first = reader.page(reader.begin(None).position, 3)
        base.put((1, "new", at(20)), (0, "born behind the back", at(20)))
        page = first
        while not page.ended:
            page = reader.page(page.position, 3)
    assert {(record.id, record.values["total"]) for record in records(desk, page.bookmark)} >= {
        ("0", "born behind the back"),
        ("1", "new"),
    }


def test_equal_cursors_across_the_border_of_pages_are_all_read(base):
    base.put(*((number, "x", at(5)) for number in range(25)))
    desk = base.desk(cursor="updated_at")
    bookmark = bookmark_of(desk)
    assert ids(desk, bookmark, limit=4) == [str(number) for number in range(25)]


def test_rows_without_a_cursor_are_read_by_every_run(base):
    base.put((1, "a", at(5)), (2, "b", None))
    desk = base.desk(cursor="updated_at")
    bookmark = bookmark_of(desk)
    base.put((3, "c", None))
    assert set(ids(desk, bookmark, limit=1)) == {"1", "2", "3"}


def test_a_row_of_the_future_does_not_hide_those_of_today(base):
    base.put((1, "a", at(5)), (2, "b", "2199-01-01 00:00:00"))
    desk = base.desk(cursor="updated_at")
    bookmark = bookmark_of(desk)
    assert bookmark["at"] <= NOW.strftime("%Y-%m-%d %H:%M:%S")
    base.now += timedelta(minutes=10)
    base.put((3, "c", "2026-03-01 12:05:00"))
    found = pages(desk, bookmark)
    assert [record.id for record in found[-1].records] == ["3", "2"]
    base.now += timedelta(minutes=10)
    base.put((4, "d", "2026-03-01 12:15:00"))
    assert ids(desk, found[-1].bookmark) == ["3", "4", "2"]


def test_a_table_that_grows_under_a_run_of_changes_loses_nothing(base):
    base.put((1, "a", at(1)), (2, "b", at(2)), (3, "c", at(3)))
    desk = base.desk(cursor="updated_at", overlap="1h")
    with SqlReader(desk) as reader:
        page = reader.page(reader.begin(bookmark_of(desk)).position, 2)
        page = reader.page(page.position, 2)
        base.put((1, "a2", at(59)))
        seen = list(page.records)
        while not page.ended:
            page = reader.page(page.position, 2)
            seen += page.records
    assert [(record.id, record.values["total"]) for record in seen][-1] == ("1", "a2")


def test_a_transaction_that_was_committed_late_is_found_by_the_overlap(base):
    base.put((1, "a", at(30)))
    desk = base.desk(cursor="updated_at", overlap="5m")
    bookmark = bookmark_of(desk)
    base.put((2, "late", at(26)), (3, "too late", at(24)))
    assert ids(desk, bookmark) == ["2", "1"]


def test_a_page_says_the_same_again(base):
    base.put(*((number, "x", at(number % 7)) for number in range(20)))
    desk = base.desk(cursor="updated_at")
    for page_of in (None, bookmark_of(desk)):
        for page in pages(desk, page_of, limit=3)[:-1]:
            position = json.loads(json.dumps(page.position))
            with SqlReader(desk) as one, SqlReader(desk) as other:
                assert one.page(page.position, 3) == other.page(position, 3)


def test_numbers_as_cursors_go_back_by_number_overlap(tmp_path):
    base = Base(tmp_path, "CREATE TABLE orders (id TEXT PRIMARY KEY, version INTEGER)")
    base.run(*(f"INSERT INTO orders VALUES ('o{number}', {number})" for number in range(1, 6)))
    desk = base.desk(cursor="version", number_overlap=2)
    assert ids(desk, bookmark_of(desk)) == ["o3", "o4", "o5"]


def test_tombstones_are_told(tmp_path):
    base = Base(tmp_path)
    base.put((1, "a", at(1)), (2, "b", at(2), at(3)))
    assert [record.gone for record in records(base.desk(deleted="deleted_at"))] == [False, True]
    base.run("ALTER TABLE orders ADD COLUMN is_deleted")
    base.run("UPDATE orders SET is_deleted = 'N'", "UPDATE orders SET is_deleted = 'Y' WHERE id = 1")
    assert [record.gone for record in records(base.desk(deleted={"column": "is_deleted"}))] == [True, False]
    base.run("UPDATE orders SET is_deleted = id - 1")
    assert [record.gone for record in records(base.desk(deleted={"column": "is_deleted"}))] == [False, True]


def test_ids_of_several_columns_are_keys_too(tmp_path):
    base = Base(tmp_path, "CREATE TABLE orders (shop TEXT, number INTEGER, updated_at TEXT)")
    base.run(*(f"INSERT INTO orders VALUES ('s{number % 3}', {number}, '{at(1)}')" for number in range(9)))
    desk = base.desk(id=["shop", "number"], cursor="updated_at")
    expected = ["s0|0", "s0|3", "s0|6", "s1|1", "s1|4", "s1|7", "s2|2", "s2|5", "s2|8"]
    assert ids(desk, limit=2) == expected
    assert ids(desk, bookmark_of(desk), limit=2) == expected


def test_rows_without_an_id_are_broken_and_stop_nothing(tmp_path):
    base = Base(tmp_path, "CREATE TABLE orders (number TEXT, total TEXT)")
    base.run("INSERT INTO orders VALUES (NULL, 'x'), ('', 'y'), ('7', 'z')")
    found = pages(base.desk(), limit=1)
    assert [record.id for page in found for record in page.records] == ["7"]
    broken = [row for page in found for row in page.broken]
    assert {row.values["total"] for row in broken} == {"x", "y"}
    assert all("number" in row.why.en for row in broken)


def test_ids_that_are_not_unique_are_told_and_never_lost_at_a_border(tmp_path):
    base = Base(tmp_path, "CREATE TABLE orders (number TEXT, total INTEGER)")
    base.run("INSERT INTO orders VALUES ('a', 1), ('b', 2), ('b', 3), ('c', 4)")
    found = pages(base.desk(), limit=2)
    assert [record.values["total"] for page in found for record in page.records] == [1, 2, 3, 4]
    assert any("b" in note.ru for page in found for note in page.notes)
    with pytest.raises(PermanentError) as caught:
        pages(base.desk(), limit=1)
    assert caught.value.cause == "sql.not_unique"


def test_a_query_is_read_like_a_table(base):
    base.put((1, "50% off: now", at(1)), (2, "b", at(2)))
    query = "SELECT id AS number, total, updated_at AS changed FROM orders WHERE total LIKE '%:%' -- of today\n;"
    desk = base.desk(query=query, id="number", cursor="changed")
    found = records(desk)
    assert [(record.id, record.values["total"]) for record in found] == [("1", "50% off: now")]
    assert found[0].where == "erp:1"
    assert ids(desk, bookmark_of(desk)) == ["1"]


def test_names_that_need_quotes_are_only_names(tmp_path):
    strange = 'Сумма "x"; DROP TABLE t'
    base = Base(tmp_path, 'CREATE TABLE "Order" ("Id" TEXT, "Сумма ""x""; DROP TABLE t" TEXT)')
    base.run("""INSERT INTO "Order" VALUES ('it''s', '2026-01-01')""")
    desk = base.desk(table="Order", id="Id", cursor=strange)
    assert records(desk, bookmark_of(desk))[0].values == {"Id": "it's", strange: "2026-01-01"}


def test_a_bookmark_of_another_cursor_begins_anew(base):
    base.put((1, "a", at(1)))
    with SqlReader(base.desk(cursor="updated_at")) as reader:
        assert reader.begin({"cursor": "id", "at": 7}).full


def test_binary_data_that_is_large_is_left_out_and_told(tmp_path):
    base = Base(tmp_path, "CREATE TABLE orders (id INTEGER, small BLOB, large BLOB)")
    base.run("INSERT INTO orders VALUES (1, x'00ff', zeroblob(5000))")
    (page, *_) = pages(base.desk())
    assert page.records[0].values == {"id": 1, "small": "00ff"}
    assert "large" in page.notes[0].en


def test_the_bookmark_never_regresses(base):
    desk = base.desk(cursor="updated_at", overlap="30m")
    base.put((1, "a", at(50)))
    bookmark = bookmark_of(desk)
    base.run("DELETE FROM orders")
    base.put((2, "b", at(25)))
    assert bookmark_of(desk, bookmark) == bookmark
