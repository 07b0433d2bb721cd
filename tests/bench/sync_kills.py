"""The same load under the processes of the Procfile, killed with SIGKILL at ten random moments, Redis emptied once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import redis as redis_client
from rich.console import Console

from connector.bootstrap import Connector
from connector.journal import Run
from tests.bench import services
from tests.bench.figures import Figure, show
from tests.bench.free_portal import free_portal
from tests.bench.house import House, house, procfile
from tests.bench.services import BenchError, running
from tests.bench.shipments import RULES, Edit, fingerprint, source, write

KILLS = 10
_SEED = 20261130
_PATIENCE = 3600.0
_LOOK_SECONDS = 0.1
_SETTLED = ("created", "updated", "unchanged", "parked")


def killed(folder: Path, console: Console, name: str, rows: int, fewest: int) -> Figure:
    """How many requests the load needed, against the ``fewest`` that one needs that nobody kills.

    Raises :class:`BenchError` when the run does not end, or anything is missing, doubled or other than the source says.
    """
    draw, edit = random.Random(_SEED), Edit(rows=rows)
    with ExitStack() as stack:
        folder.mkdir(parents=True)
        portal = stack.enter_context(free_portal(folder / "portal"))
        url = stack.enter_context(services.redis(folder))
        given = source(folder / "shipments.jsonl")
        home = house(folder / "house", redis=url, portal=portal.url, grant=portal.grant(), sources=given, rules=RULES)
        write(edit, folder / "shipments.jsonl")
        connector = home.connector()
        stack.callback(connector.journal.close)
        run = connector.journal.begin_run("shipments", trigger="person")
        assert run is not None
        before, begun = portal.counted(), time.monotonic()
        shares = sorted(draw.uniform(0.02, 0.98) for _ in range(KILLS))
        for number, share in enumerate(shares):
            _lived(home, _passed(connector, run, share * 2 * rows), draw.uniform(0.0, 1.0))
            if number == KILLS // 2:
                redis_client.Redis.from_url(url).flushall()
        _lived(home, lambda: _now(connector, run).ended_at is not None, 0.0)
        seconds, asked, tally = time.monotonic() - begun, portal.counted().since(before), portal.tally()
        counts, state = _now(connector, run).counts, _now(connector, run).state
    wanted = fingerprint(edit.items())
    if (state, tally.items, tally.different, tally.said) != ("done", rows, rows, wanted):
        raise BenchError(f"after {KILLS} kills: {state}, {tally}, where {rows} items were wanted")
    told = [asked.requests, fewest, asked.added, asked.updated, tally.items, tally.different, seconds]
    columns = ["", "requests", "least", "adds", "updates", "items", "external ids", "s"]
    show(console, f"{rows} shipments, {KILLS} kills", columns, [["worker and clock", *told]])
    if asked.added != rows or counts["created"] + counts["unchanged"] + counts["updated"] != rows:
        raise BenchError(f"{asked.added} items were added and {counts} counted, where {rows} were wanted")
    of = f"requests of a first load of {rows} rows; worker and clock killed {KILLS} times, Redis emptied once"
    ratio = asked.requests / fewest
    return Figure(name=name, value=ratio, unit="ratio", spread=(ratio, ratio), of=of, against=f"least: {fewest}")


def _lived(home: House, done: Callable[[], bool], more: float) -> None:
    """Worker and clock live until ``done``, and so many seconds more; then both groups are killed."""
    with ExitStack() as stack:
        groups = []
        for name in ("worker", "clock"):
            process = stack.enter_context(running(procfile(name), home.folder / f"{name}.log", env=home.env))
            groups.append(process.pid)
        ends = time.monotonic() + _PATIENCE
        while not done():
            if time.monotonic() > ends:
                raise BenchError("the run does not go on")
            time.sleep(_LOOK_SECONDS)
        time.sleep(more)
        for group in groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def _passed(connector: Connector, run: Run, rows: float) -> Callable[[], bool]:
    def passed() -> bool:
        now = _now(connector, run)
        return now.ended_at is not None or now.counts["read"] + sum(now.counts[name] for name in _SETTLED) >= rows

    return passed


def _now(connector: Connector, run: Run) -> Run:
    found = connector.journal.run_of(run.id)
    assert found is not None
    return found
