"""A portal that misbehaves in the middle of a run: in the end everything is there, once."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from connector.journal import Run
from connector.portal import Portal
from connector.portal.memory import OpenBudget
from connector.sync.engine import TRIES
from tests.integration.sync.world import SHIPMENTS, World

ROWS = 60
FAULTS: dict[str, dict[str, Any]] = {
    "query limit of a command": {"kind": "fail", "method": "crm.item.add", "status": 503,
                                 "code": "QUERY_LIMIT_EXCEEDED", "times": 7},
    "query limit": {"kind": "fail", "method": "batch", "status": 503, "code": "QUERY_LIMIT_EXCEEDED", "times": 3},
    "operating limit": {"kind": "fail", "method": "crm.item.add", "status": 429, "code": "OPERATION_TIME_LIMIT",
                        "times": 30},
    "5xx of commands before they ran": {"kind": "fail", "method": "crm.item.add", "times": 5},
    "a cut before": {"kind": "reset_before", "method": "batch", "times": 2},
    "a cut after one command": {"kind": "reset_after", "method": "crm.item.add", "times": 1},
    "whole answers lost": {"kind": "reset_after", "method": "batch", "times": 3},
    "a page instead of an answer": {"kind": "fail", "method": "batch", "status": 502, "body": "<html>", "times": 2},
    "too many": {"kind": "fail", "method": "batch", "status": 429, "code": "TOO_MANY_REQUESTS", "times": 2},
    "unpaid in the middle of a request": {"kind": "fail", "method": "crm.item.add", "status": 403,
                                          "code": "PAYMENT_REQUIRED", "times": 1},
    "a look-up that is refused for the moment": {"kind": "fail", "method": "crm.item.list", "times": 60},
}  # fmt: skip


@pytest.fixture
def hurried(world: World) -> World:
    """Where the portal's waits are told to the clock and not slept."""
    lock, settings = threading.Lock(), world.connector.settings.portals["main"]

    def sleep(seconds: float) -> None:
        with lock:
            world.house.clock.add(seconds=seconds)

    portal = Portal(
        settings,
        store=world.connector.journal,
        locks=world.connector.journal,
        budget=OpenBudget(lambda: world.house.clock().timestamp()),
        seal=world.connector.vault.seal,
        unseal=world.connector.vault.unseal,
        clock=world.house.clock,
        sleep=sleep,
    )
    world.connector = replace(world.connector, portals={"main": portal})
    return world


def whole(world: World, count: int = ROWS) -> bool:
    """All is in the portal, once, and nothing is left to do."""
    titles = sorted(str(item["title"]) for item in world.items())
    wanted = sorted(f"№ {row['number']}: {row['sum']}" for row in world.script.rows.values())
    counts = world.connector.journal.mirror_counts("shipments")
    assert titles == wanted
    return counts == {"live": count, "gone": 0, "waiting": 0, "parked": 0}


@pytest.mark.parametrize("name", FAULTS)
def test_trouble_in_the_first_load(hurried: World, name: str):
    hurried.fill(ROWS)
    fault = dict(FAULTS[name])
    hurried.house.sandbox.fault(fault.pop("kind"), **fault)
    run = hurried.run()
    assert run.state == "done", (run.cause, run.detail)
    assert hurried.house.sandbox.faults() == []
    assert whole(hurried)
    assert (run.cause, run.hint, run.counts["parked"]) == ("", None, 0)
    assert hurried.run().counts["changed"] == 0


@pytest.mark.parametrize("name", ["5xx of commands before they ran", "whole answers lost", "operating limit"])
def test_trouble_in_a_run_of_changes(hurried: World, name: str):
    hurried.fill(ROWS)
    hurried.run()
    for row in hurried.script.rows.values():
        row["sum"] += 1000
    fault = FAULTS[name] | {"method": FAULTS[name]["method"].replace("add", "update")}
    hurried.house.sandbox.fault(fault.pop("kind"), **fault)
    assert hurried.run().state == "done"
    assert whole(hurried)


def test_a_portal_that_was_uninstalled_is_waited_for_as_long_as_it_takes(hurried: World):
    hurried.fill(ROWS)
    hurried.house.sandbox.uninstall()
    assert hurried.house.sandbox.settle()
    hurried.house.pump()
    begun = hurried.begin()
    for _ in range(TRIES + 3):
        went = hurried.portion()
        assert went.state == "later"
        assert went.run is not None
        hurried.house.clock.more += went.run.due_at - hurried.house.clock()
    assert went.run.hint is not None
    assert went.run.hint.en
    assert went.run.hint.ru
    assert went.run.hint.en != went.run.hint.ru
    assert hurried.connector.journal.mirror_counts("shipments")["waiting"] == ROWS
    url = f"{hurried.connector.settings.public_url}/bitrix24/install"
    assert hurried.house.sandbox.install(url=url, mode="page")["installed"]
    hurried.house.pump()
    run = ended(hurried, begun)
    assert (run.state, run.cause) == ("done", "")
    assert whole(hurried)


def test_a_portal_that_was_not_paid_for_is_written_to_when_it_is(hurried: World):
    hurried.fill(ROWS)
    hurried.house.sandbox.fault("fail", method="batch", status=403, code="PAYMENT_REQUIRED")
    begun = hurried.begin()
    for _ in range(3):
        went = hurried.portion()
        assert went.run is not None
        assert (went.state, went.run.cause) in {("later", "bitrix24.unpaid"), ("later", "portal.suspended")}
        hurried.house.clock.add(seconds=60)
    hurried.house.clock.add(hours=1)
    assert ended(hurried, begun).state == "done"
    assert whole(hurried)


def test_a_portal_that_stays_away_fails_the_run_after_many_tries_and_the_next_one_writes_what_waits(hurried: World):
    hurried.fill(ROWS)
    hurried.house.sandbox.set_down("unavailable")
    run = hurried.run()
    assert run.state == "failed"
    assert run.hint is not None
    assert str(TRIES) in run.hint.ru
    assert str(TRIES) in run.hint.en
    hurried.house.sandbox.set_down("")
    assert hurried.run().state == "done"
    assert whole(hurried)


def test_the_brake_is_not_forgotten_over_trouble_of_the_portal(hurried: World):
    hurried.fill(ROWS)
    hurried.run()
    for name in sorted(hurried.script.rows)[:30]:
        del hurried.script.rows[name]
    for row in hurried.script.rows.values():
        row["sum"] += 1
    hurried.house.sandbox.fault("fail", method="batch", status=503, code="QUERY_LIMIT_EXCEEDED", times=8)
    run = hurried.run()
    assert (run.state, run.cause) == ("braked", "sync.brake")


def test_rows_of_a_kind_that_the_portal_does_not_have_park_and_say_so(hurried: World):
    hurried.rules(SHIPMENTS.replace("1036", "1099"))
    hurried.fill(ROWS)
    run = hurried.run()
    assert (run.state, run.counts["parked"]) == ("done", ROWS)
    assert run.counts["requests"] < 10
    parked = hurried.connector.journal.mirror_rows("shipments", state="parked")
    assert {row.cause for row in parked} == {"bitrix24.not_found"}


def test_five_hundred_records_of_one_client_take_few_requests(hurried: World):
    hurried.rules("""
on: record.shipments
crm:
  contact:
    match: [phone]
    set: {NAME: "{{ record.client }}", PHONE: "{{ record.phone }}"}
  item:
    type: 1036
    external: {system: wms, id: "{{ record.number }}"}
    match: [external]
    set: {TITLE: "№ {{ record.number }}: {{ record.sum }}"}
""")
    hurried.fill(500, phone="+79001112233", client="Иван")
    run = hurried.run()
    assert whole(hurried, 500)
    assert run.counts["requests"] <= 40


def ended(world: World, begun: Run) -> Run:
    """The run as it is when it is over."""
    for _ in range(100):
        went = world.portion()
        if went.state == "over":
            break
        if went.state == "later":
            assert went.run is not None
            world.house.clock.more += went.run.due_at - world.house.clock()
    found = world.connector.journal.run_of(begun.id)
    assert found is not None
    return found
