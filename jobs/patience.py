"""Waiting for what is away: a process that cannot reach its database waits and says so; it does not crash in a loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from connector.errors import TransientError

log = structlog.get_logger()

_LONGEST = 15.0
T = TypeVar("T")


class Seldom:
    """Says a lasting trouble at once, then once a minute."""

    def __init__(self, every: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._every, self._clock = every, clock
        self._said = float("-inf")

    def due(self) -> bool:
        """Whether to say it now."""
        if self._clock() - self._said < self._every:
            return False
        self._said = self._clock()
        return True


def until_built(build: Callable[[], T], stop: threading.Event, *, first: float = 1.0) -> T | None:
    """``build()``, tried again while it raises ``TransientError`` (the database is away); ``None`` when ``stop`` came.

    The pause doubles from ``first`` seconds to 15. Anything else that ``build`` raises goes on to the caller.
    """
    pause = first
    while not stop.is_set():
        try:
            return build()
        except TransientError as error:
            log.warning("start.waits", cause=error.cause, hint=error.hint.en, seconds=pause)
            stop.wait(pause)
            pause = min(2 * pause, _LONGEST)
    return None
