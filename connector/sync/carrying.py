"""What a run's plans meet: the journal, kept in step, and the portal, in bulk."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from connector.delivery.perform import to_record
from connector.domain.effects import Call, KeyedEffect
from connector.domain.ports import Clock
from connector.errors import ConnectorError
from connector.journal import Journal, Known, Lease, Planned, RowSettlement, Run, SyncStep
from connector.portal import Portal
from connector.portal.batch import Outcome
from connector.sync.records import Journey, next_search

if TYPE_CHECKING:
    from connector.portal.bulk import Bulk

_OFTEN = 250  # outcomes, and
_SOON = 2.0  # seconds, after which what is known is written
_FULL = 50  # commands of a request
_AT_ONCE = 6  # requests: a full one takes seconds, and two may leave in each; claims keep apart what must not meet
_COUNTED = ("created", "updated", "unchanged", "parked")


class Carrying:
    """One portion of a run; a context manager, which writes at its end whatever is known by then.

    ``mapping`` is the fingerprint of the rules; ``bulk`` is the portal's.
    """

    def __init__(
        self, journal: Journal, portal: Portal, bulk: Bulk, *, lease: Lease, run: Run, mapping: str, clock: Clock,
        doubt: float, ticks: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._journal, self._portal, self._bulk = journal, portal, bulk
        self._lease, self._run, self._mapping = lease, run, mapping
        self._clock, self._doubt, self._ticks = clock, doubt, ticks
        self._step, self._written, self._posted = SyncStep(), ticks(), 0
        self.settled = 0

    def recall(self, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        """As :class:`~connector.sync.driving.Carrier` says, like what follows."""
        return self._journal.recall_all(names) if names else {}

    def gather(self, reads: Sequence[tuple[str, Any]]) -> list[Any]:
        answers = self._bulk.gather(reads)
        self._flush()
        return answers

    def plan(self, ones: Sequence[Journey]) -> dict[str, Known]:
        for one in ones:
            call = one.waiting
            assert isinstance(call, Call)
            planned = Planned(key=call.key, delivery_id=0, trace=self._run.trace, what=call.method)
            self._step.effects.planned.append(planned)
        return self._flush(now=True)

    def write(self, ones: Sequence[Journey]) -> Iterator[tuple[Journey, Any]]:
        left = deque((one, _of(one)) for one in ones)
        outcomes = self._bulk.write([(call.key, call.method, call.params) for _, call in left], at_once=_AT_ONCE)
        # Outcomes come in the order of the commands.
        while (found := self._outcome(outcomes, left)) is not None:
            (one, call), outcome = left.popleft(), found
            if outcome.state == "not_run":
                self.clear(call.key)
                continue
            yield one, outcome.error or outcome.result
            self._flush()

    def _outcome(
        self, outcomes: Iterator[tuple[Any, Outcome]], left: Collection[tuple[Journey, Call]]
    ) -> Outcome | None:
        """The next. When the run breaks off, what is ``left`` was not sent; but when whoever asks breaks off, it may
        have been, and its keys stay planned.
        """
        try:
            return next((outcome for _, outcome in outcomes), None)
        except ConnectorError:
            for _, call in left:
                self.clear(call.key)
            raise

    def doubt(self, known: Known, call: Call) -> float:
        """Twice what a full request of such calls takes, beside the portal's own doubt: it may still be at work."""
        seconds = self._doubt + 2 * _FULL * self._portal.budget.expect(call.method.lower(), 1)
        return (known.planned_at + timedelta(seconds=seconds) - self._clock()).total_seconds()

    def clear(self, key: str) -> None:
        if key:
            self._step.effects.cleared.append(key)

    def done(self, one: Journey, call: KeyedEffect, result: Any) -> None:
        self._step.effects.results.append((call.key, to_record(call, result), ""))

    def lost(self, one: Journey, call: KeyedEffect) -> None:
        self._step.effects.unknown.append(call.key)

    def ended(self, one: Journey) -> None:
        self.settled += 1
        if one.fate != "later":
            self._step.effects.remember.extend(one.remembered)
        self._step.rows.append(self._settlement(one))
        if one.fate in _COUNTED:
            self._step.counts[one.fate] += 1

    def _settlement(self, one: Journey) -> RowSettlement:
        row, error = one.row, one.error
        if one.fate == "later":
            due = self._clock() + timedelta(seconds=one.due_in)
            told = RowSettlement(row=row, state="waiting", attempts=row.attempts + bool(error), due_at=due)
            told = replace(told, sought_at=row.sought_at)
        elif one.fate == "parked":
            told = RowSettlement(row=row, state="parked", outcome=row.outcome, mapping=self._mapping)
        else:
            told = RowSettlement(row=row, state="done", outcome=one.outcome(), mapping=self._mapping)
            told = replace(told, crm=tuple(one.crm), detail=one.noted)
            if one.unfound and not row.gone:
                told = replace(told, sought_at=next_search(row.changed_at, self._clock()))
        return replace(told, cause=error.cause, hint=error.hint, detail=error.detail) if error else told

    def _flush(self, *, now: bool = False) -> dict[str, Known]:
        requests = self._bulk.requests
        self._step.counts["requests"] += requests - self._posted
        self._posted = requests
        due = len(self._step.effects.results) + len(self._step.rows) >= _OFTEN
        if not now and not due and self._ticks() - self._written < _SOON:
            return {}
        step, self._step, self._written = self._step, SyncStep(), self._ticks()
        return self._journal.sync_step(self._lease, self._run, step, owner=f"portal:{self._portal.name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush(now=True)


def _of(one: Journey) -> Call:
    assert isinstance(one.waiting, Call)
    return one.waiting
