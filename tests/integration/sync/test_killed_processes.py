"""Worker and clock of the Procfile are killed again and again in mid-load: everything is in the portal once."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.domain.ports import Grant, Installation
from connector.journal import Journal, Run, Vault, open_journal
from connector.rulebook.book import Rulebook
from connector.sandbox import SandboxServer
from tests import services
from tests.bench.shipments import CONTENTS, RULES, TYPE, Edit, fingerprint, items_of, source, write
from tests.integration.house import blueprint
from tests.integration.house.databases import DATABASES
from tests.integration.house.processes import Service, processes
from tests.integration.house.waiting import until

CLIENT = {"client_id": "local.killed", "client_secret": "killed-secret"}
COMMANDS = {"worker": ["python", "-m", "jobs.worker", "--processes", "1"], "clock": ["python", "-m", "jobs.clock"]}
ROWS, PAGE = 2000, 200
PATIENCE = 60.0  # seconds until a killed house goes on, on a busy machine
_SETTLED = ("created", "updated", "unchanged", "parked")
_MADE = "crm.item.add"


@dataclass(frozen=True, kw_only=True)
class Place:
    """The processes, the journal they share, and the portal that they fill."""

    ours: dict[str, Service]
    journal: Journal
    sandbox: SandboxServer
    redis: services.Redis
    file: Path

    def done(self, run: Run) -> int:
        """How many steps of the run are behind it: a row is read, and then it is written."""
        now = self.now(run)
        return now.counts["read"] + sum(now.counts[name] for name in _SETTLED)

    def now(self, run: Run) -> Run:
        """The run as it is now."""
        found = self.journal.run_of(run.id)
        assert found is not None
        return found

    def doubled(self) -> dict[str, int]:
        """External ids that more than one item has."""
        names = Counter(str(item["xmlId"]) for item in self.sandbox.items(TYPE))
        return {name: times for name, times in names.items() if times > 1}


@contextmanager
def place(kind: str, folder: Path) -> Iterator[Place]:
    """A house whose source holds ``ROWS`` shipments; its processes run already."""
    file = folder / "shipments.jsonl"
    write(Edit(rows=ROWS), file)
    with ExitStack() as stack:
        database = stack.enter_context(DATABASES[kind](folder))
        redis = stack.enter_context(services.redis())
        sandbox = stack.enter_context(
            SandboxServer(burst=0, operating_limit=0.0, seconds={_MADE: 0.005}, contents=CONTENTS, **CLIENT)
        )
        config = blueprint.write_settings(folder, portal_url=sandbox.url, accounts={}, doubt=0.2, **CLIENT)
        with config.open("a", encoding="utf-8") as settings:
            settings.write(f"sources:\n{source(file, page=PAGE)}")
        (folder / "mappings").mkdir()
        (folder / "mappings" / "shipments.yaml").write_text(RULES, encoding="utf-8")
        env = blueprint.environment(
            config, database_url=database.url, redis_url=redis.url, port=services.free_port(), web_workers=1
        )
        journal = open_journal(database.url, Vault([env["CONNECTOR_SECRET_KEY"]]))
        stack.callback(journal.close)
        journal.keep_installation(_installed(sandbox))
        Rulebook(journal, folder / "mappings").publish()
        ours = stack.enter_context(processes(COMMANDS, env, folder, mark=str(config)))
        yield Place(ours=ours, journal=journal, sandbox=sandbox, redis=redis, file=file)


def _installed(sandbox: SandboxServer) -> Installation:
    given = sandbox.grant()
    names = ("access_token", "refresh_token", "member_id", "client_endpoint", "server_endpoint", "application_token")
    grant = Grant(**{name: given[name] for name in names}, expires_at=datetime.now(UTC) + timedelta(hours=1))
    return Installation(portal="main", state="active", grant=grant, application_tokens=(grant.application_token,))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("kind", "kills"), [("sqlite", 10), ("postgresql", 1)])
def test_a_load_whose_processes_are_killed_ends_as_if_nobody_had_killed_them(kind: str, kills: int, tmp_path: Path):
    chance = random.Random()
    shares = sorted(chance.uniform(0.02, 0.95) for _ in range(kills))
    told = f"killed at {[round(share, 2) for share in shares]}"
    with place(kind, tmp_path) as house:
        run = house.journal.begin_run("shipments", trigger="person")
        assert run is not None
        for number, share in enumerate(shares):
            until(_further(house, run, share), what=f"the run goes on ({told})", seconds=PATIENCE, every=0.03)
            time.sleep(chance.uniform(0, 0.1))
            _kill(house, clock=number % 3 == 0, redis=number == kills // 2)
        until(lambda: house.now(run).ended_at, what=f"the run ends ({told})", seconds=PATIENCE)
        ended = house.now(run)
        assert (ended.state, ended.counts["read"]) == ("done", ROWS), told
        assert house.doubled() == {}, told
        assert fingerprint(items_of(house.sandbox.items(TYPE))) == fingerprint(Edit(rows=ROWS).items()), told
        assert house.sandbox.counters()["methods"][_MADE] == ROWS, told
        assert house.journal.mirror_counts("shipments") == {"live": ROWS, "gone": 0, "waiting": 0, "parked": 0}


def _further(house: Place, run: Run, share: float) -> Callable[[], bool]:
    """Whether the run came that far, and in any case further than now: whoever is killed was at work."""
    wanted = max(share * 2 * ROWS, house.done(run) + 1)
    return lambda: house.done(run) >= wanted or house.now(run).ended_at is not None


def _kill(house: Place, *, clock: bool, redis: bool) -> None:
    """SIGKILL to the workers' whole group, and to the others; the keeper starts them again."""
    house.ours["worker"].kill()
    if clock:
        house.ours["clock"].kill()
    if redis:
        house.redis.stop()
        house.redis.start()
