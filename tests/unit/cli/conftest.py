from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connector import settings
from connector.bootstrap import Connector, build
from connector.cli import cli
from connector.cli.shape import Tools
from connector.domain.events import DialogStarted
from connector.domain.request import Request
from connector.errors import SettingsError
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery, Settlement, Step
from connector.registry import models
from connector.speech import Text

YAML = """
portals:
  main: {url: "http://127.0.0.1:1", app: {client_id: local.1, client_secret: secret}}
accounts:
  shop: {provider: telegram, portal: main, line: 1, token: "1:abc", secret: s3cret, api_url: "http://127.0.0.1:1"}
"""
ENV = {"CONNECTOR_SECRET_KEY": "k" * 40, "REDIS_URL": "redis://127.0.0.1:1/0"}
CAUSE = "telegram.blocked"
HINT = Text("ask the client to write", "попросите клиента написать")


@dataclass
class Desk:
    """A wired connector with a journal of its own, and the command line on it."""

    house: Connector
    became: list[list[str]] = field(default_factory=list)

    def run(self, *arguments: str, answer: str = "", make: Callable[[], Connector] | None = None) -> Result:
        tools = Tools(connector=make or (lambda: self.house), become=self.became.append)
        return CliRunner().invoke(cli, list(arguments), obj=tools, input=answer)

    def json(self, *arguments: str, code: int = 0) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def park(self, count: int = 1) -> list[int]:
        """Deliveries that a portal refused for good; returns their numbers."""
        journal = self.house.journal
        for number in range(count):
            now = self.house.clock()
            trace = new_trace(now)
            request = Request(method="POST", path="/bitrix24/events", headers={}, body=b"x", received_at=now)
            event = DialogStarted(
                portal="main", connector="c", line="1", account="shop", conversation=f"{number}", session_id=trace
            )
            envelope = Envelope(trace=trace, account="portal:main", dedupe_key=trace, request=request)
            journal.accept(envelope, [NewDelivery(destination="portal:main", event=event, lane=f"lane.{trace}")])
        return self._settle_all("parked")

    def park_envelope(self, request: Request, account: str = "shop") -> str:
        """A request that could not be read; returns its trace."""
        trace = new_trace(self.house.clock())
        self.house.journal.accept(
            Envelope(
                trace=trace,
                account=account,
                dedupe_key=trace,
                request=request,
                state="parked",
                cause="parse.failed",
                hint=HINT,
            ),
            [],
        )
        return trace

    def _settle_all(self, state: Any) -> list[int]:
        journal = self.house.journal
        lease = journal.lease("portal:main")
        assert lease is not None
        claimed = journal.claim(lease, lanes=50)
        settled = [
            Settlement(delivery=delivery, state=state, attempts=1, cause=CAUSE, hint=HINT, detail="blocked by the user")
            for delivery in claimed
        ]
        journal.step(lease, Step(settled=settled))
        journal.leave(lease, force=True)
        return [delivery.id for delivery in claimed]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "connector.yaml"
    path.write_text(YAML, encoding="utf-8")
    return path


@pytest.fixture
def desk(config: Path, sqlite_url: str) -> Iterator[Desk]:
    house = build(settings.load(config, {**ENV, "DATABASE_URL": sqlite_url}, models()))
    yield Desk(house)
    house.journal.close()


@pytest.fixture
def refuse() -> Callable[[], Connector]:
    def make() -> Connector:
        raise SettingsError("these settings are wrong")

    return make
