"""Four processes before one portal, one real Redis between them: the portal never has to refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from connector.sandbox import SandboxServer
from tests import services
from tests.contract.portal.hammering import BURST, CALLS, THREADS

ROOT = Path(__file__).parents[3]
PROCESSES, PER_SECOND = 4, 30.0


def errors_after(
    sandbox: SandboxServer, redis_url: str, egresses: list[str], *, per_second: float, bulk: bool
) -> dict[str, int]:
    given = [[sandbox.webhook_url(), sandbox.url, redis_url, name, per_second, bulk] for name in egresses]
    command = [sys.executable, "-m", "tests.contract.portal.hammering", json.dumps(given)]
    subprocess.run(command, cwd=ROOT, timeout=90, check=True)
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
