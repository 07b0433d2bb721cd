"""A Bitrix24 with two applications of ours, the web in front of it, and the work that follows."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml
from werkzeug.serving import WSGIRequestHandler, make_server

from connector import registry
from connector.bootstrap import Connector, build
from connector.domain.ports import Installation
from connector.sandbox import SandboxServer
from connector.settings import load
from tests import services
from webhooks.app import create_app

KEY = "0123456789abcdef0123456789abcdef"
FIRST = {"client_id": "local.first", "client_secret": "the-secret-of-the-first"}
SECOND = {"client_id": "local.second", "client_secret": "the-secret-of-the-second"}
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
MEMBER = "5a4d0b0c1e5f4f0fa3b2c1d0e9f8a7b6"


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing to tell."""


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """``main`` and ``second`` are two portals of connector.yaml and one Bitrix24."""

    connector: Connector
    sandbox: SandboxServer

    @property
    def url(self) -> str:
        return self.connector.settings.public_url

    def install(self, app: Mapping[str, str] = FIRST, mode: str = "page") -> Mapping[str, Any]:
        """The administrator installs; returns how it went, once all that follows is done."""
        done = self.sandbox.install(url=f"{self.url}/bitrix24/install", mode=mode, client_id=app["client_id"])
        self.work()
        return done

    def work(self) -> None:
        """Do all that is due, after every event has left the portal."""
        assert self.sandbox.settle()
        for _ in range(20):
            due = self.connector.journal.due_destinations()
            if not due:
                return
            for destination in due:
                self.connector.pump(destination).run(seconds=20)

    def kept(self, portal: str = "main") -> Installation:
        """What the journal keeps of the portal."""
        found = self.connector.journal.installation(portal)
        assert found is not None
        return found

    def handlers(self, app: Mapping[str, str] = FIRST) -> list[str]:
        """The events that the application is told at our address."""
        rows = self.sandbox.state()["handlers"]
        mine = [row for row in rows if row["client_id"] == app["client_id"]]
        return sorted(row["event"] for row in mine if row["handler"] == f"{self.url}/bitrix24/events")

    def token(self, app: Mapping[str, str] = FIRST) -> str:
        """The application token of the present installation, as Bitrix24 knows it."""
        return self.sandbox.portal.apps[app["client_id"]].application_token

    def tell(self, event: str, token: str, **more: str) -> int:
        """An event as anybody may post it; the status that they get."""
        form = {"event": event, "ts": "1", "auth[member_id]": MEMBER, "auth[application_token]": token, **more}
        status = requests.post(f"{self.url}/bitrix24/events", data=form, timeout=10).status_code
        self.work()
        return status

    def envelopes(self) -> list[dict[str, Any]]:
        """Everything that was kept of what came in."""
        return self.connector.journal.list("envelopes")


def _settings(folder: Path, sandbox: SandboxServer) -> Path:
    generic = {"provider": "generic", "secret": SECRET, "deliver_url": "http://127.0.0.1:9/in"}
    told = {
        "portals": {"main": {"url": sandbox.url, "app": FIRST}, "second": {"url": sandbox.url, "app": SECOND}},
        "accounts": {
            "shop": {**generic, "portal": "main", "line": 1},
            "desk": {**generic, "portal": "second", "line": 2},
        },
    }
    path = folder / "connector.yaml"
    path.write_text(yaml.safe_dump(told))
    return path


@contextmanager
def world_of_two(folder: Path, redis: str, database: str, **config: Any) -> Iterator[World]:
    """Nothing is installed yet; everything is gone after the block. ``config`` is the sandbox's."""
    with ExitStack() as stack:
        sandbox = stack.enter_context(SandboxServer(burst=0, operating_limit=0.0, member_id=MEMBER, **FIRST, **config))
        sandbox.add_app(**SECOND)
        port = services.free_port()
        env = {
            "CONNECTOR_SECRET_KEY": KEY,
            "CONNECTOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "DATABASE_URL": database,
            "REDIS_URL": redis,
        }
        settings = load(_settings(folder, sandbox), env, registry.models())
        connector = build(settings)
        stack.callback(connector.journal.close)
        server = make_server("127.0.0.1", port, create_app(connector), threaded=True, request_handler=Quiet)
        stack.callback(server.server_close)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        stack.callback(server.shutdown)
        yield World(connector=connector, sandbox=sandbox)
