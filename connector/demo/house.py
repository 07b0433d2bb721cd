"""The whole connector on loopback: sandbox portal, stand-ins, and the processes as they run in earnest."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from connector import registry
from connector.bootstrap import Connector, build
from connector.demo import wakes
from connector.demo.host import StandInHost
from connector.domain.provider import StandIn
from connector.domain.request import Request
from connector.sandbox import SandboxServer
from connector.settings import load

ROOT = Path(__file__).resolve().parents[2]
APP = {"client_id": "local.demo", "client_secret": "the-secret-of-the-demo"}
PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class DemoHouse:
    """Everything that runs. ``connector`` looks into the same journal as the processes do."""

    folder: Path
    url: str
    sandbox: SandboxServer
    standins: Mapping[str, StandIn]
    connector: Connector
    found: wakes.Wakes
    http: requests.Session = field(default_factory=requests.Session)

    def post(self, account: str, request: Request) -> requests.Response:
        """Deliver a provider's webhook as the provider would."""
        return self.http.request(
            request.method,
            f"{self.url}/hooks/{account}" + (f"?{request.query}" if request.query else ""),
            data=request.body,
            headers=dict(request.headers),
            timeout=15,
        )

    def slug(self, account: str) -> str:
        """The provider of an account."""
        return self.connector.accounts[account].provider.slug


def until(what: str, seen: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for a true answer. Raises ``TimeoutError`` that names ``what``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = seen()
        if answer:
            return answer
        time.sleep(0.05)
    raise TimeoutError(what)


@contextmanager
def running(folder: Path, language: str) -> Iterator[DemoHouse]:
    """Start everything, install the application, yield; all of it is gone after the block."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        found = wakes.find(folder)
        if found.process is not None:
            stack.callback(_end, [found.process])
        sandbox = stack.enter_context(
            SandboxServer(
                burst=0,
                operating_limit=0.0,
                language=language,
                client_id=APP["client_id"],
                client_secret=APP["client_secret"],
            )
        )
        host = stack.enter_context(StandInHost())
        port = wakes.free_port()
        env = _settings(folder, sandbox, host, port, found.url, language)
        settings = load(folder / "connector.yaml", env, registry.models())
        for name, account in settings.accounts.items():
            standin = registry.providers()[account.provider].standin
            assert standin is not None
            host.standins[name] = standin(account)
        connector = build(settings)
        stack.callback(connector.journal.close)
        stack.callback(_end, _processes(folder, env, found))
        house = DemoHouse(
            folder=folder,
            url=settings.public_url,
            sandbox=sandbox,
            standins=host.standins,
            connector=connector,
            found=found,
        )
        _open(house)
        yield house


def _settings(
    folder: Path, sandbox: SandboxServer, host: StandInHost, port: int, redis_url: str, language: str
) -> dict[str, str]:
    """Write ``connector.yaml`` with one account per provider that has a stand-in; the environment of the processes."""
    accounts: dict[str, Any] = {}
    for line, (slug, provider) in enumerate(sorted(registry.providers().items()), start=1):
        if provider.demo_settings is None or provider.standin is None:
            continue
        name = f"my-{slug}"
        accounts[name] = {**provider.demo_settings(host.url(name)), "provider": slug, "portal": "main", "line": line}
    portal = {
        "url": sandbox.url,
        "app": dict(APP),
        "auth_url": f"{sandbox.url}/oauth-server",
        "language": language,
        "budget": {"burst": 500, "per_second": 500},
        "doubt": 1,
    }
    settings = {"portals": {"main": portal}, "accounts": accounts, "language": language, "var": str(folder / "var")}
    (folder / "connector.yaml").write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CONNECTOR_", "DATABASE_URL"))}
    return env | {
        "PYTHONPATH": str(ROOT),
        "CONNECTOR_CONFIG": str(folder / "connector.yaml"),
        "CONNECTOR_SECRET_KEY": secrets.token_hex(32),
        "CONNECTOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CONNECTOR_BIND": f"127.0.0.1:{port}",
        "CONNECTOR_LANGUAGE": language,
        "PORT": str(port),
        "REDIS_URL": redis_url,
        "GUNICORN_CMD_ARGS": "--graceful-timeout 1",  # nobody waits for the demo's idle connections
    }


def _processes(folder: Path, env: Mapping[str, str], found: wakes.Wakes) -> list[subprocess.Popen[bytes]]:
    connector = [sys.executable, "-m", "connector"]
    commands = {"web": [*connector, "web"], "worker": [*connector, "worker"], "clock": [*connector, "clock"]}
    if found.standin:
        commands = {"web": commands["web"], "pumping": [sys.executable, "-m", "connector.demo.pumping"]}
    started = []
    for name, command in commands.items():
        with (folder / f"{name}.log").open("wb") as log:
            started.append(
                subprocess.Popen(
                    command, cwd=folder, env=dict(env), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
                )
            )
    return started


def _open(house: DemoHouse) -> None:
    def answers() -> bool:
        try:
            return house.http.get(f"{house.url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def connected() -> bool:
        rows = house.sandbox.state()["statuses"]
        return sum(1 for row in rows if row["active"]) == len(house.standins)

    until("the web answers", answers)
    page = house.sandbox.install(url=f"{house.url}/bitrix24/install", mode="page")
    if not page["installed"]:
        raise RuntimeError(f"the application was not installed: {page}")
    until("the lines are connected", connected)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        _signal(process, signal.SIGTERM)
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        process.send_signal(number)
