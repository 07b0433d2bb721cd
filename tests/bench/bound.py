"""The least time that any schedule can need within a portal's limits (facts/bitrix24-platform.md §3.1, §3.3)."""

from __future__ import annotations

import math
from itertools import count, takewhile

_CLOSE = 1e-4


def least_seconds(work: float, *, per_second: float, free: int = 0, ceiling: float = math.inf) -> float:
    """Seconds until ``work`` seconds of the portal's time are done.

    ``free`` requests may leave at the start (none when the burst is spent), and another one after each
    ``1 / per_second`` seconds. Each may hold up to ``ceiling`` seconds of work, which a request does one after the
    other. Nothing is lost between requests.
    """
    low, high = 0.0, work + 1.0
    while high - low > _CLOSE:
        middle = (low + high) / 2
        if _done_by(middle, per_second, free, ceiling) >= work:
            high = middle
        else:
            low = middle
    return high


def _done_by(moment: float, per_second: float, free: int, ceiling: float) -> float:
    tokens = takewhile(lambda start: start < moment, (number / per_second for number in count(1)))
    return free * min(ceiling, moment) + sum(min(ceiling, moment - start) for start in tokens)
