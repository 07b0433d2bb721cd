"""Whole lists, page by page and never collected (facts/bitrix24-platform.md §3.5, §3.6, §7 (16), (25)-(29))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.errors import TransientError
from connector.portal.answers import Success
from connector.portal.batch import LIMIT, Outcome, must_go_alone
from connector.portal.bulk.pace import LIMITED, Pace
from connector.portal.bulk.paging import ByCursor, ByStart, Page, Rows

if TYPE_CHECKING:
    from connector.portal.rest import Portal

# The observed seconds of the pages of one request: it is cut after 60 s (§3.3).
CEILING = 20.0


@dataclass(kw_only=True)
class _Found:
    """What one request brought: pages in order, whether the list ended there, and what broke a chain."""

    pages: list[Page] = field(default_factory=list)
    ended: bool = False
    broken: bool = False
    trouble: TransientError | None = None


class Reading:
    """One list. Asks for one page, then for chains of 2, 4, … 50 pages in one ``batch``.

    A chain is only a faster way to ask: whatever goes wrong inside it, the next request is a single page from where
    the rows ended, and says what is wrong.
    """

    def __init__(self, portal: Portal, method: str, paging: ByCursor | ByStart, *, pace: Pace) -> None:
        self._portal, self._method, self._paging, self._pace = portal, method, paging, pace
        self._most = 1 if must_go_alone(paging.params()) else LIMIT

    def pages(self) -> Iterator[Rows]:
        """Pages of at most 50 rows, in order. Reads may repeat, so only lasting trouble is raised."""
        count = 1
        while True:
            found = self._asked(count)
            found.pages.reverse()
            while found.pages:
                rows = self._paging.advance(found.pages.pop())
                self._pace.went()
                if rows:
                    yield rows
            if found.ended:
                return
            if found.trouble is not None:
                self._pace.after(found.trouble)
            count = 1 if found.broken else self._next(count)

    def _next(self, count: int) -> int:
        each = self._portal.budget.expect(self._method.lower(), 1)
        return max(1, min(2 * count, self._most, self._paging.left(), int(CEILING / max(each, 0.001))))

    def _asked(self, count: int) -> _Found:
        try:
            return self._one() if count == 1 else self._chain(count)
        except TransientError as trouble:
            if trouble.maybe_done:
                self._most = max(1, count // 2)
            return _Found(broken=True, trouble=trouble)

    def _one(self) -> _Found:
        page = self._paging.read(self._portal.page(self._method, self._paging.params(), live=False))
        return _Found(pages=[page], ended=page.ended)

    def _chain(self, count: int) -> _Found:
        """Pages that each begin where the one before ended, with ``halt``: what follows a short page is rubbish.

        The end counts only when every command was answered well: a falling server sends empty pages too (§7 (16)).
        """
        commands = {f"p{index}": (self._method, self._paging.params(index)) for index in range(count)}
        outcomes = list(self._portal.batch(commands, halt=True, live=False).values())
        found = _Found()
        for outcome in outcomes:
            if outcome.state != "ok":
                return self._cut(found, outcome)
            success = Success(result=outcome.result, total=outcome.total, next=outcome.next)
            page = self._paging.read(success)
            found.pages.append(page)
            if page.ended:
                found.ended = all(other.state == "ok" for other in outcomes)
                found.broken = not found.ended
                return found
        return found

    def _cut(self, found: _Found, outcome: Outcome) -> _Found:
        found.broken = True
        if isinstance(outcome.error, TransientError) and outcome.error.cause == LIMITED:
            found.trouble = outcome.error
        return found
