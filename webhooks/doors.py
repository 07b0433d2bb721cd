"""Who may speak for which portal (facts/bitrix24-platform.md §4.7, §5.8)."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog

from connector.bootstrap import Connector
from connector.domain.ports import Grant, Installation
from connector.errors import Refused, TransientError
from connector.portal import Portal, authentic
from connector.speech import Text

log = structlog.get_logger()

_FRESH = 30.0  # seconds that a matching token is believed without a look into the database
_REMEMBERED = 256
_STRANGER = Text(
    "This Bitrix24 is not connected here; install the application in it first",
    "Этот Битрикс24 здесь не подключён; сначала установите в нём приложение",
)
_TOO_OFTEN = Text(
    "Too many installations from one address; wait a minute and try again",
    "Слишком много установок с одного адреса; подождите минуту и повторите",
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """A portal as last read; ``read_at`` is monotonic seconds."""

    portal: str
    installation: Installation
    read_at: float


class Doors:
    """Recognises portals. It remembers those it has seen, so that an event is not lost while the database is away."""

    def __init__(self, connector: Connector, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._connector, self._clock = connector, clock
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._bells = Bells(clock)
        self._guard = threading.Lock()
        self._remember_all()

    def admit(self, form: Mapping[str, Any]) -> Portal:
        """The portal that really sent ``form`` (an event or a page). Raises ``Refused`` 403 for anybody else.

        Raises ``TransientError`` when the database is away and the portal was never seen by this process.
        """
        member = member_of(form)
        known = self._known.get(member)
        if known and self._clock() - known.read_at < _FRESH and _matches(form, known.installation):
            return self._connector.portals[known.portal]
        try:
            known = self._read(member)
        except TransientError:
            if known is None:
                raise
            log.warning("portal.from_memory", portal=known.portal)
        if known is None:
            raise Refused("portal.unknown", hint=_STRANGER, status=403)
        authentic(form, known.installation)
        return self._connector.portals[known.portal]

    def candidates(self, grant: Grant) -> list[Portal]:
        """The portals that an unverified installation may be of, the likeliest first (§4.6): by ``member_id``, by
        host, else every portal with an application that is not installed yet. Adoption decides."""
        portals = self._connector.portals
        name = self._connector.journal.portal_of(grant.member_id)
        if name is not None and name in portals:
            return [portals[name]]
        host = grant.domain or urlsplit(grant.client_endpoint).netloc
        settings = self._connector.settings.portals
        same = [portals[key] for key, portal in settings.items() if urlsplit(portal.url).netloc == host.lower()]
        return same or [portals[key] for key, portal in settings.items() if portal.app and not portals[key].installed()]

    def ring(self, remote: str) -> None:
        """One unverified installation from ``remote``. Raises ``Refused`` 429 when it rings too often."""
        if not self._bells.ring(remote):
            raise Refused("install.too_often", hint=_TOO_OFTEN, status=429)

    def origins(self, portal: str) -> list[str]:
        """The web origins that may frame our pages for ``portal``: the configured one and the one it has now."""
        addresses = [self._connector.settings.portals[portal].url]
        addresses += [k.installation.grant.client_endpoint for k in self._known.values() if k.portal == portal]
        origins = [f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, addresses) if parts.netloc]
        return list(dict.fromkeys(origins))

    def _read(self, member: str) -> Known | None:
        store = self._connector.journal
        portal = store.portal_of(member) if member else None
        installation = store.installation(portal) if portal in self._connector.portals and portal else None
        if portal is None or installation is None:
            return None
        return self._remember(member, Known(portal=portal, installation=installation, read_at=self._clock()))

    def _remember(self, member: str, known: Known) -> Known:
        with self._guard:
            self._known[member] = known
            self._known.move_to_end(member)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return known

    def _remember_all(self) -> None:
        for name in self._connector.portals:
            try:
                installation = self._connector.journal.installation(name)
            except TransientError:
                return
            if installation is not None:
                known = Known(portal=name, installation=installation, read_at=self._clock())
                self._remember(installation.grant.member_id, known)


class Bells:
    """How often each address rings: ten times at once, then every six seconds. Remembers a thousand addresses."""

    def __init__(self, clock: Callable[[], float], *, burst: float = 10.0, every: float = 6.0) -> None:
        self._clock, self._burst, self._every = clock, burst, every
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def ring(self, remote: str) -> bool:
        """Whether one more is all right."""
        now = self._clock()
        level, at = self._levels.pop(remote, (0.0, now))
        level = max(0.0, level - (now - at) / self._every)
        fits = level + 1 <= self._burst
        self._levels[remote] = (level + 1 if fits else level, now)
        while len(self._levels) > 1000:
            self._levels.popitem(last=False)
        return fits


def member_of(form: Mapping[str, Any]) -> str:
    """``member_id`` of an event or of a page; empty when there is none."""
    auth = form.get("auth")
    found = auth.get("member_id") if isinstance(auth, Mapping) else form.get("member_id")
    return found if isinstance(found, str) else ""


def _matches(form: Mapping[str, Any], installation: Installation) -> bool:
    try:
        authentic(form, installation)
    except Refused:
        return False
    return True
