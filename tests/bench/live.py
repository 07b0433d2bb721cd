"""How long a message takes while a bulk job of 20,000 updates, or the first load of a source, wants the whole budget,
beside an idle portal.

From the webhook to the moment the message is stored in the portal's chat, by the portal's own log. A message about
every 2 seconds, at random (Poisson), a third of them in new conversations. Sizes: ``BENCH_LIVE_SECONDS`` a phase,
``BENCH_LIVE_EVERY`` seconds between messages, ``BENCH_ROWS`` of the bulk job.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from rich.console import Console

from tests.bench import services
from tests.bench.bulk_job import bulk_job
from tests.bench.figures import Figure, percentile, show
from tests.bench.house import House
from tests.bench.limits import settle
from tests.bench.services import BenchError
from tests.bench.shipments import CONTENTS, RULES, Edit, source, write
from tests.bench.strict_portal import PER_SECOND, StrictPortal, strict_portal
from tests.bench.updates import SECRET, SHORT, update

SECONDS = float(os.environ.get("BENCH_LIVE_SECONDS", "180"))
EVERY = float(os.environ.get("BENCH_LIVE_EVERY", "2"))
ROWS = int(os.environ.get("BENCH_ROWS", "20000"))
WARM_UP = 5
SHIPMENTS = 2 * ROWS  # more than the portal takes meanwhile
NAMES = ("live.p95_under_bulk_of_idle", "live.p95_under_sync_of_idle")
_SEED = 20261124
_CONVERSATIONS = 40
_HEADERS = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET}
_PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Milliseconds of each message; ``share`` of the requests that the portal allows and that were made meanwhile."""

    name: str
    times: list[float]
    share: float
    provoked: int


class Load:
    """Messages at random moments; numbers go on from phase to phase."""

    def __init__(self, hook: str, portal: StrictPortal) -> None:
        self._hook, self._portal = hook, portal
        self._http = requests.Session()
        self._last = 0

    def phase(self, name: str, seconds: float) -> Phase:
        """Send for so long, wait until all have come, and see how long each took."""
        draw = random.Random(_SEED)
        began, sent = time.time(), dict[int, float]()
        moment = draw.expovariate(1 / EVERY)
        while moment < seconds:
            time.sleep(max(0.0, began + moment - time.time()))
            self._last += 1
            sent[self._last] = self._send(self._last, draw)
            moment += draw.expovariate(1 / EVERY)
        time.sleep(max(0.0, began + seconds - time.time()))
        ended = time.time()
        return self._seen(name, sent, began, ended)

    def _send(self, number: int, draw: random.Random) -> float:
        known = draw.random() < 2 / 3
        person = 800000 + (draw.randrange(_CONVERSATIONS) if known else _CONVERSATIONS + number)
        body, begun = update(number, person=person, length=SHORT), time.time()
        answer = self._http.post(self._hook, data=body, headers=_HEADERS, timeout=30)
        if answer.status_code >= 300:
            raise BenchError(f"the hook refused: {answer.status_code} {answer.text[:300]}")
        return begun

    def _seen(self, name: str, sent: dict[int, float], began: float, ended: float) -> Phase:
        if not self._portal.wait_for(self._last, _PATIENCE):
            raise BenchError(f"{self._portal.count()} of {self._last} messages reached the portal")
        stored = {message.number: message.at for message in self._portal.stored()}
        came = self._portal.came(self._last, began)
        if came.lost or came.doubled or came.disordered:
            raise BenchError(f"{name}: {came.lost} lost, {came.doubled} doubled, {came.disordered} disordered")
        calls = [row for row in self._portal.log() if began <= row["at"] < ended and not row.get("batch")]
        return Phase(
            name=name,
            times=[(stored[number] - begun) * 1000 for number, begun in sent.items()],
            share=len(calls) / (PER_SECOND * (ended - began)),
            provoked=came.provoked,
        )


def run(folder: Path, console: Console, wanted: Callable[[str], bool]) -> list[Figure]:
    """The figures ``live.p95_under_…``: web, one worker, the clock, and beside them what wants the whole budget."""
    return [_figure(folder / name, console, name) for name in NAMES if wanted(name)]


def _figure(folder: Path, console: Console, name: str) -> Figure:
    beside = _BESIDE[name]
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        portal = stack.enter_context(strict_portal(folder / "portal"))
        redis = stack.enter_context(services.redis(folder))
        file = folder / "shipments.jsonl"
        home = settle(folder / "house", redis, portal, sources=source(file), rules=RULES)
        beside.prepare(portal, file)
        stack.enter_context(home.clock())
        stack.enter_context(home.worker())
        hook, _ = stack.enter_context(home.web())
        load = Load(hook, portal)
        load.phase("warm-up", WARM_UP * EVERY)
        idle = load.phase("idle", SECONDS)
        stack.enter_context(beside.work(home))
        # What was saved up is spent first: from then on the job has to wait.
        time.sleep(min(SECONDS, 20.0))
        busy = load.phase(f"beside {beside.what}", SECONDS)
    _tell(console, [idle, busy])
    if busy.provoked or idle.provoked:
        raise BenchError(f"{idle.provoked + busy.provoked} errors of the limits were provoked")
    ratio = percentile(busy.times, 95) / percentile(idle.times, 95)
    of = f"p95 from webhook to stored message beside {beside.what} of {beside.rows} rows, {len(busy.times)} messages"
    against = f"p95 idle, {len(idle.times)} messages"
    return Figure(name=name, value=ratio, unit="ratio", spread=(ratio, ratio), of=of, against=against)


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Work that wants the whole budget: ``prepare`` has the portal and the source's file ready for it, within the
    block of ``work`` it goes on.
    """

    what: str
    rows: int
    prepare: Callable[[StrictPortal, Path], None]
    work: Callable[[House], AbstractContextManager[None]]


def _contacts(portal: StrictPortal, file: Path) -> None:
    portal.act("seed", entity="contact", count=ROWS)


def _shipments(portal: StrictPortal, file: Path) -> None:
    portal.act("furnish", **CONTENTS)
    write(Edit(rows=SHIPMENTS), file)


@contextmanager
def _a_run(home: House) -> Iterator[None]:
    """A first load under the workers of the Procfile. Raises :class:`BenchError` when it is over within the block."""
    connector = home.connector()
    try:
        run = connector.journal.begin_run("shipments", trigger="person")
        assert run is not None
        yield
        now = connector.journal.run_of(run.id)
        if now is None or not now.open or not now.counts["requests"]:
            raise BenchError(f"the run was not at work all the time: {now}")
    finally:
        connector.journal.close()


_BESIDE: Mapping[str, Beside] = {
    NAMES[0]: Beside(what="a bulk job", rows=ROWS, prepare=_contacts, work=lambda home: bulk_job(home, rows=ROWS)),
    NAMES[1]: Beside(what="a first load of a source", rows=SHIPMENTS, prepare=_shipments, work=_a_run),
}


def _tell(console: Console, phases: list[Phase]) -> None:
    rows: list[list[object]] = []
    for phase in phases:
        ends = [percentile(phase.times, percent) for percent in (50, 95, 99)]
        rows.append([phase.name, len(phase.times), *ends, max(phase.times), 100 * phase.share, phase.provoked])
    columns = ["", "messages", "p50 ms", "p95 ms", "p99 ms", "max", "% of 2/s used", "limit errors"]
    show(console, "From the webhook to the chat", columns, rows)
