"""The whole house as processes: portal, providers, Redis, database, web, workers and clock (DESIGN.md §5)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests

from connector.domain.provider import StandIn
from connector.journal import Journal, Vault, open_journal
from connector.registry import providers
from connector.sandbox import SandboxServer
from tests import services
from tests.integration.house import blueprint
from tests.integration.house.databases import DATABASES, Database
from tests.integration.house.processes import Commands, Service, processes
from tests.integration.house.stage import Stage
from tests.integration.house.waiting import until

WEB_WORKERS = 2
APART: Commands = {
    "web": ["gunicorn", "-c", "webhooks/gunicorn_conf.py", "webhooks.wsgi:app"],
    "worker": ["python", "-m", "jobs.worker", "--processes", "2"],
    "clock": ["python", "-m", "jobs.clock"],
}
TOGETHER: Commands = {"run": ["python", "-m", "connector", "run"]}
CLIENT = {"client_id": "local.house", "client_secret": "house-secret"}
PORTAL: Mapping[str, Any] = {"burst": 0, "operating_limit": 0.0, "event_timeout": 5.0}
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, eq=False)
class House:
    """A running house. ``journal`` looks into the same database; ``stage`` and ``sandbox`` are its two far sides.

    ``services`` are our own processes: web, worker and clock, or run, which starts them all.
    """

    folder: Path
    env: Mapping[str, str]
    sandbox: SandboxServer
    stage: Stage
    database: Database
    redis: services.Redis
    services: Mapping[str, Service]
    journal: Journal

    @property
    def url(self) -> str:
        """The web's base address."""
        return self.env["CONNECTOR_PUBLIC_URL"]

    def standin(self, account: str) -> StandIn:
        """The pretend provider of an account."""
        return self.stage.standins[account]

    def standins(self) -> tuple[str, ...]:
        """The accounts that have one."""
        return tuple(self.stage.standins)

    def connector(self, account: str) -> str:
        """The connector id under which the account's provider is registered in the portal."""
        slug = blueprint.ACCOUNTS[account][0]
        found = [held["id"] for held in self.sandbox.state()["connectors"] if held["id"].endswith(f"_{slug}")]
        return str(found[0]) if found else ""

    def cli(self, *arguments: str, ok: bool = True, code: Path = blueprint.ROOT) -> Any:
        """What ``connector … --json`` says. Its exit code must be 0, or 1 when not ``ok``; ``code`` is whose it is."""
        command = [sys.executable, "-m", "connector", *arguments, "--json"]
        env = {**self.env, "PYTHONPATH": str(code)}
        done = subprocess.run(
            command, env=env, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == (0 if ok else 1), (arguments, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def metrics(self) -> dict[str, float]:
        """``name{labels}`` → value, as one scrape shows."""
        text = requests.get(f"{self.url}/metrics", timeout=10).text
        rows = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in rows}

    def ready(self) -> bool:
        """The web answers."""
        return requests.get(f"{self.url}/healthz", timeout=2).ok

    def install(self) -> None:
        """The administrator installs the application by its page; all lines get connected."""
        page = self.sandbox.install(url=f"{self.url}/bitrix24/install", mode="page")
        assert page["installed"], page
        until(self.connected, what="the lines are connected", seconds=30)

    def connected(self) -> bool:
        """Every account's connector works on its line."""
        active = {(s["connector"], s["line"]) for s in self.sandbox.state()["statuses"] if s["active"]}
        return active >= {(self.connector(name), line) for name, (_, line) in blueprint.ACCOUNTS.items()}

    def logs(self) -> str:
        """The end of every process's output."""
        return "\n".join(f"----- {service.name}\n{service.tail()}" for service in self.services.values())


@contextmanager
def running_house(
    kind: str, folder: Path, *, doubt: float = 1.0, commands: Commands = APART,
    portal: Mapping[str, Any] = NOTHING, settings: Mapping[str, Any] = NOTHING,
) -> Iterator[House]:  # fmt: skip
    """A house on ``kind`` of database, installed and connected; everything is gone after the block.

    ``portal`` is what the sandbox is like besides, ``settings`` what stands in connector.yaml besides.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        database = stack.enter_context(DATABASES[kind](folder))
        redis = stack.enter_context(services.redis())
        sandbox = stack.enter_context(SandboxServer(**{**PORTAL, **CLIENT, **portal}))
        stage = stack.enter_context(Stage())
        accounts = _accounts(stage)
        config = blueprint.write_settings(
            folder, portal_url=sandbox.url, accounts=accounts, doubt=doubt, more=settings, **CLIENT
        )
        env = blueprint.environment(
            config, database_url=database.url, redis_url=redis.url, port=services.free_port(), web_workers=WEB_WORKERS
        )
        journal = open_journal(database.url, Vault([env["CONNECTOR_SECRET_KEY"]]))
        stack.callback(journal.close)
        ours = stack.enter_context(processes(commands, env, folder, mark=str(config)))
        house = House(
            folder=folder,
            env=env,
            sandbox=sandbox,
            stage=stage,
            database=database,
            redis=redis,
            services=ours,
            journal=journal,
        )
        try:
            until(house.ready, what="the web answers", seconds=40)
            house.install()
            yield house
        except BaseException:
            print(house.logs(), file=sys.stderr)
            raise


def _accounts(stage: Stage) -> dict[str, Any]:
    """The accounts as connector.yaml has them; each one's stand-in goes on stage."""
    accounts = {}
    for name, (slug, line) in blueprint.ACCOUNTS.items():
        provider = providers()[slug]
        given = blueprint.account_settings(name, slug, line, stage.url(name))
        assert provider.standin is not None
        stage.standins[name] = provider.standin(provider.settings.model_validate({**given, "account": name}))
        accounts[name] = given
    return accounts
