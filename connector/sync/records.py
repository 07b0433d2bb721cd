"""One record on its way into the CRM: its plan, its rules' decision, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from connector.delivery.lanes import Ride
from connector.domain.effects import Call
from connector.domain.events import RecordChanged
from connector.errors import ConnectorError
from connector.handlers.judging import Mappings
from connector.handlers.mapped import record_changed
from connector.handlers.rules import Rules
from connector.journal import MirrorRow
from connector.journal.sync_model import Outcome
from mappings.faults import RuleError
from mappings.outcome import Outcome as Decision
from mappings.outcome import Wish

Fate = Literal["", "created", "updated", "unchanged", "parked", "later"]
SOUGHT_FIRST, SOUGHT_FOR = timedelta(minutes=10), timedelta(days=60)


def next_search(changed_at: datetime, now: datetime) -> datetime | None:
    """When to look again for whom the rules of a record did not find: when it is twice as old as ``now``; of an old one
    never.
    """
    age = now - changed_at
    return now + max(SOUGHT_FIRST, age) if age < SOUGHT_FOR else None


class Decided:
    """The rules as one record meets them: what they decide of it is worked out once, however often its plan begins."""

    def __init__(self, mappings: Mappings) -> None:
        self._mappings = mappings
        self._known: Decision | RuleError | None = None

    @property
    def version(self) -> str:
        """That of the set."""
        return self._mappings.version

    @property
    def config(self) -> Any:
        """That of the set."""
        return self._mappings.config

    def decide(self, kind: str, scope: Mapping[str, Any]) -> Decision:
        """As the set does; ``kind`` and ``scope`` are always those of the record."""
        if self._known is None:
            try:
                self._known = self._mappings.decide(kind, scope)
            except RuleError as error:
                self._known = error
        if isinstance(self._known, RuleError):
            raise self._known
        return self._known

    def wishes(self) -> tuple[Wish, ...]:
        """What was decided, if anything was."""
        return self._known.wishes if isinstance(self._known, Decision) else ()


@dataclass(kw_only=True)
class Journey(Ride):
    """A row of the mirror on its way. ``writes`` are the calls that were made for it, ``crm`` the rows of the CRM that
    they went to; ``holds`` what it keeps others from until it ends, ``waited`` how often it found such taken. ``fate``
    is empty while it is under way.
    """

    row: MirrorRow
    event: RecordChanged
    rules: Rules
    decided_by: Decided
    writes: list[Call] = field(default_factory=list)
    crm: dict[tuple[int, int], None] = field(default_factory=dict)
    created: bool = False
    holds: set[str] = field(default_factory=set)
    waited: int = 0
    fate: Fate = ""
    error: ConnectorError | None = None
    due_in: float = 0.0
    noted: str = ""
    unfound: bool = False

    @property
    def identity(self) -> str:
        """What links and keys call it by."""
        return f"{self.event.source}:{self.event.record}"

    def begin(self) -> None:
        """Start its plan, or start it anew: what it remembered and made before stays known."""
        self.close()
        self.started, self.decided, self.doubtful, self.waiting = False, False, None, None
        self.plans.append(record_changed(self.event, self.rules))

    def wrote(self, call: Call, result: Any, *, anew: bool = True) -> None:
        """A write took place. Not ``anew``: it did so before this run's process came to it."""
        if anew:
            self.writes.append(call)
        place = _place(call, result)
        if place:
            self.crm[place] = None
        made_by = result.get("by") if isinstance(result, Mapping) else None
        self.created = self.created or (call.method == "crm.item.add" and made_by in (None, self.identity))

    def outcome(self) -> Outcome:
        """What it comes to when its plan has ended well."""
        if self.created:
            return "created"
        return "updated" if self.writes else "unchanged"


def journey(row: MirrorRow, portal: str, source: str, rules: Rules, *, at: datetime | None = None) -> Journey:
    """The journey of a row; ``source`` is what rules call its records."""
    mine = Decided(rules.mappings)
    event = RecordChanged(
        portal=portal,
        source=source,
        record=row.record,
        values=dict(row.values),
        gone=row.gone,
        again=row.sought_at is not None,
    )
    # The plan of a record asks its rules for nothing but their decision and their settings.
    own = replace(rules, mappings=cast(Mappings, mine), at=at or row.changed_at)
    return Journey(plans=[], row=row, event=event, rules=own, decided_by=mine)


def _place(call: Call, result: Any) -> tuple[int, int] | None:
    if call.method not in ("crm.item.add", "crm.item.update"):
        return None
    number = (
        result.get("id") if call.method == "crm.item.add" and isinstance(result, Mapping) else call.params.get("id")
    )
    return (int(call.params["entityTypeId"]), int(number)) if number else None
