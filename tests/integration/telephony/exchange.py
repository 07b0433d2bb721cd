"""The whole connector beside a pretend PBX: it takes what we ask of it and tells what happens to calls."""

from __future__ import annotations

import base64
import itertools
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from connector.providers.standard_webhooks import signed
from tests import services
from tests.integration.promises.one_process import OneProcess, one_process

SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
CLIENT, LINE = "+79001234567", "+74951234567"


@dataclass
class Switch:
    """The PBX's side of ``dial_url``. ``refuses`` is the ``error`` that the next calls are refused with."""

    dialled: list[dict[str, Any]] = field(default_factory=list)
    refuses: str = ""
    gives: str = ""

    def take(self, told: dict[str, Any]) -> tuple[int, dict[str, str]]:
        """The answer to ``call.dial``."""
        self.dialled.append(told["data"])
        if self.refuses:
            return 409, {"error": self.refuses}
        return 200, {"id": self.gives or told["data"]["id"]}


@contextmanager
def listening(switch: Switch) -> Iterator[str]:
    """The address at which ``switch`` is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, said = switch.take(json.loads(body))
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing to tell."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/dial"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A house with the PBX account ``office``; employees 101 (user 1) and 102 (user 2)."""

    house: OneProcess
    switch: Switch
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def tell(self, kind: str, call: str, *, after: float = 0.0, place: str = "office", **data: Any) -> None:
        """The PBX tells the account ``place`` of a call; ``after`` seconds from now by its clock."""
        at = self.house.clock() + timedelta(seconds=after)
        body = json.dumps({"type": f"call.{kind}", "data": {"id": call, "at": at.isoformat(), **data}})
        headers = signed(f"msg-{next(self.numbers)}", body, [SECRET], self.house.clock())
        url = f"{self.house.connector.settings.public_url}/hooks/{place}"
        answer = requests.post(url, body.encode(), headers={**headers, "content-type": "application/json"}, timeout=15)
        assert answer.ok, answer.text

    def talked(self, call: str, *, direction: str, talk: int = 40, employee: str = "101", client: str = CLIENT) -> None:
        """A whole call, from the first ring to the end; ``talk`` 0: nobody answered."""
        about = {"direction": direction, "client": client, "line": LINE}
        self.tell("started", call, **about, employee=employee if direction == "outgoing" else "")
        self.tell("ringing", call, **about, employee=employee)
        if talk:
            self.tell("answered", call, after=5, **about, employee=employee)
        cause = {} if talk else {"cause": "missed"}
        self.tell("ended", call, after=5 + talk, **about, employee=employee if talk else "", talk=talk, **cause)
        self.house.pump()
        self.later(seconds=talk + 10)

    def later(self, **span: float) -> None:
        """Time goes on, and what is due then is done."""
        self.house.clock.add(**span)
        self.house.pump()

    def posted(self) -> None:
        """What the portal posts has arrived, and is done."""
        assert self.house.sandbox.settle()
        self.house.pump()

    def calls(self) -> list[dict[str, Any]]:
        """The portal's calls, oldest first."""
        found: list[dict[str, Any]] = self.house.sandbox.phone_calls()
        return found

    def notices(self, user: int) -> list[str]:
        """What the portal notified a user of."""
        return [row["text"] for row in self.house.sandbox.notices() if row["user_id"] == user]

    def crm(self, method: str, **params: Any) -> Any:
        """One call of the portal's own people."""
        return self.house.connector.portals["main"].call(method, params)

    def todos(self) -> list[dict[str, Any]]:
        """The to-dos, oldest first."""
        found = self.crm("crm.activity.list", filter={"PROVIDER_ID": "CRM_TODO"}, order={"ID": "ASC"})
        rows: list[dict[str, Any]] = list(found)
        return rows

    def troubles(self) -> list[tuple[str, str]]:
        """What waits for a person."""
        rows = self.house.connector.journal.list("deliveries", state="parked")
        return [(row["kind"], row["cause"]) for row in rows]


@contextmanager
def exchange(
    folder: Path, redis: services.Redis, database_url: str, *, beside: Mapping[str, Any] | None = None, **more: Any
) -> Iterator[Exchange]:
    """A fresh one; ``more`` are other settings of the PBX account, ``beside`` those of an account ``branch``."""
    switch = Switch()
    with listening(switch) as url:
        account = {"provider": "pbx", "portal": "main", "secret": SECRET, "dial_url": url, "lines": {LINE: {}}, **more}
        branch = {"branch": {**account, "lines": {}, **beside}} if beside else {}
        with one_process(folder, redis, database_url, {"office": account, **branch}) as house:
            yield Exchange(house=house, switch=switch)
