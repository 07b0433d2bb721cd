"""Who is responsible for a number, told to a dial plan that waits (facts/bitrix24-telephony-crm.md §1.6).

The portal is asked, but nobody waits for it longer than ``DEADLINE``: then the local copy answers, and the portal's
late answer refreshes the copy. Everything that may take long happens in threads (greenlets below gunicorn), of which
there are never more than ``LOOKS``; a portal that hangs holds ``ASKED`` of them at most, and a number only one.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Protocol

import structlog

from connector.domain.ports import Clock
from connector.domain.telephony import Found
from connector.errors import ConnectorError
from connector.telephony.owners import KIND, METHOD, Owner, copy_of, owner_of
from mappings.people import e164

log = structlog.get_logger()

DEADLINE = 0.2  # seconds that a caller waits
FRESH = timedelta(seconds=60)  # a younger copy is as good as the portal
LOOKS = 64
ASKED = 8  # of one portal at the same time
_REMEMBERED = 4096
_LONGEST = 60  # characters of a number as a PBX writes it
_KEPT = re.compile(r"[^0-9+*#]")

How = Literal["portal", "copy", "none"]


class Copies(Protocol):
    """Where the copies are kept (``connector.journal.Journal``)."""

    def recall(self, kind: str, key: str) -> Any | None: ...
    def remember(self, kind: str, key: str, value: Any, *, owner: str = "") -> None: ...


class Asked(Protocol):
    """The part of a portal that is asked."""

    def call(self, method: str, params: Mapping[str, Any]) -> Any: ...


class Served(Protocol):
    """The part of an account that is looked at."""

    @property
    def portal(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Routed:
    """The answer. ``found`` is ``None`` when nobody is known; ``source`` tells who answered."""

    phone: str
    found: Found | None = None
    source: How = "none"

    def document(self) -> dict[str, Any]:
        """For JSON: ``phone`` (E.164, or as it came), ``name``, ``user``, ``extension``, ``entity``, ``entity_id``,
        ``source``."""
        return {**vars(self.found or Found(phone=self.phone)), "source": self.source}


@dataclass(kw_only=True)
class _Look:
    """One number looked up for all who wait for it. ``best`` is what is known so far."""

    phone: str
    best: Routed
    over: threading.Event = field(default_factory=threading.Event)


class Routing:
    """Finds the responsible for the accounts of this process. ``mappings`` gives the set of rules in use.

    ``deadline`` are seconds; ``remembered`` is how many numbers a process knows by itself.
    """

    def __init__(
        self,
        journal: Copies,
        portals: Mapping[str, Asked],
        accounts: Mapping[str, Served],
        mappings: Callable[[], Any],
        clock: Clock,
        *,
        deadline: float = DEADLINE,
        remembered: int = _REMEMBERED,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal, self._portals, self._accounts = journal, portals, accounts
        self._mappings, self._clock, self._deadline, self._ticks = mappings, clock, deadline, ticks
        self._guard, self._most = threading.Lock(), remembered
        self._looks: dict[tuple[str, str], _Look] = {}
        self._known: OrderedDict[tuple[str, str], tuple[float, Routed]] = OrderedDict()
        self._slots = {name: threading.BoundedSemaphore(ASKED) for name in portals}

    def find(self, account: str, phone: str) -> Routed:
        """Who is responsible for ``phone`` (as the PBX writes it) in the portal of ``account``.

        Returns within ``deadline`` seconds and never raises for a portal or a database that is away. Raises
        ``KeyError`` for an account that is not known.
        """
        bare = _KEPT.sub("", phone[:_LONGEST])
        name = bare, self._accounts[account].portal
        if not bare:
            return Routed(phone="")
        known = self._remembered(name)
        if known is not None and known[0] <= FRESH.total_seconds():
            return known[1]
        look = self._look(name, known[1] if known else Routed(phone=bare))
        if look is None:
            return known[1] if known else Routed(phone=bare)
        look.over.wait(self._deadline)
        return look.best

    def who(self, account: str, phone: str) -> Found | None:
        """:meth:`find` for the synchronous questions of providers."""
        return self.find(account, phone).found

    def _remembered(self, name: tuple[str, str]) -> tuple[float, Routed] | None:
        """Seconds since it was told, and the answer as a copy."""
        kept = self._known.get(name)
        if kept is None:
            return None
        return self._ticks() - kept[0], _as_copy(kept[1])

    def _look(self, name: tuple[str, str], best: Routed) -> _Look | None:
        """The look that is under way, or a new one; ``None`` when there are too many."""
        with self._guard:
            look = self._looks.get(name)
            if look is not None:
                return look
            if len(self._looks) >= LOOKS:
                log.warning("route.too_many", portal=name[1])
                return None
            look = self._looks[name] = _Look(phone=name[0], best=best)
        threading.Thread(target=self._run, args=(name, look), name="route", daemon=True).start()
        return look

    def _run(self, name: tuple[str, str], look: _Look) -> None:
        try:
            self._find(name, look)
        except ConnectorError as error:
            log.info("route.not_asked", portal=name[1], cause=error.cause)
        except Exception:  # whoever waits has the copy; the log has the rest
            log.exception("route.failed", portal=name[1])
        finally:
            with self._guard:
                self._looks.pop(name, None)
            look.over.set()

    def _find(self, name: tuple[str, str], look: _Look) -> None:
        config, portal = self._mappings().config, name[1]
        number = e164(look.phone, config.country)
        if not number or number in config.own_phones:
            self._keep(name, look, Routed(phone=number or look.phone))
            return
        extensions = config.tables.get("extensions", {})
        kept = copy_of(self._journal.recall(KIND, f"{portal}/{number}"))
        if kept is not None:
            age = self._clock() - kept[1]
            look.best = Routed(phone=number, found=kept[0].found(number, extensions, age=age), source="copy")
            if timedelta(0) <= age <= FRESH:
                self._keep(name, look, look.best, age=age.total_seconds())
                return
        if self._slots[portal].acquire(blocking=False):
            try:
                self._ask(name, look, number, extensions)
            finally:
                self._slots[portal].release()

    def _ask(
        self, name: tuple[str, str], look: _Look, number: str, extensions: Mapping[str, Mapping[str, str]]
    ) -> None:
        owner: Owner | None = owner_of(self._portals[name[1]].call(METHOD, {"PHONE_NUMBER": number}))
        found = owner.found(number, extensions) if owner else None
        self._keep(name, look, Routed(phone=number, found=found, source="portal" if found else "none"))
        look.over.set()  # nobody waits for the copy to be written
        if owner is not None:
            kept = owner.kept(self._clock())
            self._journal.remember(KIND, f"{name[1]}/{number}", kept, owner=f"portal:{name[1]}")

    def _keep(self, name: tuple[str, str], look: _Look, routed: Routed, *, age: float = 0.0) -> None:
        look.best = routed
        with self._guard:
            self._known[name] = self._ticks() - age, routed
            self._known.move_to_end(name)
            while len(self._known) > self._most:
                self._known.popitem(last=False)


def _as_copy(routed: Routed) -> Routed:
    return Routed(phone=routed.phone, found=routed.found, source="copy") if routed.found else routed
