"""The load generator: wrk when it is here or can be had, else a small one of ours, for all variants alike."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import percentile
from tests.bench.services import ROOT, BenchError
from tests.bench.updates import SECRET, TEXT_LENGTH, update

LUA = Path(__file__).with_name("updates.lua")
Generator = Callable[[str, int, float, int], "Load"]


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one run of the generator saw. ``p50`` to ``p99`` are milliseconds; ``cpu`` is the web server's processor
    time per request in microseconds, when somebody looked."""

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    broken: int
    refused: int
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Answered requests per second."""
        return self.requests / self.seconds

    def checked(self, what: str) -> Load:
        """Itself. Raises :class:`BenchError` when any request failed: such a rate means nothing."""
        if self.broken or self.refused or not self.requests:
            raise BenchError(f"{what}: {self.broken} connections broke, {self.refused} of {self.requests} were refused")
        return self


def generator() -> tuple[str, Generator]:
    """The name of the generator and the generator: ``(url, connections, seconds, first update id) -> Load``."""
    if shutil.which("wrk") is None:
        subprocess.run([ROOT / ".ci" / "apt.sh", "wrk"], check=False, stdout=sys.stderr)
    if shutil.which("wrk"):
        return "wrk", _wrk
    return "our own asyncio client", _ours


def _wrk(url: str, connections: int, seconds: float, first: int) -> Load:
    options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(LUA)]
    command = ["wrk", *options, url, "--", str(first), SECRET, str(TEXT_LENGTH)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return Load(**json.loads(line.removeprefix("RESULT ")))


def _ours(url: str, connections: int, seconds: float, first: int) -> Load:
    command = [sys.executable, "-m", "tests.bench.load", url, str(connections), str(seconds), str(first)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Load(**json.loads(done.stdout))


class _Client:
    """So many keep-alive connections, each sending its next request when the last is answered."""

    def __init__(self, url: str, first: int) -> None:
        host, _, path = url.removeprefix("http://").partition("/")
        self._host, _, port = host.partition(":")
        self._port, self._path, self._next = int(port), f"/{path}", first
        self.times: list[float] = []
        self.broken = self.refused = 0

    async def connection(self, ends: float) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            while time.monotonic() < ends:
                self._next += 1
                begun = time.monotonic()
                writer.write(self._request(self._next))
                status = await _answer(reader)
                self.times.append((time.monotonic() - begun) * 1000)
                self.refused += not 200 <= status < 300
        except (OSError, asyncio.IncompleteReadError):
            self.broken += 1
        finally:
            writer.close()

    def _request(self, number: int) -> bytes:
        body = update(number)
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, found, rest = head.partition(b"content-length:")
    if found:
        await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
    return int(head.split(b" ", 2)[1])


async def _run(url: str, connections: int, seconds: float, first: int) -> Load:
    client, begun = _Client(url, first), time.monotonic()
    await asyncio.gather(*[client.connection(begun + seconds) for _ in range(connections)])
    spent = time.monotonic() - begun
    times = client.times or [0.0]
    return Load(
        requests=len(client.times),
        seconds=spent,
        p50=percentile(times, 50),
        p95=percentile(times, 95),
        p99=percentile(times, 99),
        broken=client.broken,
        refused=client.refused,
    )


if __name__ == "__main__":
    url, connections, seconds, first = sys.argv[1:]
    print(json.dumps(vars(asyncio.run(_run(url, int(connections), float(seconds), int(first))))))
