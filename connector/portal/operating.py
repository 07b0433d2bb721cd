"""What the portal tells about operating time, per method (facts/bitrix24-platform.md §3.2; trap 8).

``operating`` is the sum of the last ten minutes for this method and credential, not the cost of the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.domain.ports import Clock
from connector.errors import TransientError
from connector.portal.hints import HINTS

STEP = 60.0
LONGEST = 600.0


class Operating:
    """The observed seconds of each method, and the methods that wait until their window rolls on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seconds: dict[str, float] = {}
        self._resets: dict[str, float] = {}
        self._blocked: dict[str, float] = {}

    def note(self, method: str, spent: Mapping[str, Any]) -> None:
        """Take in the ``time`` of an answer; the reset is counted from the portal's clock, so skew does not matter."""
        name = method.lower()
        operating, reset, finish = (_number(spent.get(key)) for key in ("operating", "operating_reset_at", "finish"))
        self._seconds[name] = operating
        if reset and finish and reset > finish:
            self._resets[name] = self._now() + min(reset - finish, LONGEST)

    def seconds(self, method: str) -> float:
        """The seconds that the method has used up in its window, as last told; 0 when never told."""
        return self._seconds.get(method.lower(), 0.0)

    def block(self, method: str) -> float:
        """The method answered with the limit: it waits until its reset, else a minute. Returns the seconds."""
        name = method.lower()
        until = max(self._resets.get(name, 0.0), self._now() + 1.0)
        if name not in self._resets or self._resets[name] <= self._now():
            until = self._now() + STEP
        self._blocked[name] = until
        return until - self._now()

    def check(self, method: str) -> None:
        """Raise ``TransientError`` while the method waits; other methods go on."""
        name = method.lower()
        left = self._blocked.get(name, 0.0) - self._now()
        if left <= 0:
            self._blocked.pop(name, None)
            return
        hint = HINTS["operating"].with_(method=method, status=429)
        raise TransientError("bitrix24.operating_limit", hint=hint, detail=method, retry_after=left)

    def _now(self) -> float:
        moment: datetime = self._clock()
        return moment.timestamp()


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
