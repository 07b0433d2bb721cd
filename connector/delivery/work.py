"""What a pump is given, and one effect carried out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from connector.delivery.lanes import Failure, Lane, Outcome, Value
from connector.delivery.perform import Reach, name_of, perform
from connector.domain.effects import Effect
from connector.domain.events import MessageReceived
from connector.domain.ports import Clock
from connector.errors import ConnectorError
from connector.handlers import Rules
from connector.handlers.messages import merged
from connector.journal import CallTrail, Delivery, Journal

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a pump is given: one per process is enough, pumps share it."""

    journal: Journal
    rules: Rules
    reach: Reach
    clock: Clock = lambda: datetime.now(UTC)
    message_hours: float = 24.0
    doubt: Callable[[str], float] = lambda destination: 5.0
    lanes: int = 64
    workers: int = 16


@dataclass(frozen=True, kw_only=True)
class Performed:
    """An effect that was carried out, or failed."""

    lane: Lane
    effect: Effect
    outcome: Outcome
    started_at: datetime
    seconds: float

    def trail(self) -> CallTrail:
        """The line of this effect in the trace."""
        error = self.outcome.error if isinstance(self.outcome, Failure) else None
        cause = error.cause if isinstance(error, ConnectorError) else "connector.bug" if error else "ok"
        return CallTrail(
            trace=self.lane.delivery.trace,
            delivery_id=self.lane.delivery.id,
            what=name_of(self.effect),
            started_at=self.started_at,
            seconds=self.seconds,
            outcome=cause,
        )


def carry_out(lane: Lane, destination: str, work: Work) -> Performed:
    """Perform what the lane waits for; never raises."""
    effect = lane.waiting
    assert effect is not None
    started_at, begun = work.clock(), time.monotonic()
    with structlog.contextvars.bound_contextvars(trace=lane.delivery.trace, delivery=lane.delivery.id):
        try:
            outcome: Outcome = Value(perform(effect, destination, work.reach))
        except Exception as error:
            outcome = Failure(error)
            if not isinstance(error, ConnectorError):
                log.exception("effect.bug", what=name_of(effect))
    return Performed(lane=lane, effect=effect, outcome=outcome, started_at=started_at, seconds=time.monotonic() - begun)


def event_of(delivery: Delivery) -> Any:
    """The delivery's event; an album's parts are one message."""
    parts = [member.event for member in delivery.members] or [delivery.event]
    messages = [part for part in parts if isinstance(part, MessageReceived)]
    return merged(messages) if len(messages) > 1 else delivery.event
