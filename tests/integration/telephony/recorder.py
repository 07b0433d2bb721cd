"""A whole house with a PBX that records: real journal, real pump, a sandbox for Bitrix24, calls that are over."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import yaml

from connector import registry
from connector.bootstrap import Connector, build
from connector.domain.calls import CallStarted, Phrase, RecordingDue, TranscriptDue
from connector.domain.events import AppInstalled, Event
from connector.domain.ports import Grant
from connector.domain.request import Request
from connector.domain.values import File
from connector.handlers.calls.story import together
from connector.sandbox import SandboxServer
from connector.settings import load
from tests.integration.delivery.engine import MovingClock

APP = {"client_id": "local.recorder", "client_secret": "the-secret-of-the-recorder"}
KEY = "0123456789abcdef0123456789abcdef"
URL = "https://hub.example.com"
CLIENT = "+79123456789"
OFFICE = {
    "provider": "asterisk", "portal": "main", "host": "127.0.0.1", "username": "ami", "secret": "the-secret-of-ami",
    "lines": {"74951234567": {"name": "Sales", "crm_create": False}},
}  # fmt: skip


@dataclass
class Recorder:
    """``office`` is the account of the PBX; its calls have numbers."""

    connector: Connector
    sandbox: SandboxServer
    clock: MovingClock
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def install(self) -> None:
        """The application is installed, and what follows is done."""
        given = self.sandbox.grant(user_id=1)
        grant = Grant(
            access_token=given["access_token"],
            refresh_token=given["refresh_token"],
            expires_at=datetime.fromtimestamp(given["expires"], UTC),
            member_id=given["member_id"],
            client_endpoint=given["client_endpoint"],
            server_endpoint=given["server_endpoint"],
            application_token=given["application_token"],
        )
        self.connector.portals["main"].adopt(grant)
        self.tell(AppInstalled(portal="main"))

    def call(self, *, finished: bool = True) -> str:
        """The CALL_ID of a call that is over in Bitrix24, or still going on there."""
        number = next(self._numbers)
        portal = self.connector.portals["main"]
        params = {"USER_ID": 1, "PHONE_NUMBER": CLIENT, "TYPE": 2, "SHOW": 0, "EXTERNAL_CALL_ID": f"office.{number}"}
        call_id = str(portal.call("telephony.externalCall.register", params)["CALL_ID"])
        story = together([CallStarted(account="office", call=str(number), at=self.clock(), client=CLIENT)])
        story.done.call_id = call_id
        self.connector.journal.remember("event.call", f"office.{number}", story.dump())
        if finished:
            self.finish(call_id)
        return call_id

    def finish(self, call_id: str) -> None:
        params = {"CALL_ID": call_id, "USER_ID": 1, "DURATION": 9, "ADD_TO_CHAT": 0}
        self.connector.portals["main"].call("telephony.externalCall.finish", params)

    def recorded(self, call_id: str, ref: str) -> dict[str, Any]:
        """A recording is due; the delivery as it stands after the first attempt."""
        return self.tell(RecordingDue(**self._after(call_id), recording=File(ref=ref)))

    def transcribed(self, call_id: str, *words: str) -> dict[str, Any]:
        phrases = tuple(Phrase(side="Client", begin=at, end=at + 1, text=word) for at, word in enumerate(words))
        return self.tell(TranscriptDue(**self._after(call_id), phrases=phrases))

    def tell(self, event: Event) -> dict[str, Any]:
        """The event's delivery once all is done that can be done now."""
        number = next(self._numbers)
        request = Request(method="TEST", path="", headers={}, body=b"", received_at=self.clock())
        self.connector.intake.keep_event("main", f"told:{number}", request, lambda: [event])
        self.work()
        return self.delivery()

    def later(self, seconds: float) -> dict[str, Any]:
        """Time goes by; the newest delivery after that."""
        self.clock.add(seconds)
        self.work()
        return self.delivery()

    def delivery(self) -> dict[str, Any]:
        return self.connector.journal.list(limit=1)[0]

    def work(self) -> None:
        for _ in range(20):
            due = self.connector.journal.due_destinations()
            if not due:
                return
            for destination in due:
                self.connector.pump(destination).run(seconds=30)

    def sound(self, call_id: str) -> bytes:
        """What Bitrix24 keeps for the call."""
        return requests.get(self.sandbox.phone_call(call_id)["recording"]["url"], timeout=5).content

    def _after(self, call_id: str) -> dict[str, str]:
        number = str(self.sandbox.phone_call(call_id)["external_id"]).partition(".")[2]
        return {"portal": "main", "account": "office", "call": number, "call_id": call_id}


@contextmanager
def recorder(folder: Path, redis: str, database: str, *, scope: str = "", **office: Any) -> Iterator[Recorder]:
    """``office`` are more settings of the account; ``scope`` are other permissions than all. Not installed yet."""
    clock, config = MovingClock(), {"scope": scope} if scope else {}
    with SandboxServer(burst=0, operating_limit=0.0, **APP, **config) as sandbox:
        told = {
            "portals": {"main": {"url": sandbox.url, "app": APP, "doubt": 1}},
            "accounts": {"office": {**OFFICE, **office}},
        }
        path = folder / "connector.yaml"
        path.write_text(yaml.safe_dump(told))
        env = {
            "CONNECTOR_SECRET_KEY": KEY,
            "CONNECTOR_PUBLIC_URL": URL,
            "DATABASE_URL": database,
            "REDIS_URL": redis,
        }
        connector = build(load(path, env, registry.models()), clock=clock)
        try:
            yield Recorder(connector, sandbox, clock)
        finally:
            connector.journal.close()
