"""Whether a portal may be called now (facts/bitrix24-platform.md §7 (42)): stopped portals are left alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import cast

import structlog

from connector.domain.ports import Clock, Grant, Installation, Installations, PortalState
from connector.errors import Stopped, TransientError
from connector.portal.hints import HINTS
from connector.speech import Text

# Seconds between two looks at a stopped portal.
PROBES: Mapping[str, float] = MappingProxyType(
    {"unreachable": 60.0, "blocked": 900.0, "suspended": 3600.0, "needs_reauth": 3600.0, "uninstalled": 21600.0}
)
# A portal that nobody reached for so long is unreachable. A read that took too long is not counted: it was reached.
DARK_FOR = timedelta(minutes=10)
_DARK = frozenset({"network.no_connection", "network.certificate", "network.cut"})
_DARK_MARK = re.compile(r"^unanswered since (\S+) ")
# How old a look at an active portal may be: so long after a stop elsewhere this process may still send.
_FRESH = timedelta(seconds=1)
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
    """Reads the portal's state (at most every second from the store), lets a rare probe through, keeps new states.

    A stopped state ends by proof alone: an answered call, or an adoption. One process of all probes at a time.
    """

    def __init__(
        self, store: Installations, portal: str, clock: Clock, *, probes: Mapping[str, float] = PROBES
    ) -> None:
        self._store, self._portal, self._clock, self._probes = store, portal, clock, probes
        self._seen: tuple[datetime, Installation | None] | None = None
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
        if installation.state != "active" and not self._probe_is_mine(installation):
            state = installation.state
            raise Stopped(f"portal.{state}", hint=_hint(state), state=state, detail=installation.reason)
        return installation

    def proved(self, entered: Installation) -> None:
        """The portal answered whoever ``entered``: a stopped state is over."""
        if entered.state != "active" and self._kept("active", ""):
            self._log.info("portal_active_again", was=entered.state)

    def reached(self) -> None:
        """Something answered at the portal's address: it is not dark any more."""
        installation = self._seen[1] if self._seen else None
        if installation is not None and installation.state == "active" and _DARK_MARK.match(installation.reason):
            self._kept("active", "")

    def unreached(self, lost: TransientError) -> None:
        """Nobody answered at the portal's address. After ten minutes of nothing else the portal is unreachable.

        The first failure is marked in the store, so that all processes count together and a restart does not matter.
        """
        if lost.cause not in _DARK:
            return
        try:
            installation = self.installation(fresh=True)
        except Exception as trouble:  # the store is a neighbour's, and so are its exceptions
            self._log.warning("portal_state_not_read", why=type(trouble).__name__)
            return
        if installation is None or installation.state != "active":
            return
        now, mark = self._clock(), _DARK_MARK.match(installation.reason)
        if mark is None:
            self._kept("active", f"unanswered since {now.isoformat()} {lost.cause}")
        elif now - datetime.fromisoformat(mark[1]) >= DARK_FOR:
            self._stopped("unreachable", lost.cause, lost.detail)

    def stop(self, stopped: Stopped, used: Grant) -> None:
        """Keep the new state, unless the pair was replaced while the call was under way."""
        current = self.installation(fresh=True)
        if current is None or current.grant.access_token != used.access_token:
            return
        if current.state != stopped.state:
            self._stopped(cast(PortalState, stopped.state), stopped.cause, stopped.detail)

    def hasten(self) -> None:
        """Somebody said that things are better: the next call may look at once."""
        self._store.let_probe(self._portal)
        self.refresh()

    def refresh(self) -> None:
        """Forget what was read, so that the next look goes to the store."""
        self._seen = None

    def _stopped(self, state: PortalState, cause: str, detail: str) -> None:
        """The alarm is raised once for each change, by the process whose word changed the state."""
        reason = f"{cause}: {detail}"[:300] + f" (since {self._clock():%Y-%m-%d %H:%M} UTC)"
        if self._kept(state, reason):
            self._log.error("portal_stopped", state=state, cause=cause, hint=_hint(state).en)

    def _kept(self, state: PortalState, reason: str) -> bool:
        """Whether the store took a state that is new to it.

        Never raises: the call has taken place, and losing its result to the store's trouble would repeat it.
        """
        try:
            changed = self._store.set_state(self._portal, state, reason)
        except Exception as trouble:  # the store is a neighbour's, and so are its exceptions
            self._log.warning("portal_state_not_kept", state=state, why=type(trouble).__name__)
            return False
        self.refresh()
        return changed

    def _probe_is_mine(self, installation: Installation) -> bool:
        if not self._store.claim_probe(self._portal, self._probes[installation.state]):
            return False
        self._log.info("portal_probe", state=installation.state)
        return True


def _hint(state: str) -> Text:
    return HINTS[_HINTS[state]].with_(method="?", status="?")
