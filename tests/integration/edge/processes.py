"""The processes of the Procfile as they stand, each in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import requests
from sqlalchemy import delete

from connector.journal import Journal, Vault, open_journal
from connector.journal.schema import deliveries, envelopes
from tests.nursery import Born, started
from tests.services import free_port

Process: TypeAlias = Born | subprocess.Popen[bytes]
ROOT = Path(__file__).parents[3]
KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "123456:abcdefghijklmnopqrstuvwxyzABCDEFGHI"
SECRET = "abcdefghijklmnop"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
COMMANDS = {
    "web": ["-m", "gunicorn", "-c", str(ROOT / "webhooks" / "gunicorn_conf.py"), "webhooks.wsgi:app"],
    "worker": ["-m", "jobs.worker", "--processes", "1"],
    "clock": ["-m", "jobs.clock"],
}
SETTINGS = f"""
portals:
  main:
    url: https://acme.bitrix24.ru
    app: {{client_id: local.1, client_secret: s3cret}}
accounts:
  shop: {{provider: telegram, portal: main, line: 1, token: "{TOKEN}", secret: {SECRET}}}
"""


class Place:
    """A folder with settings, a database and processes."""

    def __init__(self, folder: Path, database: str, redis: str) -> None:
        self.folder, self.port, self.database = folder, free_port(), database
        (folder / "connector.yaml").write_text(SETTINGS)
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "CONNECTOR_CONFIG": str(folder / "connector.yaml"),
            "CONNECTOR_SECRET_KEY": KEY,
            "CONNECTOR_BIND": f"127.0.0.1:{self.port}",
            "CONNECTOR_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "PORT": str(self.port),
        }
        self.running: list[Process] = []
        self.latest: dict[str, Process] = {}

    def start(self, name: str) -> Process:
        """Start one process of ours, in a group of its own; its log is ``<name>.log``."""
        command = [sys.executable, *COMMANDS[name]]
        process = started(command, env=self.env, cwd=self.folder, log=self.folder / f"{name}.log")
        self.running.append(process)
        self.latest[name] = process
        return process

    def have(self, name: str) -> Process:
        """The one that runs already, or a new one."""
        found = self.latest.get(name)
        return found if found and found.poll() is None else self.start(name)

    def serve(self) -> Process:
        """The web server, answering: the one that runs already, or a new one."""
        process = self.have("web")
        wait_for(self.alive, lambda: f"web does not answer\n{self.log('web')}")
        return process

    def alive(self) -> bool:
        try:
            return requests.get(self.url("/healthz"), timeout=2).ok
        except requests.RequestException:
            return False

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def lines(self, name: str, event: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        found = [json.loads(line) for line in self.log(name).splitlines() if line.startswith("{")]
        return [line for line in found if line.get("event") == event]

    def journal(self) -> Journal:
        """A look at the same database from here."""
        return open_journal(self.database, Vault([KEY]))

    def empty(self) -> None:
        """Forget all that was brought and its files, under the feet of what runs: the next test is the first again."""
        journal = self.journal()
        with journal.store.writing() as db:
            for table in (deliveries, envelopes):
                db.execute(delete(table))
        journal.close()
        for path in (self.folder / "var/media").glob("??/??/*"):
            path.unlink()

    def close(self) -> None:
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def update(number: int, chat: int = 55) -> dict[str, Any]:
    """A Telegram update with a message."""
    person = {"id": chat, "is_bot": False, "first_name": "Ann"}
    message = {"message_id": number, "date": 1700000000, "chat": {"id": chat, "type": "private"}, "from": person}
    return {"update_id": number, "message": {**message, "text": f"message {number}"}}


def children(pid: int) -> list[int]:
    """The live processes that ``pid`` started."""
    tasks: Sequence[str] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(task) for task in tasks]


def wait_for(done: Callable[[], Any], what: Callable[[], str], seconds: float = 30.0) -> Any:
    """Ask until ``done`` says something true."""
    ends = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < ends, what()
        time.sleep(0.05)
    return found
