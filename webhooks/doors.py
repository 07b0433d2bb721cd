"""Who may speak for which portal (facts/bitrix24-platform.md §4.7, §5.8)."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog

from connector.bootstrap import Connector
from connector.domain.addresses import network
from connector.domain.ports import Grant, Installation
from connector.errors import Refused, TransientError
from connector.portal import Portal, authentic
from connector.speech import Text

log = structlog.get_logger()

_FRESH = 5.0  # seconds that a matching token is believed without a look into the database
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
        self._known: OrderedDict[str, tuple[Known, ...]] = OrderedDict()
        self._bells = Bells(clock)
        self._guard = threading.Lock()
        self._remember_all()

    def admit(self, form: Mapping[str, Any]) -> Portal:
        """The portal that really sent ``form`` (an event or a page). Raises ``Refused`` 403 for anybody else.

        One Bitrix24 may be several portals here, one for each application: the application token tells which.
        Raises ``TransientError`` when the database is away and the portal was never seen by this process.
        """
        member = member_of(form)
        known = self._known.get(member, ())
        speaker = _speaker(form, [each for each in known if self._clock() - each.read_at < _FRESH])
        if speaker is not None:
            return self._connector.portals[speaker.portal]
        try:
            known = self._read(member)
        except TransientError:
            if not known:
                raise
            log.warning("portal.from_memory", portal=known[0].portal)
        if not known:
            raise Refused("portal.unknown", hint=_STRANGER, status=403)
        speaker = _speaker(form, known) or known[0]
        authentic(form, speaker.installation)
        return self._connector.portals[speaker.portal]

    def candidates(self, grant: Grant) -> list[Portal]:
        """The portals that an unverified installation may be of, the likeliest first (§4.6). Adoption decides.

        The one whose application token it bears; else those of this ``member_id`` and those of this host (a Bitrix24
        with several applications of ours), else every portal with an application that is not installed yet.
        """
        portals, settings = self._connector.portals, self._connector.settings.portals
        members = [name for name in self._connector.journal.portals_of(grant.member_id) if name in portals]
        bearer = [name for name in members if self._bears(name, grant)]
        if bearer:
            return [portals[bearer[0]]]
        host = (grant.domain or urlsplit(grant.client_endpoint).netloc).lower()
        there = [name for name, portal in settings.items() if portal.app and urlsplit(portal.url).netloc == host]
        names = [*members, *there] or [n for n, portal in settings.items() if portal.app and not portals[n].installed()]
        return [portals[name] for name in dict.fromkeys(names)]

    def hearsay(self, form: Mapping[str, Any]) -> list[Portal]:
        """The portals that ``form`` claims to be of, by its ``member_id`` alone: good for a second look, no more."""
        known = self._connector.journal.portals_of(member_of(form))
        return [self._connector.portals[name] for name in known if name in self._connector.portals]

    def ring(self, remote: str) -> None:
        """One unverified installation from ``remote``. Raises ``Refused`` 429 when it rings too often."""
        if not self._bells.ring(network(remote)):
            raise Refused("install.too_often", hint=_TOO_OFTEN, status=429)

    def origins(self, portal: str) -> list[str]:
        """The web origins that may frame our pages for ``portal``: the configured one and the one it has now.

        None for a portal that is not in connector.yaml.
        """
        if portal not in self._connector.portals:
            return []
        addresses = [self._connector.settings.portals[portal].url]
        seen = [known for group in self._known.values() for known in group]
        addresses += [known.installation.grant.client_endpoint for known in seen if known.portal == portal]
        origins = [f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, addresses) if parts.netloc]
        return list(dict.fromkeys(origins))

    def _bears(self, portal: str, grant: Grant) -> bool:
        installation = self._connector.journal.installation(portal)
        form = {"member_id": grant.member_id, "APPLICATION_TOKEN": grant.application_token}
        return installation is not None and _matches(form, installation)

    def _read(self, member: str) -> tuple[Known, ...]:
        store = self._connector.journal
        names = store.portals_of(member) if member else []
        kept = [(name, store.installation(name)) for name in names if name in self._connector.portals]
        now = self._clock()
        found = [Known(portal=name, installation=kind, read_at=now) for name, kind in kept if kind is not None]
        return self._remember(member, tuple(found)) if found else ()

    def _remember(self, member: str, known: tuple[Known, ...]) -> tuple[Known, ...]:
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
                if installation is not None:
                    self._read(installation.grant.member_id)
            except TransientError:
                return


class Bells:
    """How often each address rings: ten times at once, then every six seconds. Remembers a thousand addresses."""

    def __init__(self, clock: Callable[[], float], *, burst: float = 10.0, every: float = 6.0) -> None:
        self.every, self._clock, self._burst = every, clock, burst
        self._guard = threading.Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def ring(self, remote: str) -> bool:
        """Whether one more is all right."""
        with self._guard:
            now = self._clock()
            level, at = self._levels.pop(remote, (0.0, now))
            level = max(0.0, level - (now - at) / self.every)
            fits = level + 1 <= self._burst
            self._levels[remote] = (level + 1 if fits else level, now)
            if len(self._levels) > 1000:
                self._levels.popitem(last=False)
            return fits


def member_of(form: Mapping[str, Any]) -> str:
    """``member_id`` of an event or of a page; empty when there is none."""
    auth = form.get("auth")
    found = auth.get("member_id") if isinstance(auth, Mapping) else form.get("member_id")
    return found if isinstance(found, str) else ""


def _speaker(form: Mapping[str, Any], known: Iterable[Known]) -> Known | None:
    return next((each for each in known if _matches(form, each.installation)), None)


def _matches(form: Mapping[str, Any], installation: Installation) -> bool:
    try:
        authentic(form, installation)
    except Refused:
        return False
    return True
