"""Processes of the house: each leads a group of its own, writes to a file and is ended with its whole group."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.nursery import Born, started

POLL_SECONDS = 0.05
ROOT = Path(__file__).resolve().parents[3]
Commands = Mapping[str, Sequence[str]]


class Reaper:
    """Sees to it that no process outlives the tests, however they end. ``mark`` is in the environment of each."""

    def __init__(self, mark: str) -> None:
        script = Path(__file__).with_name("reaper.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script), mark], stdin=subprocess.PIPE, start_new_session=True, text=True, env={}
        )
        self._lock = threading.Lock()

    def tell(self, sign: str, group: int) -> None:
        """``+``: the group began; ``-``: it is over."""
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{sign}{group}\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """Whatever is left is killed now."""
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.close()
        self._process.wait(10)


class Service:
    """One command that can be started, stopped politely and killed, again and again. ``log`` gathers its output."""

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path, reaper: Reaper) -> None:
        self.name, self.log = name, log
        self.kept = True
        self.starts = 0
        self._command, self._env, self._reaper = list(command), dict(env), reaper
        self._process: Born | subprocess.Popen[bytes] | None = None
        self._lock = threading.RLock()

    @property
    def pid(self) -> int:
        """The process id, which is the group's too; 0 while there is none."""
        process = self._process
        return process.pid if process and process.poll() is None else 0

    def start(self) -> None:
        """Start unless it runs."""
        with self._lock:
            if self.pid:
                return
            self.starts += 1
            self._process = started(self._command, env=self._env, cwd=ROOT, log=self.log)
            self._reaper.tell("+", self._process.pid)

    def stop(self, seconds: float = 15.0, sign: signal.Signals = signal.SIGTERM) -> None:
        """``sign`` to the leader, as a process manager says it; after ``seconds`` the whole group is killed."""
        with self._lock:
            if self.pid and self._process:
                self._process.send_signal(sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(seconds)
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        with self._lock:
            if self._process is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._reaper.tell("-", self._process.pid)
            self._process = None

    def children(self) -> list[int]:
        """Process ids of the direct children."""
        pid = self.pid
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def tail(self, lines: int = 60) -> str:
        """The end of its output."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


class Keeper:
    """Starts at once whatever service ended by itself, as a process manager does."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = services
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No more starts."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            for service in self._services:
                if service.kept and not service.pid:
                    service.kill()
                    service.start()


@contextmanager
def processes(commands: Commands, env: Mapping[str, str], folder: Path, *, mark: str) -> Iterator[dict[str, Service]]:
    """The commands as services that are kept running, from the root of the code; all are killed after the block.

    ``mark`` stands in the environment of these processes and of no others: what they started goes by it.
    """
    reaper = Reaper(mark)
    services = {
        name: Service(name, command, env=env, log=folder / f"{name}.log", reaper=reaper)
        for name, command in commands.items()
    }
    for service in services.values():
        service.start()
    keeper = Keeper(list(services.values()))
    try:
        yield services
    finally:
        keeper.close()
        for service in services.values():
            service.kill()
        reaper.close()
