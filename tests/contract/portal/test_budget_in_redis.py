"""The budget on a real Redis: its arithmetic is that of the models, and all processes share it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import structlog
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from connector.errors import TransientError
from connector.portal.bucket import PATIENCE, Bucket, Shape
from connector.portal.budget import NEAR, WEBHOOK, RedisBudget
from connector.portal.operating import FLIGHT, Operating, Told
from connector.settings import BudgetSettings
from tests import services
from tests.unit.portal.traffic import Step, refused, run

BEGIN = 1_800_000_000.0
HOSTS = itertools.count()
PLANS = st.sampled_from([(50, 2.0), (250, 5.0), (10, 2.0)])
SHARED = tried(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Watch:
    """Simulated seconds for all processes; sleeping lets them go."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Process:
    """One process before the shared bucket, for :mod:`tests.unit.portal.traffic`."""

    def __init__(self, budget: RedisBudget, watch: Watch) -> None:
        self.budget, self._watch = budget, watch

    @property
    def epoch(self) -> int:
        return int(self.budget._ask("peek")["epoch"])

    def take(self, now: float, *, live: bool) -> tuple[bool, float]:
        self._watch.now = now
        place = self.budget._take({}, live)
        return place.granted, place.wait

    def pause(self, now: float, seconds: float) -> None:
        self._watch.now = now
        self.budget.pause(seconds)


@pytest.fixture
def client(redis_server: services.Redis) -> Iterator[redis.Redis]:
    with redis_server.client() as made:
        yield made


@pytest.fixture
def watch() -> Watch:
    return Watch()


def budget(client: redis.Redis, watch: Watch | None = None, host: str = "", plan: Any = None, **more) -> RedisBudget:
    settings = BudgetSettings() if plan is None else BudgetSettings(burst=plan[0], per_second=plan[1])
    if watch is not None:
        more = {"clock": watch, "monotonic": watch, "sleep": watch.sleep, **more}
    return RedisBudget(client, host or f"acme-{next(HOSTS)}", settings, **more)


STEPS = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(["live", "live", "bulk", "pause"]),
        later=st.one_of(st.just(0.0), st.floats(0, 1.2), st.floats(0, 3)),
        count=st.integers(1, 60),
        delay=st.sampled_from([0.0, 0.3, 0.99]),
        process=st.integers(0, 3),
        seconds=st.floats(0, 5),
    ),
    min_size=1,
    max_size=20,
)


@tried(SHARED, max_examples=15)
@given(STEPS, PLANS)
def test_several_processes_together_never_exceed_the_portal(client, steps, plan):
    watch, host = Watch(), f"acme-{next(HOSTS)}"
    processes = [Process(budget(client, watch, host, plan), watch) for _ in range(4)]
    assert refused(run(processes, steps, begin=BEGIN), *plan, begin=BEGIN) == 0


@SHARED
@given(STEPS, PLANS)
def test_redis_reckons_requests_as_the_model_does(client, steps, plan):
    watch, model = Watch(), Bucket(Shape(*plan))
    shared = Process(budget(client, watch, plan=plan), watch)
    for step in steps:
        watch.now += step.later
        if step.what == "pause":
            shared.pause(watch.now, step.seconds)
            model.pause(watch.now, step.seconds)
        for _ in range(0 if step.what == "pause" else step.count):
            expected = model.take(watch.now, live=step.what == "live")
            told = shared.take(watch.now, live=step.what == "live")
            assert told[0] == expected[0]
            assert told[1] == pytest.approx(expected[1], abs=1e-3)
    assert shared.budget.level()["used"] == pytest.approx(model.level(watch.now), abs=1e-3)
    assert shared.budget.room() == pytest.approx(model.room(watch.now), abs=1e-3)
    assert shared.epoch == model.epoch


ANSWERS = st.lists(
    st.tuples(
        st.integers(0, 800).map(lambda quarters: quarters / 4),  # Redis keeps fourteen digits
        st.sampled_from(["note", "note", "late", "depart", "depart", "refused", "block", "silent"]),
        st.sampled_from(["crm.a", "crm.b"]),
        st.integers(0, 480),
        st.integers(0, 600),
    ),
    min_size=1,
    max_size=30,
)


@SHARED
@given(ANSWERS, st.booleans(), st.sampled_from(["local.1", WEBHOOK]))
def test_redis_reckons_seconds_as_the_model_does(client, answers, live, credential):
    watch, strangers = Watch(), credential == WEBHOOK
    shared, model = budget(client, watch, credential=credential), Operating(watch)
    for later, what, method, operating, reset in answers:
        watch.now += later
        time = {"processing": operating / 20, "finish": watch.now, "operating": operating}
        time["operating_reset_at"] = int(watch.now) + reset
        told = {"note": time, "late": {**time, "finish": watch.now - 30}, "refused": {}, "silent": {"processing": 1.5}}
        if what in told:
            shared.note(method, told[what], 2)
            model.note(method, Told.of(told[what], 2), shared=strangers)
        elif what == "block":
            assert shared.block(method) == pytest.approx(model.block(method), abs=0.01)
        elif not model.waiting([method], live=True):
            shared._take({method: 30.0}, True)
            model.depart({method: 30.0})
        waits = model.waiting(["crm.a", "crm.b"], live=live)
        assert shared.waiting(["crm.A", "crm.b"], live=live) == pytest.approx(waits, abs=0.01)
        assert shared.expect(method, 3) == pytest.approx(model.expect(method, 3), rel=1e-4)
    rows, expected = shared.operating(), model.report()
    assert {name: pytest.approx(row, abs=0.01) for name, row in rows.items()} == {name: expected[name] for name in rows}


def test_a_place_that_a_pause_made_void_is_taken_anew(client: redis.Redis, watch: Watch):
    host = "acme-void"
    other = budget(client, watch, host)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        if not slept:
            other.pause(30.0)
        slept.append(seconds)
        watch.now += seconds

    mine = budget(client, watch, host, sleep=sleep)
    for _ in range(50):
        assert mine._take({}, True).granted
    began = watch.now
    assert mine.spend() <= NEAR
    assert watch.now - began >= 30.0 - NEAR
    assert len(slept) == 2


def test_a_method_that_used_up_its_seconds_takes_nothing(client: redis.Redis, watch: Watch):
    shared = budget(client, watch)
    time = {"operating": 440, "finish": 1000, "operating_reset_at": 1300}
    shared.note("CRM.Deal.List", time)
    with pytest.raises(TransientError) as caught:
        shared.spend({"crm.deal.list": 1, "crm.deal.get": 1})
    assert (caught.value.cause, caught.value.detail) == ("bitrix24.operating_limit", "crm.deal.list")
    assert caught.value.retry_after == pytest.approx(300)
    assert shared.level()["used"] == 0.0
    assert shared.spend({"crm.deal.get": 1}) == 0.0
    watch.now += 301
    assert shared.spend({"crm.deal.list": 1}) == 0.0


def test_a_slow_answer_settles_what_left_long_ago(client: redis.Redis, watch: Watch):
    shared = budget(client, watch)
    shared.note("crm.list", {"processing": 10.0, "operating": 0, "finish": 1.0})
    shared._take({"crm.list": 30.0}, True)
    watch.now += FLIGHT
    assert shared.waiting(["crm.list"], live=False) == {"crm.list": 1.0}
    shared.note("crm.list", {}, 30)
    assert shared.waiting(["crm.list"], live=False) == {}
    shared._take({"crm.list": 30.0}, True)
    watch.now += 2 * FLIGHT
    assert shared.waiting(["crm.list"], live=False) == {}


def test_applications_on_one_host_share_requests_and_not_seconds(client: redis.Redis, watch: Watch):
    first = budget(client, watch, "acme", credential="local.1")
    second = budget(client, watch, "acme", credential="local.2")
    elsewhere = budget(client, watch, "acme", egress="berlin", credential="local.1")
    first.spend({"a": 1})
    first.note("a", {"operating": 470, "finish": 1.0, "operating_reset_at": 400, "processing": 2.0})
    assert (second.level()["used"], elsewhere.level()["used"]) == (1.0, 0.0)
    assert (set(first.waiting(["a"])), second.waiting(["a"]), set(elsewhere.waiting(["a"]))) == ({"a"}, {}, {"a"})
    assert second.expect("a") == 2.0


def test_bulk_waits_as_long_as_it_was_told_and_is_served_after_twenty_seconds(client: redis.Redis, watch: Watch):
    shared = budget(client, watch)
    for _ in range(46):
        shared.spend()
    assert shared.spend(live=False) <= NEAR
    assert watch.slept[0] == pytest.approx(PATIENCE, abs=0.02)
    assert watch.now - BEGIN == pytest.approx(PATIENCE, abs=1.0)


def test_bulk_that_waited_before_leaves_before_bulk_that_begins_to_wait(client: redis.Redis, watch: Watch):
    """All wake at the moment at which one of them may leave: the others would be late again and again."""
    slept: list[float] = []
    other = budget(client, watch, "crowded")

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        watch.now += seconds
        if len(slept) == 1:
            other.spend(live=False)  # somebody else was there first

    other.spend(live=False)
    budget(client, watch, "crowded", sleep=sleep).spend(live=False)
    assert slept == [pytest.approx(0.515), pytest.approx(0.5)]


def test_the_figures_of_the_settings_win_over_the_plan_and_the_plan_over_the_default(client: redis.Redis):
    plain, mine = budget(client, host="plan"), budget(client, host="plan", plan=(100, 3.0))
    assert (plain.level()["burst"], plain.figures()) == (50.0, "default")
    with structlog.testing.capture_logs() as logs:
        plain.learn(250, 5)
        plain.learn(250, 5)
    assert [log["event"] for log in logs] == ["budget_learned"]
    another = budget(client, host="plan")
    assert (another.level()["burst"], another.level()["per_second"], another.figures()) == (250.0, 5.0, "learned")
    assert (mine.level()["burst"], mine.level()["per_second"], mine.figures()) == (100.0, 3.0, "set")
    plain.learn(0, 2)
    assert another.room()[0] >= 1000
    assert [another.spend() for _ in range(300)] == [0.0] * 300


def test_the_bucket_of_a_silent_portal_goes_away(client: redis.Redis):
    shared = budget(client)
    shared.spend({"a": 1})
    assert 0 < client.pttl(shared._keys[0]) <= 61_000
    assert 0 < client.ttl(shared._keys[2]) <= 93_600
