"""Waiting for letters in an open folder: the server tells (IDLE), and is asked besides (facts/providers.md §4.1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from connector.domain.listening import Listening

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds: an IDLE lasts ``shortest`` after there was something, then twice as long up to ``longest`` (networks
    forget connections that are silent); ``look`` is between two looks whether to stop."""

    shortest: float = 1.0
    longest: float = 300.0
    look: float = 0.5


PACE = Pace()


class Waiting:
    """Waits for what may be news.

    The server may tell of a letter in an answer that nobody reads for it, in the moment between a look at the folder
    and the IDLE. So the first IDLE after each letter is short, and after each one the folder is looked at.
    """

    def __init__(
        self,
        client: IMAPClient,
        listening: Listening,
        *,
        poll: float,
        pace: Pace = PACE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._listening, self._pace = client, listening, pace
        self._clock, self._sleep = clock, sleep
        self._poll = min(poll, pace.longest)
        self._next = pace.shortest
        self._idles = bool(client.has_capability("IDLE"))

    def wait(self, *, brought: bool) -> None:
        """Until there may be something, or it is time to look. ``brought``: there was something just now."""
        self._next = self._pace.shortest if brought else min(2 * self._next, self._poll)
        if self._idles and self._begun():
            self._idle(self._clock() + min(self._next, self._poll))
        else:
            self._rest(self._clock() + (self._pace.shortest if brought else self._poll))
        self._client.noop()  # Dovecot shows a letter to no SEARCH before it has told of it

    def _rest(self, until: float) -> None:
        while (left := until - self._clock()) > 0 and not self._listening.stopped():
            self._sleep(min(self._pace.look, left))

    def _begun(self) -> bool:
        try:
            self._client.idle()
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:  # offered, and then not given
            log.info("mail.no_idle", error=type(error).__name__)
            self._idles = False
        return self._idles

    def _idle(self, until: float) -> None:
        while (left := until - self._clock()) > 0 and not self._listening.stopped():
            pause, began = min(self._pace.look, left), self._clock()
            if self._client.idle_check(timeout=pause):
                break
            if self._clock() - began < pause / 2:
                break  # IMAPClient is silent about a connection that is gone: the end of the IDLE will tell
        self._client.idle_done()
