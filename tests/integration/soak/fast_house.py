"""The connector in one process beside a portal whose clock runs faster: web, pumps, journal, Redis, providers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server

from connector import settings
from connector.bootstrap import Connector, build
from connector.domain.provider import StandIn
from connector.journal import Journal
from connector.portal import Portal, RedisBudget
from connector.registry import models, providers
from connector.sandbox import SandboxServer
from tests import services
from tests.integration.house import blueprint
from tests.integration.house.stage import Stage
from tests.integration.house.waiting import until
from tests.integration.soak.time_machine import FastClock, FastStore
from webhooks.app import create_app

ACCOUNTS = {"site": 1, "yard": 2}
CLIENT = {"client_id": "local.soak", "client_secret": "house-secret"}
BURST, PER_SECOND = 50, 2.0
DOUBT = 0.3  # real seconds; an answer of this portal never takes so long


class Quiet(WSGIRequestHandler):
    """Keeps connections alive and says nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FastHouse:
    """What the harness of the house knows a house by, in one process."""

    url: str
    sandbox: SandboxServer
    stage: Stage
    connector: Connector
    clock: FastClock
    store: FastStore

    @property
    def journal(self) -> Journal:
        return self.connector.journal

    def standin(self, account: str) -> StandIn:
        return self.stage.standins[account]

    def standins(self) -> Sequence[str]:
        return tuple(self.stage.standins)

    def ready(self) -> bool:
        return True

    def budget(self) -> dict[str, Any]:
        """How full the bucket is and which methods wait, in simulated seconds."""
        kept = self.connector.portals["main"].budget
        return {**kept.level(), "room": kept.room(), "operating": kept.operating()}


class FastBudget(RedisBudget):
    """A budget in the portal's time for pumps that wait in ours."""

    factor = 1.0

    def room(self) -> tuple[float, float]:
        free, until = super().room()
        return free, until / self.factor


class Pumps:
    """One thread per destination, woken by the journal and looking by themselves now and then."""

    def __init__(self) -> None:
        self.woken: dict[str, threading.Event] = {}
        self.over = threading.Event()
        self.problems: list[str] = []
        self._threads: list[threading.Thread] = []

    def wake(self, destination: str) -> None:
        """There is work."""
        if destination in self.woken:
            self.woken[destination].set()

    def start(self, connector: Connector) -> None:
        """A pump for every portal and account."""
        names = [f"portal:{name}" for name in connector.portals] + [f"account:{name}" for name in connector.accounts]
        for name in names:
            self.woken[name] = threading.Event()
            thread = threading.Thread(target=self._run, args=(connector, name), name=f"pump {name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let them finish their rounds."""
        self.over.set()
        for event in self.woken.values():
            event.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, connector: Connector, name: str) -> None:
        while not self.over.is_set():
            self.woken[name].clear()
            try:
                connector.pump(name).run(seconds=20, should_stop=self.over.is_set)
            except Exception as error:
                self.problems.append(f"{name}: {type(error).__name__}: {error}")
            self.woken[name].wait(0.1)


@contextmanager
def fast_house(folder: Path, database_url: str, redis: services.Redis, clock: FastClock) -> Iterator[FastHouse]:
    """Installed, connected and pumping; everything is gone after the block."""
    with ExitStack() as stack:
        sandbox = stack.enter_context(
            SandboxServer(burst=BURST, per_second=PER_SECOND, clock=clock.seconds, log_size=100_000, **CLIENT)
        )
        stage = stack.enter_context(Stage())
        port = services.free_port()
        pumps = Pumps()
        connector = build(_settings(folder, sandbox, stage, database_url, redis.url, port), wake=pumps.wake)
        stack.callback(connector.journal.close)
        store = FastStore(journal=connector.journal, clock=clock)
        connector = _hurried(connector, store, clock)
        server = make_server("127.0.0.1", port, create_app(connector), threaded=True, request_handler=Quiet)
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, args=(0.05,), name="web", daemon=True).start()
        house = FastHouse(
            url=f"http://127.0.0.1:{port}", sandbox=sandbox, stage=stage, connector=connector, clock=clock, store=store
        )
        pumps.start(connector)
        stack.callback(pumps.stop)
        page = sandbox.install(url=f"{house.url}/bitrix24/install", mode="page")
        assert page["installed"], page
        until(lambda: _connected(house), what="the lines are connected", seconds=30)
        yield house
        pumps.stop()
        assert pumps.problems == []


def _connected(house: FastHouse) -> bool:
    lines = {status["line"] for status in house.sandbox.state()["statuses"] if status["active"]}
    return lines >= set(ACCOUNTS.values())


def _settings(
    folder: Path, sandbox: SandboxServer, stage: Stage, database_url: str, redis_url: str, port: int
) -> settings.Settings:
    provider = providers()["generic"]
    given = {
        name: blueprint.account_settings(name, "generic", line, stage.url(name)) for name, line in ACCOUNTS.items()
    }
    for name, account in given.items():
        assert provider.standin is not None
        stage.standins[name] = provider.standin(provider.settings.model_validate({**account, "account": name}))
    config = blueprint.write_settings(folder, portal_url=sandbox.url, accounts=given, doubt=DOUBT, **CLIENT)
    env = blueprint.environment(config, database_url=database_url, redis_url=redis_url, port=port, web_workers=1)
    return settings.load(config, env, models())


def _hurried(connector: Connector, store: FastStore, clock: FastClock) -> Connector:
    """The same house with a portal that lives in the fast time, and with the pumps' pauses as short as that."""
    given = connector.settings.portals["main"]
    budget = FastBudget(
        connector.redis,
        urlsplit(given.url).netloc,
        settings.BudgetSettings(burst=BURST, per_second=PER_SECOND),
        credential=CLIENT["client_id"],
        sleep=clock.sleep,
        monotonic=clock.seconds,
        clock=clock.seconds,
    )
    budget.factor = clock.factor
    portal = Portal(
        given,
        store=store,
        locks=connector.journal,
        budget=budget,
        seal=connector.vault.seal,
        unseal=connector.vault.unseal,
        clock=clock.now,
        sleep=clock.sleep,
    )
    portals = {"main": portal}
    reach = replace(connector.work.reach, portals=portals)
    work = replace(connector.work, reach=reach, pace=1 / clock.factor, longest=DOUBT)
    return replace(connector, portals=portals, work=work)
