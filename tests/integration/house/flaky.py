"""A journal that is away when a test says so."""

from __future__ import annotations

from typing import Any

from connector.journal import JournalAway


class Flaky:
    """A journal that can be away."""

    def __init__(self, journal: Any) -> None:
        self._journal, self.away = journal, False

    def __getattr__(self, name: str) -> Any:
        if self.away:
            raise JournalAway("pulled out")
        return getattr(self._journal, name)
