"""Keeps a handful of processes alive and takes them down gently."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

import structlog

log = structlog.get_logger()

GRACE = 75.0  # seconds: one call to a portal may take 70
_YOUNG = 5.0
_LONGEST_PAUSE = 30.0


@dataclass(kw_only=True)
class Slot:
    """One process that must live. ``pause`` is the wait before its next start, which is due at ``again``."""

    name: str
    process: BaseProcess | None = None
    started: float = 0.0
    pause: float = 0.0
    again: float = 0.0


class Supervisor:
    """Starts ``serve(name)`` in a forked process per name and again when it dies, later and later if it dies young."""

    def __init__(self, names: Sequence[str], serve: Callable[[str], int], *, grace: float = GRACE) -> None:
        self._slots = [Slot(name=name) for name in names]
        self._serve, self._grace = serve, grace
        self._stopping = False
        self._fork = multiprocessing.get_context("fork")

    def run(self) -> int:
        """Supervise until SIGTERM or SIGINT; 0 when every process left by itself, 1 when one had to be killed."""
        before = {name: signal.signal(name, self._halt) for name in (signal.SIGTERM, signal.SIGINT)}
        try:
            while not self._stopping:
                self._start_due()
                self._bury(timeout=0.5)
            return self._take_down()
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    def pids(self) -> list[int]:
        """The processes that live now."""
        return [slot.process.pid for slot in self._slots if slot.process is not None and slot.process.pid]

    def _halt(self, signum: int, frame: Any) -> None:
        self._stopping = True

    def _start_due(self) -> None:
        for slot in self._slots:
            if not self._stopping and slot.process is None and time.monotonic() >= slot.again:
                process = self._fork.Process(target=self._child, args=(slot.name,), name=slot.name)
                process.start()
                slot.process, slot.started = process, time.monotonic()
                log.info("process.started", process=slot.name, pid=process.pid)

    def _child(self, name: str) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        sys.exit(self._serve(name))

    def _bury(self, timeout: float) -> None:
        sentinels = [slot.process.sentinel for slot in self._slots if slot.process is not None]
        wait(sentinels, timeout)
        for slot in self._slots:
            if slot.process is not None and not slot.process.is_alive():
                young = time.monotonic() - slot.started < _YOUNG
                slot.pause = min(max(1.0, 2 * slot.pause), _LONGEST_PAUSE) if young else 0.0
                slot.again = time.monotonic() + slot.pause
                log.warning("process.died", process=slot.name, code=slot.process.exitcode, again_in=slot.pause)
                slot.process.close()
                slot.process = None

    def _take_down(self) -> int:
        alive = [slot.process for slot in self._slots if slot.process is not None]
        for process in alive:
            process.terminate()
        ends = time.monotonic() + self._grace
        for process in alive:
            process.join(max(0.0, ends - time.monotonic()))
        stuck = [process for process in alive if process.is_alive()]
        for process in stuck:
            log.warning("process.killed", process=process.name, pid=process.pid)
            process.kill()
            process.join()
        return 1 if stuck else 0
