"""Fair turns for writers of one SQLite file: threads by a lock, processes by two file locks.

SQLite's own busy handler sleeps longer and longer, so that one busy writer starves the others
(facts/measurements.md §4). Whoever waits here stands in the doorway (``.turn``) until the room (``.lock``) is free; the
one who leaves the room has to pass the doorway again, so it cannot take two turns in a row before a waiting process.
Locks are tried, never slept on: a stuck process cannot hang the others, and gevent keeps running.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.journal.faults import JournalAway

_PAUSE = 0.0002


class Turns:
    """One per process and database file."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._threads = threading.Lock()
        self._files: tuple[int, int] | None = None

    @contextmanager
    def turn(self, patience: float) -> Iterator[None]:
        """Hold the file for one transaction. Raises :class:`JournalAway` after ``patience`` seconds."""
        ends = time.monotonic() + patience
        if not self._threads.acquire(timeout=patience):
            raise JournalAway("the other writers of this process do not end")
        try:
            doorway, room = self._open()
            _take(doorway, ends)
            try:
                _take(room, ends)
            finally:
                fcntl.flock(doorway, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(room, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def close(self) -> None:
        """Give the files back."""
        files, self._files = self._files, None
        for file in files or ():
            os.close(file)

    def _open(self) -> tuple[int, int]:
        if self._files is None:
            try:
                self._files = (self._file(".turn"), self._file(".lock"))
            except OSError as error:
                raise JournalAway(f"{error.strerror}: {self._database}") from error
        return self._files

    def _file(self, suffix: str) -> int:
        return os.open(f"{self._database}{suffix}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _take(file: int, ends: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > ends:
                raise JournalAway("another process writes for too long") from None
            time.sleep(_PAUSE)
