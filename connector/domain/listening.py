"""What a listener is given: how it makes durable what a connection tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol


class Listening(Protocol):
    """It may be called from any thread."""

    @property
    def http(self) -> Any:
        """What the account's adapter is given (``Provider.session``), with what it keeps between two calls."""

    def keep(self, frame: bytes, *, at: datetime | None = None) -> None:
        """Make one frame of the stream durable (a repeat is forgotten); the provider's ``parse`` reads it later."""

    def store(self, name: str, mime: str, data: bytes) -> str:
        """Keep a file; returns its key. While the disk refuses, it waits; ``TransientError`` when that lasts and we
        are to stop."""

    def mark(self, name: str) -> Any | None:
        """How far ``name`` was read (JSON); ``None``: not yet. ``TransientError`` while nobody can tell."""

    def set_mark(self, name: str, value: Any) -> None:
        """Remember how far ``name`` was read: only when all before it is kept. While the database is away nothing is
        remembered, and what is read again is known by its key."""

    def open_calls(self) -> Sequence[str]:
        """The ids of this account's calls that are not over, as far as we know."""

    def heard(self) -> None:
        """The other side is alive (a frame, or an answer to a ping)."""

    def last_heard(self) -> datetime | None:
        """When it was heard last, by this process or the one before it (to a few seconds); ``None``: never."""

    def stopped(self) -> bool:
        """Whether to come to an end."""
