"""A handler under way, the proof that may stand on top of it, and what it wants remembered; and that of a delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from connector.domain.effects import Call, Effect, Emit, Keyed, KeyedEffect, Plan, Recall, Remember
from connector.journal import Delivery


@dataclass(frozen=True)
class Value:
    """An effect went well."""

    value: Any


@dataclass(frozen=True)
class Failure:
    """An effect failed, or a plan raised."""

    error: Exception


@dataclass(frozen=True)
class Returned:
    """A plan ended."""

    value: Any


Outcome = Value | Failure
Move = Effect | Returned | Failure


@dataclass(kw_only=True)
class Ride:
    """A handler under way. ``waiting`` is the effect whose outcome the top plan wants next.

    ``decided``: the ledger's doubt about that effect is over, it did not take place.
    """

    plans: list[Plan]
    waiting: Effect | None = None
    doubtful: KeyedEffect | None = None
    decided: bool = False
    remembered: list[Remember] = field(default_factory=list)
    started: bool = False

    def move(self, outcome: Outcome) -> Move:
        """Give the outcome to the top plan; what it wants next, returned or raised."""
        plan = self.plans[-1]
        give = _giver(plan, outcome, self.started)
        self.started = True
        try:
            self.waiting = give()
        except StopIteration as end:
            self.plans.pop()
            return Returned(end.value)
        except Exception as error:
            self.plans.pop()
            return Failure(error)
        return self.waiting

    def ask(self, effect: KeyedEffect) -> None:
        """Put the proof of a doubtful effect on top."""
        assert effect.proof is not None
        self.doubtful, self.started = effect, False
        self.plans.append(effect.proof())

    def answered(self) -> KeyedEffect:
        """The proof ended: the effect it was about."""
        effect, self.doubtful, self.started = self.doubtful, None, True
        assert effect is not None
        self.waiting = effect
        return effect

    def own(self, wanted: Recall) -> Remember | None:
        """What this delivery remembered itself under the wanted name; ``None`` when the journal is to be asked."""
        named = (link for link in reversed(self.remembered) if (link.kind, link.key) == (wanted.kind, wanted.key))
        return next(named, None)

    @property
    def key(self) -> str:
        """The ledger's key of the effect that it waits for; empty when it has none."""
        return self.waiting.key if isinstance(self.waiting, Keyed) else ""

    def close(self) -> None:
        """Stop the plans where they stand."""
        while self.plans:
            self.plans.pop().close()


@dataclass(kw_only=True)
class Lane(Ride):
    """Where one delivery stands. ``recalled`` is what the journal told it; ``behind`` are the deliveries that follow it
    in its lane, as they were ``looked`` up in that round. ``mapping`` is the version of the rules that it is handled
    under, empty when they have no say in it. ``alone``: in company it was refused, so it goes by itself. ``letter``: it
    leaves by mail. ``end`` is how it ended: settled, or to be tried later.
    """

    delivery: Delivery
    recalled: dict[tuple[str, str], Any] = field(default_factory=dict)
    behind: list[Delivery] = field(default_factory=list)
    looked: int = 0
    alone: bool = False
    letter: bool = False
    end: Literal["", "settled", "later"] = ""
    emitted: list[Emit] = field(default_factory=list)
    flagged: str = ""
    mapping: str = ""

    @property
    def turn(self) -> str:
        """Of several effects with this name only one is under way; empty: as many as there are."""
        return (isinstance(self.waiting, Call) and self.waiting.turn) or self.key


def _giver(plan: Plan, outcome: Outcome, started: bool) -> Callable[[], Effect]:
    if isinstance(outcome, Failure):
        return lambda: plan.throw(outcome.error)
    return lambda: plan.send(outcome.value if started else None)
