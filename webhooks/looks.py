"""Looking at a portal for a page: never longer than a person waits, and once for many who look."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import structlog

from connector.bootstrap import Connector
from connector.checkup import examined, public_findings
from connector.domain.provider import Finding
from connector.speech import Text

log = structlog.get_logger()

PATIENCE = 9.0  # seconds for all of it; the page shows what was found by then
EVENT_PATIENCE = 5.0
FRESH = 5.0
CUT, FAILED = "portal.look_cut", "portal.look_failed"  # codes

_CUT = Text("The look took too long; this is what was seen", "Проверка затянулась; показано то, что успели увидеть")
_CUT_HINT = Text(
    "The other side or the network is slow. The whole list: `{command}`.",
    "Другая сторона или сеть отвечает медленно. Весь список: `{command}`.",
)
_BROKEN = Text("The look could not be finished", "Проверку не удалось завершить")
_BROKEN_HINT = Text(
    "Something went wrong here; `{command}` on the machine of the connector tells more.",
    "Здесь что-то пошло не так; подробности — `{command}` на машине коннектора.",
)


@dataclass
class _Look:
    began: float
    ended: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


class Looks:
    """One look per portal (or whatever is named) at a time; whoever comes meanwhile, or soon after, sees the same.

    ``fresh`` tells how many seconds findings are good for, ``command`` which command line shows all of them.
    """

    def __init__(
        self,
        connector: Connector,
        *,
        look: Callable[[Connector, str], Iterator[Finding]] | None = None,
        patience: float = PATIENCE,
        fresh: Callable[[Sequence[Finding]], float] = lambda _: FRESH,
        command: str = "connector check --portal {name}",
    ) -> None:
        self._connector, self._look, self._patience = connector, look or _everything, patience
        self._fresh, self._command = fresh, command
        self._running: dict[str, _Look] = {}
        self._guard = threading.Lock()

    def at(self, portal: str) -> list[Finding]:
        """What is found within the patience, in order; the last one says so when that was not all."""
        with self._guard:
            look = self._running.get(portal)
            if look is None or self._stale(look):
                look = self._running[portal] = _Look(began=time.monotonic())
                threading.Thread(target=self._run, args=(portal, look), name=f"look-{portal}", daemon=True).start()
        if look.over.wait(max(0.0, look.began + self._patience - time.monotonic())):
            return list(look.findings)
        return [*look.findings, Finding(_CUT, "warn", self._hint(_CUT_HINT, portal), CUT)]

    def _stale(self, look: _Look) -> bool:
        return look.over.is_set() and time.monotonic() - look.ended > self._fresh(look.findings)

    def _hint(self, hint: Text, name: str) -> Text:
        return hint.with_(command=self._command.format(name=name))

    def _run(self, portal: str, look: _Look) -> None:
        try:
            for finding in self._look(self._connector, portal):
                look.findings.append(finding)
        except Exception:  # the page shows what was seen; the log has the rest
            log.exception("app_page.look_failed", portal=portal)
            look.findings.append(Finding(_BROKEN, "bad", self._hint(_BROKEN_HINT, portal), FAILED))
        finally:
            look.ended = time.monotonic()
            look.over.set()


def _everything(connector: Connector, portal: str) -> Iterator[Finding]:
    public = public_findings(connector.settings.public_url, now=connector.clock())
    return chain(examined(connector, portal, wait=EVENT_PATIENCE), public)
