from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.providers.push import setup
from connector.providers.push.reading import PushReader
from tests.contract.sources.push.pushed import TOKEN, Shelf, pages, records


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ([{"sku": "A-1", "left": "4"}, {"sku": "A-2", "left": "5"}], "application/json"),
        ({"records": [{"sku": "A-1", "left": "4"}, {"sku": "A-2", "left": "5"}]}, "application/json; charset=utf-8"),
        ([{"sku": "A-1", "left": "4"}, {"sku": "A-2", "left": "5"}], ""),
        (b'{"sku": "A-1", "left": "4"}\n\n{"sku": "A-2", "left": "5"}\r\n', "application/x-ndjson"),
        (b"sku,left\r\nA-1,4\r\nA-2,5\r\n", "text/csv"),
        (b'\xef\xbb\xbfsku;left\nA-1;4\n"A-2";5', "text/csv; charset=utf-8"),
        (b"sku\tleft\nA-1\t4\nA-2\t5", "text/csv"),
    ],
)
def test_every_form_of_body_gives_the_same_rows(shelf, body, content_type):
    shelf.keep(body, content_type)
    assert [(record.id, record.values["left"]) for record in records(shelf.desk())] == [("A-1", "4"), ("A-2", "5")]


def test_other_encodings_and_separators(shelf):
    shelf.keep("sku|имя\nA-1|Чай;чёрный".encode("cp1251"), "text/csv; charset=windows-1251")
    assert records(shelf.desk(separator="|"))[0].values == {"sku": "A-1", "имя": "Чай;чёрный"}


def test_what_is_gone_is_told_by_id_or_by_row(shelf):
    shelf.keep({"records": [{"sku": "A-1"}], "gone": ["A-2", 3, {"sku": "A-4"}]})
    shelf.keep(b'{"gone": ["A-5"]}\n{"sku": "A-6"}', "application/x-ndjson")
    found = [(record.id, record.gone) for record in records(shelf.desk())]
    assert found == [("A-1", False), ("A-2", True), ("3", True), ("A-4", True), ("A-5", True), ("A-6", False)]


def test_rows_that_are_none_are_broken_and_told_by_their_number(shelf):
    trace = shelf.keep([{"sku": "A-1"}, {"left": 1}, 7, {"sku": None}, {"sku": "A-2"}])
    shelf.keep(b'{"sku": "B-1"}\n{"sku": "B-', "application/x-ndjson")
    shelf.keep(b"sku,left\nC-1,1,2,3\nC-2,1", "text/csv")
    found = pages(shelf.desk())
    assert [record.id for page in found for record in page.records] == ["A-1", "A-2", "B-1", "C-2"]
    broken = [row for page in found for row in page.broken]
    assert [row.where.rpartition(":")[2] for row in broken] == ["2", "3", "4", "2", "1"]
    assert broken[0].where == f"push {trace}:2"
    assert all("2" in words and "sku" in words for words in broken[0].why)
    assert broken[-1].id == "C-1"


def test_nul_and_lone_surrogates_do_not_reach_the_database(shelf):
    shelf.keep(b'[{"sku": "A\\u0000-\\ud800"}]')
    assert records(shelf.desk())[0].id == "A\ufffd-\ufffd"


def test_requests_are_read_in_their_order_and_only_once(shelf):
    shelf.keep([{"sku": "A-1", "left": 1}])
    bookmark = pages(shelf.desk())[-1].bookmark
    shelf.now += timedelta(seconds=10)
    shelf.keep([{"sku": "A-1", "left": 2}])
    assert [record.values["left"] for record in records(shelf.desk(), bookmark)] == [2]
    last = pages(shelf.desk(), bookmark)[-1].bookmark
    assert records(shelf.desk(), last) == []
    assert pages(shelf.desk(), last)[-1].bookmark["top"] == last["top"]


def test_a_request_that_was_written_late_is_not_lost(shelf):
    shelf.keep([{"sku": "A-1"}])
    bookmark = pages(shelf.desk())[-1].bookmark
    shelf.keep([{"sku": "A-2"}], late=50)
    assert [record.id for record in records(shelf.desk(), bookmark)] == ["A-2"]


def test_a_late_request_in_the_middle_of_a_large_one_loses_no_row(shelf):
    shelf.keep([{"sku": f"A-{number}"} for number in range(5)])
    with PushReader(shelf.desk()) as reader:
        page = reader.page(reader.begin(None).position, 2)
        shelf.keep([{"sku": f"B-{number}"} for number in range(3)], late=5)
        seen = [record.id for record in page.records]
        while not page.ended:
            page = reader.page(page.position, 2)
            seen += [record.id for record in page.records]
        rest = records(shelf.desk(), page.bookmark)
    assert sorted({*seen, *(record.id for record in rest)}) == ["A-0", "A-1", "A-2", "A-3", "A-4", "B-0", "B-1", "B-2"]
    assert [name for name in seen if name.startswith("A")] == ["A-0", "A-1", "A-2", "A-3", "A-4"]


def test_large_requests_are_parted_and_small_ones_are_gathered(shelf):
    shelf.keep([{"sku": f"A-{number}"} for number in range(7)])
    for number in range(4):
        shelf.keep([{"sku": f"B-{number}"}])
    found = pages(shelf.desk(), limit=3)
    assert [len(page.records) for page in found] == [3, 3, 3, 2, 0]
    assert len({record.id for page in found for record in page.records}) == 11


def test_a_kept_request_that_no_longer_fits_is_told_and_stops_nothing(shelf):
    shelf.keep(b"never json")
    shelf.keep([{"sku": "A-1"}])
    found = pages(shelf.desk())
    assert [record.id for page in found for record in page.records] == ["A-1"]
    assert sum(len(page.broken) for page in found) == 1


def test_what_a_place_remembers_has_an_end(shelf):
    for number in range(600):
        shelf.keep([{"sku": f"A-{number}"}])
    bookmark = pages(shelf.desk())[-1].bookmark
    assert len(json.dumps(bookmark)) < 20_000
    again = [record.id for record in records(shelf.desk(), bookmark)]
    assert len(again) == 600 - 256
    assert "A-599" not in again


def test_the_check_says_whether_something_came_and_how_it_is_proved(shelf):
    assert [finding.state for finding in setup.check(shelf.desk())] == ["ok", "warn"]
    shelf.keep([])
    assert [finding.state for finding in setup.check(shelf.desk(token=TOKEN))] == ["warn", "ok"]


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 59)), max_size=4), min_size=1, max_size=6),
    st.integers(1, 4),
)
def test_no_row_is_lost_whatever_comes_between_pages(rounds, limit):
    """(rows, seconds late) come between the pages of runs; places may be read twice."""
    shelf, told, bookmark, number = Shelf(), set(), None, 0
    for coming in [*rounds, []]:
        with PushReader(shelf.desk()) as reader:
            before, position, page, waiting = bookmark, reader.begin(bookmark).position, None, list(coming)
            while page is None or not page.ended:
                page = reader.page(position, limit)
                assert page == reader.page(json.loads(json.dumps(position)), limit)
                told |= {record.id for record in page.records}
                position = page.position
                if waiting:
                    rows, late = waiting.pop()
                    shelf.now += timedelta(seconds=1)
                    shelf.keep([{"sku": f"{number}.{row}"} for row in range(rows)], late=late)
                    number += 1
            bookmark = page.bookmark
            assert before is None or bookmark["top"] >= before["top"]
    told |= {record.id for record in records(shelf.desk(), bookmark)}
    assert told == {row["sku"] for kept in shelf.kept for row in json.loads(kept.body)}
