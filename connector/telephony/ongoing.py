"""The calls that Bitrix24 has not been told the end of, as handlers keep them (connector/handlers/calls)."""

from __future__ import annotations

from connector.journal.links import Link
from connector.listening.health import Seen

STORY, OPEN = "event.call", "call.open"  # links by <account>.<call>: what is known of it, and that it goes on
_MOST = 5000


def open_calls(house: Seen, name: str = "") -> list[Link]:
    """The calls that are not finished in Bitrix24, of one account or of all; 5000 at most. Raises ``JournalAway``."""
    return house.journal.links_like(OPEN, f"{name}." if name else "", limit=_MOST)
