"""The way in: the requests of one process that wait at the same moment share one commit.

A caller that is told :class:`JournalAway` after waiting too long may find later that its row was committed after all
(the answer of the commit was late). That is harmless: whoever keeps the request elsewhere and feeds it again gets
``False``, since (account, dedupe key) is unique.
"""

from __future__ import annotations

import os
import queue  # by name, never its classes: gevent replaces them, maybe later than this import
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from connector.errors import ConnectorError
from connector.journal.desk import Desk
from connector.journal.engine import Store
from connector.journal.faults import JournalAway, unwritable
from connector.journal.inserts import add_deliveries, add_envelopes
from connector.journal.model import Envelope, NewDelivery
from connector.journal.rows import delivery_row, envelope_row

log = structlog.get_logger()

_BATCH = 256
_PATIENCE = 5.0  # seconds that a caller waits
_REST = 0.02  # seconds between two tellings; under load one telling does for many commits


class Ticket:
    """One caller's rows, and the gate that it waits at."""

    __slots__ = ("abandoned", "deliveries", "envelope", "error", "gate", "new")

    def __init__(self, envelope: tuple[Any, ...], deliveries: list[tuple[Any, ...]]) -> None:
        self.envelope, self.deliveries = envelope, deliveries
        self.gate = threading.Lock()
        self.gate.acquire()
        self.new = self.abandoned = False
        self.error: ConnectorError | None = None


class Flusher:
    """One per process: a thread that writes whatever has queued up, and a thread that tells of it."""

    def __init__(self, store: Store, tell: Callable[[set[str]], None]) -> None:
        self._store = store
        self._queue: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._herald = Herald(tell)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, ticket: Ticket) -> None:
        """Queue it; the thread is started by the first one."""
        self._queue.put(ticket)
        if self._thread is None or not self._thread.is_alive():
            with self._starting:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="journal-flusher", daemon=True)
                    self._thread.start()

    def close(self) -> None:
        """Write what is queued, tell of it, stop."""
        thread, self._thread = self._thread, None
        if thread and thread.is_alive():
            self._queue.put(None)
            thread.join(_PATIENCE)
        self._herald.close()

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            batch, ends = self._gather(first)
            self._flush(batch)
            if ends:
                return

    def _gather(self, first: Ticket) -> tuple[list[Ticket], bool]:
        batch = [first]
        while len(batch) < _BATCH:
            try:
                ticket = self._queue.get_nowait()
            except queue.Empty:
                break
            if ticket is None:
                return batch, True
            batch.append(ticket)
        return batch, False

    def _flush(self, batch: Sequence[Ticket]) -> None:
        waiting = [ticket for ticket in batch if not ticket.abandoned]
        try:
            if waiting:
                self._write(waiting)
        except JournalAway as error:
            for ticket in waiting:
                ticket.error = error
        except Exception:
            self._one_by_one(waiting)
        finally:
            for ticket in batch:
                ticket.gate.release()
        self._herald.tell({row[1] for ticket in waiting if ticket.new for row in ticket.deliveries})

    def _write(self, tickets: Sequence[Ticket]) -> None:
        with self._store.writing() as db:
            accepted = add_envelopes(db, [ticket.envelope for ticket in tickets])
            fresh = _fresh(tickets, accepted)
            add_deliveries(db, [row for ticket in fresh for row in ticket.deliveries])
        for ticket in fresh:
            ticket.new = True

    def _one_by_one(self, tickets: Sequence[Ticket]) -> None:
        """One of the batch is refused by the database: only its caller is to hear of it."""
        for ticket in tickets:
            try:
                self._write([ticket])
            except JournalAway as error:
                ticket.error = error
            except Exception as error:
                log.error("journal.unwritable", trace=ticket.envelope[0], error=type(error).__name__)
                ticket.error = unwritable(error)


def _fresh(tickets: Sequence[Ticket], accepted: set[str]) -> list[Ticket]:
    """The tickets that went in. Of two that bear the same trace only the first one did."""
    first = {ticket.envelope[0]: ticket for ticket in reversed(tickets)}
    return [ticket for ticket in first.values() if ticket.envelope[0] in accepted][::-1]


class Herald:
    """Tells of new work from a thread of its own, so that a slow Redis never delays an answer."""

    def __init__(self, tell: Callable[[set[str]], None]) -> None:
        self._tell = tell
        self._news: queue.SimpleQueue[set[str] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def tell(self, destinations: set[str]) -> None:
        """Pass it on soon; called by the flusher only."""
        if not destinations:
            return
        self._news.put(destinations)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="journal-herald", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Say what is left to say, stop."""
        thread, self._thread = self._thread, None
        if thread:
            self._news.put(None)
            thread.join(_PATIENCE)

    def _run(self) -> None:
        while True:
            news = self._news.get()
            if news is None:
                return
            gathered, ends = set(news), False
            while not self._news.empty() and not ends:
                more = self._news.get()
                ends = more is None
                gathered |= more or set()
            self._tell(gathered)
            if ends:
                return
            time.sleep(_REST)


class Accepting(Desk):
    """The journal's way in."""

    _flushers: dict[int, Flusher]

    def accept(self, envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        """``True``: new, committed and flushed to disk. ``False``: a repeat of (account, dedupe key), nothing written.

        Raises :class:`JournalAway` when the database cannot be reached or is locked for more than a few seconds, and
        ``PermanentError`` when it refuses this very record.
        """
        now = self.now()
        try:
            ticket = Ticket(envelope_row(envelope, now), [delivery_row(envelope.trace, new, now) for new in deliveries])
        except Exception as error:
            raise unwritable(error) from error
        self._flusher().put(ticket)
        if not ticket.gate.acquire(timeout=_PATIENCE):
            ticket.abandoned = True
            raise JournalAway("no commit within five seconds")
        if ticket.error:
            raise ticket.error
        return ticket.new

    def _flusher(self) -> Flusher:
        mine = self._flushers.get(os.getpid())
        return mine or self._flushers.setdefault(os.getpid(), Flusher(self.store, self.tell))
