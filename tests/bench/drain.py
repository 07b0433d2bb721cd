"""How fast a backlog leaves: 5,000 messages in 500 conversations, and a portal that answers at once.

``drain.messages_per_s`` is one pump in a process of its own; ``drain.house_per_s`` is the whole way: wake, RQ, worker,
pump, portal. Every round begins with a fresh journal and ends with a look at what came: all of it, once, in order.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from jobs import queues
from jobs.dispatch import Waker
from tests.bench import services
from tests.bench.fast_portal import FastPortal
from tests.bench.figures import Figure, median, show
from tests.bench.house import House, house
from tests.bench.services import ROOT, BenchError
from tests.bench.updates import CONVERSATIONS, fill

MESSAGES, ROUNDS = 5000, 5
_PUMP, _HOUSE = "drain.messages_per_s", "drain.house_per_s"
_DESTINATION = "portal:main"


def run(folder: Path, console: Console, wanted: Callable[[str], bool]) -> list[Figure]:
    """The figures ``drain.*``."""
    rates: dict[str, list[float]] = {_PUMP: [], _HOUSE: []}
    ways = [(_PUMP, _pump_alone), (_HOUSE, _whole_house)]
    with ExitStack() as stack:
        portal = stack.enter_context(FastPortal())
        for number in range(ROUNDS):
            for name, way in ways:
                if wanted(name):
                    rates[name].append(_round(folder / f"{name}-{number}", portal, way))
    of = f"{MESSAGES} messages in {CONVERSATIONS} conversations, sqlite, portal without limits: "
    told = {_PUMP: "one pump", _HOUSE: "wake, one worker, pump"}
    figures = [median(name, values, unit="messages/s", of=of + told[name]) for name, values in rates.items() if values]
    rows = [[told[figure.name], figure.value, *figure.spread] for figure in figures]
    title = f"Drain of {MESSAGES} messages in {CONVERSATIONS} conversations"
    show(console, title, ["", "messages/s", "min", "max"], rows)
    return figures


def _round(folder: Path, portal: FastPortal, way: Callable[[House, str, FastPortal], float]) -> float:
    folder.mkdir()
    with services.redis(folder) as redis:
        home = house(folder / "house", redis=redis, portal=portal.url)
        connector = home.connector()
        fill(connector, messages=MESSAGES, conversations=CONVERSATIONS)
        connector.journal.close()
        portal.forget()
        seconds = way(home, redis, portal)
        check(portal)
    return MESSAGES / seconds


def _pump_alone(home: House, redis: str, portal: FastPortal) -> float:
    command = [sys.executable, "-m", "tests.bench.one_pump", _DESTINATION]
    done = subprocess.run(command, cwd=ROOT, env=dict(home.env), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"the pump failed:\n{done.stderr[-3000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    if told["settled"] != MESSAGES:
        raise BenchError(f"the pump settled {told['settled']} of {MESSAGES}")
    return float(told["seconds"])


def _whole_house(home: House, redis: str, portal: FastPortal) -> float:
    with home.worker():
        client = queues.connect(redis)
        begun = time.monotonic()
        Waker(client)(_DESTINATION)
        last = portal.wait_for(MESSAGES, seconds=300)
        client.close()
        return last.at - begun


def check(portal: FastPortal) -> None:
    """All messages, each once, each conversation in order, and no other call."""
    lanes = defaultdict(list)
    for arrival in portal.arrivals:
        lanes[arrival.chat].append(int(arrival.message))
    disordered = [chat for chat, numbers in lanes.items() if numbers != sorted(set(numbers))]
    if len(portal.arrivals) != MESSAGES or len(lanes) != CONVERSATIONS or disordered or portal.strange:
        raise BenchError(
            f"{len(portal.arrivals)} of {MESSAGES} messages in {len(lanes)} of {CONVERSATIONS} conversations came, "
            f"{len(disordered)} conversations out of order or doubled; other calls: {sorted(portal.strange)}"
        )
