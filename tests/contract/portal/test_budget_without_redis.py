"""Redis goes away and comes back: every process has a small allowance of its own meanwhile, and says so once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from connector.errors import TransientError
from connector.portal.bucket import PATIENCE
from connector.portal.budget import RedisBudget
from connector.settings import BudgetSettings
from tests import services


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def server(redis_process: services.Redis) -> Iterator[services.Redis]:
    redis_process.revive()
    yield redis_process
    redis_process.revive()


def client(server: services.Redis) -> redis.Redis:
    return redis.Redis.from_url(server.url, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0))


def budget(server: services.Redis, watch: Watch) -> RedisBudget:
    return RedisBudget(
        client(server), "acme-alone", BudgetSettings(), monotonic=watch, clock=watch, sleep=watch.sleep, credential="c"
    )


def test_without_redis_everybody_has_a_small_allowance_and_it_is_said_once(server: services.Redis, watch: Watch):
    server.stop()
    alone = budget(server, watch)
    with structlog.testing.capture_logs() as logs:
        assert [alone.spend() for _ in range(5)] == [0.0] * 5
        assert alone.room()[1] == pytest.approx(2.0)
        began = watch.now
        assert alone.spend() == 0.0
        assert watch.now - began == pytest.approx(2.0)
        alone.pause(60.0)
        alone.spend()
        assert watch.now - began >= 60.0
        assert alone.spend(live=False) <= 1.0
    assert [log["event"] for log in logs] == ["budget_private"]
    assert alone.level()["per_second"] == 0.5
    assert alone.figures() == "default"


def test_without_redis_bulk_never_starves(server: services.Redis, watch: Watch):
    server.stop()
    alone = budget(server, watch)
    for _ in range(20):
        alone._take({}, True)
    began = watch.now
    alone.spend(live=False)
    assert PATIENCE <= watch.now - began <= PATIENCE + 60


def test_what_a_process_was_told_about_methods_stays_with_it(server: services.Redis, watch: Watch):
    shared = budget(server, watch)
    shared.spend({"crm.list": 1, "crm.add": 1})
    shared.note("crm.list", {"processing": 3.0, "operating": 470, "finish": 50.0, "operating_reset_at": 350})
    server.stop()
    with pytest.raises(TransientError) as caught:
        shared.spend({"crm.list": 1})
    assert caught.value.retry_after == pytest.approx(300)
    assert set(shared.waiting(["crm.list", "crm.add"])) == {"crm.list"}
    assert shared.expect("crm.list", 2) == pytest.approx(6.0)
    assert shared.operating()["crm.list"]["seconds"] == 470.0
    assert shared.block("crm.add") == 60.0
    shared.note("crm.add", {})
    shared.learn(250, 5)


def test_the_shared_bucket_is_used_again_when_redis_returns(server: services.Redis, watch: Watch):
    server.stop()
    shared = budget(server, watch)
    with structlog.testing.capture_logs() as logs:
        shared.spend()
        server.start()
        shared.spend()
        watch.now += 5.1
        shared.spend()
        shared.spend()
    assert [log["event"] for log in logs] == ["budget_private", "budget_shared_again"]
    assert shared.level() == {"used": 2.0, "burst": 50.0, "per_second": 2.0}
