"""Workers and the clock of the Procfile, with Redis, without Redis, and killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.domain.events import AppUninstalled
from connector.domain.request import Request
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery
from jobs import queues
from jobs.dispatch import Waker
from tests.integration.edge.processes import Place, Process, children, wait_for
from tests.services import Redis, free_port, redis


class Yard(Place):
    """A place with a Redis of its own, whose processes may work on in the next test."""

    def __init__(self, folder: Path, redis: Redis) -> None:
        super().__init__(folder, f"sqlite:///{folder}/connector.db", redis.url)
        self.redis = redis

    def at_work(self, name: str, times: int) -> Process:
        """The one that runs already, or a new one that has told so many times that it is ready."""
        told, before = self.told(name), self.latest.get(name)
        running = self.have(name)
        if running is not before:
            wait_for(lambda: self.told(name) >= told + times, lambda: self.log(name))
        return running

    def told(self, name: str) -> int:
        return len(self.lines(name, f"{name}.started"))

    def worker(self) -> Process:
        """With both its processes: one drains, one does the upkeep."""
        return self.at_work("worker", 2)

    def clock(self) -> Process:
        return self.at_work("clock", 1)

    def cleared(self) -> Yard:
        """Nothing is left of the last test but the processes."""
        self.redis.revive()
        self.redis.flush()
        self.empty()
        return self


@contextmanager
def a_yard(folder: Path) -> Iterator[Yard]:
    with redis() as server:
        made = Yard(folder, server)
        yield made
        made.close()


@pytest.fixture(scope="module")
def yards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Yard]]:
    with ExitStack() as stack:
        yield [stack.enter_context(a_yard(tmp_path_factory.mktemp("yard"))) for _ in range(3)]


@pytest.fixture
def workshop(yards: list[Yard]) -> Yard:
    """No clock runs here."""
    return yards[0].cleared()


@pytest.fixture
def tower(yards: list[Yard]) -> Yard:
    """No worker runs here."""
    return yards[1].cleared()


@pytest.fixture
def house(yards: list[Yard]) -> Yard:
    """A worker and a clock."""
    yards[2].worker()
    yards[2].clock()
    return yards[2].cleared()


def commit(place: Place, name: str) -> None:
    """Work that a pump can finish by itself: nothing outside is asked."""
    journal, now = place.journal(), datetime.now(UTC)
    request = Request(method="POST", path="/", headers={}, body=name.encode(), received_at=now)
    envelope = Envelope(trace=new_trace(now), account="portal:main", dedupe_key=name, request=request)
    event = AppUninstalled(portal="main")
    journal.accept(envelope, [NewDelivery(destination="portal:main", event=event, lane=name)])
    journal.close()


def done(place: Place) -> int:
    journal = place.journal()
    rows = journal.list("deliveries", state="done")
    journal.close()
    return len(rows)


def until_done(place: Place, count: int) -> None:
    wait_for(lambda: done(place) >= count, lambda: place.log("worker") + place.log("clock"))


def test_a_wake_brings_a_pump_without_any_clock(workshop: Yard):
    workshop.worker()
    commit(workshop, "a")
    Waker(queues.connect(workshop.redis.url))("portal:main")
    until_done(workshop, 1)


def test_a_fresh_worker_takes_up_what_a_killed_one_left_without_any_clock(workshop: Yard):
    os.killpg(workshop.worker().pid, signal.SIGKILL)
    workshop.latest["worker"].wait(10)
    queues.connect(workshop.redis.url).set("wake:portal:main", "at work")
    commit(workshop, "a")
    workshop.worker()
    until_done(workshop, 1)


def test_a_lost_wake_is_found_by_the_sweep(house: Yard):
    commit(house, "a")
    until_done(house, 1)


@pytest.mark.postgres
def test_a_lost_wake_is_found_by_the_sweep_in_postgres(small_place: Place, pg_url: str):
    small_place.database = small_place.env["DATABASE_URL"] = pg_url
    commit(small_place, "a")
    small_place.start("worker")
    small_place.start("clock")
    until_done(small_place, 1)


def test_two_clocks_and_a_wiped_redis_do_no_harm(house: Yard):
    house.start("clock")
    for number in range(3):
        commit(house, f"lane{number}")
        house.redis.flush()
        until_done(house, number + 1)
    assert done(house) == 3


def test_without_redis_the_workers_find_their_work_in_the_journal(small_place: Place):
    small_place.env["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    commit(small_place, "a")
    worker = small_place.start("worker")
    until_done(small_place, 1)
    assert worker.poll() is None
    assert small_place.lines("worker", "worker.redis_away")


def test_redis_that_goes_and_comes_back_is_used_again(house: Yard):
    told = house.told("worker")
    house.redis.stop()
    commit(house, "while it is away")
    until_done(house, 1)
    house.redis.start()
    wait_for(lambda: house.told("worker") >= told + 2, lambda: house.log("worker"))
    commit(house, "when it is back")
    until_done(house, 2)


def test_a_killed_worker_is_started_again(house: Yard):
    worker, told = house.worker(), house.told("worker")
    before = wait_for(lambda: len(children(worker.pid)) == 2 and children(worker.pid), lambda: "two children")
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    commit(house, "a")
    until_done(house, 1)
    assert not set(children(worker.pid)) & set(before)
    wait_for(lambda: house.told("worker") >= told + 2, lambda: house.log("worker"))


def test_workers_leave_when_they_are_told_and_when_their_supervisor_is_gone(workshop: Yard):
    told = workshop.worker()
    told.terminate()
    assert told.wait(15) == 0

    orphaned = workshop.worker()
    pids = children(orphaned.pid)
    assert len(pids) == 2
    orphaned.kill()
    wait_for(lambda: not any(alive(pid) for pid in pids), lambda: workshop.log("worker"))


def test_the_clock_leaves_when_it_is_told(tower: Yard):
    clock = tower.clock()
    clock.send_signal(signal.SIGINT)
    assert clock.wait(15) == 0


def test_wrong_settings_are_told_and_nothing_starts(small_place: Place):
    (small_place.folder / "connector.yaml").write_text("portals: {main: {ulr: x}}\n")
    for name in ("worker", "clock"):
        assert small_place.start(name).wait(30) == 1
        assert "ulr" in small_place.log(name)
        assert "Traceback" not in small_place.log(name)


def alive(pid: int) -> bool:
    """Whether the process still runs; one that nobody has buried yet is dead."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_busy_upkeep_keeps_no_work_waiting(tower: Yard):
    """A look back may take minutes; what nobody has woken for is found by the clock itself."""
    tower.clock()
    commit(tower, "a")
    queue = queues.queue(queues.PUMP, queues.connect(tower.redis.url))
    wait_for(lambda: queue.count, lambda: tower.log("clock"))  # without any worker, so without any upkeep
