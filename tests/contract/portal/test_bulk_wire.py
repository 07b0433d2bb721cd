"""How bulk requests travel: once each, within the budget, under their id, with every error as it came."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.portal import Outcome
from connector.portal.bulk import Bulk
from tests.contract.portal.conftest import House

ADD = "crm.contact.add"
HTML = {"body": "<html><title>502</title></html>"}
BROKEN = {"status": 200, "body": '{"result": ', "content_type": "application/json"}
BARE = {"status": 200, "body": "{}", "content_type": "application/json"}


@pytest.fixture
def bulk(house: House) -> Iterator[Bulk]:
    with house.installed().bulk() as made:
        yield made


def added(bulk: Bulk, name: str = "x") -> Outcome:
    (outcome,) = bulk.calls(ADD, [{"fields": {"NAME": name}}])
    return outcome


TROUBLE: list[tuple[str, dict[str, Any], str, int]] = [
    ("reset_before", {}, "network.cut", 0),
    ("reset_after", {}, "network.cut", 1),
    ("fail", {"status": 500, "code": "INTERNAL_SERVER_ERROR"}, "bitrix24.server_error", 0),
    ("fail", {"status": 502, **HTML}, "bitrix24.server_down", 0),
    ("fail", {"status": 503, **HTML}, "bitrix24.server_down", 0),
    ("fail", {"status": 403, **HTML}, "bitrix24.not_rest", 0),
    ("fail", BROKEN, "bitrix24.broken_answer", 0),
    ("fail", BARE, "bitrix24.broken_answer", 0),
]


@pytest.mark.parametrize(("kind", "fault", "cause", "ran"), TROUBLE)
def test_a_call_in_doubt_leaves_once_and_is_never_repeated(
    house: House, bulk: Bulk, kind: str, fault: dict, cause: str, ran: int
):
    house.sandbox.fault(kind, method=ADD, times=-1, **fault)
    outcome = added(bulk)
    assert isinstance(outcome.error, TransientError)
    assert (outcome.state, outcome.error.cause, outcome.error.maybe_done) == ("failed", cause, True)
    assert len(house.sandbox.calls(ADD)) == 1
    house.sandbox.clear_faults()
    assert len(house.portal().call("crm.contact.list")) == ran


@pytest.mark.parametrize(("status", "code"), [(400, "ERROR_CORE"), (200, "INVALID_ARG_VALUE"), (403, "ACCESS_DENIED")])
def test_a_refusal_keeps_its_code_and_words(house: House, bulk: Bulk, status: int, code: str):
    house.sandbox.fault("fail", method=ADD, status=status, code=code, description="no such field")
    error = added(bulk).error
    assert isinstance(error, PermanentError)
    assert error.detail == f"{code} no such field"
    assert len(house.sandbox.calls(ADD)) == 1


def test_an_answer_that_is_too_slow_is_a_doubt(house: House):
    portal = house.installed()
    slow = house.portal(timeout=0.4)
    house.sandbox.fault("slow", method=ADD, seconds=0.8)
    with slow.bulk() as bulk:
        error = added(bulk).error
    assert isinstance(error, TransientError)
    assert (error.cause, error.maybe_done) == ("network.timeout", True)
    deadline = time.monotonic() + 10
    while not portal.call("crm.contact.list") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(house.sandbox.calls(ADD)) == 1


def test_a_portal_that_is_not_there_proves_that_nothing_ran(house: House):
    portal = house.installed()
    house.sandbox.stop()
    with portal.bulk() as bulk, pytest.raises(TransientError) as caught:
        list(bulk.rows("crm.contact.list"))
    assert (caught.value.cause, caught.value.maybe_done) == ("network.no_connection", False)


def test_a_portal_that_comes_back_is_asked_again(house: House):
    portal = house.installed()
    house.sandbox.stop()
    timer = threading.Timer(0.15, house.sandbox.start)
    timer.start()
    with portal.bulk() as bulk:
        assert added(bulk).state == "ok"
    timer.join()
    assert len(house.sandbox.calls(ADD)) == 1


def test_expired_tokens_are_renewed_once(house: House, bulk: Bulk):
    house.sandbox.expire_tokens()
    assert added(bulk).state == "ok"
    assert len(house.sandbox.calls("oauth.token")) == 1
    assert house.sandbox.calls(ADD)[-1]["status"] == 200


def test_rejected_tokens_end_the_work_instead_of_asking_for_ever(house: House, bulk: Bulk):
    house.sandbox.expire_tokens(refresh=True)
    with pytest.raises(Stopped):
        added(bulk)
    assert house.state() == "needs_reauth"
    assert len(house.sandbox.calls(ADD)) <= 1


def test_a_renamed_portal_is_followed(house: House, bulk: Bulk):
    assert added(bulk).state == "ok"
    house.sandbox.rename(f"localhost:{house.sandbox.port}")
    assert added(bulk).state == "ok"
    assert house.store.installation("main").grant.domain == f"localhost:{house.sandbox.port}"
    assert len(house.portal().call("crm.contact.list")) == 2


def test_a_webhook_works_in_bulk_too(house: House):
    portal = house.portal(app=None, webhook=house.sandbox.webhook_url())
    with portal.bulk() as bulk:
        assert added(bulk).state == "ok"
        assert [row["NAME"] for page in bulk.rows("crm.contact.list") for row in page] == ["x"]


def test_every_request_is_spent_as_bulk_and_has_its_own_id(house: House, bulk: Bulk):
    spent = len(house.budget.spent)
    outcomes = list(bulk.calls(ADD, [{"fields": {"NAME": str(number)}} for number in range(120)]))
    assert {outcome.state for outcome in outcomes} == {"ok"}
    assert house.budget.spent[spent:] == [False] * 3
    assert house.budget.loads[-1] == {ADD: 20.0}
    rows = house.sandbox.calls("batch")
    assert len({row["request"] for row in rows}) == len(rows) == 3
    assert all(len(row["request"]) == 32 for row in rows)


def test_an_error_names_the_request_that_it_came_with(house: House, bulk: Bulk):
    house.sandbox.fault("fail", method=ADD, status=400, code="ERROR_CORE")
    error = added(bulk).error
    assert isinstance(error, ConnectorError)
    assert error.request_id == house.sandbox.calls(ADD)[-1]["request"]


def test_a_met_limit_pauses_everybody_and_the_call_goes_again(house: House, bulk: Bulk):
    house.sandbox.fault("fail", method=ADD, status=503, code="QUERY_LIMIT_EXCEEDED")
    assert added(bulk).state == "ok"
    assert house.budget.pauses == [2.0]
    assert 2.0 in house.slept


def test_values_reach_the_portal_as_they_are(house: House, bulk: Bulk):
    names = ["Анна & «Co» #1 100% a+b [x]", "", "\ud800 half", "$result[a] stays", "line\r\nbreak"]
    numbers = [outcome.result for outcome in bulk.calls(ADD, [{"fields": {"NAME": name}} for name in names])]
    rows = {int(row["ID"]): row["NAME"] for page in bulk.rows("crm.contact.list", {"select": ["*"]}) for row in page}
    assert [rows[number] for number in numbers] == [name.replace("\ud800", "?") for name in names]


def test_a_value_that_is_not_json_is_refused_before_it_leaves(house: House, bulk: Bulk):
    (outcome,) = bulk.calls(ADD, [{"fields": {"NAME": float("nan")}}])
    assert isinstance(outcome.error, PermanentError)
    assert outcome.error.cause == "portal.not_json"
    assert house.sandbox.calls(ADD) == []


def test_bulk_works_where_another_event_loop_runs(house: House):
    portal = house.installed()

    async def inside() -> Outcome:
        with portal.bulk() as bulk:
            return added(bulk)

    assert asyncio.run(inside()).state == "ok"


def test_nothing_stays_behind_after_the_work(house: House):
    with house.installed().bulk() as bulk:
        added(bulk)
        assert any(thread.name == "bulk" for thread in threading.enumerate())
    bulk.close()
    assert not any(thread.name == "bulk" for thread in threading.enumerate())


def test_the_library_logs_no_parameters_and_no_tokens(house: House, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG), house.installed().bulk() as bulk:
        added(bulk, "Анна Секретная")
    told = " ".join(record.getMessage() for record in caplog.records)
    assert "Секретная" not in told
    assert house.store.installation("main").grant.access_token not in told
