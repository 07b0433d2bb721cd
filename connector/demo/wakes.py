"""The demo's Redis: a running one, else a private ``redis-server``, else a plainly announced stand-in."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import redis

from connector.demo.keeper import WITH_US, end
from connector.speech import Text

WITHOUT = "CONNECTOR_DEMO_WITHOUT_REDIS"  # anything in it: do as if there were none
RUNNING = Text("Redis: the one that runs at {where}.", "Redis: работающий по адресу {where}.")
STARTED = Text("Redis: a private redis-server on port {where}.", "Redis: свой redis-server на порту {where}.")
NONE = Text(
    "Redis: NONE FOUND. A stand-in for this demo only polls the journal instead of being woken. "
    "Install redis-server for real use.",
    "Redis: НЕ НАЙДЕН. Только для этой демонстрации заместитель опрашивает журнал сам, без пробуждений. "
    "Для настоящей работы установите redis-server.",
)


@dataclass(frozen=True, kw_only=True)
class Wakes:
    """``url`` for the processes; ``process`` when we started it; ``standin`` when nothing answers there."""

    url: str
    said: Text
    process: subprocess.Popen[bytes] | None = None
    standin: bool = False


def find(directory: Path) -> Wakes:
    """A Redis for the demo; ``directory`` is where a private one may write."""
    url, without = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/9"), os.environ.get(WITHOUT)
    if not without and _answers(url):
        return Wakes(url=url, said=RUNNING.with_(where=url.rpartition("@")[2]))
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    if program is None or without:
        return Wakes(url=url, said=NONE, standin=True)
    command = [*WITH_US, program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    if _comes(process, url):
        return Wakes(url=url, said=STARTED.with_(where=port), process=process)
    return Wakes(url=url, said=NONE, standin=True)


def _comes(process: subprocess.Popen[bytes], url: str) -> bool:
    """Whether it answers in time; one that does not is ended."""
    deadline = time.monotonic() + 10
    try:
        while process.poll() is None and time.monotonic() < deadline:
            if _answers(url):
                return True
            time.sleep(0.05)
    except BaseException:  # Ctrl+C too
        end([process])
        raise
    end([process])
    return False


def free_port() -> int:
    """A port of loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    with suppress(redis.RedisError, OSError):
        return bool(redis.Redis.from_url(url, socket_connect_timeout=0.5).ping())
    return False
