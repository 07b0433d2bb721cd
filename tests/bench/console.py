"""How fast every page of the console is with five million envelopes in PostgreSQL.

``CONSOLE_ROWS`` makes it fewer. ``CONSOLE_DATABASE`` names a database that this bench filled before and kept
(``CONSOLE_KEEP``). The statements of slow pages, with their plans, are written to ``var/console-plans.txt``.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console

from connector import bootstrap, registry, settings
from connector.domain.calls import CallRinging
from connector.domain.ports import Grant, Installation
from connector.handlers.calls.story import together
from tests.bench import filling, services
from tests.bench.fast_portal import FastPortal
from tests.bench.figures import Figure, percentile, show
from tests.bench.filling import ACCOUNTS, GOING, PBXS, PORTALS, Filled
from tests.bench.house import PBX_SECRET
from tests.bench.services import ROOT, BenchError
from webhooks.app import create_app

ROWS, WARM, LIMIT_MS = 5_000_000, 20, 300.0
NAMES = ("console.slowest_p95_ms", "console.pages_over_300ms", "console.slowest_first_ms")
_PASSWORD = "correct horse battery"
_URL = "http://127.0.0.1:9"

# What is called how, and where it is. Places in braces are filled from what there is to look for.
PAGES: tuple[tuple[str, str], ...] = (
    ("overview", "/ops"),
    ("lanes", "/ops/lanes"),
    ("lanes of one destination", "/ops/lanes?destination=portal:main"),
    ("lanes by their beginning", "/ops/lanes?destination=portal:main&begins=shop1"),
    ("one lane", "/ops/lanes/{waits}"),
    ("parked", "/ops/parked"),
    ("parked: filter", "/ops/parked?destination=portal:main&account=shop3"),
    ("parked: search", "/ops/parked?q=no+to+{parked}"),
    ("parked: list", "/ops/parked/list"),
    ("parked: list of a cause", "/ops/parked/list?cause=cause.07"),
    ("parked: list filtered", "/ops/parked/list?destination=portal:second&kind=message.received"),
    ("parked: list searched", "/ops/parked/list?q=shop3."),
    ("parked: list searched in vain", "/ops/parked/list?q=nowhere+at+all"),
    ("parked: list of requests", "/ops/parked/list?of=envelopes"),
    ("parked: one", "/ops/parked/{parked}"),
    ("parked: preview of a cause", "/ops/parked/preview?deed=replay&cause=cause.07"),
    ("parked: preview of all", "/ops/parked/preview?deed=replay"),
    ("parked: preview of discarding all", "/ops/parked/preview?deed=discard"),
    ("traces", "/ops/trace"),
    ("traces of one account", "/ops/trace?account=shop7"),
    ("traces of a rare account", "/ops/trace?account=shop19&state=accepted"),
    ("traces of nobody", "/ops/trace?account=shop77"),
    ("traces: ignored", "/ops/trace?state=ignored"),
    ("traces: ignored of one", "/ops/trace?state=ignored&account=shop19"),
    ("traces: unread", "/ops/trace?state=parked"),
    ("traces: unread of one", "/ops/trace?state=parked&account=shop19"),
    ("traces of a day", "/ops/trace?since={since}&until={until}"),
    ("traces of one in a day", "/ops/trace?since={since}&until={until}&account=shop3&state=accepted"),
    ("traces of a conversation", "/ops/trace?lane={lane}"),
    ("traces deep", "/ops/trace?before={trace}"),
    ("trace search: trace", "/ops/trace?q={trace}"),
    ("trace search: end", "/ops/trace?q={tail}"),
    ("trace search: no such end", "/ops/trace?q=abcdef0123"),
    ("trace search: sender's id", "/ops/trace?q={dedupe}"),
    ("trace search: request", "/ops/trace?q={request}"),
    ("trace search: message", "/ops/trace?q={person}:{dedupe}"),
    ("trace search: lane", "/ops/trace?q={lane}"),
    ("trace search: conversation", "/ops/trace?q={person}"),
    ("trace search: nothing", "/ops/trace?q=nothing+of+that+name"),
    ("one trace", "/ops/trace/{trace}"),
    ("calls", "/ops/calls"),
    ("calls missed", "/ops/calls?missed=yes"),
    ("calls of one PBX", "/ops/calls?account=branch"),
    ("calls missed of one PBX", "/ops/calls?account=branch&missed=yes"),
    ("calls of a PBX without any", "/ops/calls?account=quiet"),
    ("calls deep", "/ops/calls?before={call}"),
    ("one PBX", "/ops/accounts/office"),
    ("traces of a client's calls", "/ops/trace?lane={client}"),
    ("portals", "/ops/portals"),
    ("accounts", "/ops/accounts"),
    ("one account", "/ops/accounts/shop3"),
    ("connect", "/ops/connect"),
    ("audit", "/ops/audit"),
    ("audit deep", "/ops/audit?before=500"),
    ("users", "/ops/users"),
    ("one user", "/ops/users/{visitor}"),
    ("own page", "/ops/me"),
)


@dataclass(frozen=True, kw_only=True)
class Timed:
    """One page: milliseconds of the first visit and of those after it, its weight in bytes, what was wrong with it."""

    name: str
    first: float
    warm: Sequence[float]
    weight: int
    wrong: str = ""

    @property
    def p95(self) -> float:
        """Milliseconds."""
        return percentile(self.warm, 95)


def run(folder: Path, console: Console, wanted: Callable[[str], bool]) -> list[Figure]:
    """The figures ``console.*``: a signed-in admin opens each page once and then 20 times, one after the other."""
    with FastPortal() as portal, services.redis(folder) as redis, _database(folder) as (url, made):
        connector = _connector(folder, url, redis, portal.url)
        known = made or filling.fill(url, rows(), lambda words: console.print(f"[dim]{words}"))
        console.print(f"{known.rows:,} envelopes, {filling.size_of(url) / 2**30:.1f} GiB; counting the hours")
        connector.journal.tally(most=3000)
        _ring(connector)
        visitor, name = _signed_in(connector)
        places = _places(known, name)
        timed = [_timed(visitor, page, place) for page, place in places]
        timed.append(_pulse(connector))
        slow = [page for page in timed if page.p95 > LIMIT_MS]
        _explain(visitor, url, folder, dict(places), [page.name for page in slow])
        connector.journal.close()
    lines = [[page.name, page.first, *_spread(page.warm), page.weight / 1000] for page in timed]
    title = f"Pages of the console with {known.rows:,} envelopes"
    show(console, title, ["page", "first ms", "p50 ms", "p95 ms", "max ms", "KB"], lines)
    wrong = [page.wrong for page in timed if page.wrong]
    if wrong:
        raise BenchError("\n".join(wrong))
    return [figure for figure in _figures(timed, slow, known.rows) if wanted(figure.name)]


def rows() -> int:
    """How many envelopes are asked for."""
    return int(os.environ.get("CONSOLE_ROWS", ROWS))


def _figures(timed: Sequence[Timed], slow: Sequence[Timed], count: int) -> Iterator[Figure]:
    of = f"{len(timed)} pages with {count:,} envelopes in PostgreSQL, {WARM} visits each, one after the other; {{}}"
    p95s, firsts = [page.p95 for page in timed], [page.first for page in timed]
    for name, values, what in (
        ("console.slowest_p95_ms", p95s, "p95 of the slowest page"),
        ("console.slowest_first_ms", firsts, "the slowest first visit"),
    ):
        spread = (min(values), max(values))
        yield Figure(name=name, value=max(values), unit="ms", spread=spread, of=of.format(what))
    count_of = float(len(slow))
    what = of.format("how many have a p95 over 300 ms")
    yield Figure(name="console.pages_over_300ms", value=count_of, unit="pages", spread=(count_of, count_of), of=what)


def _spread(warm: Sequence[float]) -> tuple[float, float, float]:
    return percentile(warm, 50), percentile(warm, 95), max(warm)


@contextmanager
def _database(folder: Path) -> Iterator[tuple[str, Filled | None]]:
    """The database's URL, and what is in it when it was filled before."""
    kept = os.environ.get("CONSOLE_DATABASE", "")
    if kept:
        yield kept, filling.known(kept)
        return
    with services.postgres(folder) as url:
        yield url, None
        while os.environ.get("CONSOLE_KEEP"):
            print(f"Kept until stopped: CONSOLE_DATABASE={url}")
            time.sleep(3600)


def _connector(folder: Path, database: str, redis: str, portal: str) -> bootstrap.Connector:
    lines = ["portals:"]
    for name in PORTALS:
        lines.append(f'  {name}: {{url: "{portal}", app: {{client_id: local.{name}, client_secret: secret}}}}')
    lines.append("accounts:")
    for number in range(ACCOUNTS):
        name = "second" if number % 4 == 3 else "main"
        about = f'provider: telegram, portal: {name}, line: {number + 1}, token: "1:abc", secret: s3cret'
        lines.append(f'  shop{number}: {{{about}, api_url: "{_URL}"}}')
    for name in PBXS:
        about = f'provider: pbx, portal: main, secret: "{PBX_SECRET}", lines: {{"74951112233": {{name: Sales}}}}'
        lines.append(f"  {name}: {{{about}}}")
    (folder / "connector.yaml").write_text("\n".join(lines), encoding="utf-8")
    env = {
        "CONNECTOR_SECRET_KEY": "k" * 40,
        "REDIS_URL": redis,
        "DATABASE_URL": database,
        "CONNECTOR_PUBLIC_URL": _URL,
    }
    made = bootstrap.build(settings.load(folder / "connector.yaml", env, registry.models()))
    for name in PORTALS:
        grant = Grant(
            access_token="a",
            refresh_token="r",
            expires_at=datetime.now(UTC) + timedelta(days=1),
            member_id=f"member-{name}",
            client_endpoint=f"{portal}/rest/",
            server_endpoint=f"{portal}/oauth/",
            application_token="t",
        )
        made.journal.keep_installation(
            Installation(portal=name, state="active", grant=grant, application_tokens=("t",))
        )
    return made


def _ring(connector: bootstrap.Connector) -> None:
    """Calls that go on."""
    now = datetime.now(UTC)
    for number in range(GOING):
        about = {"account": PBXS[number % 2], "call": f"going-{number}", "at": now, "employee": f"1{number:02}"}
        story = together([CallRinging(**about, direction="incoming", client=f"+7916{number:07}", line="74951112233")])
        key = f"{about['account']}.{about['call']}"
        connector.journal.remember("event.call", key, story.dump())
        connector.journal.remember("call.open", key, {"at": now.isoformat(), "call_id": f"externalCall.{number}"})


def _signed_in(connector: bootstrap.Connector) -> tuple[Any, str]:
    """A browser of an admin, and the admin's name."""
    name = f"admin-{secrets.token_hex(4)}"
    connector.journal.add_user(name, "admin", _PASSWORD, who="bench", why="measuring")
    client = create_app(connector).test_client()
    page = client.get("/ops/sign-in", base_url=_URL).text
    seal = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    form = {"name": name, "password": _PASSWORD, "csrf": seal[1] if seal else ""}
    answer = client.post("/ops/sign-in", data=form, base_url=_URL, headers={"Origin": _URL})
    if answer.status_code != 303:
        raise BenchError(f"signing in failed: {answer.status_code}")
    return client, name


def _places(known: Filled, visitor: str) -> list[tuple[str, str]]:
    at = datetime.fromtimestamp(int(known.trace[:12], 16) / 1000, UTC)
    filled = {
        **vars(known),
        "visitor": visitor,
        "tail": known.newest[-8:],
        "since": f"{at:%Y-%m-%dT%H:%M}",
        "until": f"{at + timedelta(days=1):%Y-%m-%dT%H:%M}",
    }
    return [(name, place.format(**filled)) for name, place in PAGES]


def _timed(visitor: Any, name: str, place: str) -> Timed:
    times, weight = [], 0
    for _ in range(WARM + 1):
        begun = time.perf_counter()
        answer = visitor.get(place, base_url=_URL)
        weight = len(answer.data)
        times.append((time.perf_counter() - begun) * 1000)
    wrong = "" if answer.status_code in (200, 303) else f"{place} answered {answer.status_code}"
    return Timed(name=name, first=times[0], warm=times[1:], weight=weight, wrong=wrong)


def _pulse(connector: bootstrap.Connector) -> Timed:
    """What all open pages together ask once a second."""
    times = []
    for _ in range(WARM + 1):
        begun = time.perf_counter()
        connector.journal.pulse()
        times.append((time.perf_counter() - begun) * 1000)
    return Timed(name="pulse of open pages", first=times[0], warm=times[1:], weight=0)


def _explain(visitor: Any, url: str, folder: Path, places: dict[str, str], slow: Sequence[str]) -> None:
    """Open the slow pages once more while the database writes the plans of what takes more than 50 ms to its log."""
    log, out = folder / "postgres.log", ROOT / "var" / "console-plans.txt"
    if not slow or not log.exists():
        return
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("LOAD 'auto_explain'")  # its settings are unknown until then
        for name, value in (
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "50"),
            ("auto_explain.log_analyze", "on"),
        ):
            db.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        db.execute("SELECT pg_reload_conf()")
        time.sleep(1)
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        db.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}".encode())
    told = []
    for name in slow:
        if name in places:
            before = log.stat().st_size
            visitor.get(places[name], base_url=_URL)
            time.sleep(0.5)
            with log.open("rb") as lines:
                lines.seek(before)
                told.append(f"=== {name}: {places[name]}\n{lines.read().decode(errors='replace')}")
    out.write_text("\n".join(told), encoding="utf-8")
