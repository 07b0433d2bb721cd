"""What every part of the journal works with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from connector.domain.ports import Clock
from connector.journal.engine import Store
from connector.journal.vault import Vault

log = structlog.get_logger()


class Desk:
    """The database, the vault and the clock; :class:`~connector.journal.book.Journal` adds up the parts."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        self.store, self.vault, self.clock = store, vault, clock
        self.on_commit: Callable[[set[str]], None] | None = None
        self._cursors: dict[str, str] = {}

    def now(self) -> float:
        """Unix seconds by the clock."""
        return self.clock().timestamp()

    def tell(self, destinations: set[str]) -> None:
        """Say that there is work. A listener that fails is logged: the sweep finds the work."""
        if not destinations or self.on_commit is None:
            return
        try:
            self.on_commit(destinations)
        except Exception:
            log.exception("journal.wake_failed", destinations=sorted(destinations))


def moment(seconds: float) -> datetime:
    """Unix seconds as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)
