"""The processes of a connector that listens to a pretend Asterisk, and the portal that its calls come to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import update

from connector import registry
from connector.bootstrap import build
from connector.journal import Journal, Vault, open_journal
from connector.journal.schema import deliveries
from connector.sandbox import SandboxServer
from connector.sandbox.config import Operator
from connector.telephony.history import backfill
from tests import services
from tests.integration.house import blueprint
from tests.integration.house.processes import Commands, Service, processes
from tests.integration.house.waiting import until
from tests.integration.telephony.jitter import JitteredAmi

CLIENT = {"client_id": "local.house", "client_secret": "house-secret"}
PEOPLE = tuple(
    Operator(id=number, name=f"Operator {number}", admin=number == 1, extension=str(100 + number))
    for number in range(1, 7)
)
COMMANDS: Commands = {
    "web": ["gunicorn", "-c", "webhooks/gunicorn_conf.py", "webhooks.wsgi:app"],
    "worker": ["python", "-m", "jobs.worker", "--processes", "1"],
    "clock": ["python", "-m", "jobs.clock"],
    "listen": ["python", "-m", "jobs.listen"],
}


@dataclass(frozen=True, kw_only=True)
class ManagerHouse:
    """A connector with the account ``office``, whose PBX is ``ami``; recordings and CDRs lie below ``folder``."""

    folder: Path
    sandbox: SandboxServer
    ami: JitteredAmi
    journal: Journal
    services: dict[str, Service]
    env: Mapping[str, str]

    @property
    def cdr(self) -> Path:
        """Asterisk's CSV of finished calls."""
        return self.folder / "Master.csv"

    @property
    def monitor(self) -> Path:
        """Asterisk's folder of recordings."""
        return self.folder / "monitor"

    def calls(self) -> dict[str, dict[str, Any]]:
        """The portal's finished calls by their id at the PBX; no id stands twice."""
        found = self.sandbox.phone_calls(live=False)
        told = {call["external_id"]: call for call in found}
        assert len(told) == len(found), "a call is in the portal twice"
        return told

    def read_history(self) -> None:
        """What the clock does ten minutes later: the PBX's history is read up to now."""
        ahead = build(registry.settings(None, self.env), clock=lambda: datetime.now(UTC) + timedelta(minutes=11))
        try:
            # The clock of this house may be at it just now, for calls of its own time.
            until(
                lambda: (read := backfill(ahead, "office")) is not None and read.whole, what="all is read", seconds=60
            )
        finally:
            ahead.journal.close()
        now = datetime.now(UTC).timestamp()
        with self.journal.store.writing() as db:  # whose turn comes later by that clock would come in eleven minutes
            db.execute(update(deliveries).where(deliveries.c.due_at > now + 60).values(due_at=now))

    def open(self) -> int:
        """How many calls are going on in the portal."""
        return len(self.sandbox.phone_calls(live=True))

    def unfinished(self) -> set[str]:
        """The calls that have begun and are not over yet, as Asterisk names them."""
        return {link.key.partition(".")[2] for link in self.journal.links_like("call.open")}

    def hears_clicks(self) -> bool:
        """The application is bound to what it must hear."""
        return "ONEXTERNALCALLSTART" in {bound["event"].upper() for bound in self.sandbox.state()["handlers"]}

    def troubles(self) -> list[tuple[str, str, str]]:
        """What waits for a person."""
        rows = self.journal.list("deliveries", state="parked", limit=1000)
        return [(row["kind"], row["cause"], row["hint"]) for row in rows]


@contextmanager
def manager_house(folder: Path, *, language: str = "en", **more: Any) -> Iterator[ManagerHouse]:
    """A fresh one, installed and listening; its portal speaks ``language``, ``more`` are other settings of the PBX."""
    with ExitStack() as stack:
        redis = stack.enter_context(services.redis())
        sandbox = stack.enter_context(
            SandboxServer(
                burst=0, operating_limit=0.0, event_timeout=5.0, operators=PEOPLE, language=language, **CLIENT
            )
        )
        ami = stack.enter_context(JitteredAmi())
        (folder / "monitor").mkdir()
        (folder / "Master.csv").touch()
        places = {"recordings": {"url": f"file://{folder}/monitor"}, "cdr": {"url": f"file://{folder}/Master.csv"}}
        accounts = {"office": ami.account(**places, **more)}
        config = blueprint.write_settings(
            folder, portal_url=sandbox.url, accounts=accounts, doubt=1.0, language=language, **CLIENT
        )
        database = f"sqlite:///{folder / 'journal.db'}"
        env = blueprint.environment(
            config, database_url=database, redis_url=redis.url, port=services.free_port(), web_workers=1
        )
        journal = open_journal(database, Vault([env["CONNECTOR_SECRET_KEY"]]))
        stack.callback(journal.close)
        ours = stack.enter_context(processes(COMMANDS, env, folder, mark=str(config)))
        url = env["CONNECTOR_PUBLIC_URL"]
        house = ManagerHouse(folder=folder, sandbox=sandbox, ami=ami, journal=journal, services=dict(ours), env=env)
        try:
            until(lambda: _answers(url), what="the web answers", seconds=40)
            assert sandbox.install(url=f"{url}/bitrix24/install", mode="page")["installed"]
            assert ami.wait_for_listeners(seconds=30)
            until(house.hears_clicks, what="the portal tells of clicks", seconds=30)
            yield house
        except BaseException:
            print("\n".join(f"----- {each.name}\n{each.tail()}" for each in ours.values()))
            raise


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{url}/healthz", timeout=2).ok
    return False
