"""A clock that runs faster than life, and a store of installations that speaks its time."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from connector.domain.ports import Grant, Installation, PortalState
from connector.journal import Journal


@dataclass(frozen=True, kw_only=True)
class FastClock:
    """``factor`` simulated seconds pass in each real one; both times are equal at ``start`` (unix seconds)."""

    factor: float
    start: float = field(default_factory=time.time)

    def seconds(self) -> float:
        """Simulated unix seconds."""
        return self.at(time.time())

    def at(self, real: float) -> float:
        """The simulated moment of a real one."""
        return self.start + (real - self.start) * self.factor

    def now(self) -> datetime:
        """The simulated moment."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def sleep(self, seconds: float) -> None:
        """Sleep simulated seconds."""
        time.sleep(max(0.0, seconds) / self.factor)

    def elapsed(self) -> float:
        """Simulated seconds since the start."""
        return self.seconds() - self.start


@dataclass(frozen=True, kw_only=True)
class FastStore:
    """``ports.Installations`` in the journal, which lives in real time; ``states`` counts what portals became."""

    journal: Journal
    clock: FastClock
    states: Counter[str] = field(default_factory=Counter)

    def installation(self, portal: str) -> Installation | None:
        kept = self.journal.installation(portal)
        if kept is None or kept.updated_at is None:
            return kept
        moment = datetime.fromtimestamp(self.clock.at(kept.updated_at.timestamp()), UTC)
        return replace(kept, updated_at=moment)

    def set_state(self, portal: str, state: PortalState, reason: str = "") -> bool:
        changed = self.journal.set_state(portal, state, reason)
        if changed:
            self.states[f"{state} {reason.partition(':')[0]}".strip()] += 1
        return changed

    def claim_probe(self, portal: str, pause: float) -> bool:
        mine = self.journal.claim_probe(portal, pause / self.clock.factor)
        self.states["probes"] += mine
        return mine

    def keep_grant(self, portal: str, grant: Grant) -> None:
        self.states["tokens kept"] += 1
        self.journal.keep_grant(portal, grant)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)
