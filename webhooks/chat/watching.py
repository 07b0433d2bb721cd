"""All open streams of a process look at the database together: one question for a thousand visitors."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping

import structlog

from connector.errors import ConnectorError, Refused
from connector.journal.chat_marks import Name
from connector.speech import Text

log = structlog.get_logger()

EVERY = 0.7  # seconds
# Streams of a visitor, of an address (an office, a school), and of all: a worker has a thousand connections
# (webhooks/gunicorn_conf.py), and what portals and providers send must find room among them.
MOST_OF_ONE, MOST_OF_PLACE, MOST = 8, 200, 600
_TOO_MANY = Text(
    "Too many chats are open at this moment; news comes a little later",
    "Сейчас открыто слишком много чатов; новости приходят с небольшой задержкой",
)
Versions = Callable[[Collection[Name]], Mapping[Name, int]]


class Watch:
    """Rings the bells of listeners whose conversation changed. The thread lives while anybody listens."""

    def __init__(
        self, versions: Versions, *, every: float = EVERY, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._versions, self._every, self._pause = versions, every, pause
        self._bells: dict[Name, list[threading.Event]] = {}
        self._known: dict[Name, int] = {}
        self._places: Counter[str] = Counter()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def listen(self, name: Name, place: str = "") -> threading.Event:
        """A bell that rings now and at every change. Raises ``Refused`` 429 when too many listen.

        ``place`` is the address from which they do.
        """
        bell = threading.Event()
        bell.set()
        with self._guard:
            full = self._places[place] >= MOST_OF_PLACE or self._places.total() >= MOST
            if full or len(self._bells.get(name, ())) >= MOST_OF_ONE:
                raise Refused("chat.too_many", hint=_TOO_MANY, status=429)
            self._bells.setdefault(name, []).append(bell)
            self._places[place] += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="chat-watch", daemon=True)
                self._thread.start()
        return bell

    def leave(self, name: Name, bell: threading.Event, place: str = "") -> None:
        """The listener is gone."""
        with self._guard:
            self._places[place] -= 1
            self._places += Counter()  # forgets those at zero
            left = [other for other in self._bells.get(name, ()) if other is not bell]
            if left:
                self._bells[name] = left
            else:
                self._bells.pop(name, None)
                self._known.pop(name, None)

    def ring(self, name: Name) -> None:
        """Something was written here and now: nobody waits for the next look."""
        with self._guard:
            for bell in self._bells.get(name, ()):
                bell.set()

    def listeners(self) -> int:
        """How many conversations are open."""
        with self._guard:
            return len(self._bells)

    def _run(self) -> None:
        while True:
            self._pause(self._every)
            with self._guard:
                names = list(self._bells)
                if not names:
                    self._thread = None
                    return
            self._look(names)

    def _look(self, names: list[Name]) -> None:
        try:
            seen = self._versions(names)
        except ConnectorError as error:
            log.warning("chat.watch_waits", cause=error.cause)
            return
        except Exception:  # the watch outlives whatever one look may raise
            log.exception("chat.watch_failed")
            return
        with self._guard:
            for name in names:
                if seen.get(name, 0) != self._known.get(name, 0) and name in self._bells:
                    self._known[name] = seen.get(name, 0)
                    for bell in self._bells[name]:
                        bell.set()
