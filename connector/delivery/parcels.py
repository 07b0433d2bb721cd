"""One HTTP request to a portal: what it carries, and what became of each part of it (DESIGN.md §6.4)."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from connector.delivery.lanes import Failure, Lane, Outcome, Value
from connector.delivery.perform import Reach, judged, name_of, perform, portal_of
from connector.domain.effects import Call, Effect
from connector.domain.values import StoredFile
from connector.errors import ConnectorError, TransientError
from connector.journal import CallTrail
from connector.portal import items_of
from connector.portal.joining import dealt, joined
from connector.speech import Text

log = structlog.get_logger()

COMMANDS = 50  # of a batch (facts/bitrix24-platform.md §3.4)
NOT_RUN = Text(
    "Bitrix24 cut the batch before this command; it is sent again by itself.",
    "Битрикс24 прервал пакет до этой команды; она будет отправлена снова сама.",
)


@dataclass(kw_only=True)
class Command:
    """One effect of ``lanes[0]``, joined by those of the deliveries behind it. ``seconds`` is what the portal needs.

    ``most`` is how many commands a batch with it may have; ``alone`` keeps it out of batches.
    """

    lanes: list[Lane]
    seconds: float = 0.0
    most: int = COMMANDS
    alone: bool = False

    @property
    def effect(self) -> Effect:
        """What is to be done; the one of the first."""
        effect = self.lanes[0].waiting
        assert effect is not None
        return effect

    @property
    def call(self) -> tuple[str, Any]:
        """Method and parameters of the one REST call."""
        effects = [lane.waiting for lane in self.lanes]
        calls = [effect for effect in effects if isinstance(effect, Call)]
        if len(calls) == 1:
            return calls[0].method, calls[0].params
        return calls[0].method, joined(calls[0].joins, [call.params for call in calls])

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """What goes with the call."""
        return self.effect.files if isinstance(self.effect, Call) else ()

    def laden(self, read: Callable[[str], bytes]) -> tuple[str, Any]:
        """The one REST call with its files in it. Raises what ``read`` raises."""
        method, params = self.call
        if not isinstance(self.effect, Call) or not self.files:
            return method, params
        return method, self.effect.enclosing(lambda file: base64.b64encode(read(file.key)).decode())

    def shorten(self, seconds: float) -> None:
        """Let those at the end go that would make it longer than ``seconds``; nobody, if one alone would."""
        each = self.seconds / len(self.lanes)
        kept = int(seconds / each) if each else len(self.lanes)
        if not 0 < kept < len(self.lanes):
            return
        away, self.lanes = self.lanes[kept:], self.lanes[:kept]
        self.seconds = each * kept
        for lane in away:
            lane.close()

    def dealt(self, result: Any) -> list[Outcome]:
        """The outcome of each lane, from the result of the one call."""
        effects = [lane.waiting for lane in self.lanes]
        if len(effects) == 1:
            return [_judged(effects[0], result)]
        counts = [items_of(effect.method, effect.params) for effect in effects if isinstance(effect, Call)]
        return [_judged(effect, part) for effect, part in zip(effects, dealt(result, counts), strict=True)]


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """Commands that leave together: several are a ``batch``. ``request_id`` names the HTTP request."""

    commands: list[Command]
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def lanes(self) -> list[Lane]:
        """All deliveries that have a part in it."""
        return [lane for command in self.commands for lane in command.lanes]

    @property
    def seconds(self) -> float:
        """How long the portal will work at it."""
        return sum(command.seconds for command in self.commands)

    @property
    def errand(self) -> bool:
        """Whether it is something else than a call to the portal, and so outside its budget."""
        return not isinstance(self.commands[0].effect, Call)


@dataclass(frozen=True, kw_only=True)
class Performed:
    """An effect that was carried out, or failed. ``shared``: the failure is of a request, and others were in it."""

    lane: Lane
    effect: Effect
    outcome: Outcome
    started_at: datetime
    seconds: float
    request_id: str = ""
    shared: bool = False

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
            request_id=self.request_id if isinstance(self.effect, Call) else "",
        )


Carried = list[tuple[Command, list[Performed]]]


def carry_out(parcel: Parcel, destination: str, reach: Reach, clock: Callable[[], datetime]) -> Carried:
    """Send ``parcel``; what became of each of its lanes, command by command. Never raises."""
    started_at, begun = clock(), time.monotonic()
    lanes = parcel.lanes
    names = {"trace": lanes[0].delivery.trace, "delivery": lanes[0].delivery.id} if len(lanes) == 1 else {}
    with structlog.contextvars.bound_contextvars(**names):
        dealt_out = list(_outcomes(parcel, destination, reach))
        seconds = time.monotonic() - begun
        for command, outcomes, _ in dealt_out:
            _tell_bugs(command, outcomes)

    def made(lane: Lane, outcome: Outcome, shared: bool) -> Performed:
        effect = lane.waiting
        assert effect is not None
        return Performed(
            lane=lane, effect=effect, outcome=outcome, started_at=started_at, seconds=seconds,
            request_id=parcel.request_id, shared=shared,
        )  # fmt: skip

    return [
        (command, [made(lane, outcome, shared) for lane, outcome in zip(command.lanes, outcomes, strict=True)])
        for command, outcomes, shared in dealt_out
    ]


def _outcomes(parcel: Parcel, destination: str, reach: Reach) -> Iterator[tuple[Command, list[Outcome], bool]]:
    """Each command with the outcomes of its lanes, and whether they share a failure that is nobody's own."""
    answers: list[Outcome]
    try:
        answers = _answers(parcel, destination, reach)
    except Exception as error:
        shared = len(parcel.lanes) > 1
        answers = [Failure(error)] * len(parcel.commands)
    else:
        shared = False
    for command, answer in zip(parcel.commands, answers, strict=True):
        if isinstance(answer, Failure):
            yield command, [answer] * len(command.lanes), shared or len(command.lanes) > 1
        else:
            yield command, command.dealt(answer.value), False


def _answers(parcel: Parcel, destination: str, reach: Reach) -> list[Outcome]:
    if parcel.errand:
        return [Value(perform(parcel.commands[0].effect, destination, reach))]
    portal = portal_of(destination, reach)
    if len(parcel.commands) == 1:
        method, params = parcel.commands[0].laden(reach.read)
        return [Value(portal.call(method, params, request_id=parcel.request_id))]
    commands = {f"c{number}": command.call for number, command in enumerate(parcel.commands)}
    outcomes = portal.batch(commands, request_id=parcel.request_id)
    return [_answer(outcomes[key]) for key in commands]


def _answer(outcome: Any) -> Outcome:
    if outcome.state == "ok":
        return Value(outcome.result)
    if outcome.state == "failed":
        return Failure(outcome.error)
    return Failure(TransientError("bitrix24.not_run", hint=NOT_RUN))


def _judged(effect: Effect | None, result: Any) -> Outcome:
    assert effect is not None
    if isinstance(result, ConnectorError):
        return Failure(result)
    try:
        return Value(judged(effect, result))
    except Exception as error:
        return Failure(error)


def _tell_bugs(command: Command, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Failure) and not isinstance(outcome.error, ConnectorError):
            log.error("effect.bug", what=name_of(command.effect), exc_info=outcome.error)
