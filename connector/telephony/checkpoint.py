"""How far the history of a PBX was read, per account: one link of kind ``history``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

KIND = "history"
FIRST = timedelta(hours=24)  # how far the very first look goes back, and one for calls that are still open
LAG = timedelta(minutes=5)  # a younger call may not be in the history yet, or its events are on their way
OVERLAP = timedelta(minutes=30)
EVERY = timedelta(minutes=10)
SLACK = timedelta(seconds=20)  # the clock asks once a minute, never quite on time
# A history is asked for calls that began in a span, and tells those that are over: a call longer than the overlap would
# fall between two looks. Once an hour the look is wide enough for it.
WIDE, WIDE_EVERY = timedelta(hours=4), timedelta(hours=1)
AWAITED = timedelta(seconds=15)  # between two looks for calls whose end nobody saw
QUIET = timedelta(minutes=2)  # between two looks at an account that is too quiet to be healthy
SLICE = timedelta(hours=6)
FAILED = timedelta(minutes=2)
REFUSED = timedelta(minutes=10)
_NEVER = datetime.fromtimestamp(0, UTC)


class Links(Protocol):
    """Where the checkpoint is kept."""

    def recall(self, kind: str, key: str) -> Any | None: ...
    def remember(self, kind: str, key: str, value: Any, *, owner: str = "") -> None: ...


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """All calls that began before ``until`` and were over are kept. ``at``: the last whole look; ``wide``: the last
    wide one. ``why`` is the cause of the last look's failure (empty: none), ``hint`` what to do in English and Russian,
    ``again`` before when nobody looks.
    """

    until: datetime | None = None
    at: datetime = _NEVER
    wide: datetime = _NEVER
    why: str = ""
    hint: tuple[str, str] = ("", "")
    again: datetime = _NEVER

    def due(self, now: datetime, *, back: datetime | None = None, quiet: bool = False, awaited: bool = False) -> bool:
        """Whether to look now: every ten minutes; at once when the account came ``back`` after the last look; more
        often while it is too ``quiet``, and while a call is ``awaited``, whose end nobody saw. Never before the PBX
        wants to be asked again.
        """
        if now < self.again:
            return False
        pause = AWAITED if awaited else QUIET if quiet else EVERY - SLACK
        return bool(self.why) or now - self.at >= pause or (back is not None and back > self.at)

    def span(
        self, now: datetime, *, opened: datetime | None = None, awaited: bool = False
    ) -> tuple[datetime, datetime]:
        """What to read: from the checkpoint less the overlap to five minutes ago, or to this moment while a call is
        ``awaited``; ``opened`` is when the oldest call began that is not over as far as we know."""
        until = now if awaited else now - LAG
        if self.until is None:
            return until - FIRST, until
        since = min(self.until, until) - (WIDE if self.is_wide(now) else OVERLAP)
        if opened is not None:
            since = min(since, max(opened - LAG, now - FIRST))
        return since, until

    def is_wide(self, now: datetime) -> bool:
        """Whether this look is a wide one."""
        return now - self.wide >= WIDE_EVERY

    def read(self, until: datetime) -> Checkpoint:
        """A slice was kept, all of it. The checkpoint never goes back."""
        return replace(self, until=max(self.until, until) if self.until else until)

    def done(self, now: datetime) -> Checkpoint:
        """The look is over and nothing failed."""
        return replace(self, at=now, wide=now if self.is_wide(now) else self.wide, why="", hint=("", ""), again=_NEVER)

    def failed(self, now: datetime, why: str, pause: timedelta, *, hint: tuple[str, str] = ("", "")) -> Checkpoint:
        """The look broke off; the next one is not before ``pause`` is over, a day at most."""
        return replace(self, why=why[:200], hint=hint, again=now + min(pause, timedelta(days=1)))


def checkpoint_of(links: Links, account: str) -> Checkpoint:
    """The checkpoint of an account; a new one when none was kept or it cannot be read. Raises ``JournalAway``."""
    kept = links.recall(KIND, account)
    if not isinstance(kept, Mapping):
        return Checkpoint()
    moments = {name: _moment(kept.get(name)) for name in ("until", "at", "wide", "again")}
    known = {name: at for name, at in moments.items() if at is not None}
    hint = kept.get("hint")
    words = (str(hint[0]), str(hint[1])) if isinstance(hint, list) and len(hint) == 2 else ("", "")
    return Checkpoint(**known, why=str(kept.get("why") or ""), hint=words)


def keep_checkpoint(links: Links, account: str, mark: Checkpoint) -> None:
    """Raises ``JournalAway``."""
    told = {name: getattr(mark, name).isoformat() for name in ("at", "wide", "again") if getattr(mark, name) != _NEVER}
    until = mark.until.isoformat() if mark.until else ""
    links.remember(KIND, account, {"until": until, "why": mark.why, "hint": list(mark.hint), **told})


def slices(since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """Spans of six hours at most that make up the whole, in order; none when there is nothing to read."""
    made = []
    while since < until:
        made.append((since, min(since + SLICE, until)))
        since += SLICE
    return made


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value or ""))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
