"""What a whole source would do to a portal: create, update, skip or quarantine, and what that costs. Writes nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from connector.domain.effects import Plan
from connector.errors import ConnectorError, Stopped
from connector.portal import Portal, must_go_alone
from connector.rulebook.pretending import Pretence
from connector.rulebook.records import Row
from connector.rulebook.trying import Memory, Read, Tried, batched, tried, walk

Fate = Literal["create", "update", "skip", "quarantine"]

_TOGETHER = 50  # commands of a batch (facts/bitrix24-platform.md §3.4)
_SAMPLES = 5


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One record and what would become of it."""

    row: Row
    fate: Fate
    tried: Tried


@dataclass
class Planned:
    """``counts`` by fate, a few ``samples`` of each, ``reads`` and ``writes`` in calls of the real run."""

    counts: Counter[Fate] = field(default_factory=Counter)
    samples: dict[Fate, list[Sample]] = field(default_factory=dict)
    reads: int = 0
    writes: int = 0

    def requests(self) -> int:
        """How many requests the real run needs at least: its calls in full batches."""
        return -(-(self.reads + self.writes) // _TOGETHER)


def planned(
    found: Iterable[Row], plan: Callable[[Row], Plan], memory: Memory, portal: Portal, seen: Callable[[int], None]
) -> Planned:
    """Try each record in its order, each knowing what those before it would have written.

    The portal is asked for fifty records at a time; ``seen`` is told how many are through. Raises ``Stopped`` when the
    portal is.
    """
    result, pretence, done = Planned(), Pretence(), 0
    for some in _slices(found):
        known = _Known(portal)
        batched([walk(plan(row), Memory(recall=memory.recall, done=memory.done)) for row in some], known.ask)
        for row in some:
            _count(result, row, tried(plan(row), memory, known.read, pretence))
        done += len(some)
        seen(done)
    return result


def _count(result: Planned, row: Row, how: Tried) -> None:
    if isinstance(how.error, Stopped):
        raise how.error
    fate = _fate(how)
    result.counts[fate] += 1
    result.reads, result.writes = result.reads + how.reads, result.writes + len(how.writes)
    samples = result.samples.setdefault(fate, [])
    if len(samples) < _SAMPLES:
        samples.append(Sample(row=row, fate=fate, tried=how))


def _fate(how: Tried) -> Fate:
    if how.error is not None:
        return "quarantine"
    if any(write.method == "crm.item.add" for write in how.writes):
        return "create"
    return "update" if how.writes else "skip"


class _Known:
    """The portal's answers of one slice, each asked for once."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._answers: dict[str, Any] = {}

    def ask(self, wanted: Sequence[Read]) -> list[Any]:
        """The answers in their order; an error stands in its place."""
        missing = {_name(read): read for read in wanted if _name(read) not in self._answers}
        together = {name: read for name, read in missing.items() if not must_go_alone(read[1])}
        for some in _slices(together.items()):
            self._batch(dict(some))
        for name in missing.keys() - together.keys():
            self._answers[name] = self._alone(missing[name])
        return [self._answers[_name(read)] for read in wanted]

    def read(self, method: str, params: Mapping[str, Any]) -> Any:
        """One answer. Raises ``ConnectorError``."""
        (answer,) = self.ask([(method, params)])
        if isinstance(answer, ConnectorError):
            raise answer
        return answer

    def _batch(self, wanted: Mapping[str, Read]) -> None:
        names = {f"r{number}": name for number, name in enumerate(wanted)}
        outcomes = self._portal.batch({key: wanted[name] for key, name in names.items()}, live=False)
        for key, outcome in outcomes.items():
            read = wanted[names[key]]
            self._answers[names[key]] = (
                self._alone(read) if outcome.state == "not_run" else outcome.error or outcome.result
            )

    def _alone(self, read: Read) -> Any:
        try:
            return self._portal.call(*read, live=False)
        except ConnectorError as error:
            return error


def _name(read: Read) -> str:
    return json.dumps(read, sort_keys=True, default=str)


def _slices(found: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(found)
    while some := list(islice(rest, _TOGETHER)):
        yield some
