"""A process that dies at a moment of our choice: before or after any commit of a pump, any request of a portal's or a
PBX's, any file that is fetched.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connector.delivery import Pump
from tests.integration.promises.one_process import OneProcess

LEASE = 20.0  # seconds after which what a dead pump held is anybody's


class DiedError(BaseException):
    """SIGKILL, so to say: nothing catches it."""


class Doom:
    """Counts the moments; ``at`` is the one to die at (0: none)."""

    def __init__(self, at: int = 0) -> None:
        self.at, self.moments, self.last = at, 0, ""
        self._lock = threading.Lock()

    def __call__(self, what: str) -> None:
        with self._lock:
            self.moments += 1
            if self.moments != self.at:
                return
            self.last = what
        raise DiedError(what)


class Dying:
    """``thing``, with a moment before and after each call of its methods ``named`` (``*``: all)."""

    def __init__(self, thing: Any, doom: Doom, *named: str) -> None:
        self._thing, self._doom, self._named = thing, doom, named

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        return mortal(found, self._doom, name) if callable(found) and {name, "*"} & set(self._named) else found


def mortal(deed: Callable[..., Any], doom: Doom, name: str) -> Callable[..., Any]:
    """``deed`` with a moment before and after it."""

    def done(*args: Any, **more: Any) -> Any:
        doom(f"before {name} {args[:1]}")
        result = deed(*args, **more)
        doom(f"after {name} {args[:1]}")
        return result

    return done


def pump(house: OneProcess, doom: Doom, *, away: float = LEASE) -> None:
    """Do all that is due with processes of which one dies; the next one begins ``away`` seconds later."""
    work = house.connector.work
    portals: Mapping[str, Any] = {
        name: Dying(portal, doom, "call", "batch", "upload") for name, portal in work.reach.portals.items()
    }
    accounts = {
        name: replace(account, http=Dying(account.http, doom, "post", "get", "request", "deliver"))
        for name, account in work.reach.accounts.items()
    }
    reach = replace(work.reach, portals=portals, accounts=accounts, fetch=mortal(work.reach.fetch, doom, "fetch"))
    mad = replace(work, journal=Dying(work.journal, doom, "step"), reach=reach)
    for _ in range(40):
        due = work.journal.due_destinations()
        if not due:
            return
        for destination in due:
            try:
                Pump(mad, destination).run(seconds=20)
            except DiedError:
                house.clock.add(seconds=away)
