from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import structlog
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry

from connector.portal.budget import PATIENCE, Bucket, RedisBudget, Shape
from connector.settings import BudgetSettings

KEYS = itertools.count()
STEPS = st.lists(
    st.tuples(st.sampled_from(["live", "bulk", "bulk", "pause"]), st.floats(0, 3), st.integers(1, 30)),
    min_size=1,
    max_size=60,
)
PLANS = st.sampled_from([(50, 2.0), (250, 5.0), (10, 2.0), (5, 20.0)])


class Real:
    """The portal's own bucket: refuses what goes over ``burst``; drains second by second or all the time (§3.1)."""

    def __init__(self, burst: float, per_second: float, *, stepwise: bool) -> None:
        self.burst, self.rate, self.stepwise = burst, per_second, stepwise
        self.level, self.at = 0.0, 0.0

    def admit(self, moment: float) -> bool:
        passed = (moment // 1 - self.at // 1) if self.stepwise else moment - self.at
        self.level, self.at = max(0.0, self.level - passed * self.rate) + 1, moment
        return self.level <= self.burst + 1e-4


def moments(bucket, steps) -> list[float]:
    """When the requests of all callers leave: each step is (what, seconds later, how many at once)."""
    now, left = 1000.0, []
    for what, later, count in steps:
        now += later
        if what == "pause":
            bucket.pause(now, later * 5)
            continue
        for _ in range(count):
            granted, wait = bucket.take(now, live=what == "live")
            if granted:
                left.append(now + wait)
    return sorted(left)


@given(STEPS, PLANS, st.booleans())
def test_the_portals_bucket_is_never_exceeded(steps, plan, stepwise):
    # A portal that drains in whole seconds and holds less than two of them cannot be met: there is none.
    assume(not stepwise or plan[0] > 2 * plan[1])
    bucket = Bucket(Shape.of(BudgetSettings(burst=plan[0], per_second=plan[1])))
    real = Real(*plan, stepwise=stepwise)
    assert all(real.admit(moment) for moment in moments(bucket, steps))


@given(STEPS)
def test_nobody_leaves_while_the_portal_is_paused(steps):
    bucket = Bucket(Shape.of(BudgetSettings()))
    moments(bucket, steps)
    bucket.pause(5000.0, 30.0)
    assert min(bucket.take(5000.0, live=True)[1] for _ in range(5)) >= 30.0
    assert bucket.take(5000.0, live=False)[0] is False


def test_bulk_leaves_the_reserve_to_live():
    shape = Shape.of(BudgetSettings())
    bucket = Bucket(shape)
    granted = sum(bucket.take(0.0, live=False)[0] for _ in range(100))
    assert granted == shape.room == 37
    assert [bucket.take(0.0, live=True)[1] for _ in range(10)] == [0.0] * 10
    assert bucket.take(0.0, live=True)[1] == pytest.approx(0.5)


def test_the_margin_allows_for_a_portal_that_drains_in_whole_seconds():
    assert Shape.of(BudgetSettings(burst=50, per_second=2)).cap == 47
    assert Shape.of(BudgetSettings(burst=250, per_second=5)).cap == 244
    assert Shape.of(BudgetSettings(burst=1, per_second=9)).cap == 1


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="budget"))
    path = folder / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "ready to accept" in line.lower():
                break
        yield str(path)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


@pytest.fixture
def client(server: str) -> Iterator[redis.Redis]:
    with redis.Redis(unix_socket_path=server) as made:
        yield made


def budget(client: redis.Redis, plan: tuple[int, float] = (50, 2.0), **kwargs) -> RedisBudget:
    shape = BudgetSettings(burst=plan[0], per_second=plan[1])
    return RedisBudget(client, f"acme-{next(KEYS)}", shape, **kwargs)


@settings(max_examples=25, deadline=None)
@given(STEPS, PLANS)
def test_redis_reckons_as_the_model_does(server, steps, plan):
    now = [1_700_000_000.0]
    with redis.Redis(unix_socket_path=server) as client:
        shared = budget(client, plan, clock=lambda: now[0])
        model = Bucket(Shape.of(BudgetSettings(burst=plan[0], per_second=plan[1])))
        for what, later, count in steps:
            now[0] += later
            if what == "pause":
                shared.pause(later)
                model.pause(now[0], later)
            for _ in range(0 if what == "pause" else count):
                expected = model.take(now[0], live=what == "live")
                told = shared._take(what == "live")
                assert told[0] == expected[0]
                assert told[1] == pytest.approx(expected[1], abs=1e-3)
        assert shared.level()["used"] == pytest.approx(model.level(now[0]), abs=1e-3)


def test_processes_share_one_bucket(client: redis.Redis):
    first = budget(client)
    waits: list[float] = []
    others = [first, *[RedisBudget(client, first._key.removeprefix("budget:"), BudgetSettings()) for _ in range(3)]]

    def spend(one: RedisBudget) -> None:
        waits.extend(one.spend() for _ in range(20))

    threads = [threading.Thread(target=spend, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sum(wait == 0 for wait in waits) in (47, 48)
    assert max(waits) == pytest.approx((80 - 47) / 2, abs=1.0)
    assert first.level()["used"] == pytest.approx(80, abs=2.0)


def test_bulk_waits_for_room_and_never_starves(client: redis.Redis):
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    shared = budget(client, monotonic=lambda: now[0], sleep=sleep, clock=lambda: 1_700_000_000.0)
    for _ in range(47):
        shared.spend()
    assert shared.spend(live=False) == pytest.approx(0.5)
    assert now[0] >= PATIENCE


def test_the_bucket_of_a_silent_portal_goes_away(client: redis.Redis):
    shared = budget(client)
    shared.spend()
    assert 0 < client.pttl(shared._key) <= 61_000


def unreachable() -> redis.Redis:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    return redis.Redis(port=port, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))


def test_without_redis_everybody_has_a_small_allowance_and_it_is_said_once():
    now = [100.0]
    private = budget(unreachable(), monotonic=lambda: now[0])
    with structlog.testing.capture_logs() as logs:
        assert [private.spend() for _ in range(5)] == [0.0] * 5
        assert private.spend() == pytest.approx(2.0)
        private.pause(60.0)
        assert private.spend() >= 60.0
    assert [log["event"] for log in logs] == ["budget_private"]
    assert private.level()["per_second"] == 0.5


def test_the_shared_bucket_is_used_again_when_redis_returns(client: redis.Redis, server: str):
    away, now = unreachable(), [0.0]
    shared = budget(away, monotonic=lambda: now[0])
    with structlog.testing.capture_logs() as logs:
        shared.spend()
        away.connection_pool = redis.ConnectionPool(connection_class=redis.UnixDomainSocketConnection, path=server)
        shared.spend()
        now[0] += 5.1
        shared.spend()
        shared.spend()
    assert [log["event"] for log in logs] == ["budget_private", "budget_shared_again"]
    assert shared.level()["burst"] == 50
    assert shared.level()["used"] == pytest.approx(2, abs=0.5)
