"""When to try again, and when it makes no sense any more."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from connector.errors import PermanentError
from connector.speech import Text

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
STOPPED_PAUSE = 10.0
GIVE_UP = timedelta(days=3)
CHAT = frozenset({"message.received", "reply.written", "button.pressed"})

TOO_LATE = Text(
    "The message is older than {hours:g} hours, too late for a conversation. Replay it if it is still wanted.",
    "Сообщению больше {hours:g} ч, для разговора это поздно. Повторите доставку, если оно всё ещё нужно.",
)


def pause(attempts: int, asked: float | None = None, *, chance: random.Random | None = None) -> float:
    """Seconds before attempt number ``attempts + 1``: doubling with jitter, never less than the far side ``asked``."""
    drawn = (chance or random).uniform(0.8, 1.2)
    usual = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempts, 10)) * drawn
    return max(usual, asked or 0.0)


def check_age(kind: str, created_at: datetime, now: datetime, *, message_hours: float) -> None:
    """Raise ``PermanentError`` when a chat message outlived its channel's sense, or anything else its last chance.

    A replayed delivery is judged by the time of its replay: give that as ``created_at``.
    """
    limit = timedelta(hours=message_hours) if kind in CHAT else GIVE_UP
    if now - created_at > limit:
        raise PermanentError("delivery.too_late", hint=TOO_LATE.with_(hours=limit / timedelta(hours=1)))
