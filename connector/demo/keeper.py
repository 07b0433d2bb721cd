"""Keeps the demo's processes alive, as systemd would: one that dies is started again a moment later."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

PAUSE = 1.5  # seconds before a dead process is started again
GLANCE = 0.1
GRACE = 10.0
# Where the system can (Linux), a process goes with the demo even when that is killed outright.
WITH_US = ("setpriv", "--pdeathsig", "TERM", "--") if shutil.which("setpriv") else ()


class Keeper:
    """``commands`` by name; each writes to ``<folder>/<name>.log``. Use as a context manager."""

    def __init__(self, folder: Path, env: Mapping[str, str], commands: Mapping[str, Sequence[str]]) -> None:
        self._folder, self._env, self._commands = folder, dict(env), dict(commands)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)

    def kill(self, name: str) -> int:
        """SIGKILL the process and all it started, in the middle of whatever they do; the process's number."""
        with self._lock:
            process = self._running[name]
        send(process, signal.SIGKILL)
        process.wait()
        return process.pid

    def pid(self, name: str) -> int | None:
        """The number of the process that runs under this name; ``None`` while it is dead."""
        with self._lock:
            process = self._running[name]
        return process.pid if process.poll() is None else None

    def names(self) -> frozenset[str]:
        """What is kept."""
        return frozenset(self._commands)

    def __enter__(self) -> Self:
        try:
            for name in self._commands:
                self._start(name)
        except BaseException:  # Ctrl+C too: what was started already must not stay
            end(list(self._running.values()))
            raise
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _start(self, name: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*WITH_US, *self._commands[name]],
                cwd=self._folder,
                env=self._env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        with self._lock:
            self._running[name] = process

    def _watch(self) -> None:
        """Ends them as well: when this thread goes the system ends what it started, but not the children of that."""
        while not self._stop.wait(GLANCE):
            dead = [name for name, process in self._running.items() if process.poll() is not None]
            if dead and not self._stop.wait(PAUSE):
                for name in dead:
                    self._start(name)
        end(list(self._running.values()))


def end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask all to leave; those that stay longer than ``GRACE`` are killed."""
    for process in processes:
        send(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            send(process, signal.SIGKILL)
            process.wait()


def send(process: subprocess.Popen[bytes], number: int) -> None:
    """A signal to the process and its group; nothing when it is dead."""
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        process.send_signal(number)
