"""A source of 200,000 shipments, brought into a smart process: requests against the least possible, memory, rates.

The source is a file of JSON lines (``table``, ``holds: all``), the portal the sandbox without limits in a process of
its own, each run a process of its own. First load, a run with exactly 500 changed, 20 deleted and 30 broken rows, one
with nothing new, one after the mirror was lost; what is in the portal is compared each time. Size:
``BENCH_SYNC_ROWS``.
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench import services, sync_kills
from tests.bench.figures import Figure, show
from tests.bench.free_portal import Counted, FreePortal, free_portal
from tests.bench.house import House, house
from tests.bench.services import BenchError, running
from tests.bench.shipments import RULES, Edit, fingerprint, source, write

ROWS = int(os.environ.get("BENCH_SYNC_ROWS", "200000"))
CHANGED, DELETED, BROKEN = 500, 20, 30
_REQUESTS, _RSS, _RATE, _SKIPPED, _KILLED = NAMES = (
    "sync.requests_of_minimum",
    "sync.rss_growth_mib",
    "sync.rows_per_s",
    "sync.skipped_rows_per_s",
    "sync.killed_requests_of_minimum",
)
_SEED = 20261129
_PACK = 50  # commands of a request, and values of one look
_LOOK_SECONDS = 0.5
_TOLERANCE = 1.05


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run: its counts, what it asked of the portal, the least requests it could need, MiB of its process."""

    name: str
    seconds: float
    counts: Mapping[str, int]
    asked: Counted
    least: int
    resident: list[tuple[float, float]] = field(default_factory=list)

    def at(self, share: float) -> float:
        """Resident memory when so much of the run was done."""
        return next(mib for done, mib in self.resident if done >= share)


def least(made: int, written: int = 0) -> int:
    """Requests that no run can do without: fifty looks of fifty ids in one, fifty writes in one."""
    looked = made + written
    return math.ceil(looked / _PACK / _PACK) + math.ceil(made / _PACK) + math.ceil(written / _PACK)


def run(folder: Path, console: Console, wanted: Callable[[str], bool]) -> list[Figure]:
    """The figures ``sync.*``."""
    figures: list[Figure] = []
    if any(wanted(name) for name in (_REQUESTS, _RSS, _RATE, _SKIPPED)):
        figures += _loads(folder / "loads", console)
    if wanted(_KILLED):
        figures.append(sync_kills.killed(folder / "kills", console, _KILLED, ROWS, least(ROWS)))
    return [figure for figure in figures if wanted(figure.name)]


class _Place:
    """The house, its source's file and the portal; ``ran`` are the runs so far."""

    def __init__(self, folder: Path, home: House, portal: FreePortal) -> None:
        self._home, self._portal, self._folder = home, portal, folder
        self.file = folder / "shipments.jsonl"
        self.connector = home.connector()
        self.ran: list[Ran] = []

    def run(self, name: str, edit: Edit, *, least: int, full: bool = False, **counts: int) -> Ran:
        """One run; it must end well, count exactly ``counts`` and leave in the portal what ``edit`` says."""
        before, resident = self._portal.counted(), list[tuple[float, float]]()
        command = [sys.executable, "-m", "tests.bench.sync_job", "shipments", *(["--full"] if full else [])]
        log = self._folder / "sync.log"
        log.unlink(missing_ok=True)
        with running(command, log, env=self._home.env) as process, _Watched(self, process.pid, edit.rows, resident):
            process.wait()
        told = _last(log)
        asked = self._portal.counted().since(before)
        _exactly(name, told, asked, counts)
        _same(name, self._portal, edit)
        ran = Ran(
            name=name, seconds=told["seconds"], counts=told["counts"], asked=asked, least=least, resident=resident
        )
        self.ran.append(ran)
        return ran

    def forget(self) -> None:
        """The mirror is lost, and with it all that is known of what was made."""
        self.connector.journal.forget_mirror("shipments")
        with self.connector.journal.store.writing() as db:
            for table in ("ledger", "links"):
                db.exec_driver_sql(f"DELETE FROM {table}")


def _loads(folder: Path, console: Console) -> list[Figure]:
    with ExitStack() as stack:
        folder.mkdir(parents=True)
        portal = stack.enter_context(free_portal(folder / "portal"))
        redis = stack.enter_context(services.redis(folder))
        given = source(folder / "shipments.jsonl")
        home = house(folder / "house", redis=redis, portal=portal.url, grant=portal.grant(), sources=given, rules=RULES)
        place = _Place(folder, home, portal)
        stack.callback(place.connector.journal.close)
        first, changes, again, skipped, rebuilt = _five(place)
    _tell(console, place.ran)
    needed, fewest = first.asked.requests + changes.asked.requests, first.least + changes.least
    if needed > _TOLERANCE * fewest:
        raise BenchError(f"{needed} requests were needed where {fewest} would do")
    if again.asked.requests or skipped.asked.requests or rebuilt.asked.added or rebuilt.asked.updated:
        raise BenchError("a run with nothing to write asked the portal, or wrote to it")
    return _figures(first, skipped, needed / fewest, fewest)


def _five(place: _Place) -> tuple[Ran, Ran, Ran, Ran, Ran]:
    plain = Edit(rows=ROWS)
    write(plain, place.file)
    load = {"read": ROWS, "changed": ROWS, "created": ROWS, "updated": 0, "parked": 0, "gone": 0}
    first = place.run("first load", plain, least=least(ROWS), **load)
    edit = _edit()
    write(edit, place.file)
    left, written = ROWS - DELETED, CHANGED + DELETED
    same = left - CHANGED - BROKEN
    known = {"read": left, "same": same, "updated": written, "gone": DELETED, "parked": BROKEN, "created": 0}
    changes = place.run("500 changed, 20 deleted, 30 broken", edit, least=least(0, written), **known)
    nothing = {"created": 0, "updated": 0, "parked": 0, "gone": 0, "changed": 0, "requests": 0}
    again = place.run("the same file", edit, least=0, **nothing)
    write(edit, place.file)
    skipped = place.run("the file written anew", edit, least=0, **{**nothing, "read": left, "same": left})
    place.forget()
    kept = {"read": left, "created": 0, "updated": 0, "unchanged": left - BROKEN, "parked": BROKEN}
    rebuilt = place.run("the mirror was lost", edit, least=2 * math.ceil(left / _PACK / _PACK), full=True, **kept)
    return first, changes, again, skipped, rebuilt


def _edit() -> Edit:
    some = random.Random(_SEED).sample(range(1, ROWS + 1), CHANGED + DELETED + BROKEN)
    changed, deleted, broken = some[:CHANGED], some[CHANGED : CHANGED + DELETED], some[CHANGED + DELETED :]
    return Edit(rows=ROWS, changed=frozenset(changed), deleted=frozenset(deleted), broken=frozenset(broken))


class _Watched:
    """Looks at the memory of a job beside it: ``seen`` gets (share of the run that is done, MiB)."""

    def __init__(self, place: _Place, process: int, rows: int, seen: list[tuple[float, float]]) -> None:
        self._place, self._process, self._rows, self._seen = place, process, rows, seen
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watching", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            run = self._place.connector.journal.open_run("shipments")
            mib = resident(self._process)
            if run is None or not mib:
                continue
            done = run.counts["read"] + sum(run.counts[name] for name in ("created", "updated", "unchanged"))
            self._seen.append((done / (2 * self._rows), mib))


def resident(process: int) -> float:
    """MiB that a process has in memory; 0 when it is over."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _last(log: Path) -> dict[str, Any]:
    lines = log.read_text(errors="replace").splitlines()
    try:
        told = json.loads(lines[-1])
    except (IndexError, ValueError):
        tail = "\n".join(lines[-30:])
        raise BenchError(f"the run failed:\n{tail}") from None
    if not isinstance(told, dict) or told.get("state") != "done":
        raise BenchError(f"the run did not end well: {told}")
    return told


def _exactly(name: str, told: Mapping[str, Any], asked: Counted, counts: Mapping[str, int]) -> None:
    wrong = {each: told["counts"][each] for each, count in counts.items() if told["counts"][each] != count}
    if wrong:
        raise BenchError(f"{name}: {wrong}, and not { {each: counts[each] for each in wrong} }")
    written = {"created": asked.added, "updated": asked.updated, "requests": asked.requests}
    if any(told["counts"][each] != count for each, count in written.items()):
        raise BenchError(f"{name}: the run tells of {told['counts']}, the portal of {written}")


def _same(name: str, portal: FreePortal, edit: Edit) -> None:
    tally, wanted = portal.tally(), fingerprint(edit.items())
    if (tally.items, tally.different, tally.said) != (edit.rows, edit.rows, wanted):
        raise BenchError(f"{name}: the portal does not hold what the source says: {tally}, {edit.rows} wanted")


def _tell(console: Console, runs: list[Ran]) -> None:
    rows: list[list[object]] = []
    for one in runs:
        told = [one.counts[name] for name in ("created", "updated", "unchanged", "same", "gone", "parked")]
        rows.append([one.name, one.seconds, *told, one.asked.requests, one.least])
    columns = ["", "s", "created", "updated", "unchanged", "same", "gone", "parked", "requests", "least"]
    show(console, f"{ROWS} shipments into a smart process", columns, rows)
    first = runs[0]
    most = max(mib for _, mib in first.resident)
    seen = [first.at(share) for share in (0.1, 0.25, 0.5, 0.75)] + [first.resident[-1][1]]
    memory = [["first load", *seen, most]]
    show(console, "Memory of its process, MiB", ["", "a tenth", "a quarter", "half", "3/4", "the end", "most"], memory)


def _figures(first: Ran, skipped: Ran, ratio: float, fewest: int) -> list[Figure]:
    grown = [mib - first.at(0.1) for done, mib in first.resident if done >= 0.1]
    rate, passed = ROWS / first.seconds, skipped.counts["read"] / skipped.seconds
    of = f"{ROWS} rows of a JSON-lines file, 7 fields of a smart process, sqlite, portal without limits"
    requests = f"requests of a first load and of {CHANGED + DELETED} changes, {of}"
    return [
        Figure(
            name=_REQUESTS, value=ratio, unit="ratio", spread=(ratio, ratio), of=requests, against=f"least: {fewest}"
        ),
        Figure(
            name=_RSS, value=grown[-1], unit="MiB", spread=(min(grown), max(grown)),
            of=f"resident memory of the first load's process between a tenth and its end, {of}",
        ),
        Figure(name=_RATE, value=rate, unit="rows/s", spread=(rate, rate), of=f"first load, {of}"),
        Figure(
            name=_SKIPPED, value=passed, unit="rows/s", spread=(passed, passed),
            of=f"rows read that are as before, {of}",
        ),
    ]  # fmt: skip
