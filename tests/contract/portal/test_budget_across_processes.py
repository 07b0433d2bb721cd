"""Four processes before one portal, one real Redis between them: the portal never has to refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from threading import Thread

import pytest
import redis
from pydantic import SecretStr

from connector.portal import WEBHOOK, Portal, RedisBudget
from connector.portal.memory import MemoryInstallations, MemoryLocks
from connector.sandbox import SandboxServer
from connector.settings import BudgetSettings, PortalSettings
from tests import services

PROCESSES, THREADS, CALLS = 4, 4, 10
BURST, PER_SECOND = 120, 30.0


def hammer(webhook: str, url: str, redis_url: str, egress: str, per_second: float, bulk: bool) -> None:
    """What one process does: calls and batches from several threads, one of them as ``bulk``, as fast as it may."""
    settings = PortalSettings(name="main", url=url, webhook=SecretStr(webhook))
    figures = BudgetSettings(burst=BURST, per_second=per_second)
    client = redis.Redis.from_url(redis_url)
    portal = Portal(
        settings,
        store=MemoryInstallations(),
        locks=MemoryLocks(),
        budget=RedisBudget(client, "acme", figures, egress=egress, credential=WEBHOOK),
        seal=str,
        unseal=str,
        clock=lambda: datetime.now(UTC),
    )

    def work(live: bool) -> None:
        for number in range(CALLS):
            if number % 5:
                portal.call("profile", live=live)
            else:
                portal.batch({"a": ("profile", {}), "b": ("server.time", {})}, live=live)

    threads = [Thread(target=work, args=(number > 0 or not bulk,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def errors_after(
    sandbox: SandboxServer, redis_url: str, egresses: list[str], *, per_second: float, bulk: bool
) -> dict[str, int]:
    start = f"import json, sys; from {__name__} import hammer; hammer(*json.loads(sys.argv[1]))"
    given = [[sandbox.webhook_url(), sandbox.url, redis_url, name, per_second, bulk] for name in egresses]
    running = [subprocess.Popen([sys.executable, "-c", start, json.dumps(one)]) for one in given]
    for process in running:
        process.wait(90)
    return {code: count for code, count in sandbox.counters()["errors"].items() if code == "QUERY_LIMIT_EXCEEDED"}


@pytest.mark.slow
def test_processes_that_share_a_budget_provoke_no_refusal(redis_server: services.Redis):
    with SandboxServer(burst=BURST, per_second=PER_SECOND) as sandbox:
        shared = [""] * PROCESSES
        assert errors_after(sandbox, redis_server.url, shared, per_second=PER_SECOND, bulk=True) == {}
        assert sandbox.counters()["requests"] == PROCESSES * THREADS * CALLS


@pytest.mark.slow
def test_the_same_processes_with_a_budget_each_are_refused(redis_server: services.Redis):
    # So slow a portal forgets nothing meanwhile: each process stays within the burst, all of them together do not.
    with SandboxServer(burst=BURST, per_second=0.1) as sandbox:
        assert errors_after(sandbox, redis_server.url, list("abcd"), per_second=0.1, bulk=False) != {}
