"""What one round of the pump wants written, gathered into one transaction (DESIGN.md §6.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from connector.delivery.lanes import Lane
from connector.delivery.perform import name_of, to_record
from connector.delivery.retry import LETTER_STOPPED, STOPPED_PAUSE, pause
from connector.domain.effects import Emit, KeyedEffect
from connector.domain.ports import Clock
from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.journal import NewDelivery, Planned, Settlement, Step
from connector.speech import Text

BUG = Text(
    "The connector itself failed here ({what}). Look into the log; after the mend, try it again.",
    "Здесь ошибся сам коннектор ({what}). Посмотрите журнал; после исправления попробуйте снова.",
)
UNDECIDED = Text(
    "It is not known whether {what} took place and there is no way to look it up. See in Bitrix24 or at the provider, "
    "then try it again or discard it.",
    "Неизвестно, состоялось ли действие {what}, и проверить это нельзя. Посмотрите в Битрикс24 или у провайдера, затем "
    "попробуйте снова или откажитесь от этого.",
)


class Round:
    """Collects settlements, results and plans between two transactions."""

    def __init__(self, clock: Clock, route: Callable[..., NewDelivery], *, pace: float = 1.0) -> None:
        self._clock, self._route, self._pace = clock, route, pace
        self.step = Step()

    def take(self) -> Step:
        """What was gathered; a new round begins empty."""
        gathered, self.step = self.step, Step()
        return gathered

    def plan(self, lane: Lane) -> None:
        """What ``lane`` wants leaves as soon as this is written; an effect without a key needs no plan."""
        effect = lane.waiting
        if not isinstance(effect, KeyedEffect) or not effect.key:
            return
        if lane.decided:
            self.step.cleared.append(effect.key)
            lane.decided = False
        self.step.planned.append(
            Planned(key=effect.key, delivery_id=lane.delivery.id, trace=lane.delivery.trace, what=name_of(effect))
        )

    def unplan(self, lane: Lane) -> None:
        """What was planned for ``lane`` did not leave after all."""
        if lane.key:
            self.step.cleared.append(lane.key)

    def record(self, lane: Lane, effect: KeyedEffect, result: object, *, note: str = "", request_id: str = "") -> None:
        """``effect`` is done, with its result."""
        if effect.key:
            self.step.results.append((effect.key, to_record(effect, result), note))
            self._carried(effect.key, request_id)

    def failed(self, lane: Lane, error: Exception, request_id: str = "") -> None:
        """What a failure means for the ledger: only a doubtful one stays there."""
        if not lane.key:
            return
        if isinstance(error, TransientError) and error.maybe_done:
            self.step.unknown.append(lane.key)
            self._carried(lane.key, request_id)
        else:
            self.step.cleared.append(lane.key)

    def _carried(self, key: str, request_id: str) -> None:
        if request_id:
            self.step.carried.append((key, request_id))

    def done(self, lane: Lane) -> None:
        """The handler ended well: its links and further events are kept with its outcome."""
        self._keep(lane)
        self._settle(lane, "done", attempts=lane.delivery.attempts + 1)

    def park(self, lane: Lane, error: Exception) -> None:
        """It cannot be done: cause and hint for a person; what the handler said on its way out is kept."""
        self._keep(lane)
        known = error if isinstance(error, ConnectorError) else bug(error)
        self._settle(
            lane,
            "parked",
            attempts=lane.delivery.attempts + 1,
            cause=known.cause,
            hint=known.hint,
            detail=known.detail,
        )

    def wait(self, lane: Lane, error: ConnectorError, *, at_least: float = 0.0) -> None:
        """It will pass: the lane stands still until then; ``at_least`` is seconds."""
        stopped, delivery = isinstance(error, Stopped), lane.delivery
        asked = getattr(error, "retry_after", None)
        usual = pause(delivery.attempts, asked, kind=delivery.event.kind, letter=lane.letter)
        if stopped:
            usual = LETTER_STOPPED if lane.letter else STOPPED_PAUSE
        seconds = max(usual * self._pace, at_least)
        attempts = lane.delivery.attempts + (0 if stopped else 1)
        self.put_back(lane, seconds, attempts=attempts, cause=error.cause, hint=error.hint, detail=error.detail)

    def put_back(
        self,
        lane: Lane,
        seconds: float,
        *,
        attempts: int | None = None,
        cause: str = "",
        hint: Text | None = None,
        detail: str = "",
    ) -> None:
        """Leave the delivery for later without a verdict."""
        lane.close()
        self._settle(
            lane,
            "waiting",
            attempts=lane.delivery.attempts if attempts is None else attempts,
            due_at=self._clock() + timedelta(seconds=seconds),
            cause=cause,
            hint=hint,
            detail=detail,
        )

    def _keep(self, lane: Lane) -> None:
        self.step.remember.extend(lane.remembered)
        self.step.emitted.extend((lane.delivery.trace, self._routed(emit)) for emit in lane.emitted)

    def _routed(self, emit: Emit) -> NewDelivery:
        routed = self._route(emit.event, emit.destination)
        return replace(routed, due_at=self._clock() + timedelta(seconds=emit.after)) if emit.after else routed

    def _settle(
        self,
        lane: Lane,
        state: Literal["done", "waiting", "parked"],
        *,
        attempts: int,
        due_at: datetime | None = None,
        cause: str = "",
        hint: Text | None = None,
        detail: str = "",
    ) -> None:
        self.step.settled.append(
            Settlement(
                delivery=lane.delivery,
                state=state,
                due_at=due_at,
                attempts=attempts,
                cause=cause,
                hint=hint,
                detail=detail[:2000],
                flagged=lane.flagged[:2000],
                mapping=lane.mapping,
            )
        )


def bug(error: Exception) -> PermanentError:
    """An error that no adapter named: it is ours."""
    what = f"{type(error).__name__}: {error}"[:300]
    return PermanentError("connector.bug", hint=BUG.with_(what=what), detail=what)


def undecided(effect: KeyedEffect) -> PermanentError:
    """A doubtful effect whose policy is that a person decides."""
    return PermanentError("effect.unknown", hint=UNDECIDED.with_(what=name_of(effect)))
