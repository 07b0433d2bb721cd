"""Processes that call one portal as fast as they may: ``python -m … JSON``, a list of what :func:`hammer` takes.

They are forked by one that has imported all, which costs them nothing; what they use they open themselves.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from datetime import UTC, datetime
from threading import Thread

import redis
from pydantic import SecretStr

from connector.portal import WEBHOOK, Portal, RedisBudget
from connector.portal.memory import MemoryInstallations, MemoryLocks
from connector.settings import BudgetSettings, PortalSettings

THREADS, CALLS = 4, 10
BURST = 120


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


def main(given: str) -> int:
    """0 when each of them came to its end."""
    fork = multiprocessing.get_context("fork")
    running = [fork.Process(target=hammer, args=one) for one in json.loads(given)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    return max(abs(process.exitcode or 0) for process in running)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
