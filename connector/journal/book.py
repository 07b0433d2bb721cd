"""The journal as one thing, and how it is opened."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from connector.domain.ports import Clock
from connector.journal.accept import Accepting, Flusher
from connector.journal.bench import Bench
from connector.journal.called import Calls
from connector.journal.chat_views import ChatViews
from connector.journal.chats import Chats
from connector.journal.claims import Claims
from connector.journal.deeds import Deeds
from connector.journal.desk import log
from connector.journal.engine import Store
from connector.journal.faults import JournalAway
from connector.journal.finding import Finding
from connector.journal.glance import Glance
from connector.journal.guests import Guests
from connector.journal.heard import Heard
from connector.journal.installations import PortalStore
from connector.journal.kept import KeptRequests
from connector.journal.leases import Leases
from connector.journal.links import Links
from connector.journal.locks import NamedLocks
from connector.journal.mapping_sets import MappingSets
from connector.journal.mirror import Mirror
from connector.journal.people import People
from connector.journal.proofs import Proofs
from connector.journal.queries import Queries
from connector.journal.recent import Recent
from connector.journal.refreshed import RefreshTokens
from connector.journal.retention import Retention
from connector.journal.runs import Runs
from connector.journal.seeking import Seeking
from connector.journal.sessions import Sessions
from connector.journal.steps import Steps
from connector.journal.sweeps import Sweeps
from connector.journal.sync_retention import SyncRetention
from connector.journal.sync_views import SyncViews
from connector.journal.tallies import Tallies
from connector.journal.trail import Trails
from connector.journal.upgrade import upgrade
from connector.journal.users import Users
from connector.journal.vault import Vault
from connector.journal.waiting import Waiting


class Journal(
    Accepting,
    Leases,
    Claims,
    Steps,
    Chats,
    ChatViews,
    RefreshTokens,
    Links,
    PortalStore,
    NamedLocks,
    People,
    Proofs,
    Queries,
    Bench,
    Sweeps,
    Waiting,
    Trails,
    Finding,
    Seeking,
    Recent,
    Heard,
    Glance,
    Calls,
    Tallies,
    Users,
    Sessions,
    Guests,
    MappingSets,
    Deeds,
    Runs,
    KeptRequests,
    Mirror,
    SyncViews,
    Retention,
    SyncRetention,
):
    """The truth: envelopes, deliveries, the ledger, links, installations (DESIGN.md §5, §6).

    One instance per process, for all its threads and greenlets; a forked child may go on using it. Every method raises
    :class:`JournalAway` when the database cannot be reached. ``on_commit`` is called after a commit with the
    destinations that got work; what it raises is logged.
    """

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        super().__init__(store, vault, clock)
        self._flushers: dict[int, Flusher] = {}

    def close(self) -> None:
        """Write what is queued and close this process's connections."""
        flusher = self._flushers.pop(os.getpid(), None)
        if flusher:
            flusher.close()
        self.store.close()


def utc_now() -> datetime:
    """The process's clock."""
    return datetime.now(UTC)


def open_journal(url: str, vault: Vault, *, clock: Clock = utc_now, migrate: bool = True) -> Journal:
    """The journal at ``url`` (``sqlite:///path`` or ``postgresql://…``), its schema brought up to date.

    A database that is away now is no reason not to start: the door takes requests into the spool, and the schema is
    looked after at the first transaction that gets through. Raises ``SettingsError`` for a URL that is none of the two,
    or a schema newer than this program.
    """
    store = Store(url, upgrade=upgrade if migrate else None)
    try:
        with store.reading():
            pass
    except JournalAway as error:
        log.warning("journal.away_at_start", why=error.detail)
    return Journal(store, vault, clock)
