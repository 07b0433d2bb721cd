"""The loop that drains one destination's lanes (DESIGN.md §6.3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta

import structlog

from connector.delivery.lanes import Failure, Lane, Outcome, Returned, Value
from connector.delivery.ledger import Round, bug, undecided
from connector.delivery.perform import from_record, name_of
from connector.delivery.retry import check_age
from connector.delivery.work import Performed, Work, carry_out, event_of
from connector.domain.effects import Effect, Emit, KeyedEffect, Recall, Remember
from connector.domain.events import Event
from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.handlers import HANDLERS
from connector.journal import Delivery, Known, Lease, LeaseLost, NewDelivery

log = structlog.get_logger()

LEASE_SECONDS = 15.0
GLANCE = 0.05  # while calls are under way, look for new work this often
FAILURES_IN_A_ROW = 8


class Pump:
    """Drains one destination. Only one pump per destination is ever at work: the lease sees to it."""

    def __init__(self, work: Work, destination: str) -> None:
        self._work, self.destination = work, destination
        self._side = destination.partition(":")[0]
        self._round = Round(work.clock, self._route)
        self._lanes: dict[str, Lane] = {}
        self._gone: list[str] = []
        self._running: dict[Future[Performed], Lane] = {}
        self._ready: list[Lane] = []
        self._asking: list[tuple[Lane, Recall]] = []
        self._failures = 0
        self._settled = 0
        self._renewed = time.monotonic()

    def run(self, *, seconds: float = 60.0, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Drain until nothing is due, ``seconds`` are over or ``should_stop``; returns how many were settled.

        Returns at once when another live pump has the destination. What is left waits for the next wake.
        """
        lease = self._work.journal.lease(self.destination, ttl=LEASE_SECONDS)
        if lease is None:
            return 0
        ends = time.monotonic() + seconds
        with ThreadPoolExecutor(self._work.workers, thread_name_prefix=self.destination) as pool:
            try:
                self._drain(lease, pool, lambda: should_stop() or time.monotonic() > ends)
            except LeaseLost:
                log.warning("lease.lost", destination=self.destination)
        return self._settled

    def _drain(self, lease: Lease, pool: ThreadPoolExecutor, over: Callable[[], bool]) -> None:
        while True:
            leaving = over() or self._failures >= FAILURES_IN_A_ROW
            if not leaving:
                self._claim(lease)
            self._write(lease)
            self._submit(pool)
            if not self._running:
                if leaving:
                    self._work.journal.leave(lease, force=True)
                    return
                if self._work.journal.leave(lease):
                    return
                continue
            self._collect(lease, leaving)

    def _claim(self, lease: Lease) -> None:
        room = self._work.lanes - len(self._lanes)
        if room <= 0:
            return
        for delivery in self._work.journal.claim(lease, lanes=room, skip=list(self._lanes)):
            self._begin(delivery)

    def _begin(self, delivery: Delivery) -> None:
        event = event_of(delivery)
        lane = Lane(delivery=delivery, plans=[])
        self._lanes[delivery.lane] = lane
        handler = HANDLERS.get((self._side, event.kind))
        try:
            if handler is None:
                raise LookupError(f"no handler for {event.kind} at {self._side}")
            check_age(
                event.kind,
                delivery.replayed_at or delivery.created_at,
                self._work.clock(),
                message_hours=self._work.message_hours,
            )
            lane.plans.append(handler(event, self._work.rules))
        except Exception as error:
            self._park(lane, error)
            return
        self._advance(lane, Value(None))

    def _advance(self, lane: Lane, outcome: Outcome) -> None:
        """Move the lane until it wants something that takes time, ends or fails."""
        while True:
            move = lane.move(outcome)
            if isinstance(move, Recall):
                own = lane.own(move)
                if own is None:
                    self._asking.append((lane, move))
                    return
                outcome = Value(own.value)
            elif isinstance(move, Remember):
                lane.remembered.append(move)
                outcome = Value(None)
            elif isinstance(move, Emit):
                lane.emitted.append(move)
                outcome = Value(None)
            elif isinstance(move, Returned | Failure) and lane.doubtful:
                decided = self._decide(lane, move)
                if decided is None:
                    return
                outcome = decided
            elif isinstance(move, Returned):
                self._finish(lane)
                return
            elif isinstance(move, Failure):
                self._park(lane, move.error)
                return
            else:
                self._want(lane, move)
                return

    def _want(self, lane: Lane, effect: Effect) -> None:
        if isinstance(effect, KeyedEffect) and effect.key:
            self._round.plan(lane, effect)
        else:
            self._ready.append(lane)

    def _decide(self, lane: Lane, answer: Returned | Failure) -> Outcome | None:
        """The proof ended. Found: the effect is done. Not found, or it cannot tell: the effect is carried out."""
        effect = lane.answered()
        if isinstance(answer, Returned) and answer.value is not None:
            self._round.record(lane, effect, answer.value, "found by its proof")
            return Value(answer.value)
        self._ready.append(lane)
        return None

    def _write(self, lease: Lease) -> None:
        """One transaction per round, as often as the answers of the ledger give the lanes more to write."""
        while True:
            self._recall()
            step, planning = self._round.take()
            if step.empty():
                break
            known = self._work.journal.step(lease, step)
            self._renewed = time.monotonic()
            for key, lane in planning.items():
                self._known(lane, known.get(key))
        for name in self._gone:
            self._lanes.pop(name, None)
        self._gone.clear()

    def _recall(self) -> None:
        """One look into the journal for all lanes that want to recall something, as often as they go on to ask."""
        while self._asking:
            asking, self._asking = self._asking, []
            stored = self._work.journal.recall_all({(wanted.kind, wanted.key) for _, wanted in asking})
            for lane, wanted in asking:
                self._advance(lane, Value(stored.get((wanted.kind, wanted.key))))

    def _known(self, lane: Lane, known: Known | None) -> None:
        """What the ledger knew of a planned effect: nothing, its result, or that its outcome is unknown."""
        effect = lane.waiting
        assert isinstance(effect, KeyedEffect)
        if known is None:
            self._ready.append(lane)
            return
        if known.state == "done":
            self._advance(lane, Value(from_record(effect, known.result)))
            return
        if effect.proof is None:
            if effect.on_unknown == "park":
                self._advance(lane, Failure(undecided(effect)))
                return
            lane.flagged = f"{name_of(effect)} repeated: its outcome was unknown"
            self._ready.append(lane)
            return
        left = self._doubt_left(known)
        if left > 0:
            self._drop(lane)
            self._round.put_back(lane, left)
            return
        lane.ask(effect)
        self._advance(lane, Value(None))

    def _doubt_left(self, known: Known) -> float:
        """Seconds until what is still under way at the far side must have ended."""
        until = known.planned_at + timedelta(seconds=self._work.doubt(self.destination))
        return (until - self._work.clock()).total_seconds()

    def _submit(self, pool: ThreadPoolExecutor) -> None:
        ready, self._ready = self._ready, []
        for lane in ready:
            self._running[pool.submit(carry_out, lane, self.destination, self._work)] = lane

    def _collect(self, lease: Lease, leaving: bool) -> None:
        patience = LEASE_SECONDS / 3 if leaving else GLANCE
        finished, _ = wait(self._running, timeout=patience, return_when=FIRST_COMPLETED)
        if time.monotonic() - self._renewed > LEASE_SECONDS / 3:
            self._work.journal.renew(lease)
            self._renewed = time.monotonic()
        for future in finished:
            lane = self._running.pop(future)
            performed = future.result()
            self._round.step.calls.append(performed.trail())
            self._outcome(lane, performed)

    def _outcome(self, lane: Lane, performed: Performed) -> None:
        effect, outcome = performed.effect, performed.outcome
        if isinstance(outcome, Value):
            self._failures = 0
            if isinstance(effect, KeyedEffect):
                self._round.record(lane, effect, outcome.value)
            self._advance(lane, outcome)
            return
        error = outcome.error
        self._round.failed(lane, error)
        if isinstance(error, TransientError | Stopped):
            self._failures += FAILURES_IN_A_ROW if isinstance(error, Stopped) else 1
            self._wait(lane, error)
            return
        self._advance(lane, outcome if isinstance(error, ConnectorError) else Failure(bug(error)))

    def _wait(self, lane: Lane, error: ConnectorError) -> None:
        log.info(
            "delivery.waits",
            trace=lane.delivery.trace,
            delivery=lane.delivery.id,
            destination=self.destination,
            cause=error.cause,
            detail=error.detail[:300],
        )
        doubtful = isinstance(error, TransientError) and error.maybe_done
        self._drop(lane)
        self._round.wait(lane, error, at_least=self._work.doubt(self.destination) if doubtful else 0.0)

    def _finish(self, lane: Lane) -> None:
        self._drop(lane)
        self._round.done(lane)

    def _park(self, lane: Lane, error: Exception) -> None:
        self._drop(lane)
        known = error if isinstance(error, PermanentError) else bug(error)
        log.warning(
            "delivery.parked",
            trace=lane.delivery.trace,
            delivery=lane.delivery.id,
            destination=self.destination,
            cause=known.cause,
            detail=known.detail[:300],
            exc_info=None if isinstance(error, ConnectorError) else error,
        )
        self._round.park(lane, known)

    def _drop(self, lane: Lane) -> None:
        """The lane is free for its next delivery once this round is written; before, it would be claimed again."""
        self._gone.append(lane.delivery.lane)
        self._settled += 1

    def _route(self, event: Event, destination: str) -> NewDelivery:
        return NewDelivery(destination=destination, event=event, lane=event.lane, position=event.position)
