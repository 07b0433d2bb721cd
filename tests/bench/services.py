"""Programs that a bench needs beside itself: each in a scratch folder, on a free port, stopped by its own id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


class BenchError(Exception):
    """The bench cannot be run, or what it measured is not what it says."""


def free_port() -> int:
    """A TCP port of this machine that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, *, env: Mapping[str, str] | None = None, user: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """A program under way, its output in ``log``. At the end it and its children are asked to stop, then made to."""
    arguments = [str(part) for part in command]
    with log.open("ab") as out:
        process = subprocess.Popen(
            arguments,
            cwd=ROOT if not user else "/",
            env=dict(env) if env is not None else None,
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            user=user or None,
            extra_groups=[] if user else None,
            group=user or None,
        )
    try:
        yield process
    finally:
        _stop(process)


def until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until ``ready``. Raises :class:`BenchError` with the end of the log when the program ends before."""
    ends = time.monotonic() + _START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > ends:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
            raise BenchError(f"{process.args!r} did not start (code {process.poll()}):\n{tail}")
        time.sleep(0.05)


def cpu_seconds(session: int) -> float:
    """The processor time that the processes of a session (see :func:`running`) have used so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def listens(port: int) -> bool:
    """Whether somebody accepts connections on ``port`` of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A real Redis that keeps nothing on disk; yields its URL."""
    server = shutil.which("redis-server") or shutil.which("valkey-server")
    if server is None:
        raise BenchError("redis-server is needed: sudo apt-get install redis-server")
    port, log = free_port(), folder / "redis.log"
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    with running([server, *options], log) as process:
        until(lambda: listens(port), process, log)
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """PostgreSQL with the settings it comes with (fsync and synchronous_commit on); yields the URL of a database."""
    binaries = _postgres_binaries()
    user = "postgres" if os.getuid() == 0 else ""
    place, port, log = folder / "postgres", free_port(), folder / "postgres.log"
    place.mkdir()
    if user:
        shutil.chown(place, user, user)
        folder.chmod(0o755)
    initdb: list[str | Path] = [
        binaries / "initdb",
        "-D",
        place,
        "-U",
        "bench",
        "-A",
        "trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    with running(initdb, log, user=user) as process:
        if process.wait() != 0:
            raise BenchError(f"initdb failed: {log.read_text(errors='replace')[-2000:]}")
    server: list[str | Path] = [binaries / "postgres", "-D", place, "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
    with running([*server, "-c", f"unix_socket_directories={place}"], log, user=user) as process:
        url = f"postgresql://bench@127.0.0.1:{port}/postgres"
        until(lambda: _answers(url), process, log)
        yield url


def has_postgres() -> bool:
    """Whether the programs of a PostgreSQL server are here."""
    return any(_postgres_folders())


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _postgres_folders() -> list[Path]:
    return sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))


def _postgres_binaries() -> Path:
    found = _postgres_folders()
    if not found:
        raise BenchError("PostgreSQL is needed: sudo apt-get install postgresql")
    return found[-1].parent


def _stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the program, SIGKILL to its whole session when it does not end. A bench owns the session."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT if "postgres" in str(process.args) else signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
