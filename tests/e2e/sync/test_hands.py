"""What people and accidents do to runs: the command line, the console, SIGKILL, Redis gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.sync.town import PATIENCE, Town, town
from tests.integration.house.house import House
from tests.integration.house.waiting import until

pytestmark = pytest.mark.e2e
WHY = ("--why", "a test", "--who", "ops")
TYPES = {"orders": 1040, "returns": 1042, "prices": 1044}
RULE = """
on: record.{name}
crm:
  item:
    type: {kind}
    external: {{system: {name}, id: "{{{{ record.number }}}}"}}
    match: [external]
    set: {{TITLE: "{{{{ record.number }}}} {{{{ record.sum }}}}"}}
"""
COUNT, PAGE = 120, 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hands")


@pytest.fixture(scope="module")
def built(folder: Path) -> Iterator[Town]:
    files = {
        name: {"provider": "table", "location": str(folder / f"{name}.csv"), "id": "number", "settle": "0s"}
        for name in TYPES
    }
    sources = {name: {**given, "page": PAGE, "holds": "all"} for name, given in files.items()}
    sources["prices"] |= {"every": "5s", "jitter": "0s"}
    for name in TYPES:
        fill(folder, name, COUNT)
    rules = "---".join(RULE.format(name=name, kind=kind) for name, kind in TYPES.items())
    types = [{"entityTypeId": kind, "title": name} for name, kind in TYPES.items()]
    with town("sqlite", folder / "house", sources, rules, contents={"types": types}) as made:
        yield made


@pytest.fixture
def house(built: Town) -> Iterator[House]:
    yield built.house
    built.house.redis.revive()
    built.house.sandbox.clear_faults()


def fill(folder: Path, name: str, count: int, total: int = 1) -> None:
    """A file of so many rows; it is there at once and whole."""
    made = folder / f"{name}.new"
    made.write_text("number;sum\n" + "".join(f"{number:04};{total}\n" for number in range(count)))
    made.replace(folder / f"{name}.csv")


def titles(count: int, total: int = 1) -> list[str]:
    return [f"{number:04} {total}" for number in range(count)]


def slow(house: House) -> None:
    """The portal takes its time, so that a run can be met midway."""
    house.sandbox.fault("slow", method="batch", seconds=0.3, times=-1)


def test_a_run_is_begun_watched_and_cancelled_at_the_command_line_and_the_next_one_does_the_rest(
    house: House, built: Town
):
    slow(house)
    begun = house.cli("sync", "run", "orders", "--background")["run"]
    run = until(lambda: house.journal.run_of(begun), what="the run is there")
    built.midway(run)
    assert house.cli("sync", "cancel", "orders", *WHY) == {"run": begun}
    ended = built.over(run)
    assert ended.state == "cancelled"
    assert 0 < ended.counts["created"] < COUNT
    assert built.console.source("orders")["last"]["state"] == "cancelled"
    house.sandbox.clear_faults()
    done = house.cli("sync", "run", "orders")
    assert done["state"] == "done"
    assert done["counts"]["created"] == COUNT - ended.counts["created"]
    assert built.titles(TYPES["orders"]) == titles(COUNT)
    assert [run.state for run in built.runs("orders")] == ["done", "cancelled"]


def test_workers_that_are_killed_midway_leave_nothing_out_and_do_nothing_twice(house: House, built: Town):
    slow(house)
    run = built.begin("returns")
    built.midway(run)
    built.kill("worker")
    house.sandbox.clear_faults()
    done = built.over(run)
    assert (done.state, done.counts["parked"]) == ("done", 0)
    assert built.titles(TYPES["returns"]) == titles(COUNT)
    assert {row.state for row in built.rows("returns")} == {"done"}
    again = built.run("returns", "full")
    assert (again.counts["same"], again.counts["requests"]) == (COUNT, 0)


def test_a_paused_source_waits_and_without_redis_runs_go_on(house: House, built: Town, folder: Path):
    built.shows(TYPES["prices"], *titles(COUNT))
    built.console.does("prices", "pause")
    until(lambda: built.console.source("prices")["run"] is None, seconds=PATIENCE, what="the open run is over")
    paused = built.console.source("prices")
    assert paused["paused_at"] is not None
    assert paused["next_at"] is None
    before = built.runs("prices")[0].id
    fill(folder, "prices", COUNT, 2)
    house.redis.stop()
    by_hand = built.run("prices")
    assert (by_hand.state, by_hand.trigger, by_hand.counts["updated"]) == ("done", "person", COUNT)
    assert [run.id for run in built.runs("prices") if run.id > before] == [by_hand.id]
    fill(folder, "prices", COUNT, 3)
    built.console.does("prices", "resume")
    built.shows(TYPES["prices"], *titles(COUNT, 3))
    house.redis.revive()
    fill(folder, "prices", COUNT, 4)
    built.shows(TYPES["prices"], *titles(COUNT, 4))
    assert {run.state for run in built.runs("prices") if not run.open} == {"done"}
