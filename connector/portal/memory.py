"""The ports kept in this process: for a portal with a webhook alone, and for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connector.domain.ports import NO_LOAD, Clock, Grant, Installation, PortalState
from connector.portal.bucket import UNLIMITED
from connector.portal.operating import Operating, Told, limit_error


class MemoryInstallations:
    """``ports.Installations`` without a database. ``kept`` counts writes of a token pair."""

    def __init__(self, installations: Iterable[Installation] = (), *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._rows = {row.portal: row for row in installations}
        self._clock = clock
        self.kept = 0

    def installation(self, portal: str) -> Installation | None:
        return self._rows.get(portal)

    def portals_of(self, member_id: str) -> list[str]:
        return [row.portal for row in self._rows.values() if row.grant.member_id == member_id]

    def keep_installation(self, installation: Installation) -> None:
        self._rows[installation.portal] = installation

    def keep_grant(self, portal: str, grant: Grant) -> None:
        self.kept += 1
        self._rows[portal] = replace(self._rows[portal], grant=grant)

    def set_state(self, portal: str, state: PortalState, reason: str = "") -> bool:
        before = self._rows.get(portal)
        if before is not None:
            self._rows[portal] = replace(before, state=state, reason=reason, updated_at=self._clock())
        return before is not None and before.state != state

    def claim_probe(self, portal: str, pause: float) -> bool:
        row, now = self._rows.get(portal), self._clock()
        if row is None or row.state == "active":
            return False
        if row.updated_at is not None and (now - row.updated_at).total_seconds() < pause:
            return False
        self._rows[portal] = replace(row, updated_at=now)
        return True

    def let_probe(self, portal: str) -> None:
        if portal in self._rows:
            self._rows[portal] = replace(self._rows[portal], updated_at=None)

    def drop_installation(self, portal: str, *, clean: bool) -> None:
        self._rows.pop(portal, None)


class MemoryLocks:
    """``ports.Locks`` between the threads of one process; ``ttl`` is not needed, the holder always lets go."""

    def __init__(self) -> None:
        self._guard, self._held = threading.Lock(), set[str]()

    @contextmanager
    def lock(self, name: str, *, ttl: float) -> Iterator[bool]:
        with self._guard:
            mine = name not in self._held
            self._held.add(name)
        try:
            yield mine
        finally:
            if mine:
                with self._guard:
                    self._held.discard(name)


class OpenBudget:
    """``ports.Budget`` without a limit of requests; operating seconds are kept in this process.

    ``spent``, ``loads`` and ``pauses`` tell what was asked of it; ``clock`` tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.spent: list[bool] = []
        self.loads: list[dict[str, float]] = []
        self.pauses: list[float] = []
        self._operating = Operating(lambda: self.clock())

    def spend(self, load: Mapping[str, float] = NO_LOAD, *, live: bool = True) -> float:
        for method, wait in self.waiting(load, live=live).items():
            raise limit_error(method, wait)
        self.spent.append(live)
        self.loads.append(dict(load))
        self._operating.depart(load)
        return 0.0

    def room(self) -> tuple[float, float]:
        return UNLIMITED, 0.0

    def waiting(self, methods: Iterable[str], *, live: bool = True) -> dict[str, float]:
        return self._operating.waiting(methods, live=live)

    def expect(self, method: str, items: float = 1.0) -> float:
        return self._operating.expect(method, items)

    def note(self, method: str, time: Mapping[str, Any], items: float = 1.0) -> None:
        self._operating.note(method, Told.of(time, items))

    def block(self, method: str) -> float:
        return self._operating.block(method)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def learn(self, burst: float, per_second: float) -> None:
        """Nothing to learn: there is no limit."""

    def level(self) -> dict[str, float]:
        return {"used": float(len(self.spent)), "burst": 0.0, "per_second": 0.0}

    def figures(self) -> str:
        return "default"

    def operating(self) -> dict[str, dict[str, float]]:
        return self._operating.report()
