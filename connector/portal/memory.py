"""The ports kept in this process: for a portal with a webhook alone, and for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from connector.domain.ports import Grant, Installation, PortalState


class MemoryInstallations:
    """``ports.Installations`` without a database. ``kept`` counts writes of a token pair."""

    def __init__(self, installations: Iterable[Installation] = ()) -> None:
        self._rows = {row.portal: row for row in installations}
        self.kept = 0

    def installation(self, portal: str) -> Installation | None:
        return self._rows.get(portal)

    def portal_of(self, member_id: str) -> str | None:
        return next((row.portal for row in self._rows.values() if row.grant.member_id == member_id), None)

    def keep_installation(self, installation: Installation) -> None:
        self._rows[installation.portal] = installation

    def keep_grant(self, portal: str, grant: Grant) -> None:
        self.kept += 1
        self._rows[portal] = replace(self._rows[portal], grant=grant)

    def set_state(self, portal: str, state: PortalState, reason: str = "") -> None:
        if portal in self._rows:
            self._rows[portal] = replace(self._rows[portal], state=state, reason=reason)

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
    """``ports.Budget`` that never waits; ``spent`` and ``pauses`` tell what was asked of it."""

    def __init__(self) -> None:
        self.spent: list[bool] = []
        self.pauses: list[float] = []

    def spend(self, *, live: bool = True) -> float:
        self.spent.append(live)
        return 0.0

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def level(self) -> dict[str, float]:
        return {"used": float(len(self.spent)), "burst": 0.0, "per_second": 0.0}
