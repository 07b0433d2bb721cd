"""Do events of the portal reach us? Asked of the portal itself: ``event.test`` fires ``ONAPPTEST`` at our handler.

What arrives proves the whole way: the public address as Bitrix24 sees it, its certificate, the proxy, the web process,
the application token and the database (facts/bitrix24-platform.md §5.2, §5.5, §7 (47)).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connector.domain.provider import Finding
from connector.errors import ConnectorError
from connector.portal import phrases
from connector.portal.events import PROBE, probe_key
from connector.repair import House
from connector.speech import Text

EVENTS = "/bitrix24/events"
GLANCE = 0.25
WEEK, DAY = 7 * 86400.0, 86400.0

_REACH = Text("Events reach us: a test event came in {age}", "События доходят: пробное пришло за {age}")
_LOST = Text("A test event did not come in {age}", "Пробное событие не пришло за {age}")
_LOST_HINT = Text(
    "Bitrix24 could not deliver to {url}: is the name known to the internet, is the certificate one that everybody "
    "trusts, does the proxy pass /bitrix24/ on, does `connector web` run? A slow queue of Bitrix24 is possible too: "
    "look again in a minute.",
    "Битрикс24 не доставил событие на {url}: известно ли имя в интернете, доверяют ли сертификату все, пропускает ли "
    "прокси /bitrix24/, работает ли `connector web`? Возможна и медленная очередь Битрикс24: проверьте через минуту.",
)
_UNASKED = Text("A test event could not be fired", "Пробное событие не удалось вызвать")
_HEARD = Text("The last event of the portal came {age} ago", "Последнее событие портала пришло {age} назад")
_SILENT = Text("No event of the portal came in a week", "За неделю от портала не пришло ни одного события")
_SILENT_HINT = Text(
    "If operators have answered meanwhile, their words were lost on the way: look at the handlers and the public "
    "address above, then `connector portal rebind`.",
    "Если операторы за это время отвечали, их слова потерялись по дороге: проверьте обработчики и внешний адрес выше, "
    "затем `connector portal rebind`.",
)


@dataclass
class Probe:
    """One test event of one portal: fired early, waited for at the end, at most ``wait`` seconds after it was fired."""

    house: House
    portal: str
    wait: float
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    arrived: bool = False
    _key: str = ""
    _fired: float = 0.0
    _refused: ConnectorError | None = None
    _token: str = field(default_factory=lambda: secrets.token_hex(8))

    def fire(self) -> None:
        """Ask the portal to post the event; what it refuses is told by :meth:`outcome`."""
        if self.wait <= 0:
            return
        self._key, self._fired = probe_key(self._token), self.monotonic()
        try:
            self.house.portals[self.portal].call("event.test", {PROBE: self._token})
        except ConnectorError as refused:
            self._refused = refused

    def outcome(self) -> Iterator[Finding]:
        """Wait for the event. Nothing when it was never fired."""
        if not self._key:
            return
        if self._refused is not None:
            yield Finding(_UNASKED, "warn", self._refused.hint, "portal.arrival")
            return
        while not self._is_here() and self.monotonic() - self._fired < self.wait:
            self.sleep(GLANCE)
        took = phrases.age(max(1.0, self.monotonic() - self._fired))
        if self.arrived:
            yield Finding(_REACH.with_(age=took), "ok", code="portal.arrival")
            return
        hint = _LOST_HINT.with_(url=handler_url(self.house))
        mend = f"connector check --portal {self.portal} --wait 60"
        yield Finding(_LOST.with_(age=took), "bad", hint, "portal.arrival", mend)

    def heard(self) -> Finding:
        """The age of the portal's last event that was not a test. Silence is a worry when the test did not come."""
        journal, but = self.house.journal, probe_key("")
        last = journal.last_heard(f"portal:{self.portal}", EVENTS, within=WEEK, but=but)
        seconds = (self.house.clock() - last).total_seconds() if last else WEEK
        what = _SILENT if last is None else _HEARD.with_(age=phrases.age(max(0.0, seconds)))
        if self.arrived or seconds < DAY:
            return Finding(what, "ok", code="portal.heard")
        return Finding(what, "warn", _SILENT_HINT, "portal.heard", f"connector portal rebind {self.portal}")

    def _is_here(self) -> bool:
        self.arrived = self.arrived or self.house.journal.arrived(f"portal:{self.portal}", self._key) is not None
        return self.arrived


def handler_url(house: House) -> str:
    """Where events should go."""
    return f"{house.settings.public_url.rstrip('/')}{EVENTS}"
