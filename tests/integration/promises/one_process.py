"""The whole connector in one process: real wire, journal, Redis, sandbox and stand-ins; time goes on when told."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from connector import registry
from connector.bootstrap import Connector, build
from connector.sandbox import SandboxServer
from connector.settings import load
from tests import services
from tests.integration.house import blueprint
from tests.integration.house.stage import Stage
from webhooks.app import create_app

APP = {"client_id": "local.lost", "client_secret": "the-secret-of-this-application"}


class Ahead:
    """The real clock and what was added to it."""

    def __init__(self) -> None:
        self.more = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.more

    def add(self, **parts: float) -> None:
        self.more += timedelta(**parts)


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing to tell."""


class Web:
    """The web process: listens, and can be down."""

    def __init__(self, connector: Connector, port: int) -> None:
        self._app, self._port = create_app(connector), port
        self._server: BaseWSGIServer | None = None

    def start(self) -> None:
        """Listen again."""
        if self._server is None:
            self._server = make_server("127.0.0.1", self._port, self._app, threaded=True, request_handler=Quiet)
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Nobody answers."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()


@dataclass(frozen=True, kw_only=True, eq=False)
class OneProcess:
    """``clock`` is the connector's; the portal and the stand-ins live by the real one. ``env`` is what other processes
    of this house need."""

    connector: Connector
    sandbox: SandboxServer
    stage: Stage
    web: Web
    clock: Ahead
    env: Mapping[str, str]

    def pump(self) -> None:
        """Do all that is due."""
        for _ in range(20):
            due = self.connector.journal.due_destinations()
            if not due:
                return
            for destination in due:
                self.connector.pump(destination).run(seconds=20)

    def say(self, conversation: str, text: str, account: str = "shop") -> None:
        """A client writes, and it arrives in the portal."""
        with self.stage.lock:
            request = self.stage.standins[account].say(conversation, text)
        answer = requests.request(
            request.method,
            f"{self.connector.settings.public_url}/hooks/{account}?{request.query}",
            data=request.body,
            headers=dict(request.headers),
            timeout=15,
        )
        assert answer.ok, answer.text
        self.pump()

    def reply(self, conversation: str, text: str = "", account: str = "shop", **more: Any) -> int:
        """The operator writes; returns when the portal has posted the event, heard or not."""
        number = int(self.sandbox.say(f"{account}.{conversation}", text, **more)["id"])
        assert self.sandbox.settle()
        return number

    def heard(self, conversation: str, account: str = "shop") -> list[str]:
        """What the client sees, without the operator's name before it."""
        return [text.rpartition("\n")[2] for text in self.stage.heard(account, conversation)]

    def rows(self, conversation: str, account: str = "shop") -> dict[int, Mapping[str, Any]]:
        """The messages of the portal's chat by number."""
        return {int(row["id"]): row for row in self.sandbox.messages(f"{account}.{conversation}")}

    def envelopes(self, cause: str) -> list[dict[str, Any]]:
        """The envelopes with a cause."""
        return self.connector.journal.list("envelopes", cause=cause)


@contextmanager
def one_process(
    folder: Path, redis: services.Redis, database_url: str, more: Mapping[str, Any] | None = None
) -> Iterator[OneProcess]:
    """Installed and connected; everything is gone after the block. ``more`` are accounts without a stand-in."""
    with ExitStack() as stack:
        sandbox = stack.enter_context(SandboxServer(burst=0, operating_limit=0.0, event_timeout=5.0, **APP))
        stage = stack.enter_context(Stage())
        given = {
            name: blueprint.account_settings(name, slug, line, stage.url(name))
            for name, (slug, line) in blueprint.ACCOUNTS.items()
        }
        given |= more or {}
        config = blueprint.write_settings(folder, portal_url=sandbox.url, accounts=given, doubt=0.2, **APP)
        port = services.free_port()
        env = blueprint.environment(config, database_url=database_url, redis_url=redis.url, port=port, web_workers=1)
        settings = load(config, env, registry.models())
        for name, account in settings.accounts.items():
            standin = registry.providers()[account.provider].standin
            if name in blueprint.ACCOUNTS:
                assert standin is not None
                stage.standins[name] = standin(account)
        clock = Ahead()
        connector = build(settings, clock=clock)
        stack.callback(connector.journal.close)
        web = Web(connector, port)
        stack.callback(web.stop)
        house = OneProcess(connector=connector, sandbox=sandbox, stage=stage, web=web, clock=clock, env=env)
        web.start()
        assert sandbox.install(url=f"{settings.public_url}/bitrix24/install", mode="page")["installed"]
        house.pump()
        yield house
