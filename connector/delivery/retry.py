"""When to try again, and when it makes no sense any more."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from connector.errors import PermanentError
from connector.speech import Text

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
STOPPED_PAUSE = 10.0
# A mail server that puts a letter off, or refuses our password, is not asked every minute: that ends in its black list.
LETTER_LONGEST, LETTER_STOPPED = 900.0, 300.0
GIVE_UP = timedelta(days=3)
CHAT = frozenset({"message.received", "reply.written", "button.pressed"})

TOO_LATE = Text(
    "The message is older than {hours:g} hours, too late for a conversation. Replay it if it is still wanted.",
    "Сообщению больше {hours:g} ч, для разговора это поздно. Повторите доставку, если оно всё ещё нужно.",
)
TOO_LATE_AFTER_CALL = Text(
    "It could not be attached to the call for {hours:g} hours. See what the last attempts said, mend that, replay.",
    "Это не удалось прикрепить к звонку за {hours:g} ч. Посмотрите, чем кончились последние попытки, исправьте это и "
    "повторите доставку.",
)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a kind of event is tried: ``longest`` seconds between two attempts, ``give_up`` after all; ``late`` says
    so with ``{hours}``."""

    longest: float = LONGEST_PAUSE
    give_up: timedelta = GIVE_UP
    late: Text = TOO_LATE


USUAL = Patience()
# A PBX may be away for a weekend and its recordings come with it; a look every quarter of an hour is enough.
_AFTER_CALL = Patience(longest=900.0, give_up=timedelta(days=7), late=TOO_LATE_AFTER_CALL)
PATIENCE: Mapping[str, Patience] = MappingProxyType(
    {"call.recording_due": _AFTER_CALL, "call.transcript_due": _AFTER_CALL}
)


def pause(
    attempts: int,
    asked: float | None = None,
    *,
    kind: str = "",
    letter: bool = False,
    chance: random.Random | None = None,
) -> float:
    """Seconds before attempt number ``attempts + 1``: doubling with jitter, never less than the far side ``asked``.

    ``kind`` is the event's: some are looked at more rarely in the end, and so is a mail server about a ``letter``.
    """
    drawn = (chance or random).uniform(0.8, 1.2)
    longest = LETTER_LONGEST if letter else PATIENCE.get(kind, USUAL).longest
    usual = min(longest, FIRST_PAUSE * 2.0 ** min(attempts, 10)) * drawn
    return max(usual, asked or 0.0)


def check_age(kind: str, created_at: datetime, now: datetime, *, message_hours: float, by_mail: bool = False) -> None:
    """Raise ``PermanentError`` when a chat message outlived its channel's sense, or anything else its last chance.

    A letter may be late: it has its last chance as well.

    A replayed delivery is judged by the time of its replay: give that as ``created_at``.
    """
    patience = PATIENCE.get(kind, USUAL)
    limit = timedelta(hours=message_hours) if kind in CHAT and not by_mail else patience.give_up
    if now - created_at > limit:
        raise PermanentError("delivery.too_late", hint=patience.late.with_(hours=limit / timedelta(hours=1)))
