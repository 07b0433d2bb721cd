"""Plans of many records side by side, so that what they read travels together; writes are few, of a dictionary."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connector.delivery.lanes import Failure, Move, Outcome, Returned, Ride, Value
from connector.delivery.perform import judged
from connector.domain.effects import Call, Plan, Recall, Remember
from connector.errors import ConnectorError, PermanentError
from connector.rulebook.pretending import is_read


class Hands(Protocol):
    """What plans meet outside."""

    def recall(self, names: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Any]:
        """Links, as ``Journal.recall_all``."""

    def gather(self, reads: Sequence[tuple[str, Any]]) -> list[Any]:
        """The answer of each read, or the ``ConnectorError`` that it met."""

    def call(self, method: str, params: Mapping[str, Any]) -> Any:
        """One write. Raises what the portal says; ``TransientError`` and ``Stopped`` end it all."""

    def remember(self, links: Sequence[Remember]) -> None:
        """Keep them."""


@dataclass(kw_only=True)
class _One:
    ride: Ride
    wants: Recall | Call | None = None
    answer: Any = None


def answers(plans: Sequence[Plan], hands: Hands) -> list[Any]:
    """What each plan returns, or the ``ConnectorError`` that it raises. Anything else that it raises is raised."""
    ones = [_One(ride=Ride(plans=[plan])) for plan in plans]
    try:
        for one in ones:
            _advance(one, Value(None))
        while asking := [one for one in ones if one.wants is not None]:
            _round(asking, hands)
    finally:
        for one in ones:
            one.ride.close()
    hands.remember([link for one in ones for link in one.ride.remembered])
    return [one.answer for one in ones]


def _round(asking: Sequence[_One], hands: Hands) -> None:
    recalling = [(one, one.wants) for one in asking if isinstance(one.wants, Recall)]
    calls = [(one, one.wants) for one in asking if isinstance(one.wants, Call)]
    if recalling:
        found = hands.recall({(wanted.kind, wanted.key) for _, wanted in recalling})
        for one, wanted in recalling:
            _advance(one, Value(found.get((wanted.kind, wanted.key))))
        return
    reads = [(one, call) for one, call in calls if is_read(call.method)]
    told = hands.gather([(call.method, call.params) for _, call in reads]) if reads else []
    for (one, call), answer in zip(reads, told, strict=True):
        _advance(one, _outcome(call, answer))
    for one, call in calls:
        if not is_read(call.method):
            _advance(one, _outcome(call, _made(call, hands)))


def _made(call: Call, hands: Hands) -> Any:
    try:
        return hands.call(call.method, call.params)
    except PermanentError as error:
        return error


def _outcome(call: Call, answer: Any) -> Outcome:
    if isinstance(answer, ConnectorError):
        return Failure(answer)
    try:
        return Value(judged(call, answer))
    except ConnectorError as error:
        return Failure(error)


def _advance(one: _One, outcome: Outcome) -> None:
    one.wants = None
    while True:
        move: Move = one.ride.move(outcome)
        if isinstance(move, Remember):
            one.ride.remembered.append(move)
            outcome = Value(None)
        elif isinstance(move, Recall) and (known := one.ride.own(move)) is not None:
            outcome = Value(known.value)
        elif isinstance(move, Recall | Call):
            one.wants = move
            return
        elif isinstance(move, Returned):
            one.answer = move.value
            return
        elif isinstance(move, Failure) and isinstance(move.error, ConnectorError):
            one.answer = move.error
            return
        else:
            raise move.error if isinstance(move, Failure) else TypeError(f"not for tags: {type(move).__name__}")
