"""What changes around a run: the portal of a source, its settings, its rules, another engine, the journal itself."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.errors import PermanentError
from connector.journal import JournalAway
from connector.speech import Text
from connector.sync.begin import begin_due, is_due
from connector.sync.engine import LEASE_SECONDS, portion
from jobs import syncing
from tests.integration.sync.test_crashes import WRITES
from tests.integration.sync.test_odd_rows import ODD
from tests.integration.sync.world import SHIPMENTS, TYPE, World
from tests.integration.sync.world import world as fresh
from tests.services import Redis

_NO = Text("The password is wrong.", "Пароль неверен.")


def moved(world: World) -> None:
    """The source leads to a portal of another name from now on. It is the same sandbox, so numbers of rows are taken:
    exactly what an empty portal of its own would do is to have other rows under them.
    """
    portals, settings = world.connector.portals, world.connector.settings
    other = settings.portals["main"].model_copy(update={"name": "other"})
    world.connector = replace(
        world.connector,
        portals={**portals, "other": portals["main"]},
        settings=settings.model_copy(update={"portals": {**settings.portals, "other": other}}),
    )
    world.settings(portal="other")


def test_a_source_that_is_led_to_another_portal_writes_everything_there_and_touches_no_row_by_an_old_number(
    world: World,
):
    world.fill(30)
    world.run()
    portal = world.connector.portals["main"]
    for item in world.items():
        portal.call("crm.item.delete", {"entityTypeId": TYPE, "id": item["id"]})
    strangers = [item_of(world, f"A stranger {number}") for number in range(3)]
    moved(world)
    run = world.run()
    assert (run.state, run.counts["same"], run.counts["created"]) == ("done", 30, 30)
    titles = [str(item["title"]) for item in world.items()]
    assert len(titles) == 33
    assert sum("stranger" in title for title in titles) == len(strangers)
    assert world.run().counts["created"] == 0


def item_of(world: World, title: str) -> int:
    made = world.connector.portals["main"].call("crm.item.add", {"entityTypeId": TYPE, "fields": {"title": title}})
    return int(made["item"]["id"])


def test_what_was_made_in_one_portal_is_not_looked_for_by_its_number_in_another(world: World):
    world.fill(2)
    world.run()
    numbers = sorted(int(item["id"]) for item in world.items())
    for number in numbers:
        fields = {"title": "A stranger", "xmlId": f"other:{number}"}
        world.connector.portals["main"].call("crm.item.update", {"entityTypeId": TYPE, "id": number, "fields": fields})
    moved(world)
    assert world.run().counts["created"] == 2
    assert [item["title"] for item in world.items() if int(item["id"]) in numbers] == ["A stranger"] * 2


def test_rules_that_are_published_in_the_middle_of_a_run_reach_every_row_by_the_next(world: World):
    world.settings(page=10)
    world.fill(40)
    world.begin()
    asked = iter(range(100))
    world.portion(enough=lambda: next(asked) > 6)
    found = world.connector.journal.mirror_counts("shipments")
    assert 0 < found["waiting"] < 40
    world.rules(SHIPMENTS.replace("№ {{ record.number }}:", "N {{ record.number }}:"))
    assert world.portion().state == "over"
    assert world.run().state == "done"
    assert all(str(item["title"]).startswith("N ") for item in world.items())
    assert len(world.items()) == 40


def test_a_run_whose_source_left_the_settings_waits_until_it_is_back(world: World):
    world.fill(5)
    run = world.begin()
    there = world.connector
    world.connector = replace(there, settings=there.settings.model_copy(update={"sources": {}}))
    assert not is_due(world.connector, run)
    assert syncing.due(world.connector) == []
    with pytest.raises(PermanentError, match=r"source\.unknown"):
        world.portion()
    world.connector = there
    assert syncing.due(world.connector) == ["shipments"]
    assert world.portion().state == "over"


def test_two_engines_on_one_source_take_turns(world: World):
    world.fill(20)
    world.begin()
    lease = world.connector.journal.lease("source:shipments", ttl=LEASE_SECONDS)
    assert lease is not None
    assert world.portion().state == "held"
    assert syncing.due(world.connector) == []
    world.connector.journal.leave(lease, force=True)
    assert world.portion().state == "over"


class Asleep:
    """The journal of a process that is put to sleep before its ``number``-th write of a kind, until the lease is
    another's: somebody else ends the run meanwhile.
    """

    def __init__(self, world: World, name: str, number: int) -> None:
        self._world, self._journal, self._name, self._left = world, world.connector.journal, name, number

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._journal, name)
        if name == "renew":
            return lambda lease: None  # its heart does not beat either
        return self._slept(found) if name == self._name else found

    def _slept(self, write: Any) -> Any:
        def told(*args: Any, **more: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                with self._journal.store.writing() as db:
                    db.exec_driver_sql("UPDATE destinations SET until = 0, holder = 'other:1:1'")
                while self._world.portion().state not in ("over", "idle"):
                    self._world.house.clock.add(seconds=60)
            return write(*args, **more)

        return told


@pytest.mark.parametrize(("name", "number"), [("keep_page", 2), ("sync_step", 3), ("went_on", 2)])
def test_a_process_that_slept_until_another_took_over_writes_nothing_when_it_wakes(
    world: World, name: str, number: int
):
    world.settings(page=10)
    world.fill(30)
    run = world.begin()
    sleeper = replace(world.connector, journal=Asleep(world, name, number))
    assert portion(sleeper, "shipments", stop=lambda: False).state == "held"
    found = world.connector.journal.run_of(run.id)
    assert found is not None
    assert (found.state, found.counts["read"]) == ("done", 30)
    assert len({item["title"] for item in world.items()}) == len(world.items()) == 30


class Away:
    """The journal is away for one moment, before or after a write; the process lives on."""

    def __init__(self, journal: Any, chance: random.Random, share: float) -> None:
        self._journal, self._chance, self._share = journal, chance, share

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._journal, name)
        return self._flaky(found) if name in WRITES else found

    def _flaky(self, write: Any) -> Any:
        def told(*args: Any, **more: Any) -> Any:
            if self._chance.random() < self._share:
                raise JournalAway("before")
            result = write(*args, **more)
            if self._chance.random() < self._share:
                raise JournalAway("after")
            return result

        return told


def away(world: World, chance: random.Random, share: float) -> None:
    """A run to its end while the journal is away at such a share of all moments."""
    world.begin()
    for _ in range(400):
        flaky = replace(world.connector, journal=Away(world.connector.journal, chance, share))
        with suppress(JournalAway):
            if portion(flaky, "shipments", stop=lambda: False).state == "over":
                break
        world.house.clock.add(seconds=LEASE_SECONDS + 60)
    assert world.connector.journal.open_run("shipments") is None


def test_a_journal_that_is_away_now_and_then_loses_and_doubles_nothing(world: World):
    seed = random.randrange(10**6)
    world.settings(page=10)
    world.fill(40)
    chance = random.Random(seed)
    for change in (0, 1000):
        for row in world.script.rows.values():
            row["sum"] += change
        away(world, chance, 0.12)
    wanted = sorted(f"№ {row['number']}: {row['sum']}" for row in world.script.rows.values())
    assert sorted(str(item["title"]) for item in world.items()) == wanted, seed
    counts = world.connector.journal.mirror_counts("shipments")
    assert (counts["waiting"], counts["parked"]) == (0, 0), seed


def test_what_is_asked_for_during_a_run_begins_another_after_it(world: World):
    world.fill(3)
    world.begin()
    world.connector.journal.note_source("shipments", due_at=world.house.clock())
    assert begin_due(world.connector) == []
    assert world.portion().state == "over"
    (run,) = begin_due(world.connector)
    assert run.trigger == "push"
    assert world.portion().state == "over"
    assert begin_due(world.connector) == []


def test_a_source_that_always_fails_neither_starves_others_nor_fills_the_queue(world: World):
    broken = world.connector.settings.sources["shipments"]
    sources = {name: broken.model_copy(update={"source": name}) for name in ("bad", "shipments")}
    settings = world.connector.settings.model_copy(update={"sources": sources})
    world.connector = replace(world.connector, settings=settings)
    world.fill(3)
    for name in sources:
        assert world.connector.journal.begin_run(name, trigger="schedule") is not None
    world.script.trouble = [PermanentError("source.refused", hint=_NO)]
    assert [syncing.go_on(world.connector, name).state for name in syncing.due(world.connector)] == ["over", "over"]
    states = {run.source: run.state for run in world.connector.journal.runs_of(limit=9)}
    assert states == {"bad": "failed", "shipments": "done"}


def test_pausing_lets_the_open_run_end_and_none_begin(world: World):
    world.fill(3)
    world.begin()
    world.connector.journal.note_source("shipments", paused_at=world.house.clock(), paused_by="ops")
    assert world.portion().state == "over"
    world.connector.journal.note_source("shipments", due_at=world.house.clock())
    assert begin_due(world.connector) == []


def test_a_source_without_records_is_no_reason_to_brake(world: World):
    assert world.run().state == "done"
    world.fill(1)
    assert world.run().counts["created"] == 1
    world.script.rows.clear()
    assert world.run().state == "braked"
    assert world.run(allow_gone=True).counts["gone"] == 1
    assert world.run().state == "done"


def test_redis_that_is_away_stops_no_run(world: World, redis_server: Redis):
    world.fill(20)
    world.begin()
    redis_server.stop()
    for _ in range(20):
        if [syncing.go_on(world.connector, name).state for name in syncing.due(world.connector)] == ["over"]:
            break
        world.house.clock.add(seconds=60)
    assert len(world.items()) == 20
    assert world.connector.journal.open_runs() == []


def test_two_sources_of_one_mapping_bring_the_same_record_from_two_places(world: World):
    world.fill(5)
    world.run()
    first = world.connector.settings.sources["shipments"]
    second = first.model_copy(update={"source": "evening", "mapping": "shipments"})
    settings = world.connector.settings.model_copy(update={"sources": {"shipments": first, "evening": second}})
    world.connector = replace(world.connector, settings=settings)
    world.script.rows["000003"]["sum"] = 33
    assert world.connector.journal.begin_run("evening", trigger="person") is not None
    assert portion(world.connector, "evening", stop=lambda: False).state == "over"
    assert len(world.items()) == 5
    assert "№ 000003: 33" in {item["title"] for item in world.items()}


def test_on_postgresql_odd_ids_and_a_journal_that_is_away_are_the_same(
    tmp_path: Path, redis_server: Redis, pg_url: str
):
    with fresh(tmp_path, redis_server, pg_url, page=10) as world:
        world.script.rows = {name: {"number": f"n{place}", "sum": place} for place, name in enumerate(ODD)}
        world.fill(20)
        away(world, random.Random(5), 0.1)
        assert len(world.items()) == len(world.script.rows)
        assert world.run(full=True).counts["changed"] == 0
