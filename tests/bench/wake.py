"""How long a message takes through an idle house: from the webhook to the REST call at the portal."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import requests
from rich.console import Console

from tests.bench import services
from tests.bench.fast_portal import FastPortal
from tests.bench.figures import Figure, percentile, show
from tests.bench.house import house
from tests.bench.services import BenchError
from tests.bench.updates import SECRET, update

MESSAGES, WARM_UP = 300, 20
_HEADERS = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET}


def run(folder: Path, console: Console, wanted: Callable[[str], bool]) -> list[Figure]:
    """The figures ``wake.*``: web, one worker and the clock with real Redis and SQLite, one message at a time."""
    with ExitStack() as stack:
        portal = stack.enter_context(FastPortal())
        redis = stack.enter_context(services.redis(folder))
        home = house(folder / "house", redis=redis, portal=portal.url)
        stack.enter_context(home.clock())
        stack.enter_context(home.worker())
        hook, _ = stack.enter_context(home.web())
        session = stack.enter_context(requests.Session())
        times = [_send(session, hook, portal, number) for number in range(1, WARM_UP + MESSAGES + 1)][WARM_UP:]
        if portal.strange:
            raise BenchError(f"the portal was asked for {sorted(portal.strange)}")
    ends = {percent: percentile(times, percent) for percent in (50, 95, 99)}
    rows = [["webhook to REST call", MESSAGES, *ends.values(), min(times), max(times)]]
    show(console, "Wake of an idle house", ["", "messages", "p50 ms", "p95 ms", "p99 ms", "min", "max"], rows)
    of = f"webhook sent to REST call at the portal, idle, sqlite, {MESSAGES} messages one by one; p{{}}"
    return [
        Figure(
            name=f"wake.to_call_p{percent}_ms",
            value=ends[percent],
            unit="ms",
            spread=(min(times), max(times)),
            of=of.format(percent),
        )
        for percent in (50, 99)
        if wanted(f"wake.to_call_p{percent}_ms")
    ]


def _send(session: requests.Session, hook: str, portal: FastPortal, number: int) -> float:
    """Milliseconds of one message; every second one opens a new conversation. Then the house comes to rest again."""
    person = 800000 + (number if number % 2 else 0)
    body = update(number, person=person)
    begun = time.monotonic()
    answer = session.post(hook, data=body, headers=_HEADERS, timeout=30)
    if answer.status_code >= 300:
        raise BenchError(f"the hook refused: {answer.status_code} {answer.text[:300]}")
    arrival = portal.wait_for(number, seconds=30)
    # The house settles what it did; a drawn pause keeps the messages from falling into step with the clock.
    time.sleep(random.uniform(0.05, 0.15))
    return (arrival.at - begun) * 1000
