"""What one round of the pump wants written, gathered into one transaction (DESIGN.md §6.2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from connector.delivery.lanes import Lane
from connector.delivery.perform import name_of, to_record
from connector.delivery.retry import STOPPED_PAUSE, pause
from connector.domain.effects import Keyed, KeyedEffect
from connector.domain.ports import Clock
from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.journal import NewDelivery, Planned, Settlement, Step
from connector.speech import Text

BUG = Text(
    "The connector itself failed here ({what}). Look at the log of this trace; after the mend, replay.",
    "Здесь ошибся сам коннектор ({what}). Посмотрите журнал этого следа; после исправления повторите доставку.",
)
UNDECIDED = Text(
    "It is not known whether {what} took place and there is no way to look it up. See in Bitrix24 or at the provider, "
    "then replay or discard.",
    "Неизвестно, состоялось ли действие {what}, и проверить это нельзя. Посмотрите в Bitrix24 или у провайдера, затем "
    "повторите или отбросьте доставку.",
)


class Round:
    """Collects settlements, results and plans between two transactions."""

    def __init__(self, clock: Clock, route: Callable[..., NewDelivery]) -> None:
        self._clock, self._route = clock, route
        self.step = Step()
        self.planning: dict[str, Lane] = {}

    def take(self) -> tuple[Step, dict[str, Lane]]:
        """What was gathered; a new round begins empty."""
        gathered, self.step = self.step, Step()
        planning, self.planning = self.planning, {}
        return gathered, planning

    def plan(self, lane: Lane, effect: KeyedEffect) -> None:
        """``effect`` leaves only after this is written."""
        self.planning[effect.key] = lane
        self.step.planned.append(
            Planned(key=effect.key, delivery_id=lane.delivery.id, trace=lane.delivery.trace, what=name_of(effect))
        )

    def record(self, lane: Lane, effect: KeyedEffect, result: object, note: str = "") -> None:
        """``effect`` is done, with its result."""
        if effect.key:
            self.step.results.append((effect.key, to_record(effect, result), note))

    def failed(self, lane: Lane, error: Exception) -> None:
        """What a failure means for the ledger: only a doubtful one stays there."""
        effect = lane.waiting
        if not isinstance(effect, Keyed) or not effect.key:
            return
        doubtful = isinstance(error, TransientError) and error.maybe_done
        (self.step.unknown if doubtful else self.step.cleared).append(effect.key)

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
        stopped = isinstance(error, Stopped)
        asked = getattr(error, "retry_after", None)
        seconds = STOPPED_PAUSE if stopped else max(pause(lane.delivery.attempts, asked), at_least)
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
        self.step.emitted.extend(
            (lane.delivery.trace, self._route(emit.event, emit.destination)) for emit in lane.emitted
        )

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
                flagged=lane.flagged,
            )
        )


def bug(error: Exception) -> PermanentError:
    """An error that no adapter named: it is ours."""
    what = f"{type(error).__name__}: {error}"[:300]
    return PermanentError("connector.bug", hint=BUG.with_(what=what), detail=what)


def undecided(effect: KeyedEffect) -> PermanentError:
    """A doubtful effect whose policy is that a person decides."""
    return PermanentError("effect.unknown", hint=UNDECIDED.with_(what=name_of(effect)))
