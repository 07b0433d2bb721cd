"""Back-fill: calls that a PBX had while it did not reach us are read from its history, each once.

Kill it anywhere: the checkpoint moves only after a slice is kept, and a call that is read again is a repeat.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import structlog

from connector.domain.calls import AboutCall, CallEnded, CallRecorded
from connector.domain.events import Event
from connector.domain.telephony import PbxSettings
from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.journal import JournalAway
from connector.journal.links import moment_in
from connector.routes import Account
from connector.speech import Text
from connector.telephony import own
from connector.telephony.checkpoint import (
    FAILED,
    LAG,
    REFUSED,
    Checkpoint,
    checkpoint_of,
    keep_checkpoint,
    slices,
)
from connector.telephony.house import House
from connector.telephony.ongoing import STORY, open_calls

log = structlog.get_logger()

SECONDS = 240.0  # of one look; the next one goes on
_NAMES = 300  # links asked for at once
_LOCK = 600.0
# Calls of the past that go at once, and seconds between two of the others: hundreds of them would take every place of
# the portal's pump, and a card would wait for its turn.
AT_ONCE, APART = 30, 0.2

_UNREADABLE = Text(
    "The PBX answered about its history in a way that cannot be read; update the connector. The log tells more",
    "АТС ответила об истории звонков так, что коннектор не может это прочитать; обновите коннектор. Подробности в логе",
)

Stop = Callable[[], bool]
Ripe = Callable[[str, datetime], bool]
Turn = Callable[[str], float]


@dataclass(frozen=True, kw_only=True)
class Report:
    """One look: ``found`` calls were not known, ``recordings`` were of known ones; ``whole`` unless it broke off."""

    found: int = 0
    recordings: int = 0
    whole: bool = True

    def __add__(self, other: Report) -> Report:
        return Report(
            found=self.found + other.found,
            recordings=self.recordings + other.recordings,
            whole=self.whole and other.whole,
        )


def has_history(account: Account) -> bool:
    """Whether the PBX can be asked for calls of the past."""
    telephony, settings = account.provider.telephony, account.settings
    asked = isinstance(settings, PbxSettings) and settings.remembers
    return asked and telephony is not None and telephony.history is not None


def due(house: House, name: str) -> bool:
    """Whether to look at the history of the account ``name`` now. Raises ``JournalAway``."""
    stream = house.journal.recall("stream", name)
    connected = isinstance(stream, Mapping) and stream.get("state") == "connected"
    back = moment_in(stream.get("since")) if connected and isinstance(stream, Mapping) else None
    mark, now, awaited = checkpoint_of(house.journal, name), house.clock(), _awaited(house, name)
    if mark.due(now, back=back, awaited=bool(awaited)):
        return True
    quiet = any(silence.name == f"account:{name}" for silence in house.journal.silences())
    return mark.due(now, back=back, quiet=quiet)


def backfill(house: House, name: str, *, seconds: float = SECONDS, stop: Stop = lambda: False) -> Report | None:
    """Read what the PBX of ``name`` has since the checkpoint; ``None`` while another process does.

    What the PBX refuses is noted at the checkpoint, and it is asked again when it likes. Raises ``JournalAway``.
    """
    with house.journal.lock(f"history:{name}", ttl=_LOCK) as mine:
        if not mine:
            return None
        ends = time.monotonic() + seconds
        return _look(house, house.accounts[name], lambda: stop() or time.monotonic() > ends)


def _look(house: House, account: Account, stop: Stop) -> Report:
    now, mark, report = house.clock(), checkpoint_of(house.journal, account.name), Report()
    awaited, waits = _awaited(house, account.name), count()
    since, until = mark.span(now, opened=_opened(house, account.name), awaited=bool(awaited))

    def ripe(call: str, ended: datetime) -> bool:
        """What ended a moment ago is told by its own events, unless it waits for nothing else."""
        return ended <= now - LAG or f"{account.name}.{call}" in awaited

    def turn(call: str) -> float:
        """Seconds until a call's turn: who is waited for goes at once."""
        return 0.0 if f"{account.name}.{call}" in awaited else APART * max(0, next(waits) - AT_ONCE)

    try:
        for begin, end in slices(since, until):
            part = Report(whole=False) if stop() else _slice(house, account, begin, end, ripe, turn, stop)
            report += part
            if not part.whole:
                break
            mark = mark.read(min(end, now - LAG))
            keep_checkpoint(house.journal, account.name, mark)
    except JournalAway:
        raise
    except (TransientError, PermanentError, Stopped) as error:
        return report + _failed(house, account.name, mark, error)
    except Exception as error:  # a provider's reader may raise anything at all; the checkpoint stays where it is
        log.exception("history.unreadable", account=account.name)
        unread = PermanentError("history.unreadable", hint=_UNREADABLE, detail=type(error).__name__)
        return report + _failed(house, account.name, mark, unread)
    if report.whole:
        keep_checkpoint(house.journal, account.name, mark.done(now))
    if report.found:
        log.warning("history.found", account=account.name, calls=report.found, recordings=report.recordings)
    return report


def _failed(house: House, name: str, mark: Checkpoint, error: ConnectorError) -> Report:
    asked = error.retry_after if isinstance(error, TransientError) else None
    pause = timedelta(seconds=asked) if asked else FAILED if isinstance(error, TransientError) else REFUSED
    log.warning("history.waits", account=name, cause=error.cause, hint=error.hint.en, seconds=pause.total_seconds())
    hint = (error.hint.en, error.hint.ru)
    keep_checkpoint(house.journal, name, mark.failed(house.clock(), error.cause, pause, hint=hint))
    return Report(whole=False)


def _slice(
    house: House, account: Account, since: datetime, until: datetime, ripe: Ripe, turn: Turn, stop: Stop
) -> Report:
    """Keep what is new of one span and ``ripe``. Raises what the PBX refuses."""
    telephony = account.provider.telephony
    assert telephony is not None
    assert telephony.history is not None
    told: dict[str, list[Any]] = {}
    for event in telephony.history(since, until, account.settings, account.http):
        if isinstance(event, AboutCall) and event.account == account.name and event.call:
            told.setdefault(event.call, []).append(event)
    stories, report = _stories(house, account.name, list(told)), Report()
    for call, events in told.items():
        if stop():
            return report + Report(whole=False)
        if all(ripe(call, event.at) for event in events if isinstance(event, CallEnded)):
            report += _keep(house, account, call, events, stories.get(f"{account.name}.{call}"), turn)
    return report


def _keep(house: House, account: Account, call: str, events: Sequence[Any], story: Any, turn: Turn) -> Report:
    """A call that is not finished in Bitrix24 is kept; of one that is, a recording that nobody has told of."""
    if _finished(story):
        records = [event for event in events if isinstance(event, CallRecorded)]
        lost = [] if not isinstance(story, Mapping) or story.get("records") else records
        kept = [_kept(house, account, f"{call}:{_short(event.recording.ref)}", [event]) for event in lost]
        return Report(recordings=sum(kept))
    if not any(isinstance(event, CallEnded) for event in events):
        return Report()
    return Report(found=int(_kept(house, account, call, events, after=turn(call))))


def _kept(house: House, account: Account, key: str, events: Sequence[Event], *, after: float = 0.0) -> bool:
    return own.keep(house.intake, account, f"history:{key}", events, method=own.HISTORY, clock=house.clock, after=after)


def _finished(story: Any) -> bool:
    done = story.get("done") if isinstance(story, Mapping) else None
    return isinstance(done, Mapping) and bool(done.get("finished"))


def _stories(house: House, name: str, calls: Sequence[str]) -> dict[str, Any]:
    """By ``<account>.<call>`` what handlers know of these calls."""
    found: dict[str, Any] = {}
    for start in range(0, len(calls), _NAMES):
        names = [(STORY, f"{name}.{call}") for call in calls[start : start + _NAMES]]
        found |= {key: value for (_, key), value in house.journal.recall_all(names).items()}
    return found


def _opened(house: House, name: str) -> datetime | None:
    """When the oldest call of the account began that is not over."""
    began = [moment_in(link.value.get("at")) for link in open_calls(house, name)]
    return min(filter(None, began), default=None)


def _awaited(house: House, name: str) -> frozenset[str]:
    """The calls, as ``<account>.<call>``, that wait for the history (connector/handlers/calls/cards.py)."""
    return frozenset(link.key for link in open_calls(house, name) if link.value.get("waits"))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
