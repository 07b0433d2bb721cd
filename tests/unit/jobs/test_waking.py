"""The wake protocol: no crowd of jobs, no forgotten work, no waiting for Redis."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from rq.job import Job
from rq.serializers import JSONSerializer

from jobs import queues, tasks
from jobs.dispatch import Waker
from tests.unit.jobs.world import FakePump, FakeWake, Moment, flaky


def never() -> bool:
    return False


def waiting(redis) -> list[tuple[str, list[str]]]:
    jobs = [Job.fetch(i, redis, JSONSerializer) for i in queues.queue(queues.PUMP, redis).job_ids]
    return [(job.func_name, list(job.args)) for job in jobs]


def test_work_enqueues_one_pump_of_its_destination():
    redis = flaky()
    wake = Waker(redis)
    for destination in ("portal:main", "portal:main", "account:shop"):
        wake(destination)
    assert waiting(redis) == [("jobs.tasks.pump", ["portal:main"]), ("jobs.tasks.pump", ["account:shop"])]


def test_nothing_in_redis_is_pickled():
    redis = flaky()
    Waker(redis)("portal:main")
    (key,) = redis.keys("rq:job:*")
    assert json.loads(zlib.decompress(redis.hget(key, "data"))) == ["jobs.tasks.pump", None, ["portal:main"], {}]


def test_a_flag_does_not_outlive_a_lost_job_by_much():
    redis = flaky()
    Waker(redis)("portal:main")
    assert 0 < redis.ttl("wake:portal:main") <= 30


def test_without_redis_it_says_so_and_rests():
    redis, moment = flaky(), Moment()
    wake = Waker(redis, clock=moment)
    redis.away = True
    wake("portal:main")
    redis.away = False
    wake("portal:main")
    assert waiting(redis) == []
    moment.now += 3
    wake("portal:main")
    assert len(waiting(redis)) == 1


def test_a_flag_without_a_job_is_taken_back():
    redis, moment = flaky(), Moment()
    wake = Waker(redis, clock=moment)
    redis.broken = "PIPELINE"
    wake("portal:main")
    redis.broken = ""
    moment.now += 3
    wake("portal:main")
    assert len(waiting(redis)) == 1


def test_holding_and_lowering_survive_redis_being_away():
    redis = flaky()
    wake = Waker(redis)
    wake.hold("portal:main")
    assert redis.ttl("wake:portal:main") <= 10
    redis.away = True
    wake.lower("portal:main")
    wake.hold("portal:main")
    redis.away = False
    assert redis.exists("wake:portal:main")


def killed_on_the_way(redis) -> None:
    Waker(redis)("portal:main")
    redis.lpop("rq:queue:pump")


def killed_at_work(redis) -> None:
    killed_on_the_way(redis)
    Waker(redis).hold("portal:main")


@pytest.mark.parametrize("killed", [killed_on_the_way, killed_at_work])
def test_the_flag_of_a_killed_worker_stops_a_wake_but_not_the_sweep(killed):
    redis = flaky()
    killed(redis)
    wake = Waker(redis)
    wake("portal:main")
    assert waiting(redis) == []
    wake.rouse("portal:main")
    assert waiting(redis) == [("jobs.tasks.pump", ["portal:main"])]


def test_the_sweep_adds_nothing_to_a_job_that_waits():
    redis = flaky()
    wake = Waker(redis)
    wake("portal:main")
    for _ in range(3):
        wake.rouse("portal:main")
    assert len(waiting(redis)) == 1


def test_the_sweep_rouses_what_is_due():
    redis = flaky()
    killed_at_work(redis)
    journal = SimpleNamespace(due_destinations=lambda: ["portal:main"])
    home = SimpleNamespace(connector=SimpleNamespace(journal=journal), wake=Waker(redis))
    assert tasks.sweep(home) == 1  # type: ignore[arg-type]
    assert len(waiting(redis)) == 1


class Scene:
    """A drain of one destination with another process that commits work at a chosen moment."""

    def __init__(self, work: int = 1) -> None:
        self.work = ["old"] * work
        self.on_leave: list[Callable[[], None]] = []
        self.moment, self.wake = Moment(), FakeWake()
        self.pumps: list[str] = []

    def commit(self) -> None:
        self.work.append("new")
        self.wake("portal:main")

    def pump(self, destination: str) -> FakePump:
        self.pumps.append(destination)
        return FakePump(self.work, self.on_leave, self.moment)

    def drain(self, stop: Callable[[], bool] = never, seconds: float = 60.0) -> int:
        home = SimpleNamespace(connector=SimpleNamespace(pump=self.pump), wake=self.wake)
        return tasks.drain(home, "portal:main", stop=stop, seconds=seconds, clock=self.moment)  # type: ignore[arg-type]


def test_while_a_pump_works_nobody_enqueues_another():
    scene = Scene(work=3)
    scene.on_leave = [lambda: None]
    scene.drain()
    assert scene.wake.told[0] == "hold"
    assert scene.wake.jobs == []


@pytest.mark.parametrize("moment", ["as the pump leaves", "as the flag falls", "after the last look"])
def test_work_that_comes_at_the_worst_moment_is_pumped_or_wakes_a_pump(moment: str):
    scene = Scene()

    def once() -> None:
        scene.wake.on_lower = lambda: None
        scene.commit()

    if moment == "as the pump leaves":
        scene.on_leave = [scene.commit]
    elif moment == "as the flag falls":
        scene.wake.on_lower = once
    else:
        scene.on_leave = [lambda: None, scene.commit]
    scene.drain()
    assert scene.work == [] or scene.wake.jobs == ["portal:main"]


def test_when_the_time_is_up_a_successor_is_woken():
    scene = Scene(work=100)
    assert scene.drain(seconds=10.0) == 10
    assert scene.wake.jobs == ["portal:main"]


def test_a_pump_that_is_told_to_stop_leaves_and_wakes_a_successor():
    scene = Scene(work=100)
    scene.drain(stop=lambda: scene.moment() > 104)
    assert len(scene.work) == 95
    assert scene.wake.jobs == ["portal:main"]


def test_the_flag_is_held_up_again_during_long_work():
    scene = Scene(work=30)
    scene.drain()
    assert scene.wake.told.count("hold") > 5


@pytest.mark.parametrize("destination", ["", "portal", "portal:", "shell:rm", "portal:Main", "portal:a b", 5, None])
def test_only_real_destinations_are_pumped(destination):
    assert tasks.pump(destination) == 0
