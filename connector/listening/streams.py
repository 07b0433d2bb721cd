"""What a listener is given of the house (``domain.listening.Listening``), and what of its stream is told to others.

The link ``stream`` of the account (``connector/listening/health.py``) is written when its state changes, and again
every ten seconds as a sign of life.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog

from connector.domain.calls import AboutCall, CallEnded, CallStarted, LegEnded
from connector.domain.ports import Clock
from connector.domain.request import Request
from connector.errors import TransientError
from connector.intake import Intake
from connector.journal import Journal, JournalAway
from connector.routes import Account
from connector.speech import Text

log = structlog.get_logger()
T = TypeVar("T")

KIND = "stream"
MARK = "stream.mark"  # by <account>/<name>: how far it was read
CONNECTED, CONNECTING, REFUSED, WAITING = "connected", "connecting", "refused", "waiting"
BEAT = 10.0  # seconds between two signs of life in the journal
_AGAIN = 1.0  # seconds until a frame that neither journal nor disk took is tried again
_PATIENCE = 20.0  # seconds that it is tried after we were told to stop
_MOST = 20_000  # calls remembered of this process
_OPEN = "call.open"

_NO_ROOM = Text(
    "Neither the database nor the disk takes what is told to us; make room at once, until then nothing more is read",
    "Ни база данных, ни диск не принимают данные; срочно освободите место, до тех пор чтение остановлено",
)


class Calls:
    """The calls of this process's own stream: which are going on, and which it saw end."""

    def __init__(self) -> None:
        self._legs: OrderedDict[str, set[str]] = OrderedDict()
        self._over: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, event: AboutCall) -> None:
        """A call of a PBX that tells of legs is over when all of them are."""
        with self._lock:
            if isinstance(event, CallStarted):
                self._legs.setdefault(event.call, set()).add(event.leg)
                self._over.pop(event.call, None)
            elif isinstance(event, LegEnded | CallEnded) and event.call in self._legs:
                self._legs[event.call].discard(event.leg)
                if isinstance(event, CallEnded) or not self._legs[event.call]:
                    del self._legs[event.call]
                    self._over[event.call] = None
            for known in (self._legs, self._over):
                while len(known) > _MOST:
                    known.popitem(last=False)

    def open(self, known: Sequence[str]) -> list[str]:
        """``known`` (by the journal) with what only we know yet."""
        with self._lock:
            return [*dict.fromkeys(call for call in (*known, *self._legs) if call not in self._over)]


class Stream:
    """The stream of one account. ``stop`` is the process's; :meth:`give_up` ends this stream alone."""

    def __init__(
        self,
        account: Account,
        *,
        intake: Intake,
        journal: Journal,
        clock: Clock,
        stop: threading.Event,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.account, self.http, self.stop = account, account.http, stop
        self._intake, self._journal, self._clock, self._ticks = intake, journal, clock, ticks
        self._calls = Calls()
        self._ended = threading.Event()
        self._state, self._why, self._since = CONNECTING, Text("", ""), clock()
        self._heard: datetime | None = None
        self._written = float("-inf")
        self._telling = threading.Lock()

    @property
    def state(self) -> str:
        """One of the states of the link."""
        return self._state

    def keep(self, frame: bytes, *, at: datetime | None = None) -> None:
        """Make a frame durable; while neither journal nor disk takes it, wait: the stream waits behind it.

        Raises ``TransientError`` when that lasts and we are to stop. A frame that means nothing is passed over.
        """
        path = f"/listen/{self.account.name}"
        request = Request(method="STREAM", path=path, headers={}, body=frame, received_at=at or self._clock())
        envelope, deliveries = self._intake.read(self.account, request)
        for delivery in deliveries:
            if isinstance(delivery.event, AboutCall):
                self._calls.note(delivery.event)
        if envelope.state == "ignored":
            return
        self._patiently(lambda: self._intake.keep(envelope, deliveries))

    def _patiently(self, do: Callable[[], T]) -> T:
        since, told = self._ticks(), False
        while True:
            try:
                return do()
            except (TransientError, OSError) as error:
                if not told:
                    why = type(error).__name__
                    log.error("stream.not_kept", account=self.account.name, error=why, hint=_NO_ROOM.en)
                told = True
                if self.stop.is_set() and self._ticks() - since > _PATIENCE:
                    raise TransientError("stream.not_kept", hint=_NO_ROOM) from None
            self.stop.wait(_AGAIN)

    def store(self, name: str, mime: str, data: bytes) -> str:
        """Keep a file; while the disk refuses, wait. Raises ``TransientError`` when that lasts and we are to stop."""
        store = self._intake.store
        assert store is not None
        return self._patiently(lambda: store(name, mime, data))

    def mark(self, name: str) -> Any | None:
        """How far ``name`` was read; ``None``: not yet. Raises ``JournalAway``."""
        return self._journal.recall(MARK, f"{self.account.name}/{name}")

    def set_mark(self, name: str, value: Any) -> None:
        """Remember how far ``name`` was read; while the database is away it is read again instead."""
        try:
            self._journal.remember(MARK, f"{self.account.name}/{name}", value)
        except JournalAway as away:
            log.warning("stream.mark_not_kept", account=self.account.name, name=name, cause=away.cause)

    def open_calls(self) -> Sequence[str]:
        """The calls that are not over; while the database is away, those of this process."""
        prefix = f"{self.account.name}."
        try:
            known = [link.key.removeprefix(prefix) for link in self._journal.links_like(_OPEN, prefix)]
        except JournalAway as away:
            log.warning("stream.journal_away", account=self.account.name, cause=away.cause)
            known = []
        return self._calls.open(known)

    def heard(self) -> None:
        """The other side is alive: we are connected."""
        self._heard = self._clock()
        if self._state != CONNECTED:
            log.info("stream.connected", account=self.account.name)
            self.tell(CONNECTED)

    def last_heard(self) -> datetime | None:
        """By this process, or by the one before it."""
        if self._heard is None:
            try:
                link = self._journal.recall(KIND, self.account.name)
            except JournalAway:
                return None
            self._heard = _moment(link.get("heard")) if isinstance(link, Mapping) else None
        return self._heard

    def stopped(self) -> bool:
        """Whether to come to an end."""
        return self.stop.is_set() or self._ended.is_set()

    def begin(self) -> None:
        """Another try."""
        self._ended.clear()
        self.tell(CONNECTING)

    def give_up(self) -> None:
        """Somebody else listens to this account now."""
        self._ended.set()

    def tell(self, state: str, why: Text | None = None) -> None:
        """A new state; ``since`` is when the connection came, or when it went."""
        with self._telling:
            if (state == CONNECTED) != (self._state == CONNECTED):
                self._since = self._clock()
            # The reason stays while another try is under way: it is what is wrong.
            self._why = why or (Text("", "") if state == CONNECTED else self._why)
            self._state = state
        self._write()

    def beat(self) -> None:
        """A sign of life, when it is time for one."""
        if self._ticks() - self._written >= BEAT:
            self._write()

    def _write(self) -> None:
        with self._telling:
            self._written = self._ticks()
            told = {
                "state": self._state,
                "since": self._since.isoformat(),
                "heard": self._heard.isoformat() if self._heard else "",
                "why": [self._why.en, self._why.ru],
            }
        try:
            self._journal.remember(KIND, self.account.name, told)
        except JournalAway as away:
            log.debug("stream.not_told", account=self.account.name, cause=away.cause)


def _moment(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text or ""))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None
