"""Our processes, born of one that has loaded the modules: to load them takes longer than what most tests want of them.

Each is a process like any other, with an id, a group, signals and files of its own. What a person starts (``connector
run``, gunicorn, the demo) is started as a person does it.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MODULES = ("jobs.worker", "jobs.clock", "jobs.listen")
PATIENCE = 60.0


class Born:
    """As ``subprocess.Popen`` has it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._over = threading.Event()

    def ended(self, returncode: int) -> None:
        """It is over and reaped."""
        self.returncode = returncode
        self._over.set()

    def poll(self) -> int | None:
        """Its exit code, -N when signal N ended it; nothing while it lives."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code once it is over. Raises ``subprocess.TimeoutExpired``."""
        if not self._over.wait(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return self.returncode

    def send_signal(self, sign: int) -> None:
        """Send it a signal, unless it is over."""
        if self.returncode is None:
            os.kill(self.pid, sign)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that bears the others; it ends with the tests."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "tests.nursery", str(theirs.fileno())]
        subprocess.Popen(
            command, cwd=ROOT, env=env, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        theirs.close()
        self._line, self._told = ours, ours.makefile("r")
        self._births: queue.SimpleQueue[Born] = queue.SimpleQueue()
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()

    def bear(self, module: str, arguments: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path) -> Born:
        """``python -m module arguments`` in a session of its own; what it writes is appended to ``log``."""
        order = {"module": module, "arguments": [*arguments], "env": dict(env), "cwd": str(cwd), "log": str(log)}
        with self._lock:
            self._line.sendall(json.dumps(order).encode() + b"\n")
            return self._births.get(timeout=PATIENCE)

    def _listen(self) -> None:
        living: dict[int, Born] = {}
        for line in self._told:
            pid, returncode = json.loads(line)
            if returncode is None:
                living[pid] = Born(pid)
                self._births.put(living[pid])
            else:
                living.pop(pid).ended(returncode)


@cache
def nursery() -> Nursery:
    """The one of these tests."""
    return Nursery()


def started(command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path) -> Born | subprocess.Popen[bytes]:
    """The command in a session of its own; what it writes is appended to ``log``."""
    _, *rest = command
    if rest[:1] == ["-m"] and rest[1] in MODULES:
        return nursery().bear(rest[1], rest[2:], env, cwd, log)
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def main(line: socket.socket) -> dict[str, Any] | None:
    """Bear what is ordered and tell who is over, until the tests are; in a new process it returns the order."""
    for name in MODULES:
        import_module(name)
    for name in MODULES:  # to be run as the main module, which nobody has loaded before
        package, _, own = name.rpartition(".")
        del sys.modules[name]
        delattr(sys.modules[package], own)
    gc.collect()
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders = b""
    while True:
        ready, _, _ = select.select([line.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 1024)
            _bury(line)
        if line.fileno() in ready:
            came = line.recv(65536)
            if not came:
                return None
            *whole, orders = (orders + came).split(b"\n")
            for order in whole:
                pid = os.fork()
                if not pid:
                    line.close()
                    os.close(woken)
                    return dict(json.loads(order))
                line.sendall(json.dumps([pid, None]).encode() + b"\n")


def _bury(line: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        line.sendall(json.dumps([pid, os.waitstatus_to_exitcode(status)]).encode() + b"\n")


def _become(module: str, arguments: list[str], env: dict[str, str], cwd: str, log: str) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    ordered = main(socket.socket(fileno=int(sys.argv[1])))
    if ordered:
        _become(**ordered)
