"""Waiting for a state, with a deadline; never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(found: Callable[[], T], *, seconds: float = 20.0, what: str, every: float = 0.05) -> T:
    """The first true value of ``found``. Raises ``AssertionError`` saying ``what`` was awaited after ``seconds``.

    What ``found`` raises counts as *not yet* and is told in the end.
    """
    ends, last = time.monotonic() + seconds, ""
    while True:
        try:
            value = found()
        except Exception as error:
            last = f"{type(error).__name__}: {error}"
        else:
            if value:
                return value
            last = repr(value)
        if time.monotonic() > ends:
            raise AssertionError(f"not within {seconds:g} s: {what}; last seen {last[:2000]}")
        time.sleep(every)
