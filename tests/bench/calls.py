"""How long a ringing telephone waits for its card: from the PBX's event to ``telephony.externalCall.register``.

Idle, and while a bulk job of 20,000 updates wants the whole budget. A call about every 4 seconds, at random (Poisson):
it rings, is answered and ends. The PBX posts signed webhooks; the portal keeps the limits of a real one. Sizes:
``BENCH_LIVE_SECONDS`` a phase, ``BENCH_CALL_EVERY`` seconds between calls, ``BENCH_ROWS`` of the bulk job.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import requests
from rich.console import Console

from connector.providers import standard_webhooks
from tests.bench import services
from tests.bench.bulk_job import bulk_job
from tests.bench.figures import Figure, percentile, show
from tests.bench.house import PBX_SECRET
from tests.bench.limits import settle
from tests.bench.live import ROWS, SECONDS
from tests.bench.services import BenchError
from tests.bench.strict_portal import StrictPortal, strict_portal

EVERY = float(os.environ.get("BENCH_CALL_EVERY", "4"))
NAMES = ("call.to_register_p95_ms", "call.p95_under_bulk_of_idle")
WARM_UP = 5
_REGISTER, _FINISH = "telephony.externalcall.register", "telephony.externalcall.finish"
_SEED, _PATIENCE = 20261129, 60.0


class Pbx:
    """Calls at random moments; numbers go on from phase to phase."""

    def __init__(self, hook: str, portal: StrictPortal) -> None:
        self._hook, self._portal = hook, portal
        self._http = requests.Session()
        self._last = 0

    def phase(self, seconds: float) -> list[float]:
        """Milliseconds from the event to the registration, of each call of so many seconds."""
        draw = random.Random(_SEED)
        began, rang = time.time(), dict[str, float]()
        moment = draw.expovariate(1 / EVERY)
        while moment < seconds:
            time.sleep(max(0.0, began + moment - time.time()))
            self._last += 1
            name = f"bench-{self._last}"
            rang[name] = self._tell("call.ringing", name)
            self._tell("call.answered", name)
            self._tell("call.ended", name, talk=60)
            moment += draw.expovariate(1 / EVERY)
        return self._seen(rang, began)

    def _tell(self, kind: str, name: str, **more: object) -> float:
        client = f"+7916{self._last:07}"
        data = {"id": name, "at": datetime.now(UTC).isoformat(), "direction": "incoming", "client": client, **more}
        body = json.dumps({"type": kind, "data": {**data, "line": "+74951112233", "employee": "101"}})
        begun = time.time()
        message, stamp = f"msg_{name}_{kind.replace('.', '_')}", int(begun)
        headers = {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(stamp),
            "webhook-signature": " ".join(standard_webhooks.sign(message, stamp, body, (PBX_SECRET,))),
        }
        answer = self._http.post(self._hook, data=body.encode(), headers=headers, timeout=30)
        if answer.status_code >= 300:
            raise BenchError(f"the hook refused: {answer.status_code} {answer.text[:300]}")
        return begun

    def _seen(self, rang: dict[str, float], began: float) -> list[float]:
        ends = time.monotonic() + _PATIENCE
        while len(self._rows(_FINISH, began)) < len(rang):
            if time.monotonic() > ends:
                raise BenchError(f"{len(self._rows(_FINISH, began))} of {len(rang)} calls were finished")
            time.sleep(0.5)
        registered = self._rows(_REGISTER, began)
        if len(registered) != len(rang):
            raise BenchError(f"{len(registered)} registrations of {len(rang)} calls")
        return [(row["at"] - at) * 1000 for row, at in zip(registered, rang.values(), strict=True)]

    def _rows(self, method: str, since: float) -> list[dict[str, float]]:
        return [row for row in self._portal.log() if row["method"].lower() == method and row["at"] >= since]


def run(folder: Path, console: Console, wanted: Callable[[str], bool]) -> list[Figure]:
    """The figures ``call.*``: web, one worker, the clock; the bulk job is a process beside them."""
    with ExitStack() as stack:
        portal = stack.enter_context(strict_portal(folder / "portal"))
        redis = stack.enter_context(services.redis(folder))
        home = settle(folder / "house", redis, portal)
        portal.act("seed", entity="contact", count=ROWS)
        stack.enter_context(home.clock())
        stack.enter_context(home.worker())
        hook, _ = stack.enter_context(home.web())
        pbx = Pbx(hook.replace("/shop", "/office"), portal)
        pbx.phase(WARM_UP * EVERY)
        idle = pbx.phase(SECONDS)
        stack.enter_context(bulk_job(home, rows=ROWS))
        # What was saved up is spent first: from then on the job has to wait.
        time.sleep(min(SECONDS, 20.0))
        busy = pbx.phase(SECONDS)
    _tell(console, {"idle": idle, "beside a bulk job": busy})
    p95 = percentile(idle, 95)
    ratio = percentile(busy, 95) / p95
    of = "p95 from the PBX's event posted to telephony.externalCall.register at the portal"
    return [
        Figure(name=NAMES[0], value=p95, unit="ms", spread=(min(idle), max(idle)), of=f"{of}, idle, {len(idle)} calls"),
        Figure(
            name=NAMES[1],
            value=ratio,
            unit="ratio",
            spread=(ratio, ratio),
            of=f"{of}, beside a bulk job of {ROWS} updates, {len(busy)} calls",
            against=f"p95 idle, {len(idle)} calls",
        ),
    ]


def _tell(console: Console, phases: dict[str, list[float]]) -> None:
    rows: list[list[object]] = []
    for name, times in phases.items():
        rows.append([name, len(times), *(percentile(times, percent) for percent in (50, 95, 99)), max(times)])
    columns = ["", "calls", "p50 ms", "p95 ms", "p99 ms", "max"]
    show(console, "From the PBX's event to the card", columns, rows)
