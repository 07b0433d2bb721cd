"""One renewal at a time, across all processes (facts/bitrix24-platform.md §4.4)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from connector.domain.ports import Clock, Grant, Installations, Locks
from connector.errors import PermanentError, Refused, Stopped, TransientError
from connector.portal.endpoints import netloc
from connector.portal.gate import Gate
from connector.portal.hints import HINTS
from connector.portal.oauth import AuthServer

LOCK_SECONDS = 30.0
POLL_SECONDS = 0.25
POLLS = 120
KEEP_ALIVE = timedelta(days=30)
SKEW = timedelta(seconds=20)
FAILURE_SHARED = timedelta(seconds=5)


class Tokens:
    """Keeps the pair of one portal valid. A pair is in the store before anybody uses it."""

    def __init__(
        self,
        portal: str,
        *,
        store: Installations,
        locks: Locks,
        auth: AuthServer,
        gate: Gate,
        clock: Clock,
        sleep: Callable[[float], None],
    ) -> None:
        self._portal, self._store, self._locks, self._auth = portal, store, locks, auth
        self._gate, self._clock, self._sleep = gate, clock, sleep
        self._unkept: tuple[str, Grant] | None = None
        self._failed: datetime | None = None
        self._guard = threading.Lock()
        self._log = structlog.get_logger().bind(portal=portal)

    def expiring(self, grant: Grant) -> bool:
        """Whether the access token is over by our own clock (the lifetime was counted on it, so skew is nil)."""
        return self._clock() >= grant.expires_at - SKEW

    def renew(self, stale: Grant) -> Grant:
        """A pair newer than ``stale``: the one that somebody else got meanwhile, or a new one.

        Raises ``Stopped`` needs_reauth on ``invalid_grant``, ``TransientError`` when the server is away or the
        holder of the lock takes too long.
        """

        def newer(current: Grant) -> Grant | None:
            return current if current.access_token != stale.access_token else None

        return self._alone(newer, self._renew)

    def move(self, client_endpoint: str) -> Grant:
        """The kept pair with a new portal endpoint, without losing a renewal that runs at the same time (§1.6)."""

        def there(current: Grant) -> Grant | None:
            return current if current.client_endpoint == client_endpoint else None

        def keep(current: Grant) -> Grant:
            moved = replace(current, client_endpoint=client_endpoint, domain=netloc(client_endpoint))
            self._store.keep_grant(self._portal, moved)
            self._gate.refresh()
            return moved

        return self._alone(there, keep)

    def keep_alive(self) -> bool:
        """Renew a pair that lay idle for 30 days: the refresh token dies after 180 (§4.1). True when renewed."""
        installation = self._gate.installation(fresh=True)
        if installation is None or installation.state != "active":
            return False
        grant = installation.grant
        if not grant.refresh_token or self._clock() - grant.expires_at < KEEP_ALIVE:
            return False
        return self.renew(grant).access_token != grant.access_token

    def _alone(self, settled: Callable[[Grant], Grant | None], act: Callable[[Grant], Grant]) -> Grant:
        """``act`` on the kept pair while nobody else may change it, unless it is ``settled`` already.

        One thread of this process at a time asks for the shared lock; the others find its work done.
        """
        with self._guard:
            return self._alone_here(settled, act)

    def _alone_here(self, settled: Callable[[Grant], Grant | None], act: Callable[[Grant], Grant]) -> Grant:
        for _ in range(POLLS):
            with self._locks.lock(f"refresh:{self._portal}", ttl=LOCK_SECONDS) as mine:
                current = self._current()
                done = settled(current)
                if done is not None:
                    return done
                if mine:
                    return act(current)
            self._sleep(POLL_SECONDS)
        raise TransientError("portal.refresh_busy", hint=HINTS["auth_server"], retry_after=5.0)

    def _current(self) -> Grant:
        installation = self._gate.installation(fresh=True)
        if installation is None or not installation.grant.refresh_token:
            raise Stopped("portal.not_installed", hint=HINTS["install"], state="uninstalled")
        return installation.grant

    def _renew(self, grant: Grant) -> Grant:
        """Under the lock. A pair that could not be kept the last time is kept first: it cannot be had again."""
        spent, fresh = self._unkept or ("", grant)
        if spent != grant.access_token:
            self._spare_the_server()
            fresh = self._ask(grant)
        self._unkept = (grant.access_token, fresh)
        self._store.keep_grant(self._portal, fresh)
        self._unkept = None
        self._gate.refresh()
        self._log.info("portal_tokens_renewed", expires_at=fresh.expires_at.isoformat())
        return fresh

    def _spare_the_server(self) -> None:
        """Everybody who waited behind a failed renewal shares its outcome instead of trying in turn."""
        if self._failed is not None and timedelta(0) <= self._clock() - self._failed < FAILURE_SHARED:
            raise TransientError("portal.refresh_failed", hint=HINTS["auth_server"], retry_after=10.0)

    def _ask(self, grant: Grant) -> Grant:
        """The new pair, with one repeat of the same refresh token when the answer was lost (§8).

        Whatever happens here, the call that needed the pair did not run: ``maybe_done`` is never set. A refusal of
        any kind stops the portal, because every call would meet it.
        """
        for last in (False, True):
            try:
                return self._auth.refresh(grant)
            except (PermanentError, Refused) as wrong:
                raise Stopped(wrong.cause, hint=wrong.hint, state="needs_reauth", detail=wrong.detail) from None
            except TransientError as lost:
                if last or not lost.maybe_done:
                    self._failed = self._clock()
                    pause = 10.0 if lost.retry_after is None else lost.retry_after
                    raise TransientError(lost.cause, hint=lost.hint, detail=lost.detail, retry_after=pause) from None
            self._log.warning("portal_refresh_answer_lost")
        raise AssertionError("unreachable: the second answer either comes or raises")
