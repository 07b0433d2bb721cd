"""A whole house in this process: a Bitrix24 where nothing is installed yet, a pretend Telegram, web and pumps."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import yaml
from werkzeug.serving import make_server

from connector import registry
from connector.bootstrap import Connector, build
from connector.demo.host import StandInHost
from connector.demo.house import until
from connector.journal.users import ROLES
from connector.sandbox import SandboxServer, installing
from connector.settings import load
from tests import services
from tests.integration.portal.world import Quiet
from webhooks.app import create_app

APP = {"client_id": "local.way", "client_secret": "the-secret-of-the-way"}
PASSWORD = "correct horse battery"
GLANCE = 0.05


class Pumps:
    """Pumps what is due, until the block ends."""

    def __init__(self, connector: Connector) -> None:
        self._connector, self._stop, self._turn = connector, threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._stop.wait(GLANCE):
            with self._turn:
                for destination in self._connector.journal.due_destinations():
                    self._connector.pump(destination).run(seconds=20, should_stop=self._stop.is_set)

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Nothing is pumped inside the block."""
        with self._turn:
            yield

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)


@dataclass(frozen=True, kw_only=True, eq=False)
class Way:
    """What a person who connects has to do with."""

    connector: Connector
    sandbox: SandboxServer
    host: StandInHost
    pumps: Pumps
    env: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.connector.settings.public_url

    def install(self) -> None:
        """An administrator opens the application in Bitrix24."""
        assert self.sandbox.install(url=f"{self.url}/bitrix24/install", mode="page")["installed"]

    def settled(self) -> None:
        """Wait until nothing waits."""
        until("nothing waits", lambda: self.sandbox.settle() and not self.connector.journal.counts()["waiting"])

    def asleep(self) -> AbstractContextManager[None]:
        """No worker runs inside the block."""
        return self.pumps.asleep()

    def slider_form(self, account: str, *, line: int = 1, lang: str = "ru") -> tuple[str, dict[str, str]]:
        """``(address, fields)`` of what the portal posts when an administrator opens the account's tile."""
        portal = self.sandbox.portal
        slug = self.connector.accounts[account].provider.slug
        connector = self.connector.portals["main"].connector_id(slug)
        with portal.lock:
            query, form = installing.page_parts(portal, portal.apps[APP["client_id"]], installing.admin(portal), lang)
            options = installing.slider_options(portal, connector, line)
        placed = {"PLACEMENT": "SETTING_CONNECTOR", "PLACEMENT_OPTIONS": json.dumps(options)}
        return f"{self.url}/bitrix24/settings?{urlencode(query)}", {**form, **placed}

    def choose(self, account: str, *, line: int = 1) -> None:
        """An administrator connects the account to the line in the Contact Center."""
        slug = self.connector.accounts[account].provider.slug
        opened = self.sandbox.open_settings(self.connector.portals["main"].connector_id(slug), line)
        done = self.sandbox.submit(opened["url"], opened["html"], {"account": account, "do": "connect"})
        assert done["status"] == 200

    def chat(self, account: str) -> dict[str, Any]:
        """The test client's newest chat, as the operator sees it."""
        return [chat for chat in self.sandbox.chats() if chat["external"] == f"{account}.~test~"][-1]


@contextmanager
def a_way(folder: Path, redis: str) -> Iterator[Way]:
    """Nothing is installed; the accounts are ``shop`` (Telegram, no line yet) and ``app`` (signed webhook)."""
    with ExitStack() as stack:
        sandbox = stack.enter_context(SandboxServer(burst=0, operating_limit=0.0, **APP))
        host = stack.enter_context(StandInHost())
        port = services.free_port()
        env = {
            "CONNECTOR_SECRET_KEY": "k" * 40,
            "CONNECTOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "REDIS_URL": redis,
            "CONNECTOR_CONFIG": str(folder / "connector.yaml"),
        }
        settings = load(_settings(folder, sandbox, host), env, registry.models())
        for name, account in settings.accounts.items():
            standin = registry.providers()[account.provider].standin
            assert standin is not None
            host.standins[name] = standin(account)
        connector = build(settings)
        for role in ROLES:
            connector.journal.add_user(role, role, PASSWORD, who="root", why="new")
        stack.callback(connector.journal.close)
        server = make_server("127.0.0.1", port, create_app(connector), threaded=True, request_handler=Quiet)
        stack.callback(server.server_close)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        stack.callback(server.shutdown)
        pumps = stack.enter_context(Pumps(connector))
        yield Way(connector=connector, sandbox=sandbox, host=host, pumps=pumps, env=env)


def _settings(folder: Path, sandbox: SandboxServer, host: StandInHost) -> Path:
    accounts = {}
    for name, slug in (("shop", "telegram"), ("app", "generic")):
        demo = registry.providers()[slug].demo_settings
        assert demo is not None
        accounts[name] = {**demo(host.url(name)), "provider": slug, "portal": "main"}
    portal = {"url": sandbox.url, "app": APP, "auth_url": f"{sandbox.url}/oauth-server", "language": "ru", "doubt": 1}
    path = folder / "connector.yaml"
    path.write_text(yaml.safe_dump({"portals": {"main": portal}, "accounts": accounts}), encoding="utf-8")
    return path
