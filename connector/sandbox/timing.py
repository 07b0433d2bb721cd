"""The portal's time: a clock that may run fast, and calls that really take as long as they are said to.

facts/bitrix24-platform.md §1.4 (the ``time`` block), §3.3 (60 s per HTTP request, then it is cut).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from connector.sandbox.answers import RawAnswerError

GATEWAY_PAGE = "<html><head><title>504 Gateway Time-out</title></head><body><h1>504 Gateway Time-out</h1></body></html>"


class PortalClock:
    """Unix seconds as the portal sees them: ``factor`` of its seconds pass in one real second.

    With a factor of 1 the clock is ``source`` itself. Sleeping and elapsed times are in the portal's seconds too.
    """

    def __init__(self, source: Callable[[], float], factor: float) -> None:
        if factor <= 0:
            raise ValueError(f"factor: a number above 0, not {factor:g}")
        self._source, self._factor = source, factor
        self._origin = source()

    def now(self) -> float:
        """The moment, unix seconds."""
        if self._factor == 1:
            return self._source()
        return self._origin + (self._source() - self._origin) * self._factor

    def sleep(self, seconds: float) -> None:
        """Let this many of the portal's seconds pass."""
        if seconds > 0:
            time.sleep(seconds / self._factor)

    def since(self, began: float) -> float:
        """The portal's seconds since ``began``, which is ``time.perf_counter()``."""
        return (time.perf_counter() - began) * self._factor


class Hit:
    """One HTTP request and how long it has been running; the commands of a batch follow each other in it.

    ``real``: calls take their modelled seconds, and the request is cut after ``wall`` seconds (0: never).
    Otherwise they take no time and are only said to.
    """

    def __init__(self, clock: PortalClock, *, real: bool, wall: float) -> None:
        self._clock, self._real, self._wall = clock, real, wall
        self._began = time.perf_counter()
        self._told = 0.0

    @property
    def seconds(self) -> float:
        """What ``time.duration`` says of the whole request."""
        return max(self._told, self._clock.since(self._began)) if self._real else self._told

    def take(self, seconds: float, began: float) -> float:
        """Let one call, at work since ``began`` (``time.perf_counter()``), last ``seconds`` in all; returns its time.

        Raises :class:`RawAnswerError` 504 when the request is cut meanwhile: the call has had its effect, the
        commands behind it do not run.
        """
        self._told += seconds
        if not self._real:
            return seconds
        rest = seconds - self._clock.since(began)
        left = self._wall - self._clock.since(self._began)
        if self._wall and rest > left:
            self._clock.sleep(left)
            raise RawAnswerError(504, GATEWAY_PAGE, "text/html; charset=utf-8", code="GATEWAY_TIMEOUT")
        self._clock.sleep(rest)
        return max(seconds, self._clock.since(began))
