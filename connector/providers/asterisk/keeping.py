"""Frames on their way to the journal: while it is slow, the stream waits; what was read from it is never dropped."""

from __future__ import annotations

import queue
import threading
from datetime import datetime
from types import TracebackType

from connector.domain.listening import Listening

WAITING = 2000  # frames in memory; then nothing more is read, and Asterisk's own buffers fill
_LOOK = 0.5


class Keeper:
    """One thread that keeps frames in their order. Leaving it, what waits is kept first."""

    def __init__(self, listening: Listening, *, waiting: int = WAITING) -> None:
        self._listening = listening
        self._frames: queue.Queue[tuple[bytes, datetime] | None] = queue.Queue(waiting)
        self._thread = threading.Thread(target=self._run, name="asterisk-keeper", daemon=True)
        self._error: BaseException | None = None

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._put(None)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def put(self, frame: bytes, at: datetime) -> None:
        """Hand a frame over; waits while too many wait. Raises what keeping raised."""
        self._put((frame, at))
        self.check()

    def check(self) -> None:
        """Raises what keeping raised."""
        if self._error is not None:
            raise self._error

    def _put(self, item: tuple[bytes, datetime] | None) -> None:
        while self._thread.is_alive():
            try:
                self._frames.put(item, timeout=_LOOK)
            except queue.Full:
                continue
            return

    def _run(self) -> None:
        while (item := self._frames.get()) is not None:
            try:
                self._listening.keep(item[0], at=item[1])
            except BaseException as error:  # told to whoever reads the stream
                self._error = error
                return
