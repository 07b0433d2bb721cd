"""Methods that this portal was seen to lack: not asked again for a while (facts/bitrix24-platform.md §2.1, §4.9)."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.domain.ports import Clock
from connector.errors import ConnectorError, PermanentError

NO_SUCH_METHOD = "bitrix24.no_such_method"
ASKED_AGAIN = timedelta(minutes=10)


class Lacking:
    """Remembers, in this process, which methods the portal does not know: each call of one would cost a request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, tuple[datetime, PermanentError]] = {}

    def check(self, method: str) -> None:
        """Raise what the portal said of ``method`` in the last ten minutes."""
        at, said = self._known.get(method.lower(), (None, None))
        if at is None or said is None:
            return
        if self._clock() - at >= ASKED_AGAIN:
            del self._known[method.lower()]
            return
        raise PermanentError(said.cause, hint=said.hint, detail=said.detail)

    def note(self, method: str, error: ConnectorError) -> None:
        """What came back from ``method``; only "no such method" counts."""
        if isinstance(error, PermanentError) and error.cause == NO_SUCH_METHOD:
            self._known[method.lower()] = (self._clock(), error)

    def forget(self) -> None:
        """Installed anew: everything may be there now."""
        self._known.clear()
