"""How far a folder was read: what is kept in the journal between two connections, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

BACK = timedelta(days=7)  # so far letters are read again when a server numbers them anew
_DAY = timedelta(days=1)  # a search knows days only, and those of the server's zone


@dataclass(frozen=True, kw_only=True)
class Mark:
    """All letters up to ``uid`` of this ``uidvalidity`` are kept, as it was ``at``.

    Up to ``upto`` only letters that came ``since`` that day are wanted. The letter ``trying`` was begun ``tries`` times
    and never came to an end.
    """

    uidvalidity: int
    uid: int
    at: datetime
    since: date | None = None
    upto: int = 0
    trying: int = 0
    tries: int = 0

    def moved(self, uid: int, now: datetime) -> Mark:
        """The same with all up to ``uid`` kept."""
        return Mark(uidvalidity=self.uidvalidity, uid=uid, at=now, since=self.since, upto=self.upto)

    def tried(self, uid: int) -> Mark:
        """The same with another try at ``uid``."""
        return replace(self, trying=uid, tries=1 + (self.tries if self.trying == uid else 0))

    def told(self) -> dict[str, Any]:
        """As it is kept."""
        kept: dict[str, Any] = {"uidvalidity": self.uidvalidity, "uid": self.uid, "at": self.at.isoformat()}
        if self.since and self.uid < self.upto:
            kept |= {"since": self.since.isoformat(), "upto": self.upto}
        if self.tries:
            kept |= {"trying": self.trying, "tries": self.tries}
        return kept


def read(kept: Any) -> Mark | None:
    """A mark that was kept; ``None`` when there is none, or nobody can read it."""
    if not isinstance(kept, Mapping):
        return None
    try:
        return Mark(
            uidvalidity=int(kept["uidvalidity"]),
            uid=int(kept["uid"]),
            at=datetime.fromisoformat(kept["at"]) if "at" in kept else datetime.fromtimestamp(0, UTC),
            since=date.fromisoformat(kept["since"]) if "since" in kept else None,
            upto=int(kept.get("upto", 0)),
            trying=int(kept.get("trying", 0)),
            tries=int(kept.get("tries", 0)),
        )
    except (KeyError, TypeError, ValueError):
        return None


def first(uidvalidity: int, last: int, days: int, now: datetime) -> Mark:
    """For a folder that was never read, whose highest UID is ``last``: from now on, or with those of ``days``."""
    if not days:
        return Mark(uidvalidity=uidvalidity, uid=last, at=now)
    since = (now - timedelta(days=days)).date()
    return Mark(uidvalidity=uidvalidity, uid=0, at=now, since=since, upto=last)


def renewed(known: Mark, uidvalidity: int, last: int, now: datetime) -> Mark:
    """For a folder whose letters have new numbers: the last days anew, and all since it was read; what was kept is
    known by its key."""
    since = min(now - BACK, known.at - _DAY if known.at.timestamp() else now - BACK).date()
    return Mark(uidvalidity=uidvalidity, uid=0, at=known.at, since=since, upto=last)
