"""A portal for bulk work whose every request and command may go wrong as told."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.errors import PermanentError, TransientError
from connector.portal import Outcome
from connector.portal.answers import Success
from connector.portal.bulk import Bulk
from connector.portal.memory import OpenBudget
from connector.speech import Text
from tests.unit.portal.world import Clock

HINT = Text("Wait.", "Подождите.")
_REF = re.compile(r"\$result\[p(\d+)\](?:\[(\w+)\])?\[49\]\[(\w+)\]")


def trouble(kind: str) -> TransientError:
    """``lost`` is in doubt, ``away`` and ``limited`` prove that nothing ran."""
    if kind == "limited":
        return TransientError("bitrix24.operating_limit", hint=HINT, retry_after=45.0)
    return TransientError(f"test.{kind}", hint=HINT, maybe_done=kind == "lost", retry_after=1.0)


class NoCourier:
    """Nothing is carried, nothing is to be closed."""

    def close(self) -> None:
        """Nothing."""


@dataclass
class Faulty:
    """``requests`` say what becomes of each HTTP request, ``commands`` of each command of it; "ok" when they end."""

    requests: Iterator[str]
    commands: Iterator[str]
    clock: Clock = field(default_factory=Clock)
    budget: OpenBudget = field(default_factory=OpenBudget)
    sent: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def bulk(self, **options: Any) -> Bulk:
        return Bulk(self, NoCourier(), clock=self.clock, sleep=self.clock.sleep, **options)

    def call(self, method: str, params: Mapping[str, Any], *, live: bool) -> Any:
        (outcome,) = self.batch({"one": (method, params)}, live=live).values()
        if outcome.state != "ok":
            raise outcome.error or trouble("lost")
        return outcome.result

    def page(self, method: str, params: Mapping[str, Any], *, live: bool = False) -> Success:
        return Success(result=self.call(method, params, live=live))

    def batch(self, commands: Mapping[str, Any], *, halt: bool = False, live: bool) -> dict[str, Outcome]:
        assert live is False
        assert len(commands) <= 50
        with self.guard:
            return self._answered(commands, halt=halt)

    def _answered(self, commands: Mapping[str, Any], *, halt: bool) -> dict[str, Outcome]:
        self.sent += 1
        told = next(self.requests, "ok")
        if told in ("away", "limited", "lost_before"):
            raise trouble(told.removesuffix("_before"))
        outcomes: dict[str, Outcome] = {}
        for key, (method, params) in commands.items():
            cut = told == "empty" or (halt and any(other.state != "ok" for other in outcomes.values()))
            outcomes[key] = Outcome(state="not_run") if cut else self._outcome(method, params, outcomes)
        if told == "lost_after":
            raise trouble("lost")
        return outcomes

    def _outcome(self, method: str, params: Mapping[str, Any], before: Mapping[str, Outcome]) -> Outcome:
        told = next(self.commands, "ok")
        if told == "not_run":
            return Outcome(state="not_run")
        if told in ("limited", "lost"):
            return Outcome(state="failed", error=trouble(told))
        if told == "refused":
            return Outcome(state="failed", error=PermanentError("test.refused", hint=HINT))
        return Outcome(state="ok", result=[] if told == "blank" else self.run(method, params, before))

    def run(self, method: str, params: Mapping[str, Any], before: Mapping[str, Outcome]) -> Any:
        """What the command does."""
        raise NotImplementedError


@dataclass
class Writer(Faulty):
    """Counts how often each named command was executed."""

    done: Counter[str] = field(default_factory=Counter)

    def run(self, method: str, params: Mapping[str, Any], before: Mapping[str, Outcome]) -> Any:
        self.done[params["name"]] += 1
        return True


@dataclass
class Meeting(Writer):
    """Answers nobody before so many requests are under way together."""

    guests: int = 2

    def __post_init__(self) -> None:
        self._barrier = threading.Barrier(self.guests)

    def batch(self, commands: Mapping[str, Any], *, halt: bool = False, live: bool) -> dict[str, Outcome]:
        self._barrier.wait(20)
        return super().batch(commands, halt=halt, live=live)


@dataclass
class Shelf(Faulty):
    """A list that is read by offset, ``size`` rows at a time; ``phantom`` promises a page after the last."""

    count: int = 0
    size: int = 50
    phantom: bool = False
    starts: list[int] = field(default_factory=list)

    def page(self, method: str, params: Mapping[str, Any], *, live: bool = False) -> Success:
        outcome = self.batch({"p0": (method, params)}, live=live)["p0"]
        return Success(result=outcome.result, total=outcome.total, next=outcome.next)

    def _outcome(self, method: str, params: Mapping[str, Any], before: Mapping[str, Outcome]) -> Outcome:
        start = params["start"]
        self.starts.append(start)
        rows = [{"ID": str(number + 1)} for number in range(start, min(start + self.size, self.count))]
        more = start + self.size < self.count or (self.phantom and rows)
        return Outcome(state="ok", result=rows, total=self.count, next=start + self.size if more else None)


@dataclass
class Library(Faulty):
    """One list of ``ids``. ``wrap`` puts the rows under that name, ``spelled`` is the id's name in them.

    A reference that leads nowhere brings rubbish, as it may on a portal (facts/bitrix24-platform.md §3.4).
    """

    ids: Sequence[int] = ()
    wrap: str = ""
    spelled: str = "ID"
    asked: list[Any] = field(default_factory=list)
    selected: Any = None
    shown: Callable[[Sequence[int]], Sequence[int]] = lambda numbers: numbers

    def page(self, method: str, params: Mapping[str, Any], *, live: bool = False) -> Success:
        return Success(result=self.call(method, params, live=live), total=0)

    def run(self, method: str, params: Mapping[str, Any], before: Mapping[str, Outcome]) -> Any:
        assert params["start"] == -1
        (name,) = params["filter"]
        after = params["filter"][name]
        self.asked.append(after)
        self.selected = params.get("select")
        number = self._resolved(after, before) if isinstance(after, str) else after
        found = self.ids if number is None else [each for each in self.ids if each > number]
        rows = [{self.spelled: str(each)} for each in self.shown(found)[:50]]
        return {self.wrap: rows} if self.wrap else rows

    def _resolved(self, reference: str, before: Mapping[str, Outcome]) -> int | None:
        match = _REF.fullmatch(reference)
        assert match is not None
        assert (match[2] or "") == self.wrap
        result = before[f"p{match[1]}"].result
        rows = result[self.wrap] if self.wrap else result
        return int(rows[49][match[3]]) if len(rows) == 50 else None
