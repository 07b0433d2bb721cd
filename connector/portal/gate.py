"""Whether a portal may be called now (facts/bitrix24-platform.md §7 (42)): stopped portals are left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import cast

import structlog

from connector.domain.ports import Clock, Grant, Installation, Installations, PortalState
from connector.errors import Stopped
from connector.portal.hints import HINTS
from connector.speech import Text

# Seconds between two looks at a stopped portal.
PROBES: Mapping[str, float] = MappingProxyType(
    {"unreachable": 60.0, "blocked": 900.0, "suspended": 3600.0, "needs_reauth": 3600.0, "uninstalled": 21600.0}
)
_FRESH = timedelta(seconds=5)
_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "unreachable": "gone",
        "blocked": "overload",
        "suspended": "unpaid",
        "needs_reauth": "reauth",
        "uninstalled": "install",
    }
)


class Gate:
    """Reads the portal's state (at most every 5 s from the store), lets a rare probe through, keeps new states."""

    def __init__(
        self, store: Installations, portal: str, clock: Clock, *, probes: Mapping[str, float] = PROBES
    ) -> None:
        self._store, self._portal, self._clock, self._probes = store, portal, clock, probes
        self._seen: tuple[datetime, Installation | None] | None = None
        self._probed: datetime | None = None
        self._log = structlog.get_logger().bind(portal=portal)

    def installation(self, *, fresh: bool = False) -> Installation | None:
        """What is kept of the portal; ``fresh`` reads the store."""
        now = self._clock()
        if fresh or self._seen is None or not timedelta(0) <= now - self._seen[0] < _FRESH:
            self._seen = (now, self._store.installation(self._portal))
        return self._seen[1]

    def enter(self) -> Installation:
        """What to call with. Raises ``Stopped`` at once in a stopped state, save for a due probe.

        Nobody is turned away by an old look: another process may have adopted the portal this moment.
        """
        installation = self.installation()
        if installation is None or installation.state != "active":
            installation = self.installation(fresh=True)
        if installation is None or not installation.grant.client_endpoint:
            raise Stopped("portal.not_installed", hint=HINTS["install"], state="uninstalled")
        if installation.state != "active" and not self._probe_is_due(installation):
            state = installation.state
            raise Stopped(f"portal.{state}", hint=_hint(state), state=state, detail=installation.reason)
        return installation

    def proved(self, entered: Installation) -> None:
        """The portal answered whoever ``entered``: a stopped state is over.

        Never raises: the call has taken place, and losing its result to the store's trouble would repeat it.
        """
        if entered.state == "active":
            return
        try:
            self._store.set_state(self._portal, "active")
        except Exception as trouble:  # the store is a neighbour's, and so are its exceptions
            self._log.warning("portal_state_not_kept", why=type(trouble).__name__)
            return
        self._log.info("portal_active_again", was=entered.state)
        self.refresh()

    def stop(self, stopped: Stopped, used: Grant) -> None:
        """Keep the new state, unless the pair was replaced while the call was under way."""
        current = self.installation(fresh=True)
        if current is None or current.grant.access_token != used.access_token:
            return
        reason = f"{stopped.cause}: {stopped.detail}"[:300]
        self._store.set_state(self._portal, cast(PortalState, stopped.state), reason)
        self._probed = self._clock()
        if current.state != stopped.state:
            self._log.warning("portal_stopped", state=stopped.state, cause=stopped.cause)
        self.refresh()

    def refresh(self) -> None:
        """Forget what was read, so that the next look goes to the store."""
        self._seen = None

    def _probe_is_due(self, installation: Installation) -> bool:
        now = self._clock()
        marks = [mark for mark in (installation.updated_at, self._probed) if mark is not None]
        pause = timedelta(seconds=self._probes[installation.state])
        if marks and now - max(marks) < pause:
            return False
        self._probed = now
        self._log.info("portal_probe", state=installation.state)
        return True


def _hint(state: str) -> Text:
    return HINTS[_HINTS[state]].with_(method="?", status="?")
