"""What the journal keeps of sync jobs, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from connector.journal.model import Step
from connector.speech import Text

RunState = Literal["reading", "writing", "done", "braked", "failed", "cancelled"]
RowState = Literal["waiting", "done", "parked"]
Outcome = Literal["", "created", "updated", "unchanged"]
Trigger = Literal["schedule", "person", "push", "retry"]
COUNTS = ("read", "changed", "same", "created", "updated", "unchanged", "gone", "parked", "requests")


@dataclass(frozen=True, kw_only=True)
class SourceState:
    """A source as the journal knows it. ``bookmark`` is where its next run begins; ``full_at`` when its last full read
    began, ``good_at`` when its last good run ended; ``wants`` is ``cancel`` while somebody wants the open run to end.
    """

    name: str
    bookmark: Any = None
    full_at: datetime | None = None
    due_at: datetime | None = None
    good_at: datetime | None = None
    paused_at: datetime | None = None
    paused_by: str = ""
    wants: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution. Counts: rows ``read``; of them ``changed`` and the ``same`` as before; of those written
    ``created``, ``updated``, ``unchanged`` (the portal had it all) and ``parked``; ``gone`` vanished from the source.
    ``requests`` are those sent to the portal. An open run has no ``ended_at``; ``due_at`` is when it goes on.
    """

    id: int
    source: str
    state: RunState
    trigger: Trigger
    who: str
    full: bool
    allow_gone: bool
    position: Any
    bookmark: Any
    started_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    due_at: datetime
    attempts: int
    total: int | None
    counts: Mapping[str, int]
    cause: str = ""
    hint: Text | None = None
    detail: str = ""
    notes: tuple[Text, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it is not over yet."""
        return self.ended_at is None

    @property
    def trace(self) -> str:
        """What its effects are called by in ledger and trail."""
        return f"sync:{self.source}:{self.id}"


@dataclass(frozen=True, kw_only=True)
class MirrorRow:
    """One record in the mirror. ``crm`` are the rows of the CRM that it led to: ``[entityTypeId, id]``. At
    ``sought_at`` whoever its rules did not find is looked for once more; a row that waits and has it waits for that
    alone.
    """

    source: str
    record: str
    hash: str
    values: Mapping[str, Any]
    where: str
    state: RowState
    gone: bool
    seen: int
    run: int
    outcome: Outcome
    mapping: str
    crm: tuple[tuple[int, int], ...]
    attempts: int
    due_at: datetime
    changed_at: datetime
    settled_at: datetime | None
    sought_at: datetime | None = None
    cause: str = ""
    hint: Text | None = None
    detail: str = ""


class Mirrored(NamedTuple):
    """What tells whether a row of the source is new or different. ``mapping`` names the rules it was written under;
    ``let_be``: a person does not want it written as it is; ``sought``: somebody whom its rules did not find is.
    """

    hash: str
    gone: bool
    state: RowState
    mapping: str
    let_be: bool = False
    sought: bool = False


@dataclass(frozen=True, kw_only=True)
class NewRow:
    """A row to be kept: what the source says of a record now. With a ``cause`` it is broken and parks at once."""

    record: str
    hash: str
    values: Mapping[str, Any]
    where: str = ""
    gone: bool = False
    cause: str = ""
    hint: Text | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class RowSettlement:
    """How a row stands now; a row that has changed meanwhile (another ``hash``) stays as it is."""

    row: MirrorRow
    state: RowState
    outcome: Outcome = ""
    mapping: str = ""
    crm: tuple[tuple[int, int], ...] = ()
    attempts: int = 0
    due_at: datetime | None = None
    sought_at: datetime | None = None
    cause: str = ""
    hint: Text | None = None
    detail: str = ""


@dataclass(kw_only=True)
class SyncStep:
    """What one round of a run wants written in one transaction: effects as in a pump's step, rows, counts to add."""

    effects: Step = field(default_factory=Step)
    rows: list[RowSettlement] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return self.effects.empty() and not self.rows and not self.counts
