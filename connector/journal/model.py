"""What goes into the journal and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from connector.domain.effects import Remember
from connector.domain.events import Event, dump
from connector.domain.request import Request
from connector.speech import Text

EnvelopeState = Literal["accepted", "parked", "ignored"]
DeliveryState = Literal["waiting", "done", "parked", "discarded"]


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One request as received. ``account`` is an account's name or ``portal:<name>``; ``trace`` is time-sortable."""

    trace: str
    account: str
    dedupe_key: str
    request: Request
    state: EnvelopeState = "accepted"
    cause: str = ""
    hint: Text | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class NewDelivery:
    """An event for one destination. An empty lane means a lane of its own; ``due_at`` ``None`` means now.

    ``group`` joins the parts of an album: contiguous waiting parts of a lane go out as one delivery. ``arrived_at`` is
    told of what arrived earlier than it could be written.
    """

    destination: str
    event: Event
    lane: str
    position: int = 0
    due_at: datetime | None = None
    group: str = ""
    arrived_at: datetime | None = None

    @property
    def dumped(self) -> str:
        """The event as JSON text, made once."""
        made: str | None = self.__dict__.get("_dumped")
        if made is None:
            made = self.__dict__["_dumped"] = dump(self.event)
        return made


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One event on its way. ``members`` are all parts of an album, this one first; empty for anything else."""

    id: int
    trace: str
    destination: str
    lane: str
    position: int
    event: Event
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    replayed_at: datetime | None = None
    group: str = ""
    members: tuple[Delivery, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """The rows that settle together."""
        return tuple(dict.fromkeys((self.id, *(member.id for member in self.members))))


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A destination taken by one pump. ``ttl`` is seconds; each step and renewal starts it anew."""

    destination: str
    holder: str
    fence: int
    ttl: float = 15.0


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """How a delivery stands now; the members of an album settle with it. ``flagged`` is what a person should know.

    ``mapping`` is the version of the mapping set that it was handled under, empty when rules had no say in it.
    """

    delivery: Delivery
    state: Literal["done", "waiting", "parked"]
    attempts: int
    due_at: datetime | None = None
    cause: str = ""
    hint: Text | None = None
    detail: str = ""
    flagged: str = ""
    mapping: str = ""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A keyed effect that is about to leave. ``what`` is the method's or the command's name."""

    key: str
    delivery_id: int
    trace: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the ledger knew of a key: ``done`` with its result, or an outcome that is not known."""

    state: Literal["planned", "unknown", "done"]
    result: Any
    planned_at: datetime


@dataclass(frozen=True, kw_only=True)
class CallTrail:
    """One effect that was carried out, for the trace. ``outcome`` is ``ok`` or a cause.

    ``request_id`` is the id of the HTTP request to the portal that carried it, shared by all that went with it.
    """

    trace: str
    delivery_id: int
    what: str
    started_at: datetime
    seconds: float
    outcome: str
    request_id: str = ""


@dataclass(kw_only=True)
class Step:
    """Everything that one round of a pump wants written in one transaction, in the order of the fields below.

    ``results`` are (key, JSON value, note); ``unknown`` keys left and were not heard of; ``carried`` are (key, id of
    the request that carried it); ``cleared`` keys are proven not executed; ``emitted`` are (trace, delivery) pairs.
    """

    settled: list[Settlement] = field(default_factory=list)
    results: list[tuple[str, Any, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    carried: list[tuple[str, str]] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    remember: list[Remember] = field(default_factory=list)
    emitted: list[tuple[str, NewDelivery]] = field(default_factory=list)
    calls: list[CallTrail] = field(default_factory=list)

    def empty(self) -> bool:
        """Whether there is nothing to write."""
        lists: tuple[list[Any], ...] = (self.settled, self.results, self.unknown, self.cleared, self.planned)
        return not any((*lists, self.carried, self.remember, self.emitted, self.calls))
