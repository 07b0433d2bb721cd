"""How far the looking back has come, per portal: one link of kind ``reconciled``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

KIND = "reconciled"
FIRST = timedelta(hours=1)  # how far the very first round looks back
OVERLAP = timedelta(minutes=10)  # rounds overlap by so much: clocks differ, events are slow
GRACE = timedelta(minutes=2)  # a message younger than this may still be on its way
EVERY = timedelta(minutes=5)
SLACK = timedelta(seconds=10)  # the clock asks once a minute, never quite on time
WIDE_EVERY = timedelta(hours=1)
OUTAGE = timedelta(minutes=15)  # a longer pause than this calls for a wide round
_DAY = timedelta(days=1)


class Links(Protocol):
    """Where the mark is kept."""

    def recall(self, kind: str, key: str) -> Any | None: ...
    def remember(self, kind: str, key: str, value: Any, *, owner: str = "") -> None: ...


@dataclass(frozen=True, kw_only=True)
class Round:
    """One look back, in unix seconds: messages handed over between ``since`` and ``until``.

    ``wide``: all conversations of late, not only the liveliest. ``after`` is the last lane that is done with.
    """

    wide: bool
    since: float
    began: float
    after: str = ""

    @property
    def until(self) -> float:
        """What is younger may still be on its way."""
        return self.began - GRACE.total_seconds()


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Unix seconds, 0 for never. ``narrow`` and ``wide``: the last finished rounds; ``tried``: the last attempt.

    ``failed`` when that attempt broke off; ``going`` is a round to go on with. ``found`` holds (when, how many) of the
    last day, ``total`` all replies ever found, ``unreadable`` the chats that the last round could not read.
    """

    narrow: float = 0.0
    wide: float = 0.0
    tried: float = 0.0
    failed: bool = False
    going: Round | None = None
    found: tuple[tuple[float, int], ...] = field(default=())
    total: int = 0
    unreadable: int = 0

    def due(self, now: datetime) -> bool:
        """Whether it is time: every five minutes, and at once when the last attempt broke off or did not end."""
        waited = now.timestamp() - self.tried
        return self.failed or self.going is not None or waited >= (EVERY - SLACK).total_seconds()

    def plan(self, now: datetime, *, furthest: timedelta) -> Round:
        """The round to do now; one that was left unfinished goes on. No look back is longer than ``furthest``."""
        if self.going is not None:
            return self.going
        began = now.timestamp()
        if not self.wide:
            return Round(wide=True, since=began - FIRST.total_seconds(), began=began)
        wide = began - self.wide >= WIDE_EVERY.total_seconds() or began - self.narrow >= OUTAGE.total_seconds()
        since = (self.wide if wide else self.narrow) - OVERLAP.total_seconds()
        return Round(wide=wide, since=max(since, began - furthest.total_seconds()), began=began)

    def finished(self, done: Round) -> Mark:
        """The mark after a whole round."""
        return replace(self, narrow=done.began, wide=done.began if done.wide else self.wide, going=None, failed=False)

    def counted(self, now: datetime, count: int) -> Mark:
        """The mark after ``count`` more replies were found."""
        young = tuple((when, many) for when, many in self.found if when > (now - _DAY).timestamp())
        more = ((now.timestamp(), count),) if count else ()
        return replace(self, found=young + more, total=self.total + count)

    def blind(self, now: datetime, patience: float) -> datetime | None:
        """When the last look back ended, if that is more than ``patience`` seconds ago."""
        return moment(self.narrow) if self.narrow and now.timestamp() - self.narrow > patience else None

    def last_day(self, now: datetime) -> int:
        """How many replies were found within a day."""
        return sum(many for when, many in self.found if when > (now - _DAY).timestamp())


def mark_of(links: Links, portal: str) -> Mark:
    """The mark of a portal; a new one when none was kept. Raises ``JournalAway``."""
    kept = links.recall(KIND, portal)
    if not isinstance(kept, Mapping):
        return Mark()
    known = {name.name: kept[name.name] for name in fields(Mark) if name.name in kept}
    going = known.get("going")
    found = tuple((float(when), int(many)) for when, many in known.get("found", ()))
    return Mark(**{**known, "going": Round(**going) if going else None, "found": found})


def keep_mark(links: Links, portal: str, mark: Mark) -> None:
    """Keep it as the portal's own, so that it goes with the portal. Raises ``JournalAway``."""
    links.remember(KIND, portal, asdict(mark), owner=f"portal:{portal}")


def moment(seconds: float) -> datetime:
    """Unix seconds as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)
