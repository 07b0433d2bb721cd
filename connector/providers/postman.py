"""What the adapters of mail are given instead of the plain ``Http``: it keeps the mailbox's token and its pace."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from connector.domain.ports import Clock, Refreshed
from connector.domain.provider import Http
from connector.errors import TransientError
from connector.letters.writing import Paper
from connector.providers.oauth import Tokens
from connector.providers.postal import OAuthSettings, PostalSettings, ServerSettings
from connector.providers.smtp import Key, Refusal, deliver
from connector.speech import Text

MINUTE = 60.0
AT_ONCE, PATIENCE = 3, 20.0  # connections to one server, and seconds to wait for one of them
_PACE = Text(
    "{pace} letters left within a minute: the next one leaves when smtp.pace allows it.",
    "За минуту ушло писем: {pace}. Следующее уйдёт, когда позволит smtp.pace.",
)
_BUSY = Text(
    "Other letters of this mailbox are leaving slowly; this one follows.",
    "Другие письма этого ящика уходят медленно; это отправится следом.",
)
_SMALLER = Text(
    "The mail server takes letters of {mib} MiB at most: this one is written anew, with links instead of files.",
    "Почтовый сервер принимает письма не больше {mib} МиБ: письмо будет составлено заново, со ссылками вместо файлов.",
)


class Postman:
    """One per account and process; for many threads.

    Whoever is over the pace is told when to come again, and no thread sleeps here: an effect that waits in its thread
    would seem to be under way, and its doubt (DESIGN.md §6.2) would begin before it leaves. Another process counts for
    itself; an account's pump is at work in one at a time.
    """

    def __init__(
        self,
        settings: PostalSettings,
        http: Http,
        refreshed: Refreshed | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._http, self._clock, self.now = settings, http, clock, now
        self._refreshed = refreshed
        self.largest = settings.smtp.largest  # bytes of a letter: less when the server said so
        self._left: deque[float] = deque(maxlen=settings.smtp.pace)
        self._tokens: dict[OAuthSettings, Tokens] = {}
        self._lock, self._places = threading.Lock(), threading.BoundedSemaphore(AT_ONCE)

    @property
    def request(self) -> Callable[..., Any]:
        """The plain ``Http``'s."""
        return self._http.request

    def key(self, server: ServerSettings) -> Key:
        """Who we are to ``server``."""
        user = server.user or self._settings.address
        if server.oauth is None:
            return Key(user=user, password=server.password.get_secret_value() if server.password else "")
        tokens = self.tokens(server.oauth)
        return Key(user=user, token=lambda: tokens.token(self._http), drop=tokens.drop)

    def tokens(self, client: OAuthSettings) -> Tokens:
        """The tokens of an OAuth client, kept between two connections."""
        with self._lock:
            return self._tokens.setdefault(client, Tokens(client, self._clock, self._refreshed))

    def deliver(self, paper: Paper, bcc: Sequence[str] = ()) -> tuple[Refusal, ...]:
        """Send the letter now; see :func:`connector.providers.smtp.deliver`. ``TransientError`` ``smtp.pace`` when too
        many left just now, ``smtp.size`` when we hear that it must be smaller than ``largest`` was."""
        smtp = self._settings.smtp
        with self._place():
            self._take()
            return deliver(paper, smtp, self.key(smtp), bcc=bcc, sized=partial(self._sized, len(paper.raw)))

    def _sized(self, needed: int, most: int) -> None:
        known, self.largest = self.largest, min(self._settings.smtp.largest, most or self._settings.smtp.largest)
        if known > self.largest and needed > self.largest:
            raise TransientError("smtp.size", hint=_SMALLER.with_(mib=round(most / 2**20, 1)), retry_after=1.0)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=PATIENCE):
            raise TransientError("smtp.busy", hint=_BUSY, retry_after=MINUTE / 4)
        try:
            yield
        finally:
            self._places.release()

    def _take(self) -> None:
        """One of the minute's letters: ``smtp.pace`` in any sixty seconds."""
        with self._lock:
            now = self._clock()
            if len(self._left) == self._left.maxlen and now - self._left[0] < MINUTE:
                hint = _PACE.with_(pace=self._settings.smtp.pace)
                raise TransientError("smtp.pace", hint=hint, retry_after=MINUTE - (now - self._left[0]))
            self._left.append(now)
