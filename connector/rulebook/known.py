"""What a portal has, asked with as few requests as possible: every look runs until it needs an answer, and what all of
them need by then goes in one batch. The same question is asked once.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from connector.errors import ConnectorError, PermanentError
from connector.portal import Portal
from connector.portal.batch import LIMIT

Told = TypeVar("Told")
_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question. With ``one`` it is about a row of that ID; such questions to one method share a command."""

    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    one: int | None = None

    @property
    def key(self) -> str:
        """The same for the same question."""
        return json.dumps([self.method, self.params, self.one], sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """What could not be looked at, and why: the portal gave no answer to ``method``."""

    method: str
    error: PermanentError


Look = Generator[Ask, Any, Told]


def together(portal: Portal, looks: Sequence[Look[Told]]) -> list[Told | Unseen]:
    """What each of ``looks`` comes to, in their order. A look that does not catch a ``PermanentError`` is unseen.

    Raises ``Stopped`` and ``TransientError``.
    """
    ended: dict[int, Told | Unseen] = {}
    answers: dict[str, Any] = {}
    waiting: dict[int, Ask] = {}
    for number in range(len(looks)):
        _go_on(looks, number, None, waiting, ended)
    while waiting:
        answers.update(_answered(portal, [ask for ask in waiting.values() if ask.key not in answers]))
        for number, ask in list(waiting.items()):
            _go_on(looks, number, answers[ask.key], waiting, ended)
    return [ended[number] for number in range(len(looks))]


def _go_on(
    looks: Sequence[Look[Told]], number: int, answer: Any, waiting: dict[int, Ask], ended: dict[int, Told | Unseen]
) -> None:
    look = looks[number]
    ask = waiting.pop(number, None)
    try:
        waiting[number] = look.throw(answer) if isinstance(answer, PermanentError) else look.send(answer)
    except StopIteration as end:
        ended[number] = end.value
    except PermanentError as error:
        ended[number] = Unseen(method=ask.method if ask else "", error=error)


def _answered(portal: Portal, asks: Iterable[Ask]) -> dict[str, Any]:
    """The answers by the keys of ``asks``; a ``PermanentError`` stands for itself."""
    answers: dict[str, Any] = {}
    for some in _batched(_commands({ask.key: ask for ask in asks}.values()), LIMIT):
        commands = {f"c{number}": (method, params) for number, (method, params, _) in enumerate(some)}
        outcomes = portal.batch(commands, live=False)
        for outcome, (method, params, shared) in zip(outcomes.values(), some, strict=True):
            answer: Any = outcome.error or outcome.result
            if outcome.state == "not_run":
                answer = portal.call(method, params, live=False)
            if isinstance(answer, ConnectorError) and not isinstance(answer, PermanentError):
                raise answer
            answers.update((ask.key, _of_one(ask, answer)) for ask in shared)
    return answers


def _commands(asks: Iterable[Ask]) -> Iterator[tuple[str, Mapping[str, Any], list[Ask]]]:
    """``(method, parameters, the questions that it answers)``."""
    shared: dict[str, list[Ask]] = {}
    for ask in asks:
        if ask.one is None:
            yield ask.method, ask.params, [ask]
        else:
            shared.setdefault(ask.method, []).append(ask)
    for method, ones in shared.items():
        for some in _batched(ones, _PAGE):
            yield method, {**some[0].params, "FILTER": {"ID": [ask.one for ask in some]}}, some


def _batched(things: Iterable[Told], most: int) -> Iterator[list[Told]]:
    """``things`` in lists of at most ``most``."""
    left = iter(things)
    while some := list(islice(left, most)):
        yield some


def _of_one(ask: Ask, answer: Any) -> Any:
    """Its own row of a shared answer, or ``None``."""
    if ask.one is None or isinstance(answer, PermanentError):
        return answer
    return next((row for row in rows(answer) if str(row.get("ID")) == str(ask.one)), None)


def rows(answer: Any, within: str = "") -> list[Mapping[str, Any]]:
    """The rows of a list, of ``{within: [...]}``, or of a map with the rows as values; nothing for another shape."""
    if within:
        answer = answer.get(within) if isinstance(answer, Mapping) else None
    listed = answer.values() if isinstance(answer, Mapping) else answer if isinstance(answer, list) else ()
    return [row for row in listed if isinstance(row, Mapping)]
