"""What the plans of a dry run meet: the journal and the portal as they are, and what others would have written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from connector.domain.effects import Call, KeyedEffect
from connector.journal import Journal, Known
from connector.rulebook.pretending import Pretence
from connector.sync.records import Journey
from connector.sync.unmade import Unmade

if TYPE_CHECKING:
    from connector.portal.bulk import Bulk


class Pretending:
    """As :class:`~connector.sync.driving.Carrier` says; what plans before this one would have written is known."""

    def __init__(self, journal: Journal, bulk: Bulk, unmade: Unmade, told: Callable[[Journey], None]) -> None:
        self._journal, self._bulk, self._unmade, self._told = journal, bulk, unmade, told
        self._pretence = Pretence()
        self.reads = self.writes = 0

    def recall(self, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        pretended = {name: link for name in names if (link := self._unmade.recall(*name)) is not None}
        asked = {name for name in names if name not in pretended}
        return {**pretended, **(self._journal.recall_all(asked) if asked else {})}

    def gather(self, reads: Sequence[tuple[str, Any]]) -> list[Any]:
        own = [self._known(method, params) for method, params in reads]
        asked = [read for read, known in zip(reads, own, strict=True) if known is None]
        answers = iter(self._bulk.gather(asked) if asked else [])
        self.reads += len(asked)
        return [
            known if known is not None else self._amended(read, next(answers))
            for read, known in zip(reads, own, strict=True)
        ]

    def _known(self, method: str, params: Any) -> Any | None:
        unmade = self._unmade.read(method, params)
        return self._pretence.read(method, params) if unmade is None else self._pretence.amended(method, params, unmade)

    def _amended(self, read: tuple[str, Any], answer: Any) -> Any:
        return answer if isinstance(answer, Exception) else self._pretence.amended(*read, answer)

    def plan(self, ones: Sequence[Journey]) -> dict[str, Known]:
        keys = [one.waiting.key for one in ones if isinstance(one.waiting, Call)]
        return {key: known for key, known in self._journal.known_all(keys).items() if known.state == "done"}

    def write(self, ones: Sequence[Journey]) -> Iterator[tuple[Journey, Any]]:
        for one in ones:
            call = one.waiting
            assert isinstance(call, Call)
            self.writes += 1
            yield one, self._pretence.write(call.method, call.params)

    def doubt(self, known: Known, call: Call) -> float:
        return 0.0

    def clear(self, key: str) -> None:
        """Nothing was planned."""

    def done(self, one: Journey, call: KeyedEffect, result: Any) -> None:
        """Nothing is kept."""

    def lost(self, one: Journey, call: KeyedEffect) -> None:
        """Nothing can be lost."""

    def ended(self, one: Journey) -> None:
        self._told(one)
