"""What a pump is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connector.delivery.perform import Reach
from connector.domain.events import MessageReceived, ReplyWritten
from connector.domain.ports import Clock
from connector.handlers import NO_RULES, Mappings, Rules
from connector.handlers.messages import merged
from connector.handlers.replies import together
from connector.journal import Delivery, Journal


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a pump is given: one per process is enough, pumps share it.

    ``doubt`` says for a destination after how many seconds an effect of unknown outcome must have ended; after a crash
    ``longest`` is added, the seconds that one request may keep a portal busy. ``mappings`` gives the rules that are in
    use at this moment. ``lanes`` is how many conversations may
    be under way, ``workers`` how many effects at once at an account, ``requests`` at a portal. ``pace`` multiplies the
    pauses between attempts.
    """

    journal: Journal
    rules: Rules
    reach: Reach
    mappings: Callable[[], Mappings] = lambda: NO_RULES
    clock: Clock = lambda: datetime.now(UTC)
    message_hours: float = 24.0
    doubt: Callable[[str], float] = lambda destination: 5.0
    longest: float = 0.0
    pace: float = 1.0
    lanes: int = 256
    workers: int = 16
    requests: int = 64


def event_of(delivery: Delivery) -> Any:
    """The delivery's event; the parts of an album are one message, lines that go out together one reply."""
    parts = [member.event for member in delivery.members] or [delivery.event]
    messages = [part for part in parts if isinstance(part, MessageReceived)]
    if len(messages) > 1:
        return merged(messages)
    replies = [part for part in parts if isinstance(part, ReplyWritten)]
    return together(replies) if len(replies) > 1 else delivery.event
