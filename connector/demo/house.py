"""The whole connector on loopback: sandbox portal, stand-ins, and the processes as they run in earnest."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from connector import registry
from connector.bootstrap import Connector, build
from connector.demo import letterbox, wakes, warehouse
from connector.demo.exchange import ACCOUNT, Exchange
from connector.demo.host import StandInHost
from connector.demo.keeper import Keeper, end
from connector.demo.people import contents, lines, operators
from connector.demo.written import APP, yaml_of
from connector.domain.provider import StandIn
from connector.domain.request import Request
from connector.providers.mail.standin import MailServer
from connector.sandbox import SandboxServer
from connector.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
WEB_LOG = "web.log"
PATIENCE = 60.0
GLANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class DemoHouse:
    """Everything that runs. ``connector`` looks into the same journal as the processes do.

    ``standins`` are those of the accounts that have one, ``exchange`` is the PBX, ``mail`` everybody's mail server;
    ``worker`` is the name of the process that carries deliveries out.
    """

    folder: Path
    url: str
    sandbox: SandboxServer
    host: StandInHost
    exchange: Exchange
    mail: MailServer
    connector: Connector
    found: wakes.Wakes
    keeper: Keeper
    http: requests.Session = field(default_factory=requests.Session)

    @property
    def standins(self) -> Mapping[str, StandIn]:
        """The pretend providers by account."""
        return self.host.standins

    @property
    def worker(self) -> str:
        """The name of the process that carries deliveries out."""
        return "pumping" if self.found.standin else "worker"

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

    def account(self, slug: str) -> str:
        """The account of a provider; empty when the demo has none."""
        return next((name for name in self.connector.accounts if self.slug(name) == slug), "")


class AlreadyRunsError(RuntimeError):
    """A demo is at work in this folder; a second one would sweep its files away."""


def until(what: str, seen: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for a true answer. Raises ``TimeoutError`` that names ``what``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = seen()
        if answer:
            return answer
        time.sleep(GLANCE)
    raise TimeoutError(what)


@contextmanager
def running(folder: Path, language: str, *, page: str = "") -> Iterator[DemoHouse]:
    """Start everything, install the application, yield; all of it is gone after the block.

    ``page`` is the origin of a page that may show the desk, the console and the web chat in frames. Raises
    :class:`AlreadyRunsError`.
    """
    with ExitStack() as stack:
        stack.enter_context(_alone(folder))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        found = wakes.find(folder)
        if found.process is not None:
            stack.callback(end, [found.process])
        sandbox = stack.enter_context(_portal(language, page))
        host = stack.enter_context(StandInHost())
        exchange = stack.enter_context(Exchange(folder / "recordings"))
        mail = stack.enter_context(letterbox.server())
        servers = {ACCOUNT: exchange.account(language), letterbox.ACCOUNT: letterbox.account(mail, language)}
        written = yaml_of(sandbox.url, host.url, servers, language=language, var=folder / "var", page=page)
        written |= warehouse.lay_out(folder, language)
        (folder / "connector.yaml").write_text(yaml.safe_dump(written, sort_keys=False, allow_unicode=True))
        env = _environment(folder, wakes.free_port(), found.url, language)
        settings = registry.settings(folder / "connector.yaml", env)
        _engage(settings, host)
        connector = build(settings)
        stack.callback(connector.journal.close)
        connector.rulebook.publish()
        house = DemoHouse(
            folder=folder,
            url=settings.public_url,
            sandbox=sandbox,
            host=host,
            exchange=exchange,
            mail=mail,
            connector=connector,
            found=found,
            keeper=stack.enter_context(Keeper(folder, env, _commands(found))),
        )
        _open(house)
        yield house


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunsError from None
        yield


def _portal(language: str, page: str) -> SandboxServer:
    return SandboxServer(
        burst=0,
        operating_limit=0.0,
        language=language,
        client_id=APP["client_id"],
        client_secret=APP["client_secret"],
        operators=operators(language),
        contents=contents(language),
        lines=lines(language),
        desk_frames=(page,) if page else (),
    )


def _engage(settings: Settings, host: StandInHost) -> None:
    for name, account in settings.accounts.items():
        standin = registry.providers()[account.provider].standin
        if standin is not None:
            host.standins[name] = standin(account)


def _environment(folder: Path, port: int, redis_url: str, language: str) -> dict[str, str]:
    """The environment of the processes. Nobody waits for the demo's idle connections at its end."""
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
        "WEB_CONCURRENCY": "1",
        "GUNICORN_CMD_ARGS": "--graceful-timeout 1 --access-logfile - --access-logformat '%(m)s %(U)s %(s)s'",
    }


def _commands(found: wakes.Wakes) -> dict[str, list[str]]:
    """What ``connector web``, ``listen``, ``worker`` and ``clock`` become; straight away, for every second counts."""
    web = ("gunicorn", "--config", "python:webhooks.gunicorn_conf", "webhooks.wsgi:app")
    doors = {"web": web, "listen": ("jobs.listen",)}
    alone = {**doors, "pumping": ("connector.demo.pumping",)}
    whole = {**doors, "worker": ("jobs.worker",), "clock": ("jobs.clock",)}
    return {name: [sys.executable, "-m", *words] for name, words in (alone if found.standin else whole).items()}


def _open(house: DemoHouse) -> None:
    def answers() -> bool:
        try:
            return house.http.get(f"{house.url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    talking = [account for account in house.connector.accounts.values() if account.provider.channel is not None]

    def connected() -> bool:
        rows = house.sandbox.state()["statuses"]
        return sum(1 for row in rows if row["active"]) == len(talking) and bool(house.sandbox.phone_lines())

    until("the web answers", answers)
    page = house.sandbox.install(url=f"{house.url}/bitrix24/install", mode="page")
    if not page["installed"]:
        raise RuntimeError(f"the application was not installed: {page}")
    until("the lines are connected", connected)
    until("the PBX is listened to", lambda: house.exchange.ami.wait_for_listeners(seconds=GLANCE))
    until("the mailbox is read", lambda: house.mail.wait_for_listeners(seconds=GLANCE))
