"""``/ops/live``: open pages stay fresh by themselves.

How a page takes part: give an element an ``id`` and ``data-live``. That is all. ``static/live.js`` listens to this
stream; when the version it tells is another than that of the page, it asks for the page once more and puts the new
content into each of these elements. The rules that keep a person undisturbed:

* The id must be the same in both answers (``card-main``, not the place in a list).
* An element that holds the focus, a selection or a field somebody changed is left alone until that is over; live
  elements inside of it are still renewed, so give the cards of a list their own ids.
* What was opened (``<details>``) stays open; the page never scrolls or reloads.
* At most once in two seconds, less often when the page is slow, never while the tab is hidden, and once a minute in
  any case, so that "3 minutes ago" stays true. A live element with ``data-soon="10"`` inside is not finished: what it
  waits for is not in the journal, so the page is asked for after so many seconds.
* A page without live elements opens no stream. Without scripts the page is simply as old as its footer says.

The stream asks the journal one small question a second for all browsers of a process together, and ends with the
session. When all lines of a process are taken, pages ask for news themselves every few seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, request

from connector.bootstrap import Connector
from connector.errors import Refused, TransientError
from connector.journal.sessions import Visitor
from connector.speech import Text
from webhooks.console.access import allowed
from webhooks.console.visits import Visits
from webhooks.streams import EVERY, stream

WHO_EVERY = 5.0  # seconds between two looks whether the session goes on
# Streams of a process: a worker has a thousand connections (webhooks/gunicorn_conf.py), and chats need most of them.
MOST = 200

_TAKEN = Text(
    "Too many pages are open at this moment; this one asks for news itself",
    "Сейчас открыто слишком много страниц; эта узнаёт новости сама",
)

Seconds = Callable[[], float]


class Pulse:
    """The journal's version, asked for once a second however many look."""

    def __init__(self, journal: Any, *, every: float = EVERY, now: Seconds = time.monotonic) -> None:
        self._journal, self._every, self._now = journal, every, now
        self._asking = threading.Lock()
        self._version, self._asked = "", float("-inf")

    def version(self) -> str:
        """A few letters that are others when something changed; the former ones while the database is away."""
        if self._now() - self._asked >= self._every and self._asking.acquire(blocking=not self._version):
            try:
                self._look()
            finally:
                self._asking.release()
        return self._version

    def _look(self) -> None:
        if self._now() - self._asked < self._every:
            return  # another one looked while this one waited
        self._asked = self._now()
        try:
            self._version = self._journal.pulse()
        except TransientError:
            return


def add(rooms: Blueprint, connector: Connector, visits: Visits) -> None:
    """The route, and the version that each page carries: of the moment before it was read."""
    pulse = Pulse(connector.journal)
    lines: set[Presence] = set()

    @rooms.before_request
    def remember() -> None:
        g.pulse = pulse.version() if g.get("visitor") and request.method == "GET" else ""

    @rooms.get("/live")
    def live() -> Response:
        if len(lines) >= MOST:
            raise Refused("console.lines_taken", hint=_TAKEN, status=429)
        here = Presence(visits.watch())
        lines.add(here)
        answer = stream(lambda: pulse.version() if here.goes_on() else None)
        answer.call_on_close(lambda: lines.discard(here))
        return answer


class Presence:
    """Whether somebody is still signed in; ``look`` is asked now and then."""

    def __init__(
        self, look: Callable[[], Visitor | None], *, every: float = WHO_EVERY, now: Seconds = time.monotonic
    ) -> None:
        self._look, self._every, self._now = look, every, now
        self._asked = now()  # the guard has just asked

    def goes_on(self) -> bool:
        """``False`` when the session ended or its role may see nothing; a database that is away ends nobody's."""
        if self._now() - self._asked < self._every:
            return True
        self._asked = self._now()
        try:
            visitor = self._look()
        except TransientError:
            return True
        return visitor is not None and allowed("ops.live", visitor.role)
