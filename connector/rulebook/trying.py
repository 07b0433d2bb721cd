"""A dry run: a handler's plan is walked through, its reads are made, its writes are only written down."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.delivery.perform import judged
from connector.domain.effects import Call, Emit, Fetch, Keyed, Plan, Recall, Remember
from connector.domain.events import Event
from connector.domain.values import File, StoredFile
from connector.errors import ConnectorError
from connector.handlers.mapped import Led
from connector.journal import Journal
from connector.rulebook.pretending import Pretence, is_read

Read = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A write that the real run would make. ``key`` is the one in the ledger, empty for one that may repeat."""

    method: str
    params: Mapping[str, Any]
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """How a dry run went: ``error`` is why the real run would wait or park, ``reads`` how many calls were reads,
    ``noted`` what a person would be told beside the delivery.
    """

    writes: tuple[Wanted, ...] = ()
    reads: int = 0
    emitted: tuple[Event, ...] = ()
    error: ConnectorError | None = None
    noted: str = ""


@dataclass
class Memory:
    """What plans remember and what the ledger knows; what a dry run remembers stays in it."""

    recall: Callable[[str, str], Any] = lambda kind, key: None
    done: Callable[[str], tuple[bool, Any]] = lambda key: (False, None)
    own: dict[tuple[str, str], Any] = field(default_factory=dict)

    def look(self, wanted: Recall) -> Any:
        """What is remembered under that name."""
        name = wanted.kind, wanted.key
        return self.own[name] if name in self.own else self.recall(*name)


def memory_of(journal: Journal) -> Memory:
    """What the real run would find in the journal."""

    def done(key: str) -> tuple[bool, Any]:
        known = journal.known(key)
        return (True, known.result) if known and known.state == "done" else (False, None)

    return Memory(recall=journal.recall, done=done)


def tried(
    plan: Plan,
    memory: Memory,
    read: Callable[[str, Mapping[str, Any]], Any],
    pretence: Pretence | None = None,
) -> Tried:
    """Walk ``plan`` to its end; ``read`` asks the portal and may raise ``ConnectorError``."""
    walking, answer = walk(plan, memory, pretence), None
    try:
        asked = next(walking)
        while True:
            try:
                answer = read(*asked)
            except ConnectorError as error:
                asked = walking.throw(error)
            else:
                asked = walking.send(answer)
    except StopIteration as ended:
        found: Tried = ended.value
        return found


def walk(plan: Plan, memory: Memory, pretence: Pretence | None = None) -> Generator[Read, Any, Tried]:
    """The dry run of one plan: asks for the reads it needs, so that those of many plans can travel together.

    ``pretence`` is what plans before this one would have written.
    """
    pretence, writes, emitted, reads = pretence or Pretence(), list[Wanted](), list[Event](), 0
    answer: Any = None
    failed: ConnectorError | None = None
    try:
        while True:
            effect = plan.throw(failed) if failed else plan.send(answer)
            answer, failed = None, None
            if isinstance(effect, Recall):
                answer = memory.look(effect)
            elif isinstance(effect, Remember):
                memory.own[effect.kind, effect.key] = effect.value
            elif isinstance(effect, Emit):
                emitted.append(effect.event)
            elif isinstance(effect, Fetch):
                answer = _file(effect.file)
            elif isinstance(effect, Call) and is_read(effect.method):
                reads += 1
                try:
                    answer = judged(effect, (yield from _read(effect, pretence)))
                except ConnectorError as error:
                    failed = error
            else:
                answer = _write(effect, memory, pretence, writes)
    except StopIteration as end:
        noted = end.value.notes if isinstance(end.value, Led) else end.value if isinstance(end.value, str) else ""
        return Tried(writes=tuple(writes), reads=reads, emitted=tuple(emitted), noted=noted)
    except ConnectorError as error:
        return Tried(writes=tuple(writes), reads=reads, emitted=tuple(emitted), error=error)


def _file(file: File) -> StoredFile:
    """A file that is not brought; where its link would lead is not known before."""
    name = file.name or file.kind
    return StoredFile(key="", name=name, mime=file.mime, size=file.size or 0, url="https://…/media/…", kind=file.kind)


def _read(effect: Call, pretence: Pretence) -> Generator[Read, Any, Any]:
    known = pretence.read(effect.method, effect.params)
    if known is not None:
        return known
    answer = yield effect.method, effect.params
    return pretence.amended(effect.method, effect.params, answer)


def _write(effect: Any, memory: Memory, pretence: Pretence, writes: list[Wanted]) -> Any:
    key = effect.key if isinstance(effect, Keyed) else ""
    done, result = memory.done(key) if key else (False, None)
    if done:
        return result
    if not isinstance(effect, Call):
        raise TypeError(f"a dry run knows no {type(effect).__name__}")
    writes.append(Wanted(method=effect.method, params=effect.enclosing(lambda file: "…"), key=key))
    return judged(effect, pretence.write(effect.method, effect.params))


def batched(
    walks: Sequence[Generator[Read, Any, Tried]], ask: Callable[[Sequence[Read]], Sequence[Any]]
) -> list[Tried]:
    """The dry runs of many plans side by side: ``ask`` gets the reads of one round together and answers each, an error
    as a ``ConnectorError`` in its place.
    """
    found: list[Tried | None] = [None] * len(walks)
    answers: dict[int, Any] = dict.fromkeys(range(len(walks)))
    while answers:
        asked: dict[int, Read] = {}
        for index, answer in answers.items():
            try:
                failed = isinstance(answer, ConnectorError)
                asked[index] = walks[index].throw(answer) if failed else walks[index].send(answer)
            except StopIteration as ended:
                found[index] = ended.value
        answers = dict(zip(asked, ask(list(asked.values())), strict=True)) if asked else {}
    return [each for each in found if each is not None]
