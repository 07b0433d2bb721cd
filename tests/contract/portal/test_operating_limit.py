"""Our book of operating seconds beside the sandbox's: the portal never has to answer with its limit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis
from pydantic import SecretStr

from connector.errors import TransientError
from connector.portal import WEBHOOK, Portal, RedisBudget
from connector.portal.memory import MemoryInstallations, MemoryLocks
from connector.sandbox import SandboxServer
from connector.settings import BudgetSettings, PortalSettings
from tests import services
from tests.contract.portal.conftest import House

SLOW = "crm.contact.list"
HOSTS = itertools.count()


class Time:
    """The sandbox's time and ours."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sandbox(time: Time) -> Iterator[SandboxServer]:
    with SandboxServer(clock=time, seconds={SLOW: 20.0, "profile": 0.3}) as server:
        yield server


@pytest.fixture
def client(redis_server: services.Redis) -> Iterator[redis.Redis]:
    with redis_server.client() as made:
        yield made


def portal_of(sandbox: SandboxServer, client: redis.Redis, time: Time, host: str = "") -> Portal:
    budget = RedisBudget(
        client, host or f"acme-{next(HOSTS)}", BudgetSettings(), credential=WEBHOOK,
        clock=time, monotonic=time, sleep=time.sleep,
    )  # fmt: skip
    return Portal(
        PortalSettings(name="main", url=sandbox.url, webhook=SecretStr(sandbox.webhook_url())),
        store=MemoryInstallations(),
        locks=MemoryLocks(),
        budget=budget,
        seal=str,
        unseal=str,
        clock=lambda: datetime.fromtimestamp(time(), UTC),
        sleep=time.sleep,
    )


def calls_until_it_waits(portal: Portal, *, live: bool) -> tuple[int, float]:
    for number in itertools.count():
        try:
            portal.call(SLOW, live=live)
        except TransientError as wait:
            return number, float(wait.retry_after or 0.0)
    raise AssertionError("never")


def test_bulk_pauses_early_and_live_before_the_limit_while_other_methods_go_on(sandbox, client, time):
    portal = portal_of(sandbox, client, time)
    bulk, wait = calls_until_it_waits(portal, live=False)
    assert (bulk, portal.operating(SLOW)) == (12, 240.0)
    assert 500 < wait <= 600
    live, wait = calls_until_it_waits(portal, live=True)
    assert bulk + live == 22
    assert portal.call("profile")
    assert "OPERATION_TIME_LIMIT" not in sandbox.counters()["errors"]
    time.now += wait + 1
    assert calls_until_it_waits(portal, live=True)[0] > 0
    assert "OPERATION_TIME_LIMIT" not in sandbox.counters()["errors"]


def test_what_one_process_was_told_all_know(sandbox, client, time):
    first, second = (portal_of(sandbox, client, time, "acme-all") for _ in range(2))
    for _ in range(13):
        first.call(SLOW)
    assert set(second.budget.waiting([SLOW, "profile"], live=False)) == {SLOW}
    assert second.budget.expect(SLOW, 2) == pytest.approx(40.0)
    outcomes = second.batch({"a": (SLOW, {}), "b": ("profile", {})}, live=False)
    assert [outcome.state for outcome in outcomes.values()] == ["failed", "ok"]


def test_commands_of_a_batch_are_counted_by_their_own_methods(sandbox, client, time):
    portal = portal_of(sandbox, client, time)
    portal.batch({f"c{number}": (SLOW, {}) for number in range(10)} | {"p": ("profile", {})})
    assert portal.operating(SLOW) == 200.0
    assert portal.budget.expect(SLOW) == pytest.approx(20.0)
    assert portal.budget.expect("profile") == pytest.approx(0.3)


def test_a_lower_limit_is_learned_from_the_first_block(sandbox, client, time):
    sandbox.set_limits(operating_limit=100.0)
    portal = portal_of(sandbox, client, time)
    made, wait = calls_until_it_waits(portal, live=True)
    assert (made, sandbox.counters()["errors"]) == (6, {"OPERATION_TIME_LIMIT": 1})
    assert portal.budget.operating()[SLOW]["limit"] == 120.0
    time.now += wait + 1
    assert calls_until_it_waits(portal, live=True)[0] > 0
    assert sandbox.counters()["errors"] == {"OPERATION_TIME_LIMIT": 1}


@pytest.mark.parametrize(
    ("plan", "figures"),
    [({"license_family": "ent"}, (50.0, 2.0)), ({"selfhosted": True}, (0.0, 2.0)), ({}, (50.0, 2.0))],
)
def test_a_webhook_learns_what_the_portal_tells_it(client, time, plan, figures):
    with SandboxServer(clock=time, **plan) as sandbox:
        portal = portal_of(sandbox, client, time)
        portal.learn()
        level = portal.budget.level()
        assert (level["burst"], level["per_second"]) == figures


def test_a_self_hosted_portal_is_never_held_back(client, time):
    with SandboxServer(clock=time, selfhosted=True, seconds={SLOW: 50.0}) as sandbox:
        portal = portal_of(sandbox, client, time)
        portal.learn()
        for _ in range(60):
            portal.call(SLOW, live=False)
        assert portal.budget.waiting([SLOW], live=False) == {}
        assert sandbox.counters()["errors"] == {}


@pytest.mark.parametrize(
    ("plan", "figures"),
    [({"license_family": "ent"}, (250.0, 5.0)), ({"selfhosted": True}, (0.0, 2.0)), ({}, (50.0, 2.0))],
)
def test_an_application_learns_the_plan_when_it_is_installed(client, time, plan, figures):
    with SandboxServer(clock=time, **plan) as sandbox:
        budget = RedisBudget(client, f"acme-{next(HOSTS)}", BudgetSettings(), credential="local.sandbox")
        portal = House(sandbox, budget=budget).installed()
        level = portal.budget.level()
        assert (level["burst"], level["per_second"], budget.figures()) == (*figures, "learned")
