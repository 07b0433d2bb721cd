"""Bulk work on one portal, for sync jobs: long lists and many writes in few requests (DESIGN.md §6.5).

Everything goes through the portal's own conversation (budget as *bulk*, gate, tokens, verdicts); only the wire is
another: fast_bitrix24 in :mod:`connector.portal.bulk.courier`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from connector.domain.ports import Clock
from connector.portal.batch import Outcome
from connector.portal.bulk.courier import Courier
from connector.portal.bulk.gathering import Gathering, Read
from connector.portal.bulk.pace import Pace
from connector.portal.bulk.paging import Kind, Rows, paging
from connector.portal.bulk.reading import Reading
from connector.portal.bulk.writing import Command, Writing

if TYPE_CHECKING:
    from connector.portal.rest import Portal

__all__ = ["Bulk", "Command", "Courier"]

# Two windows of operating time (§3.2).
PATIENCE = 1200.0
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Bulk:
    """Lists and writes of one job; a context manager, made by :meth:`Portal.bulk`.

    ``portal`` is one that posts over ``courier``. ``patience`` are the seconds that a method without operating time is
    waited for while nothing else can be done. Every run raises ``Stopped`` when the portal is stopped, and
    ``TransientError`` when trouble lasts: run it again later, from the last row or the keys without an outcome.
    """

    def __init__(
        self,
        portal: Portal,
        courier: Courier,
        *,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
        patience: float = PATIENCE,
    ) -> None:
        self._portal, self._courier, self._clock = portal, courier, clock
        self._sleep, self._patience = sleep, patience

    def rows(
        self, method: str, params: Mapping[str, Any] = _NOTHING, *, key: str = "", kind: Kind = "", after: int = 0
    ) -> Iterator[Rows]:
        """All rows of a list method in pages of at most 50, ascending by id, one page in memory after another.

        ``after`` is the last id that is known already. ``key`` is the id's name in filter and order (``ID``, for
        ``crm.item.*`` ``id``); ``kind`` is ``cursor`` (rows written meanwhile shift nothing) or ``start`` (offsets, for
        methods without a cursor); both are known for the documented families (§3.6). Raises ``PermanentError`` when
        the method does not go on from the last id.
        """
        way = paging(method, params, key=key, kind=kind, after=after)
        return Reading(self._portal, method, way, pace=self._pace()).pages()

    def write(self, commands: Iterable[Command], *, at_once: int = 1) -> Iterator[tuple[Hashable, Outcome]]:
        """``(key, method, params)`` in, ``(key, outcome)`` out, in the same order; a few hundred are taken ahead.

        ``at_once`` requests may be under way together: more use the budget to the full where the portal is slow, but
        only one keeps the order of commands that touch the same record.

        ``ok`` and ``failed`` as in :meth:`Portal.batch`. A command that may have run though its answer was lost is
        ``failed`` with a ``TransientError`` whose ``maybe_done`` is set: look before you repeat it, nobody else will.
        One that waits for operating time is sent again by itself, one that was ``not_run`` too. When the run is
        stopped, what was taken comes out first (``not_run`` for the rest), then the error is raised.
        """
        run = Writing(self._portal, commands, at_once=at_once, pace=self._pace(), clock=self._clock)
        return run.outcomes()

    def calls(self, method: str, many: Iterable[Mapping[str, Any]], *, at_once: int = 1) -> Iterator[Outcome]:
        """:meth:`write` of one method with each of ``many`` parameters; the outcomes in their order."""
        commands = ((index, method, params) for index, params in enumerate(many))
        return (outcome for _, outcome in self.write(commands, at_once=at_once))

    def gather(self, reads: Sequence[Read]) -> list[Any]:
        """The answer of each read, or the ``ConnectorError`` that it met; alike ones travel as one (``gathering``)."""
        return Gathering(self.write).answers(reads)

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._courier.requests

    def close(self) -> None:
        """End the session and its thread. Lists and writes under way end with it."""
        self._courier.close()

    def _pace(self) -> Pace:
        return Pace(self._sleep, patience=self._patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
