"""Private servers for tests: a PostgreSQL cluster and a redis-server, in a folder of their own on free ports."""

from __future__ import annotations

import itertools
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
import redis as redis_client
from psycopg import sql

PATIENCE = 30.0
PASSWORD = "planted-password"  # of all databases and Redis servers here; no log may show it (tests/log_net.py)


# Below those that the system gives to whoever connects, so nobody takes one between the asking and the use; tests that
# run beside these have others.
_PORTS = 5_000
_FIRST = 11_000 + _PORTS * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4)
_NUMBERS = itertools.count(random.SystemRandom().randrange(_PORTS))


def free_port() -> int:
    """A TCP port of the loopback that nobody uses now."""
    while True:
        port = _FIRST + next(_NUMBERS) % _PORTS
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def lacking(what: str) -> None:
    """Skip loudly; where the tests decide about a release (``CI=true``), fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing: these tests must run here")
    pytest.skip(f"NOT TESTED: {what} is missing on this machine")


def until(ready: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait until ``ready``; raises ``TimeoutError`` with ``what``."""
    ends = time.monotonic() + patience
    while not ready():
        if time.monotonic() > ends:
            raise TimeoutError(what)
        time.sleep(0.02)


class Postgres:
    """A private cluster: trust authentication on the loopback, fsync on."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries, self._data, self.port = binaries, folder / "data", free_port()
        self._log, self._numbered = folder / "log", 0
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")

    def url(self, database: str = "postgres") -> str:
        """The URL of one database of the cluster."""
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
        self._run("pg_ctl", "-D", self._data, "-l", self._log, "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop; ``immediate`` is a crash: the next start recovers from the write-ahead log."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    def restart(self) -> None:
        """A crash and a start."""
        self.stop()
        self.start()

    def create(self, template: str = "template1") -> str:
        """A new database, copied from ``template``; returns its URL."""
        self._numbered += 1
        name = f"test_{self._numbered}"
        with psycopg.connect(self.url(), autocommit=True) as admin:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        name = sql.Identifier(url.rpartition("/")[2])
        with psycopg.connect(self.url(), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _run(self, program: str, *arguments: str | Path) -> None:
        """As the user postgres when we are root: the server refuses to run as root."""
        command = [str(self._binaries / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            log = self._log.read_text() if self._log.exists() else ""
            raise RuntimeError(f"{program} failed ({done.returncode})\n{log[-2000:]}")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running private cluster; skips where PostgreSQL is not installed."""
    binaries = _postgres_binaries()
    if binaries is None:
        lacking("PostgreSQL (initdb, pg_ctl)")
        return
    with _folder("connector-pg-") as folder:
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = Postgres(binaries, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _postgres_binaries() -> Path | None:
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    newest = sorted(found, key=lambda path: int(path.parent.name))
    if newest:
        return newest[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


class Redis:
    """A private redis-server without persistence: whatever it knows may be lost at any moment."""

    def __init__(self, binary: str, folder: Path) -> None:
        self._binary, self._folder, self.port = binary, folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def client(self) -> redis_client.Redis:
        """A new client."""
        return redis_client.Redis.from_url(self.url, socket_connect_timeout=2, socket_timeout=5)

    def start(self) -> None:
        """Start and wait until it answers."""
        options = [
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--save",
            "",
            "--appendonly",
            "no",
            "--requirepass",
            PASSWORD,
        ]
        self._process = subprocess.Popen(
            [self._binary, *options, "--dir", str(self._folder)], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        until(self._answers, "redis-server does not answer")

    def stop(self) -> None:
        """Kill it; everything in it is gone."""
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()

    def revive(self) -> None:
        """Start it unless it runs."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    def flush(self) -> None:
        """Forget everything."""
        with closing(self.client()) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with closing(self.client()) as client:
                return bool(client.ping())
        except redis_client.ConnectionError:
            return False


@contextmanager
def redis() -> Iterator[Redis]:
    """A running private redis-server; skips where it is not installed."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if binary is None:
        lacking("redis-server")
        return
    with _folder("connector-redis-") as folder:
        server = Redis(binary, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
