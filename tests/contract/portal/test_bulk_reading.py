"""Whole lists read in bulk from a whole portal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.errors import PermanentError, Stopped, TransientError
from connector.portal.bulk import PATIENCE, Bulk
from connector.sandbox import SandboxServer
from connector.sandbox.config import Operator
from tests.contract.portal.conftest import House
from tests.contract.portal.timed import timed

LIST = "crm.contact.list"


def ids(bulk: Bulk, method: str = LIST, **options) -> list[int]:
    return [int(row["ID"]) for page in bulk.rows(method, **options) for row in page]


def spoiled(house: House, after_pages: int, spoil: Callable[[], object]) -> list[int]:
    """The ids of the whole list, with ``spoil`` done once so many pages were handed over."""
    seen: list[int] = []
    with house.installed().bulk() as bulk:
        for number, page in enumerate(bulk.rows(LIST)):
            if number == after_pages:
                spoil()
            seen.extend(int(row["ID"]) for row in page)
    return seen


def test_every_row_comes_once_in_order_and_in_pages(house: House):
    house.sandbox.seed("contact", 1234)
    with house.installed().bulk() as bulk:
        pages = list(bulk.rows(LIST, {"select": ["NAME"]}))
    assert [int(row["ID"]) for page in pages for row in page] == list(range(1, 1235))
    assert [len(page) for page in pages] == [50] * 24 + [34]
    assert pages[0][0]["NAME"] == "Name 1"


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 150, 151])
def test_the_end_of_a_list_is_found_wherever_it_lies(house: House, count: int):
    house.sandbox.seed("contact", count)
    with house.installed().bulk() as bulk:
        assert ids(bulk) == list(range(1, count + 1))


def test_long_lists_take_few_requests():
    with SandboxServer() as sandbox:
        house = House(sandbox)
        sandbox.seed("contact", 20_000)
        portal = house.installed()
        before, asked = sandbox.counters()["requests"], len(house.budget.spent)
        with portal.bulk() as bulk:
            assert len(ids(bulk)) == 20_000
        least = 20_000 / 50 / 50
        assert sandbox.counters()["requests"] - before <= least + 6
        assert set(house.budget.spent[asked:]) == {False}


def test_a_list_goes_on_from_the_last_known_id_either_way(house: House):
    house.sandbox.seed("contact", 130)
    with house.installed().bulk() as bulk:
        assert ids(bulk, after=60) == list(range(61, 131))
        assert ids(bulk, params={"filter": {">ID": 60, "<ID": 100}}) == list(range(61, 100))
        assert ids(bulk, params={"FILTER": {">ID": 60}}, after=80) == list(range(81, 131))


def test_rows_that_come_and_go_meanwhile_shift_nothing(house: House):
    house.sandbox.seed("contact", 200)

    def change() -> None:
        portal = house.portal()
        for number in range(1, 21):
            portal.call("crm.contact.delete", {"id": number})
        house.sandbox.seed("contact", 5)

    seen = spoiled(house, 0, change)
    assert seen == [*range(1, 51), *range(51, 206)]


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "fail"])
@pytest.mark.parametrize("method", ["batch", LIST])
def test_trouble_on_the_way_neither_doubles_nor_loses_a_row(house: House, kind: str, method: str):
    house.sandbox.seed("contact", 400)
    assert spoiled(house, 1, lambda: house.sandbox.fault(kind, method=method)) == list(range(1, 401))


def test_an_empty_answer_of_a_falling_server_is_not_the_end(house: House):
    house.sandbox.seed("contact", 400)
    empty = '{"result":{"result":[],"result_error":[],"result_total":[],"result_next":[],"result_time":[]}}'
    spoil = {"method": "batch", "status": 200, "body": empty, "content_type": "application/json", "times": 2}
    assert spoiled(house, 1, lambda: house.sandbox.fault("fail", **spoil)) == list(range(1, 401))


def test_a_list_waits_for_operating_time_and_goes_on_where_it_stood():
    with timed(operating_limit=20.0, seconds={LIST: 1.0}, burst=0) as house:
        house.sandbox.seed("contact", 5000)
        with house.installed().bulk() as bulk:
            assert ids(bulk) == list(range(1, 5001))
        assert house.sandbox.counters()["errors"]["OPERATION_TIME_LIMIT"] >= 1
        assert 2400 <= sum(house.slept) <= 3600


def test_a_list_is_given_up_when_the_method_waits_for_longer_than_allowed():
    with timed(operating_limit=2.0, seconds={LIST: 5.0}, burst=0, operating_window=5000.0) as house:
        house.sandbox.seed("contact", 200)
        with house.installed().bulk() as bulk, pytest.raises(TransientError) as caught:
            ids(bulk)
        assert caught.value.cause == "bitrix24.operating_limit"
        assert sum(house.slept) <= PATIENCE


def test_slow_methods_go_in_shorter_chains(house: House):
    house.sandbox.set_limits(burst=0, operating_limit=0, seconds={LIST: 8.0})
    house.sandbox.seed("contact", 1000)
    with house.installed().bulk() as bulk:
        ids(bulk)
    batches = [row for row in house.sandbox.calls(LIST, limit=1000) if row.get("batch")]
    requests = [row["request"] for row in batches]
    assert max(requests.count(request) for request in requests[6:]) == 2


def test_items_of_the_crm_are_read_by_their_own_spelling(house: House):
    house.sandbox.seed("deal", 400)
    with house.installed().bulk() as bulk:
        pages = list(bulk.rows("crm.item.list", {"entityTypeId": 2, "select": ["title"]}))
        late = bulk.rows("crm.item.list", {"entityTypeId": 2, "filter": {">id": 390}})
        assert [row["id"] for page in late for row in page] == list(range(391, 401))
    assert [row["id"] for page in pages for row in page] == list(range(1, 401))
    assert pages[0][0]["title"] == "Row 1"
    assert len(house.sandbox.calls("batch")) == 3


def test_users_are_read_by_offset():
    people = tuple(Operator(id=number, name=f"N{number}", admin=number == 1) for number in range(1, 231))
    with SandboxServer(operators=people) as sandbox:
        house = House(sandbox)
        with house.installed().bulk() as bulk:
            assert ids(bulk, "user.get") == list(range(1, 231))
            assert ids(bulk, "user.get", params={"FILTER": {"NAME": "N7"}}) == [7]
        assert all(row["status"] == 200 for row in sandbox.calls("user.get", limit=100))


def test_classic_lists_are_read_by_offset_when_asked(house: House):
    house.sandbox.seed("contact", 120)
    with house.installed().bulk() as bulk:
        backwards = ids(bulk, params={"order": {"ID": "DESC"}}, kind="start")
    assert backwards == list(range(120, 0, -1))


@pytest.mark.parametrize("params", [{"order": {"NAME": "ASC"}}, {"start": 50}, {"ORDER": {"ID": "DESC"}}])
def test_another_order_is_refused_before_anything_is_sent(house: House, params: dict):
    with house.installed().bulk() as bulk, pytest.raises(PermanentError) as caught:
        bulk.rows(LIST, params)
    assert caught.value.cause == "portal.rows_order"
    assert house.sandbox.calls(LIST) == []


def test_a_method_that_is_no_list_says_so(house: House):
    with house.installed().bulk() as bulk, pytest.raises(PermanentError) as caught:
        ids(bulk, "profile")
    assert caught.value.cause == "portal.rows_shape"


def test_a_refused_list_is_raised_as_it_is(house: House):
    with house.installed().bulk() as bulk, pytest.raises(PermanentError) as caught:
        ids(bulk, "crm.nothing.list")
    assert caught.value.cause == "bitrix24.no_such_method"


def test_a_stopped_portal_is_left_alone(house: House):
    portal = house.installed()
    house.sandbox.set_overload(503)
    with portal.bulk() as bulk:
        for _ in range(3):
            with pytest.raises(Stopped):
                ids(bulk)
    assert len(house.sandbox.calls(LIST)) == 1
    assert house.state() == "blocked"
