"""A connector with a chat for sites at work: a pretend portal, the web with threads, deliveries pumped beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from connector import registry, settings
from connector.bootstrap import Connector, build
from connector.errors import ConnectorError
from connector.sandbox import SandboxServer
from tests.integration.promises.one_process import Web
from tests.services import Redis, free_port, until

SECRET = "the secret of the site's chat, long enough"
APP = {"client_id": "local.chat", "client_secret": "the-secret-of-this-application"}
GLANCE = 0.05


class Pumping:
    """Deliveries are pumped until the end; ``pause`` holds them back."""

    def __init__(self, connector: Connector) -> None:
        self._connector, self._over, self._held = connector, threading.Event(), threading.Event()
        self._idle = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Nothing is delivered from now on."""
        self._held.set()
        with self._idle:
            """Whatever was under way has ended."""

    def resume(self) -> None:
        """Deliveries go on."""
        self._held.clear()

    def stop(self) -> None:
        """The end."""
        self._over.set()
        self._thread.join(20)

    def _run(self) -> None:
        while not self._over.wait(GLANCE):
            with self._idle:
                if not self._held.is_set():
                    self._round()

    def _round(self) -> None:
        try:
            for destination in self._connector.journal.due_destinations():
                self._connector.pump(destination).run(seconds=20, should_stop=self._over.is_set)
        except ConnectorError:
            self._over.wait(0.2)


@dataclass(frozen=True, kw_only=True)
class ChatHouse:
    """``url`` is the chat of account ``site``: the page, and the address for a visitor's requests."""

    connector: Connector
    sandbox: SandboxServer
    web: Web
    pumping: Pumping
    account: str = "site"
    http: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        return f"{self.connector.settings.public_url}/chat/{self.account}"

    def visitors(self) -> list[str]:
        """The visitors whose chats the portal has, oldest first."""
        names = [str(chat["external"]) for chat in self.sandbox.chats()]
        return [name.partition(".")[2] for name in names if name.startswith(f"{self.account}.")]

    def arrived(self, *texts: str, visitor: str = "") -> str:
        """Wait until the portal's chat shows these texts (as ends of its messages); the visitor."""

        def seen() -> str:
            for name in [visitor] if visitor else self.visitors():
                if name in self.visitors():
                    said = [str(row["text"]) for row in self.messages(name, "client")]
                    if len(said) >= len(texts) and all(map(str.endswith, said[-len(texts) :], texts)):
                        return name
            return ""

        until(lambda: bool(seen()), f"the portal shows {texts}", 20)
        return seen()

    def messages(self, visitor: str, author: str = "") -> list[dict[str, Any]]:
        """The messages of a visitor's chat in the portal; ``author`` is client, operator or system."""
        return self.sandbox.messages(f"{self.account}.{visitor}", author)

    def reply(self, visitor: str, text: str = "", **more: Any) -> int:
        """An operator answers: ``files=[{"name", "content": bytes}]``; the portal's id of the message."""
        return int(self.sandbox.say(f"{self.account}.{visitor}", text, **more)["id"])

    def ask_rating(self, visitor: str) -> None:
        """The operator asks for a rating."""
        self.sandbox.ask_rating(f"{self.account}.{visitor}")


@contextmanager
def chat_running(folder: Path, redis: Redis, *, database_url: str = "", **account: Any) -> Iterator[ChatHouse]:
    """Installed, connected and pumping; ``account`` overrides settings of the account ``site``."""
    with SandboxServer(burst=0, operating_limit=0.0, language="ru", **APP) as sandbox:
        port = free_port()
        env = {
            "CONNECTOR_SECRET_KEY": "k" * 40,
            "REDIS_URL": redis.url,
            "CONNECTOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
            **({"DATABASE_URL": database_url} if database_url else {}),
        }
        connector = build(settings.load(_written(folder, sandbox, account), env, registry.models()))
        web, pumping = Web(connector, port), Pumping(connector)
        web.start()
        try:
            assert sandbox.install(url=f"{connector.settings.public_url}/bitrix24/install", mode="page")["installed"]
            house = ChatHouse(connector=connector, sandbox=sandbox, web=web, pumping=pumping)
            until(lambda: any(row["active"] for row in sandbox.state()["statuses"]), "the line is connected", 20)
            yield house
        finally:
            pumping.stop()
            web.stop()
            connector.journal.close()


@pytest.fixture
def chat_house(tmp_path: Path, redis_server: Redis) -> Iterator[ChatHouse]:
    """A chat of its own for each test."""
    with chat_running(tmp_path, redis_server) as house:
        yield house


@pytest.fixture
def chat_house_with(tmp_path: Path, redis_server: Redis) -> Iterator[Callable[..., ChatHouse]]:
    """``chat_house_with(origins=["http://127.0.0.1:1234"], greeting="…")``: the same with other settings."""
    running: list[Any] = []

    def made(**account: Any) -> ChatHouse:
        running.append(chat_running(tmp_path, redis_server, **account))
        house: ChatHouse = running[-1].__enter__()
        return house

    yield made
    for one in running:
        one.__exit__(None, None, None)


def _written(folder: Path, sandbox: SandboxServer, account: dict[str, Any]) -> Path:
    portal = {
        "url": sandbox.url,
        "app": dict(APP),
        "auth_url": f"{sandbox.url}/oauth-server",
        "language": "ru",
        "budget": {"burst": 5000, "per_second": 5000.0},
        "doubt": 0.2,
    }
    site = {"provider": "webchat", "portal": "main", "line": 1, "secret": SECRET, "title": "ACME", **account}
    path = folder / "connector.yaml"
    given = {"portals": {"main": portal}, "accounts": {"site": site}, "language": "ru", "var": str(folder / "var")}
    path.write_text(yaml.safe_dump(given, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
