"""The journal: what came in, what became of it, and what is known of the outside. Everything else may be lost."""

from connector.domain.effects import Remember
from connector.journal.book import Journal, open_journal
from connector.journal.faults import JournalAway, LeaseLost, WrongKey
from connector.journal.model import (
    CallTrail,
    Delivery,
    Envelope,
    Known,
    Lease,
    NewDelivery,
    Planned,
    Settlement,
    Step,
)
from connector.journal.spool import Spool
from connector.journal.sync_model import (
    MirrorRow,
    NewRow,
    RowSettlement,
    Run,
    SourceState,
    SyncStep,
)
from connector.journal.vault import Vault

__all__ = [
    "CallTrail",
    "Delivery",
    "Envelope",
    "Journal",
    "JournalAway",
    "Known",
    "Lease",
    "LeaseLost",
    "MirrorRow",
    "NewDelivery",
    "NewRow",
    "Planned",
    "Remember",
    "RowSettlement",
    "Run",
    "Settlement",
    "SourceState",
    "Spool",
    "Step",
    "SyncStep",
    "Vault",
    "WrongKey",
    "open_journal",
]
