"""How fast a backlog leaves within a portal's limits: 600 messages of 200 conversations, 2 requests a second.

Ours is the whole way (wake, RQ, worker, pump, the budget in a real Redis) beside what one would write with the official
SDK, with fast-bitrix24, and with a job per event. The others run at the same time, each with a portal of its own: they
wait most of the time. Sizes: ``BENCH_MESSAGES``, ``BENCH_CONVERSATIONS``, ``BENCH_ROUNDS``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from connector.domain.ports import Grant
from connector.portal import Portal
from jobs import queues
from jobs.dispatch import Waker
from tests.bench import services
from tests.bench.bound import least_seconds
from tests.bench.bulk_job import bulk_job
from tests.bench.figures import Figure, median, show
from tests.bench.house import House, house
from tests.bench.pace import Pace, pace_of
from tests.bench.services import ROOT, BenchError
from tests.bench.strict_portal import BURST, PER_SECOND, SECONDS_A_MESSAGE, Came, StrictPortal, strict_portal
from tests.bench.updates import fill

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "600"))
CONVERSATIONS = int(os.environ.get("BENCH_CONVERSATIONS", "200"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CEILING = 5.0
WARM_UP = 5  # messages: a house at work knows how long a message takes
_CONNECTIONS, _ROWS = 32, 3000
_OURS = "ours"
_BOUND, _ERRORS = "drain.of_bound", "drain.provoked_errors"
_TIMES = {"drain.times_b24pysdk": "b24pysdk", "drain.times_fast_bitrix24": "fast_bitrix24"}
NAMES = (_BOUND, _ERRORS, *_TIMES)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One drain: who, whether the burst was spent before, how long it took and what came of it."""

    who: str
    full: bool
    seconds: float
    came: Came
    pace: Pace


def run(folder: Path, console: Console, wanted: Callable[[str], bool]) -> list[Figure]:
    """The figures ``drain.of_bound``, ``drain.provoked_errors`` and ``drain.times_…``."""
    ours = [_ours(folder / f"full-{number}", full=True) for number in range(ROUNDS)]
    ours.append(_ours(folder / "empty", full=False))
    ours.append(_ours(folder / "four", full=True, workers=4, bulk=True))
    rivals = [name for figure, name in _TIMES.items() if wanted(figure)]
    chosen = [*rivals, "one_call_per_event"] if rivals else []
    tasks = [(name, full) for name in chosen for full in (True, False)]
    with ThreadPoolExecutor(max(1, len(tasks))) as pool:
        others = list(pool.map(lambda task: _rival(folder / f"{task[0]}-{task[1]}", *task), tasks))
    _tell(console, [*ours, *others])
    for one in ours:
        _verify(one)
    return [figure for figure in _figures(ours[:ROUNDS], ours, others) if wanted(figure.name)]


def bound(*, full: bool, ceiling: float = CEILING) -> float:
    """The least time for this backlog: the burst spent before, or all of it at hand."""
    free = 0 if full else BURST
    return least_seconds(MESSAGES * SECONDS_A_MESSAGE, per_second=PER_SECOND, free=free, ceiling=ceiling)


def _figures(steady: list[Run], ours: list[Run], others: list[Run]) -> list[Figure]:
    seconds, least = [one.seconds for one in steady], bound(full=True)
    of = f"{MESSAGES} messages in {CONVERSATIONS} conversations, sqlite, 2 requests/s, burst spent, one worker"
    against = f"the least that any schedule needs, {least:.2f} s"
    provoked = [one.came.provoked for one in ours]
    figures = [
        median(_BOUND, [least / one for one in seconds], unit="ratio", of=of, against=against),
        median(_ERRORS, [sum(provoked)], unit="errors", of=f"503 and 429 in all {len(ours)} drains of ours"),
    ]
    for figure, name in _TIMES.items():
        theirs = [one.seconds for one in others if one.who == name and one.full]
        if theirs:
            times = [took / one for took in theirs for one in seconds]
            figures.append(median(figure, times, unit="times", of=of, against=name))
    return figures


def _ours(folder: Path, *, full: bool, workers: int = 1, bulk: bool = False) -> Run:
    with ExitStack() as stack:
        folder.mkdir(parents=True)
        portal = stack.enter_context(strict_portal(folder / "portal"))
        redis = stack.enter_context(services.redis(folder))
        home = settle(folder / "house", redis, portal)
        connector = home.connector()
        stack.callback(connector.journal.close)
        stack.enter_context(home.worker(workers))
        client = queues.connect(redis)
        stack.callback(client.close)
        fill(connector, messages=WARM_UP, conversations=WARM_UP, after=MESSAGES)
        Waker(client)("portal:main")
        portal.wait_for(WARM_UP, seconds=60)
        time.sleep(1 + 2 * WARM_UP / PER_SECOND)  # until the burst is whole again
        fill(connector, messages=MESSAGES, conversations=CONVERSATIONS)
        if bulk:
            portal.act("seed", entity="contact", count=_ROWS)
            stack.enter_context(bulk_job(home, rows=_ROWS))
        if full:
            _spend(connector.portals["main"])
        begun = time.time()
        Waker(client)("portal:main")
        portal.wait_for(WARM_UP + MESSAGES, seconds=60 + 20 * bound(full=True))
        return _look(portal, _OURS + (f", {workers} workers, bulk beside" if bulk else ""), full, begun, before=WARM_UP)


def settle(folder: Path, redis: str, portal: StrictPortal, *, sources: str = "", rules: str = "") -> House:
    """A house whose portal is this one: installed, its connector switched on, its budget that of the plan; ``sources``
    and ``rules`` as :func:`house` has them.
    """
    given = portal.grant
    grant = Grant(
        access_token=given["access_token"],
        refresh_token=given["refresh_token"],
        expires_at=datetime.now(UTC) + timedelta(days=1),
        member_id=given["member_id"],
        client_endpoint=given["client_endpoint"],
        server_endpoint=given["server_endpoint"],
        application_token=given["application_token"],
    )
    plan = {"burst": BURST, "per_second": PER_SECOND}
    home = house(folder, redis=redis, portal=portal.url, grant=grant, sources=sources, rules=rules, **plan)
    connector = home.connector()
    portal.connect(connector.rules.connector("shop"))
    connector.journal.close()
    return home


def _spend(portal: Portal) -> None:
    """Spend the burst by cheap calls through the house's own budget: inside it nobody waits."""
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for done in [pool.submit(portal.call, "server.time", {}) for _ in range(BURST)]:
            done.result()


def _rival(folder: Path, name: str, full: bool) -> Run:
    with strict_portal(folder) as portal:
        portal.connect("bench_chat")
        said = {
            "tls": portal.tls,
            "client_endpoint": portal.grant["client_endpoint"],
            "access_token": portal.grant["access_token"],
            "connector": "bench_chat",
            "messages": MESSAGES,
            "conversations": CONVERSATIONS,
            "full": full,
        }
        env = {**os.environ, "REQUESTS_CA_BUNDLE": portal.certificate}
        command = [sys.executable, "-m", "tests.bench.rivals", name]
        done = subprocess.run(
            command, cwd=ROOT, env=env, input=json.dumps(said), capture_output=True, text=True, check=False
        )
        if not done.stdout:
            raise BenchError(f"{name} failed:\n{done.stderr[-3000:]}")
        return _look(portal, name, full, json.loads(done.stdout)["began"])


def _look(portal: StrictPortal, who: str, full: bool, begun: float, *, before: int = 0) -> Run:
    # The last request is in the log when it has been answered.
    time.sleep(CEILING)
    came = portal.came(before + MESSAGES, begun)
    pace = pace_of(portal.carriers(), begun)
    return Run(who=who, full=full, seconds=came.ended - begun, came=came, pace=pace)


def _verify(one: Run) -> None:
    """Ours must be whole, whatever its speed."""
    if one.came.lost or one.came.doubled or one.came.disordered:
        raise BenchError(
            f"{one.who}: {one.came.lost} lost, {one.came.doubled} doubled, {one.came.disordered} disordered"
        )


def _tell(console: Console, runs: list[Run]) -> None:
    for full in (True, False):
        rows: list[list[object]] = [
            ["least possible, 5 s a request", bound(full=full), *["-"] * 6],
            ["least possible, without that", bound(full=full, ceiling=float("inf")), *["-"] * 6],
        ]
        for one in (one for one in runs if one.full == full):
            came = one.came
            rows.append([one.who, one.seconds, came.requests, came.provoked, came.lost, came.doubled, came.disordered])
            rows[-1].append(sum(count for code, count in came.errors.items()) - came.provoked)
        state = "burst spent before" if full else "from an empty bucket"
        title = f"{MESSAGES} messages of {CONVERSATIONS} conversations within the limits, {state}"
        columns = ["", "seconds", "requests", "limit errors", "lost", "doubled", "chats disordered", "other errors"]
        show(console, title, columns, rows)
    rows = [[f"{one.who}, {'burst spent' if one.full else 'empty'}", *one.pace.row()] for one in runs]
    show(console, "Where the time goes", ["", *Pace.COLUMNS], rows)
