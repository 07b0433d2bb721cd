"""A portal that works by a webhook alone: nothing is installed, but how it stands is kept like any other's.

What stops a portal (a revoked webhook, an overload) must hold for all processes and outlive a restart
(facts/bitrix24-platform.md §7 (42)). The row is apart from the one of an application, so that changing between the two
in connector.yaml loses nothing, and it knows its webhook: a new address starts afresh.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from connector.domain.ports import Grant, Installation, Installations, PortalState
from connector.errors import SettingsError, TransientError
from connector.portal.endpoints import endpoint


class WebhookInstallations:
    """``ports.Installations`` of one portal with the webhook ``url``; ``store`` keeps its state."""

    def __init__(self, portal: str, url: str, store: Installations) -> None:
        self._row, self._store = f"webhook:{portal}", store
        self._mark = hashlib.sha256(url.encode()).hexdigest()[:32]
        client = endpoint(url, local=True)
        self._seen = Installation(portal=portal, state="active", grant=_grant(client_endpoint=client))

    def installation(self, portal: str) -> Installation | None:
        """Always there. What was seen last counts while the store is away: a webhook needs nothing else from it."""
        try:
            kept = self._kept()
        except (TransientError, SettingsError):
            return self._seen
        seen = self._seen
        if kept is None:
            self._seen = replace(seen, state="active", reason="", updated_at=None)
        else:
            self._seen = replace(seen, state=kept.state, reason=kept.reason, updated_at=kept.updated_at)
        return self._seen

    def portals_of(self, member_id: str) -> list[str]:
        """Nobody is recognised by a webhook."""
        return []

    def keep_installation(self, installation: Installation) -> None:
        """There is nothing to install."""

    def keep_grant(self, portal: str, grant: Grant) -> None:
        """There is no pair to renew."""

    def set_state(self, portal: str, state: PortalState, reason: str = "") -> bool:
        """Note how the portal is; ``True`` when the state is another than before."""
        if self._kept() is None:
            marked = _grant(status=self._mark)
            self._store.keep_installation(Installation(portal=self._row, state="active", grant=marked))
        return self._store.set_state(self._row, state, reason)

    def claim_probe(self, portal: str, pause: float) -> bool:
        """Whether the caller may look at a stopped portal."""
        return self._store.claim_probe(self._row, pause)

    def let_probe(self, portal: str) -> None:
        """The next :meth:`claim_probe` succeeds at once."""
        self._store.let_probe(self._row)

    def drop_installation(self, portal: str, *, clean: bool) -> None:
        """A webhook is never uninstalled; it is taken out of connector.yaml."""

    def _kept(self) -> Installation | None:
        kept = self._store.installation(self._row)
        return kept if kept is not None and kept.grant.status == self._mark else None


def _grant(*, client_endpoint: str = "", status: str = "") -> Grant:
    return Grant(
        access_token="",
        refresh_token="",
        expires_at=datetime.max.replace(tzinfo=UTC),
        member_id="",
        client_endpoint=client_endpoint,
        server_endpoint="",
        status=status,
    )
