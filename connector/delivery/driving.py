"""Moves the deliveries under way through their handlers: what each wants next, and how it ends (DESIGN.md §6.1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import structlog

from connector.delivery.lanes import Failure, Lane, Outcome, Returned, Value
from connector.delivery.ledger import Round, bug, undecided
from connector.delivery.perform import from_record, name_of
from connector.delivery.retry import check_age
from connector.delivery.work import Work, event_of
from connector.domain.effects import Call, Emit, KeyedEffect, Plan, Recall, Remember
from connector.domain.events import Event, ReplyWritten
from connector.domain.mailing import QUARANTINE
from connector.errors import ConnectorError, PermanentError
from connector.handlers import HANDLERS, MAPPED
from connector.handlers.replies import refused
from connector.journal import Delivery, Known, NewDelivery

log = structlog.get_logger()


class Driving:
    """The lanes under way. ``wanted`` are those that wait for an outward effect to leave."""

    def __init__(self, work: Work, destination: str) -> None:
        self._work, self._destination = work, destination
        self._side = destination.partition(":")[0]
        self.round = Round(work.clock, _route, pace=work.pace)
        self.lanes: dict[str, Lane] = {}
        self.wanted: list[Lane] = []
        self.settled = 0
        self._asking: list[tuple[Lane, Recall]] = []
        self._gone: list[Lane] = []

    def begin(self, head: Delivery, behind: list[Delivery], looked: int) -> None:
        """Start the handler of a lane's head; ``behind`` follow it."""
        lane = Lane(delivery=head, plans=[], behind=behind, looked=looked)
        self.lanes[head.lane] = lane
        try:
            lane.plans.append(self._plan(lane))
        except PermanentError as late:
            self._tell(lane, late)
            self._park(lane, late)
            return
        except Exception as error:
            self._park(lane, error)
            return
        self.advance(lane, Value(None))

    def follow(self, head: Lane, delivery: Delivery) -> Lane | None:
        """``delivery``, which stands behind ``head``, as far as it comes with the knowledge of ``head`` alone: to a
        call with a key, or ``None``. Nothing is written; :meth:`forget` undoes it.
        """
        lane = Lane(delivery=delivery, plans=[])
        try:
            lane.plans.append(self._plan(lane))
        except Exception:
            return None  # it says so when its turn has come
        move = lane.move(Value(None))
        while isinstance(move, Recall) and (move.kind, move.key) in head.recalled:
            move = lane.move(Value(head.recalled[move.kind, move.key]))
        if isinstance(move, Call) and move.key:
            return lane
        lane.close()
        return None

    def advance(self, lane: Lane, outcome: Outcome) -> None:
        """Move the lane until it wants something that takes time, ends or fails."""
        while True:
            move = lane.move(outcome)
            if isinstance(move, Recall):
                own = lane.own(move)
                if own is None:
                    self._asking.append((lane, move))
                    return
                outcome = Value(own.value)
            elif isinstance(move, Remember | Emit):
                _note(lane, move)
                outcome = Value(None)
            elif isinstance(move, Returned | Failure) and lane.doubtful:
                decided = self._decide(lane, move)
                if decided is None:
                    return
                outcome = decided
            elif isinstance(move, Returned):
                lane.flagged = move.value if isinstance(move.value, str) and move.value else lane.flagged
                self._drop(lane)
                self.round.done(lane)
                return
            elif isinstance(move, Failure):
                self._park(lane, move.error)
                return
            else:
                self.wanted.append(lane)
                return

    def recall(self) -> None:
        """One look into the journal for all lanes that want to recall something, as often as they go on to ask."""
        while self._asking:
            asking, self._asking = self._asking, []
            stored = self._work.journal.recall_all({(wanted.kind, wanted.key) for _, wanted in asking})
            for lane, wanted in asking:
                name = wanted.kind, wanted.key
                lane.recalled[name] = stored.get(name)
                self.advance(lane, Value(stored.get(name)))

    def known(self, lane: Lane, known: Known) -> None:
        """What the ledger knew of the effect that ``lane`` wants: its result, or that its outcome is unknown."""
        effect = lane.waiting
        assert isinstance(effect, KeyedEffect)
        if known.state == "done":
            self.advance(lane, Value(from_record(effect, known.result)))
            return
        if effect.proof is None:
            if effect.on_unknown == "park":
                self.advance(lane, Failure(undecided(effect)))
                return
            lane.flagged = f"{name_of(effect)} repeated: its outcome was unknown"
            self._again(lane)
            return
        left = self._doubt_left(known)
        if left > 0:
            self._drop(lane, end="later")
            self.round.put_back(lane, left)
            return
        lane.ask(effect)
        self.advance(lane, Value(None))

    def wait(self, lane: Lane, error: ConnectorError, *, at_least: float) -> None:
        """It failed and will pass: the lane stands still until then."""
        log.info(
            "delivery.waits",
            trace=lane.delivery.trace,
            delivery=lane.delivery.id,
            destination=self._destination,
            cause=error.cause,
        )
        self._drop(lane, end="later")
        self.round.wait(lane, error, at_least=at_least)

    def forget(self, lane: Lane) -> None:
        """Leave the delivery as it stands in the journal: its turn comes again."""
        self.wanted = [other for other in self.wanted if other is not lane]
        self._asking = [asked for asked in self._asking if asked[0] is not lane]
        lane.close()
        lane.end = "later"
        self._gone.append(lane)

    def release(self) -> bool:
        """The round is written: lanes whose head ended are free for their next delivery. Whether there are any."""
        free = [lane.delivery.lane for lane in self._gone if self.lanes.get(lane.delivery.lane) is lane]
        for name in free:
            self.lanes.pop(name, None)
        self._gone.clear()
        return bool(free)

    def _plan(self, lane: Lane) -> Plan:
        """The handler with what it may lean on: the rules as they are now, and when the delivery arrived."""
        delivery = lane.delivery
        event = event_of(delivery)
        handler = HANDLERS.get((self._side, event.kind))
        if handler is None:
            raise LookupError(f"no handler for {event.kind} at {self._side}")
        began = delivery.replayed_at or delivery.created_at
        now = self._work.clock()
        facts = self._work.rules.accounts.get(getattr(event, "account", ""))
        by_mail = facts is not None and facts.mail is not None
        lane.letter = by_mail and self._side == "account"
        check_age(event.kind, began, now, message_hours=self._work.message_hours, by_mail=by_mail)
        late = (now - delivery.created_at).total_seconds()
        rules = replace(
            self._work.rules,
            mappings=self._work.mappings(),
            at=delivery.created_at,
            late=late,
            replayed=delivery.replayed_at is not None,
        )
        lane.mapping = rules.mappings.version if (self._side, event.kind) in MAPPED else ""
        return handler(event, rules)

    def _tell(self, lane: Lane, late: PermanentError) -> None:
        """Whoever wrote what is too late now shall know that nobody got it."""
        event = event_of(lane.delivery)
        if isinstance(event, ReplyWritten):
            _note(lane, refused(event, late, event.author, self._work.rules))

    def _decide(self, lane: Lane, answer: Returned | Failure) -> Outcome | None:
        """The proof ended. Found: the effect is done. Not found, or it cannot tell: the effect is carried out."""
        effect = lane.answered()
        if isinstance(answer, Returned) and answer.value is not None:
            self.round.record(lane, effect, answer.value, note="found by its proof")
            return Value(answer.value)
        self._again(lane)
        return None

    def _again(self, lane: Lane) -> None:
        lane.decided = True
        self.wanted.append(lane)

    def _doubt_left(self, known: Known) -> float:
        """Seconds until what is still under way at the far side must have ended."""
        doubt = self._work.doubt(self._destination) + self._work.longest
        return (known.planned_at + timedelta(seconds=doubt) - self._work.clock()).total_seconds()

    def _park(self, lane: Lane, error: Exception) -> None:
        self._drop(lane)
        known = error if isinstance(error, PermanentError) else bug(error)
        tell = log.info if known.cause == QUARANTINE else log.warning
        tell(
            "delivery.parked",
            trace=lane.delivery.trace,
            delivery=lane.delivery.id,
            destination=self._destination,
            cause=known.cause,
            exc_info=None if isinstance(error, ConnectorError) else error,
        )
        self.round.park(lane, known)

    def _drop(self, lane: Lane, *, end: Literal["settled", "later"] = "settled") -> None:
        """The lane is free for its next delivery once this round is written; before, it would be claimed again."""
        lane.end = end
        self._gone.append(lane)
        self.settled += 1


def _note(lane: Lane, move: Remember | Emit) -> None:
    """Kept with the outcome of the delivery."""
    if isinstance(move, Remember):
        lane.remembered.append(move)
    else:
        lane.emitted.append(move)


def _route(event: Event, destination: str) -> NewDelivery:
    return NewDelivery(destination=destination, event=event, lane=event.lane, position=event.position)
