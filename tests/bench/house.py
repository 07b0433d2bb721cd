"""A connector for the benches: settings in a scratch folder, the portal installed, processes as in the Procfile."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector import bootstrap, registry, settings
from connector.domain.ports import Grant, Installation
from tests.bench.services import ROOT, free_port, listens, running, until
from tests.bench.updates import SECRET, TOKEN

_YAML = """\
portals:
  main:
    url: {portal}
    app: {{client_id: local.bench, client_secret: "${{B24_CLIENT_SECRET}}"}}
    budget: {{burst: {burst}, per_second: {per_second:g}}}
accounts:
  shop: {{provider: telegram, portal: main, line: 1, token: "${{TELEGRAM_TOKEN}}", secret: "${{TELEGRAM_SECRET}}"}}
  office: {{provider: pbx, portal: main, secret: "${{PBX_SECRET}}"}}
"""
PBX_SECRET = "whsec_c2VjcmV0LW9mLXRoZS1wYnguaW4tdGhlLWJlbmNo"
_KEY = "0123456789abcdef0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, kw_only=True)
class House:
    """``folder`` holds everything; ``env`` is what its processes are started with."""

    folder: Path
    env: Mapping[str, str]

    def connector(self) -> bootstrap.Connector:
        """The connector, wired in this process."""
        found = settings.load(None, self.env, registry.models(), sources=registry.sources())
        return bootstrap.build(found)

    @contextmanager
    def web(self) -> Iterator[tuple[str, int]]:
        """The HTTP edge under gunicorn; yields the address of the shop's hook, and the session of its processes."""
        port, log = free_port(), self.folder / "web.log"
        env = {**self.env, "PORT": str(port), "CONNECTOR_BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "2"}
        with running(procfile("web"), log, env=env) as process:
            until(lambda: listens(port), process, log)
            yield f"http://127.0.0.1:{port}/hooks/shop", process.pid

    @contextmanager
    def worker(self, processes: int = 1) -> Iterator[None]:
        """The workers that drain; they are ready when they say so."""
        command = [*procfile("worker"), "--processes", str(processes)]
        with self._said("worker.started", command, self.folder / "worker.log", times=processes + 1):
            yield

    @contextmanager
    def clock(self) -> Iterator[None]:
        """The clock that sweeps."""
        with self._said("clock.started", procfile("clock"), self.folder / "clock.log"):
            yield

    @contextmanager
    def listener(self, *, connected: int = 1) -> Iterator[int]:
        """The process that reads mailboxes, once so many streams are connected; yields its id."""
        log = self.folder / "listen.log"
        with running(procfile("listen"), log, env=self.env) as process:
            until(lambda: log.read_bytes().count(b"stream.connected") >= connected, process, log)
            yield process.pid

    @contextmanager
    def _said(self, word: str, command: list[str], log: Path, *, times: int = 1) -> Iterator[None]:
        with running(command, log, env=self.env) as process:
            until(lambda: log.read_bytes().count(word.encode()) >= times, process, log)
            yield


def procfile(name: str) -> list[str]:
    """The command of a process, as the Procfile has it."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    commands = dict(line.split(": ", 1) for line in lines if ": " in line)
    return shlex.split(commands[name])


def house(
    folder: Path,
    *,
    database: str = "",
    redis: str,
    portal: str,
    burst: int = 1_000_000,
    per_second: float = 1e6,
    grant: Grant | None = None,
    accounts: str = "",
    sources: str = "",
    rules: str = "",
) -> House:
    """Settle in ``folder`` and install the portal at ``portal``. Without ``database`` the journal is SQLite's.
    ``accounts`` are lines of connector.yaml for more of them, ``sources`` those of sources, ``rules`` a file of the
    mapping, which is in use at once.

    ``grant`` is what the portal really granted; without it one that a stand-in takes.
    """
    folder.mkdir(parents=True)
    yaml = _YAML.format(portal=portal, burst=burst, per_second=per_second) + accounts
    yaml += f"sources:\n{sources}" if sources else ""
    (folder / "connector.yaml").write_text(yaml, encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if name in ("HOME", "TMPDIR")} | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "CONNECTOR_CONFIG": str(folder / "connector.yaml"),
        "CONNECTOR_SECRET_KEY": _KEY,
        "CONNECTOR_PUBLIC_URL": "http://127.0.0.1:9",
        "REDIS_URL": redis,
        "B24_CLIENT_SECRET": "bench-client-secret",
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_SECRET": SECRET,
        "PBX_SECRET": PBX_SECRET,
    }
    if database:
        env["DATABASE_URL"] = database
    made = House(folder=folder, env=env)
    connector = made.connector()
    granted = grant or _grant(portal)
    tokens = (granted.application_token,)
    installation = Installation(portal="main", state="active", grant=granted, application_tokens=tokens)
    connector.journal.keep_installation(installation)
    if rules:
        (folder / "mappings").mkdir()
        (folder / "mappings" / "rules.yaml").write_text(rules, encoding="utf-8")
        connector.rulebook.publish()
    connector.journal.close()
    return made


def _grant(portal: str) -> Grant:
    return Grant(
        access_token="bench-access",
        refresh_token="bench-refresh",
        expires_at=datetime.now(UTC) + timedelta(days=1),
        member_id="bench-member",
        client_endpoint=f"{portal}/rest/",
        server_endpoint=f"{portal}/oauth/",
        application_token="bench-application-token",
    )
