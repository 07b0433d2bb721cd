"""The clock's duties, with Redis and without."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from rq.job import Job
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from connector.errors import PermanentError, Stopped, TransientError
from jobs import clock, queues, tasks
from jobs.patience import Seldom, until_built
from tests.unit.jobs.world import HINT, FakePortal, Moment, flaky, house


class Calls:
    """Tasks that count."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def upkeep(redis) -> list[str]:
    found = queues.queue(queues.UPKEEP, redis)
    return [Job.fetch(job, redis, JSONSerializer).func_name for job in found.job_ids]


def timetable(redis) -> clock.Cron:
    return clock.cron(redis)


def test_the_clock_does_all_its_duties_at_once_and_trims_at_night():
    redis = flaky()
    timetable(redis).tick()
    duties = ["refresh_tokens", "learn_limits", "reconcile", "backfill", "subscribe", "watch_calls"]
    duties += ["check_handlers", "tally"]
    assert upkeep(redis) == [f"jobs.tasks.{duty}" for duty in duties]


def test_it_does_not_pile_up_work_that_nobody_does():
    redis = flaky()
    for _ in range(80):
        timetable(redis).tick()
    assert len(upkeep(redis)) <= 52


def test_two_clocks_and_a_job_that_runs_twice_do_no_harm():
    home = house(journal=SimpleNamespace(due_destinations=lambda: ["portal:main", "account:shop"]))
    assert [tasks.sweep(home), tasks.sweep(home)] == [2, 2]
    assert home.wake.jobs == ["portal:main"]


def test_while_redis_is_away_the_clock_does_it_itself_and_goes_on():
    redis, done = flaky(), Calls()
    table = clock.Cron(redis)
    table.add(tasks.sweep, every=3600)
    table.get_jobs()[0].func = done
    redis.away = True
    assert 0 <= table.tick() <= 1
    table.tick()
    assert done.count == 1
    redis.away = False
    assert upkeep(redis) == []


def test_a_task_that_fails_does_not_stop_the_clock():
    def broken() -> None:
        raise ZeroDivisionError

    clock.run_here("broken", broken)
    done = Calls()
    clock.run_here("fine", done)
    assert done.count == 1


def test_the_sweep_waits_behind_nothing_and_outlives_its_failures():
    stop, calls = threading.Event(), threading.Semaphore(0)

    def sweep() -> None:
        calls.release()
        raise ZeroDivisionError

    thread = clock.every(0.001, sweep, stop)
    assert calls.acquire(timeout=20)
    assert calls.acquire(timeout=20)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_the_clock_stops_when_it_is_told():
    stop = threading.Event()
    stop.set()
    clock.cron(flaky()).run(stop)


def test_one_portal_that_cannot_renew_does_not_keep_the_others_from_it():
    portals = {
        "a": FakePortal("a", Stopped("auth.revoked", hint=HINT, state="needs_reauth")),
        "b": FakePortal("b", True),
        "c": FakePortal("c", False),
    }
    assert tasks.refresh_tokens(house(portals=portals)) == 1


def test_the_spool_is_drained_only_when_something_waits():
    asked = []
    spool = SimpleNamespace(pending=lambda: bool(asked))
    home = house(spool=spool, intake=SimpleNamespace(drain=lambda: 1))
    assert tasks.drain_spool(home) == 0
    asked.append(1)
    assert tasks.drain_spool(home) == 1


def test_trimming_keeps_to_the_limits():
    home = house(
        settings=SimpleNamespace(limits=SimpleNamespace(media_days=7, envelope_days=90)),
        media=SimpleNamespace(trim=lambda days: days),
        journal=SimpleNamespace(
            trim=lambda days: {"envelopes": days},
            trim_sync=lambda days: {"runs": days},
            trim_tallies=lambda: 3,
            trim_faces=lambda days: days,
        ),
    )
    assert tasks.trim(home) == {"faces": 7, "files": 7, "envelopes": 90, "runs": 90, "tallies": 3}


def test_the_hours_are_counted():
    assert tasks.tally(house(journal=SimpleNamespace(tally=lambda: 2))) == 2


def test_a_process_waits_for_its_database():
    answers = iter([TransientError("journal.away", hint=HINT), TransientError("journal.away", hint=HINT), "house"])

    def build() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert until_built(build, threading.Event(), first=0.001) == "house"


def test_a_process_that_waits_can_be_stopped():
    stop = threading.Event()

    def away() -> str:
        stop.set()
        raise TransientError("journal.away", hint=HINT)

    assert until_built(away, stop, first=60.0) is None


def test_other_errors_are_not_waited_for():
    def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        until_built(broken, threading.Event())


def test_a_lasting_trouble_is_said_at_once_and_then_once_a_minute():
    moment = Moment()
    seldom = Seldom(clock=moment)
    said = []
    for _ in range(130):
        said.append(seldom.due())
        moment.now += 1
    assert [second for second, due in enumerate(said) if due] == [0, 60, 120]


class FakeRulebook:
    """Publishes what it is told to, or is broken."""

    def __init__(self, *outcomes: str | Exception) -> None:
        self._outcomes = list(outcomes)

    def watch(self) -> str:
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_changed_rules_are_put_to_use_and_broken_ones_are_told():
    broken = PermanentError("mapping.broken", hint=HINT)
    home = house(rulebook=FakeRulebook("v1", broken, ""))
    with capture_logs() as told:
        assert [tasks.watch_mappings(home) for _ in range(3)] == ["v1", "", ""]
    assert [(line["event"], line["cause"]) for line in told] == [("mapping.broken", "mapping.broken")]
