"""How many requests a second are taken in durably, beside a Flask application that only says 204.

Variants run one after the other inside a round, and ratios are computed inside a round: whatever else the machine does
weighs on all of them alike.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from rich.console import Console

from tests.bench import services
from tests.bench.figures import Figure, median, show
from tests.bench.house import house
from tests.bench.load import Generator, Load, generator
from tests.bench.services import BenchError
from tests.bench.updates import SECRET, update

CONNECTIONS, ROUNDS, SECONDS, WARM_UP = 64, 7, 4.0, 2.0
_NAMES = {"sqlite": "intake.sqlite.of_bare", "postgres": "intake.postgres.of_bare"}
_ACK = "intake.ack_p95_ms"
# The settings of webhooks/gunicorn_conf.py, around an application that does nothing.
_BARE_COMMAND = [sys.executable, "-m", "gunicorn", "tests.bench.bare:app"]
_BARE_COMMAND += ["-k", "gevent", "-w", "2", "--keep-alive", "30", "--log-level", "warning"]
_BARE = f"bare Flask 204, gunicorn gevent -w 2, {CONNECTIONS} connections, same round"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """``kept`` counts the requests in the journal; ``session`` is that of the web server's processes."""

    url: str
    session: int
    kept: Callable[[], int] = lambda: 0


def run(folder: Path, console: Console, wanted: Callable[[str], bool]) -> list[Figure]:
    """The figures ``intake.*`` that are ``wanted``."""
    name, generate = generator()
    with ExitStack() as stack:
        variants = _variants(folder, stack, console, wanted)
        console.print(f"load: {name}, {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS:g} s")
        rounds = _rounds(variants, generate)
        _check_kept(variants, rounds)
    rows = [_row(variant, rounds[variant], rounds["bare"]) for variant in variants]
    columns = ["intake", "requests/s", "min", "max", "p50 ms", "p95 ms", "p99 ms", "cpu us", "of bare", "min", "max"]
    show(console, "Durable intake of 1 KB webhooks", columns, rows)
    return [figure for figure in _figures(rounds, name) if wanted(figure.name)]


def _variants(folder: Path, stack: ExitStack, console: Console, wanted: Callable[[str], bool]) -> dict[str, Variant]:
    port, log = services.free_port(), folder / "bare.log"
    bare = stack.enter_context(services.running([*_BARE_COMMAND, "-b", f"127.0.0.1:{port}"], log))
    services.until(lambda: services.listens(port), bare, log)
    variants = {"bare": Variant(url=f"http://127.0.0.1:{port}/hooks/shop", session=bare.pid)}
    redis = stack.enter_context(services.redis(folder))
    if wanted(_NAMES["sqlite"]) or wanted(_ACK):
        home = house(folder / "sqlite", redis=redis, portal="http://127.0.0.1:9")
        database = folder / "sqlite" / "var" / "connector.db"
        address, session = stack.enter_context(home.web())
        variants["sqlite"] = Variant(url=address, session=session, kept=lambda: _in_sqlite(database))
    if wanted(_NAMES["postgres"]) and not services.has_postgres():
        console.print("[yellow]PostgreSQL is not here: its figure is left out (sudo apt-get install postgresql)")
    elif wanted(_NAMES["postgres"]):
        url = stack.enter_context(services.postgres(folder))
        home = house(folder / "with-postgres", redis=redis, portal="http://127.0.0.1:9", database=url)
        address, session = stack.enter_context(home.web())
        variants["postgres"] = Variant(url=address, session=session, kept=lambda: _in_postgres(url))
    return variants


def _rounds(variants: Mapping[str, Variant], generate: Generator) -> dict[str, list[Load]]:
    """Every variant once per round, each round beginning with another one. Update ids never repeat."""
    first = 1
    for name, variant in variants.items():
        _probe(name, variant.url, first)
        generate(variant.url, CONNECTIONS, WARM_UP, first + 1).checked(f"{name}, warming up")
        first += 1_000_000
    rounds: dict[str, list[Load]] = {name: [] for name in variants}
    for number in range(ROUNDS):
        names = list(variants)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            before = services.cpu_seconds(variants[name].session)
            load = generate(variants[name].url, CONNECTIONS, SECONDS, first).checked(name)
            spent = services.cpu_seconds(variants[name].session) - before
            rounds[name].append(replace(load, cpu=spent * 1e6 / load.requests))
            first += 1_000_000
    return rounds


def _probe(name: str, url: str, number: int) -> None:
    """One request whose refusal is shown in words."""
    headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET}
    asked = urllib.request.Request(url, data=update(number), headers=headers, method="POST")
    try:
        urllib.request.urlopen(asked, timeout=10).read()
    except OSError as error:
        raise BenchError(f"{name} refuses a correct request: {error}") from error


def _check_kept(variants: Mapping[str, Variant], rounds: Mapping[str, list[Load]]) -> None:
    """What was answered must be in the journal, or the rate is worth nothing."""
    for name, variant in variants.items():
        answered = sum(load.requests for load in rounds[name])
        if name != "bare" and variant.kept() < answered:
            raise BenchError(f"{name}: {answered} requests were acknowledged, {variant.kept()} are in the journal")


def _figures(rounds: Mapping[str, list[Load]], generator_name: str) -> list[Figure]:
    figures = []
    for variant, name in _NAMES.items():
        if variant in rounds:
            of = f"durable intake, {variant}, requests/s by {generator_name}, {len(rounds[variant])} rounds"
            ratios = _ratios(rounds[variant], rounds["bare"])
            figures.append(median(name, ratios, unit="ratio", of=of, against=_BARE))
    if "sqlite" in rounds:
        of = f"time to the acknowledgement, sqlite, at full load of {CONNECTIONS} connections"
        figures.append(median(_ACK, [load.p95 for load in rounds["sqlite"]], unit="ms", of=of))
    return figures


def _ratios(loads: list[Load], bare: list[Load]) -> list[float]:
    return [load.rate / base.rate for load, base in zip(loads, bare, strict=True)]


def _row(name: str, loads: list[Load], bare: list[Load]) -> list[object]:
    rate = median("", [load.rate for load in loads], unit="", of="")
    ratio = median("", _ratios(loads, bare), unit="", of="")
    times = [statistics.median(getattr(load, at) for load in loads) for at in ("p50", "p95", "p99", "cpu")]
    return [name, rate.value, *rate.spread, *times, ratio.value, *ratio.spread]


def _in_sqlite(database: Path) -> int:
    with closing(sqlite3.connect(database)) as db:
        return int(db.execute("SELECT count(*) FROM envelopes").fetchone()[0])


def _in_postgres(url: str) -> int:
    with psycopg.connect(url) as db:
        row = db.execute("SELECT count(*) FROM envelopes").fetchone()
        assert row is not None
        return int(row[0])
