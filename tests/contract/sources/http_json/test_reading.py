"""Reading a list of an HTTP API, whichever way it is cut."""

from __future__ import annotations

import pytest

from connector.errors import PermanentError
from tests.contract.sources.http_json.api import Asked, Reply
from tests.contract.sources.http_json.conftest import WAYS, Shop

CHANGED = {"param": "since", "column": "at"}
every_way = pytest.mark.parametrize("way", WAYS)


@every_way
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 10])
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_every_row_comes_once(shop: Shop, way: str, count: int, limit: int):
    shop.fill(count)
    run = shop.read(way, limit=limit)
    assert run.ids == list(range(1, count + 1))
    assert not run.last.partial


@every_way
@pytest.mark.parametrize("trouble", [Reply(status=503), Reply(status=500), Reply(cut=True)], ids=str)
def test_nothing_is_lost_when_each_request_fails_once(shop: Shop, way: str, trouble: Reply):
    shop.fill(10)
    failed: set[str] = set()

    def once_each(asked: Asked) -> Reply | None:
        first = str(asked.params) not in failed
        failed.add(str(asked.params))
        return trouble if first else None

    shop.api.meanwhile = once_each
    run = shop.read(way, limit=4)
    assert run.ids == list(range(1, 11))
    assert len(run.failures) == len(failed)


@every_way
def test_a_page_that_is_asked_for_again_says_the_same(shop: Shop, way: str):
    shop.fill(10)
    run = shop.read(way, limit=2, changed=CHANGED)
    assert len(run.positions) >= 5
    for position in run.positions:
        with shop.reader(way, changed=CHANGED) as reader:
            first = reader.page(position, 2)
        with shop.reader(way, changed=CHANGED) as reader:
            assert reader.page(position, 2) == first == reader.page(position, 2)


def test_positions_never_go_back(shop: Shop):
    shop.fill(10)
    places = [(p["place"]["offset"], p["at"]) for p in shop.read("by_offset", limit=2).positions]
    assert places == sorted(places)


@every_way
def test_only_a_list_whose_pages_hold_together_tells_what_is_gone(shop: Shop, way: str):
    shop.fill(5)
    assert shop.read(way).start.full == (way not in ("by_page", "by_link"))
    assert shop.read(way, pages={"steady": True}).start.full


@every_way
def test_the_next_run_asks_for_what_changed_since_less_the_overlap(shop: Shop, way: str):
    shop.fill(8)
    first = shop.read(way, changed=CHANGED)
    assert first.last.bookmark == {"newest": "2026-02-01T10:08:00+00:00"}
    second = shop.read(way, first.last.bookmark, changed=CHANGED, overlap="2m")
    assert (second.ids, second.start.full) == ([6, 7, 8], False)
    assert second.last.bookmark == first.last.bookmark


def test_what_changes_while_we_read_is_asked_for_next_time(shop: Shop):
    shop.fill(2)
    shop.api.rows[1]["at"] = "2026-03-01T13:00:00+00:00"  # an hour after the run began
    assert shop.read(changed=CHANGED).last.bookmark == {"newest": "2026-03-01T12:00:00+00:00"}


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("iso", "2026-02-01T12:55:00+03:00"),
        ("date", "2026-02-01"),
        ("unix", "1769939700"),
        ("unix_ms", "1769939700000"),
        ("%d.%m.%Y %H:%M", "01.02.2026 12:55"),
    ],
)
def test_the_moment_is_written_as_the_service_wants_it(shop: Shop, form: str, written: str):
    more = {"changed": {**CHANGED, "format": form}, "timezone": "Europe/Moscow"}
    shop.read(bookmark={"newest": "2026-02-01T10:00:00+00:00"}, **more)
    assert shop.api.asked[-1].params["since"] == written


def test_without_a_column_the_next_run_asks_from_the_beginning_of_this_one(shop: Shop):
    shop.fill(2)
    assert shop.read(changed={"param": "since"}).last.bookmark == {"newest": "2026-03-01T12:00:00+00:00"}


def test_an_unchanged_list_costs_one_empty_answer(shop: Shop):
    shop.fill(3)

    def tagged(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == '"1"':
            return Reply(status=304)
        return Reply(told=shop.api.rows, headers={"ETag": '"1"', "Last-Modified": "Sun, 01 Feb 2026 10:00:00 GMT"})

    shop.api.meanwhile = tagged
    first = shop.read(records="")
    assert (first.ids, first.start.full) == ([1, 2, 3], True)
    second = shop.read(bookmark=first.last.bookmark, records="")
    assert (second.ids, second.start.full, second.last.bookmark) == ([], False, first.last.bookmark)
    assert len(shop.api.asked) == 2
    shop.api.meanwhile = lambda asked: Reply(told=shop.api.rows)
    third = shop.read(bookmark=second.last.bookmark, records="")
    assert (third.ids, third.start.full, third.last.bookmark) == ([1, 2, 3], True, {})


@pytest.mark.parametrize("removed", [1, 2, 3, 7])
def test_rows_that_leave_behind_us_hide_no_other_row(shop: Shop, removed: int):
    shop.fill(20)

    def leave(asked: Asked) -> None:
        if asked.number == 5:
            del shop.api.rows[:removed]

    shop.api.meanwhile = leave
    run = shop.read("by_offset")
    assert set(run.ids) == set(range(1, 21))
    assert run.last.partial
    assert run.last.notes


@pytest.mark.parametrize("added", [1, 2, 3, 9])
def test_rows_that_come_behind_us_hide_no_other_row(shop: Shop, added: int):
    shop.fill(12)

    def come(asked: Asked) -> None:
        if asked.number == 4:
            shop.api.rows[:0] = [{"id": 100 + n, "at": ""} for n in range(added)]

    shop.api.meanwhile = come
    assert set(shop.read("by_offset").ids) >= set(range(1, 13))


def test_a_list_of_steady_pages_that_got_shorter_is_not_believed(shop: Shop):
    shop.fill(12)

    def leave(asked: Asked) -> None:
        if asked.number == 3:
            del shop.api.rows[0]

    shop.api.meanwhile = leave
    assert shop.read("by_page", pages={"steady": True, "total": "total"}).last.partial


def test_a_service_that_gives_smaller_pages_than_asked_for_is_read_to_its_end(shop: Shop):
    shop.fill(10)
    shop.api.largest = 2
    for way in ("by_offset", "by_page"):
        assert shop.read(way, pages={"size": 5}).ids == list(range(1, 11))


def test_told_totals_and_ends_save_requests(shop: Shop):
    shop.fill(5)
    shop.read("by_offset", pages={"total": "total"})
    assert [asked.params["offset"] for asked in shop.api.asked] == ["0", "2"]


def test_a_deleted_row_is_a_tombstone(shop: Shop):
    shop.api.rows = [{"id": 1, "gone": True}, {"id": 2, "gone": 1}, {"id": 3}]
    assert [row.gone for row in shop.read(deleted={"column": "gone", "is": True}).records] == [True, False, False]
    assert [row.gone for row in shop.read(deleted={"column": "gone"}).records] == [True, True, False]


def test_rows_stay_as_they_are(shop: Shop):
    row = {"order": {"number": "A-1"}, "lines": [{"sku": 1}], "empty": None}
    numbers = b', "sum": 12345678901234567890.12, "f": 0.5}]'
    raw = b'[{"order": {"number": "A-1"}, "lines": [{"sku": 1}], "empty": null'
    shop.api.meanwhile = lambda asked: Reply(raw=raw + numbers)
    record = shop.read(records="", id=["order.number"]).records[0]
    assert record.id == "A-1"
    assert record.values == {**row, "sum": "12345678901234567890.12", "f": 0.5}


def test_a_broken_row_is_told_and_stops_nothing(shop: Shop):
    shop.api.rows = [{"id": 1, "at": "2026-02-01"}, {"id": None, "at": ""}, {"id": 3, "at": "soon"}]
    run = shop.read(changed=CHANGED)
    assert (run.ids, [(row.id, row.where) for row in run.broken]) == ([1], [("", "1:2"), ("3", "1:3")])
    assert all(row.why.en and row.why.ru for row in run.broken)


def test_a_zipped_answer_is_read(shop: Shop):
    shop.fill(4)
    shop.api.zipped = True
    assert shop.read("by_cursor").ids == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("way", "told", "cause"),
    [
        ("by_cursor", {"data": {"items": [{"id": 1}]}, "meta": {"next": "same"}}, "circle"),
        ("by_cursor", {"data": {"items": [{"id": 1}]}, "meta": {"next": {"a": 1}}}, "cursor"),
        ("by_page", {"data": {"items": [{"id": 1}, {"id": 2}]}}, "ignored"),
        ("by_offset", {"data": {"items": [{"id": 1}, {"id": 2}, {"id": 3}]}}, "ignored"),
    ],
)
def test_pages_without_end_are_refused(shop: Shop, way: str, told: object, cause: str):
    shop.api.meanwhile = lambda asked: Reply(told=told)
    with pytest.raises(PermanentError, match=rf"http_json\.{cause}"):
        shop.read(way)


def test_a_longer_circle_of_cursors_is_seen(shop: Shop):
    def round_and_round(asked: Asked) -> Reply:
        at = int(asked.params.get("cursor", "0"))
        return Reply(told={"data": {"items": [{"id": at}]}, "meta": {"next": (at + 1) % 7 or 7}})

    shop.api.meanwhile = round_and_round
    with pytest.raises(PermanentError, match=r"http_json\.circle"):
        shop.read("by_cursor")


def test_our_password_is_not_taken_to_another_server(shop: Shop):
    link = {"Link": '<http://127.0.0.2:9/orders?page=2>; rel="next"'}
    shop.api.meanwhile = lambda asked: Reply(told={"data": {"items": [{"id": 1}]}}, headers=link)
    with pytest.raises(PermanentError, match=r"http_json\.foreign"):
        shop.read("by_link")


def test_a_key_among_the_parameters_is_in_no_position(shop: Shop):
    shop.fill(9)
    run = shop.read("by_link", params={"key": "hidden"})
    assert run.ids == list(range(1, 10))
    assert "hidden" not in str(run.positions)
    assert {asked.params["key"] for asked in shop.api.asked} == {"hidden"}
