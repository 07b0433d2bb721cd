"""What everybody who carries out works with, and how it is done: begin, ask the portal, settle.

Before the portal is asked the journal knows what is about to happen; so a run that is cut off between any two lines
finds out, when it goes on, which of it took place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from connector.domain.effects import Remember
from connector.errors import ConnectorError
from connector.portal import Outcome, Portal
from connector.speech import Text
from connector.sync.access.difference import Held
from connector.sync.access.matching import User
from connector.sync.access.memory import Memory, Move
from connector.sync.access.survey import Site
from connector.sync.access.targets import Target

if TYPE_CHECKING:
    from connector.portal.bulk import Bulk

AT_ONCE = 50
Item = TypeVar("Item")

_REFUSED = Text("{user}, {target}: {why}", "{user}, {target}: {why}")
_UNSURE = Text(
    "Bitrix24 did not confirm it; the next run looks again",
    "Битрикс24 этого не подтвердил; следующий запуск проверит снова",
)


@dataclass(kw_only=True)
class Hands:
    """``stop`` is asked between two packs; ``done`` and ``failed`` are what became of the moves."""

    portal: Portal
    bulk: Bulk
    memory: Memory
    users: Mapping[int, User]
    sites: Mapping[Target, Site]
    others: Mapping[Target, Mapping[int, Mapping[str, Held]]]
    stop: Callable[[], bool]
    done: list[Move] = field(default_factory=list)
    failed: list[tuple[Move, Text]] = field(default_factory=list)
    stopped: bool = False

    def going(self, packs: Iterable[Item]) -> Iterator[Item]:
        """The packs, until somebody wants an end."""
        for pack in packs:
            if self.stopped or self.stop():
                self.stopped = True
                return
            yield pack

    def settle(self, moves: Sequence[Move], *, more: Sequence[Remember] = ()) -> None:
        """These took place; ``more`` is remembered with them."""
        self.memory.settle(moves, more=more)
        self.done += moves

    def fail(self, moves: Iterable[Move], why: Text) -> None:
        """These did not, or nobody knows."""
        self.failed += [(move, why) for move in moves]

    def problems(self) -> Iterator[Text]:
        """The failed moves, for a person."""
        for move, why in self.failed:
            user = self.users.get(move.step.user)
            label = user.label if user else f"#{move.step.user}"
            yield _REFUSED.with_(user=label, target=move.target.said(), why=why)


def refusal(outcome: Outcome) -> Text:
    """Why a write is not settled."""
    return said(outcome.error) if outcome.error else _UNSURE


def said(error: ConnectorError) -> Text:
    """An error as one phrase."""
    detail = f" ({error.detail})" if error.detail else ""
    return Text(f"{error.cause}{detail}: {error.hint.en}", f"{error.cause}{detail}: {error.hint.ru}")


def packs_of(items: Iterable[Item], size: int = AT_ONCE) -> Iterator[list[Item]]:
    """Lists of at most ``size``."""
    rest = iter(items)
    while pack := list(islice(rest, size)):
        yield pack
