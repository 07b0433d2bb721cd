"""Workers and the clock of the Procfile, with Redis, without Redis, and killed."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime

from connector.domain.events import AppUninstalled
from connector.domain.request import Request
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery
from jobs import queues
from jobs.dispatch import Waker
from tests.integration.edge.processes import Place, children, wait_for
from tests.services import Redis, free_port


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


def test_a_wake_brings_a_pump_without_any_clock(small_place: Place, redis_server: Redis):
    small_place.start("worker")
    wait_for(lambda: small_place.lines("worker", "worker.started"), lambda: small_place.log("worker"))
    commit(small_place, "a")
    Waker(queues.connect(redis_server.url))("portal:main")
    until_done(small_place, 1)


def test_a_fresh_worker_takes_up_what_a_killed_one_left_without_any_clock(small_place: Place, redis_server: Redis):
    queues.connect(redis_server.url).set("wake:portal:main", "at work")
    commit(small_place, "a")
    small_place.start("worker")
    until_done(small_place, 1)


def test_a_lost_wake_is_found_by_the_sweep(place: Place):
    commit(place, "a")
    place.start("worker")
    place.start("clock")
    until_done(place, 1)


def test_two_clocks_and_a_wiped_redis_do_no_harm(small_place: Place, redis_server: Redis):
    small_place.start("worker")
    for _ in range(2):
        small_place.start("clock")
    for number in range(3):
        commit(small_place, f"lane{number}")
        redis_server.flush()
        until_done(small_place, number + 1)
    assert done(small_place) == 3


def test_without_redis_the_workers_find_their_work_in_the_journal(small_place: Place):
    small_place.env["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    commit(small_place, "a")
    worker = small_place.start("worker")
    until_done(small_place, 1)
    assert worker.poll() is None
    assert small_place.lines("worker", "worker.redis_away")


def test_redis_that_goes_and_comes_back_is_used_again(small_place: Place, redis_server: Redis):
    small_place.start("worker")
    small_place.start("clock")
    wait_for(lambda: len(small_place.lines("worker", "worker.started")) == 2, lambda: small_place.log("worker"))
    redis_server.stop()
    commit(small_place, "while it is away")
    until_done(small_place, 1)
    redis_server.start()
    wait_for(lambda: len(small_place.lines("worker", "worker.started")) >= 4, lambda: small_place.log("worker"))
    commit(small_place, "when it is back")
    until_done(small_place, 2)


def test_a_killed_worker_is_started_again(small_place: Place):
    worker = small_place.start("worker")
    small_place.start("clock")
    before = wait_for(lambda: len(children(worker.pid)) == 2 and children(worker.pid), lambda: "two children")
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    commit(small_place, "a")
    until_done(small_place, 1)
    assert not set(children(worker.pid)) & set(before)


def test_workers_leave_when_they_are_told_and_when_their_supervisor_is_gone(small_place: Place):
    told = small_place.start("worker")
    wait_for(lambda: len(small_place.lines("worker", "worker.started")) == 2, lambda: small_place.log("worker"))
    told.terminate()
    assert told.wait(15) == 0

    orphaned = small_place.start("worker")
    pids = wait_for(lambda: len(children(orphaned.pid)) == 2 and children(orphaned.pid), lambda: "two children")
    wait_for(lambda: len(small_place.lines("worker", "worker.started")) == 4, lambda: small_place.log("worker"))
    orphaned.kill()
    wait_for(lambda: not any(alive(pid) for pid in pids), lambda: small_place.log("worker"))


def test_the_clock_leaves_when_it_is_told(small_place: Place):
    clock = small_place.start("clock")
    wait_for(lambda: small_place.lines("clock", "clock.started"), lambda: small_place.log("clock"))
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


def test_a_busy_upkeep_keeps_no_work_waiting(small_place: Place, redis_server: Redis):
    """A look back may take minutes; what nobody has woken for is found by the clock itself."""
    small_place.start("clock")
    wait_for(lambda: small_place.lines("clock", "clock.started"), lambda: small_place.log("clock"))
    commit(small_place, "a")
    queue = queues.queue(queues.PUMP, queues.connect(redis_server.url))
    wait_for(lambda: queue.count, lambda: small_place.log("clock"))  # without any worker, so without any upkeep
