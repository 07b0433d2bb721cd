"""How the time of a reader grows with its text, in seconds of its own work: a busy machine changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMES = 4  # how much longer the long text is: a line grows as much, a square by 16
GROWTH = 9
NOTHING = 0.1  # seconds that prove nothing


def reads_in_time(read: Callable[[str], object], piece: str, *, length: int, seconds: float) -> None:
    """Assert that ``read`` takes at most ``seconds`` for ``length`` characters of ``piece``, in proportion to them."""
    short, long = (_took(read, piece * (size // len(piece))) for size in (length // TIMES, length))
    assert long < seconds
    assert long < max(NOTHING, GROWTH * short)


def _took(read: Callable[[str], object], text: str) -> float:
    """The best of three."""
    return min(_once(read, text) for _ in range(3))


def _once(read: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    read(text)
    return time.thread_time() - began
