"""Drives the plans of many records together, so that their reads and writes fill whole requests (DESIGN.md §6.1).

The same for a run and for a dry run: only the :class:`Carrier` differs, so what is planned is what is done.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Protocol

from connector.delivery.lanes import Failure, Outcome, Returned, Value
from connector.delivery.ledger import bug, undecided
from connector.delivery.perform import judged
from connector.delivery.retry import pause
from connector.domain.effects import Call, Effect, KeyedEffect, Recall, Remember
from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.handlers.mapped import Led
from connector.journal import Known
from connector.rulebook.pretending import is_read
from connector.speech import Text
from connector.sync.claims import Claims
from connector.sync.records import Journey

TRIES = 8
GAVE_UP = Text(
    "It was tried {count} times, the last time: {why} See that this is mended, then retry the record.",
    "Сделано попыток: {count}, последний ответ: {why} Устраните причину и повторите запись.",
)


class Carrier(Protocol):
    """What plans meet outside: the journal and the portal, or a pretence of them."""

    def recall(self, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        """Links, as ``Journal.recall_all``."""

    def gather(self, reads: Sequence[tuple[str, Any]]) -> list[Any]:
        """The answer of each read, or the ``ConnectorError`` that it met."""

    def plan(self, ones: Sequence[Journey]) -> dict[str, Known]:
        """Note that the keyed calls that ``ones`` wait for leave now; what was known of the keys before."""

    def write(self, ones: Sequence[Journey]) -> Iterator[tuple[Journey, Any]]:
        """Make the calls that ``ones`` wait for; each with its result or the ``ConnectorError`` that it met. Those that
        were not sent are left out.
        """

    def doubt(self, known: Known, call: Call) -> float:
        """Seconds until what may still be under way at the portal must have ended."""

    def clear(self, key: str) -> None:
        """The effect is proven not to have taken place."""

    def done(self, one: Journey, call: KeyedEffect, result: Any) -> None:
        """A keyed effect took place, with its result."""

    def lost(self, one: Journey, call: KeyedEffect) -> None:
        """A keyed effect left and nobody knows what became of it."""

    def ended(self, one: Journey) -> None:
        """A record has its fate."""


class Driving:
    """Some records, from their beginning to their fate. ``stop`` is asked between two rounds."""

    def __init__(self, carrier: Carrier, *, stop: Callable[[], bool], tries: int = TRIES) -> None:
        self._carrier, self._stop, self._tries = carrier, stop, tries
        self._claims = Claims()
        self._asking: list[tuple[Journey, Recall]] = []
        self._reading: list[tuple[Journey, Call]] = []
        self._wanting: list[Journey] = []
        self._freed: list[Journey] = []
        self._troubled: list[Journey] = []
        self._heard = False
        self._known: dict[tuple[str, str], Any] = {}

    def drive(self, ones: Iterable[Journey]) -> None:
        """Until each has its fate, or until told to stop: then the rest has none, and its turn comes again.

        Raises ``Stopped`` when the portal is, ``TransientError`` when its trouble lasts or is all that anybody heard of
        it: then it is no matter of the records.
        """
        every = list(ones)
        try:
            self._freed = every
            while (self._freed or self._asking or self._reading or self._wanting) and not self._stop():
                freed, self._freed = self._freed, []
                for one in freed:
                    self._begin(one)
                self._recall()
                self._read()
                self._write()
            self._settle()
        finally:
            for one in every:
                one.close()

    def _settle(self) -> None:
        """Those that met trouble come again, each for the next of its tries."""
        for one in self._troubled:
            error = one.error
            assert isinstance(error, TransientError)
            if not self._heard:
                raise error
            if one.row.attempts + 1 < self._tries:
                one.fate, one.due_in = "later", pause(one.row.attempts, error.retry_after) + random.uniform(0, 0.2)
            else:
                hint = GAVE_UP.with_(count=self._tries, why=error.hint)
                one.fate, one.error = "parked", PermanentError(error.cause, hint=hint, detail=error.detail)
            self._carrier.ended(one)

    def _begin(self, one: Journey) -> None:
        one.begin()
        self._advance(one, Value(None))

    def _advance(self, one: Journey, outcome: Outcome) -> None:
        while True:
            move = one.move(outcome)
            if isinstance(move, Remember):
                one.remembered.append(move)
                outcome = Value(None)
            elif isinstance(move, Recall):
                known = one.own(move)
                if known is None:
                    self._asking.append((one, move))
                    return
                outcome = Value(known.value)
            elif isinstance(move, Returned | Failure) and one.doubtful:
                decided = self._decide(one, move)
                if decided is None:
                    return
                outcome = decided
            elif isinstance(move, Returned):
                if isinstance(move.value, Led):
                    one.noted, one.unfound = move.value.notes, move.value.unfound
                self._end(one)
                return
            elif isinstance(move, Failure):
                self._fail(one, move.error)
                return
            else:
                self._want(one, move)
                return

    def _want(self, one: Journey, effect: Effect) -> None:
        if not isinstance(effect, Call):
            self._fail(one, TypeError(f"a record cannot have {type(effect).__name__} done"))
        elif is_read(effect.method):
            self._reading.append((one, effect))
        else:
            self._wanting.append(one)

    def _recall(self) -> None:
        while self._asking:
            asking, self._asking = self._asking, []
            names = {(wanted.kind, wanted.key) for _, wanted in asking}
            found = self._carrier.recall(names - self._known.keys())
            for one, wanted in asking:
                name = wanted.kind, wanted.key
                self._advance(one, Value(self._known.get(name, found.get(name))))

    def _read(self) -> None:
        while self._reading and not self._stop():
            reading, self._reading = self._reading, []
            answers = self._carrier.gather([(call.method, call.params) for _, call in reading])
            for (one, call), answer in zip(reading, answers, strict=True):
                self._heard = self._heard or not isinstance(answer, TransientError)
                if isinstance(answer, ConnectorError) and not isinstance(answer, PermanentError):
                    self._fail(one, answer)  # it says nothing; a proof above all must not take it for a no
                else:
                    self._advance(one, _judged(call, answer))
            self._recall()

    def _write(self) -> None:
        wanting, self._wanting = self._wanting, []
        free = [one for one in wanting if one.decided or self._take(one)]
        planned = [one for one in free if _call(one).key]
        known = self._carrier.plan(planned) if planned else {}
        leaving = [one for one in free if not self._known_before(one, known)]
        stopped: Stopped | None = None
        for one, answer in self._carrier.write(leaving):
            one.decided = False
            call = _call(one)
            self._heard = self._heard or not isinstance(answer, TransientError)
            if isinstance(answer, Stopped):
                stopped = answer  # what the same request brought of others is to be kept first
            elif isinstance(answer, ConnectorError):
                self._failed(one, call, answer)
            else:
                self._answered(one, call, answer)
        if stopped is not None:
            raise stopped

    def _answered(self, one: Journey, call: Call, answer: Any) -> None:
        outcome = _judged(call, answer)
        if isinstance(outcome, Value):
            one.wrote(call, outcome.value)
            if call.key:
                self._carrier.done(one, call, outcome.value)
        elif call.key:
            self._carrier.lost(one, call)
        self._advance(one, outcome)

    def _take(self, one: Journey) -> bool:
        taken = self._claims.take(one, _call(one))
        if not taken:
            one.close()
            self._freed += self._claims.freed(one)
        return taken

    def _known_before(self, one: Journey, known: dict[str, Known]) -> bool:
        """The ledger had the key: its result stands, or its proof decides."""
        call = _call(one)
        before = known.get(call.key) if call.key and not one.decided else None
        if before is None:
            return False
        if before.state == "done":
            one.wrote(call, before.result, anew=False)
            self._advance(one, Value(before.result))
        elif (left := self._carrier.doubt(before, call)) > 0:
            self._later(one, left)
        elif call.proof is not None:
            one.ask(call)
            self._advance(one, Value(None))
        elif call.on_unknown == "park":
            self._fail(one, undecided(call))
        else:
            return False
        return True

    def _decide(self, one: Journey, answer: Returned | Failure) -> Outcome | None:
        """The proof ended. Found: the effect is done. Not found, or it cannot tell: it is made after all."""
        call = one.answered()
        if isinstance(answer, Returned) and answer.value is not None:
            assert isinstance(call, Call)
            one.wrote(call, answer.value, anew=False)
            self._carrier.done(one, call, answer.value)
            return Value(answer.value)
        self._carrier.clear(call.key)
        one.decided = True
        self._wanting.append(one)
        return None

    def _failed(self, one: Journey, call: Call, error: ConnectorError) -> None:
        if isinstance(error, PermanentError):
            if call.key:
                self._carrier.clear(call.key)
            self._advance(one, Failure(error))
            return
        if call.key:
            doubtful = isinstance(error, TransientError) and error.maybe_done
            self._carrier.lost(one, call) if doubtful else self._carrier.clear(call.key)
        self._fail(one, error)

    def _fail(self, one: Journey, error: Exception) -> None:
        if isinstance(error, Stopped):
            raise error
        if isinstance(error, TransientError):
            one.error = error
            self._troubled.append(one)
            self._left(one)
            return
        one.error, one.fate = error if isinstance(error, ConnectorError) else bug(error), "parked"
        self._over(one)

    def _later(self, one: Journey, seconds: float) -> None:
        one.fate, one.due_in = "later", seconds + random.uniform(0, 0.2)
        self._over(one)

    def _end(self, one: Journey) -> None:
        one.fate, one.error = one.outcome(), None
        self._known.update({(link.kind, link.key): link.value for link in one.remembered})
        self._over(one)

    def _over(self, one: Journey) -> None:
        self._carrier.ended(one)
        self._left(one)

    def _left(self, one: Journey) -> None:
        one.close()
        self._freed += self._claims.freed(one)


def _call(one: Journey) -> Call:
    assert isinstance(one.waiting, Call)
    return one.waiting


def _judged(call: Call, answer: Any) -> Outcome:
    if isinstance(answer, ConnectorError):
        return Failure(answer)
    try:
        return Value(judged(call, answer))
    except Exception as error:
        return Failure(error)
