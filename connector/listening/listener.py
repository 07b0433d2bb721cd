"""Keeps one account's stream going: one listener over all machines, and another try after every failure."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from connector.errors import ConnectorError, Stopped
from connector.intake import Intake
from connector.journal import JournalAway
from connector.journal.locks import Held
from connector.listening.health import Seen, listens
from connector.listening.streams import REFUSED, WAITING, Stream
from connector.routes import Account
from connector.speech import Text

log = structlog.get_logger()

_FAILED = Text(
    "Listening failed ({error}): a fault of the connector. It is tried again; tell its makers, with the log",
    "Чтение потока сорвалось ({error}): это ошибка коннектора. Попытка повторится; пришлите журнал разработчикам",
)
_ELSEWHERE = "another process listens to this account; this one takes over when that one is gone"
_ENDED = Text("The connector's process was stopped", "Процесс коннектора остановлен")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds. Another try comes after ``first``, doubled up to ``longest``, anew after a connection that lasted
    ``good``; one that was ``refused`` waits for a person, who should not have to restart us: longer each time, up to
    twenty times, since whoever is refused too often is locked out. An account is ours for ``hold``, renewed every
    ``renew``; one that is somebody else's is looked at again after ``look``. ``beat`` is between two looks at all that.
    """

    first: float = 1.0
    longest: float = 30.0
    good: float = 60.0
    refused: float = 30.0
    hold: float = 40.0
    renew: float = 10.0
    look: float = 5.0
    beat: float = 1.0


PACE = Pace()


class House(Seen, Protocol):
    """What listening needs of the wired connector."""

    @property
    def intake(self) -> Intake: ...


class Listener:
    """Listens to one account, in the thread that calls :meth:`run`; :meth:`beat` is called from another."""

    def __init__(
        self,
        house: House,
        account: Account,
        stop: threading.Event,
        *,
        pace: Pace = PACE,
        ticks: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        assert listens(account)
        self.account, self._stop, self._journal = account, stop, house.journal
        self.stream = Stream(
            account, intake=house.intake, journal=house.journal, clock=house.clock, stop=stop, ticks=ticks
        )
        self._pace, self._ticks, self._chance = pace, ticks, chance
        self._held: Held | None = None
        self._renewed, self._pause, self._said, self._elsewhere = float("-inf"), 0.0, "", False
        self._refusal = 0.0

    def run(self) -> None:
        """Until ``stop``."""
        while not self._stop.is_set():
            if self._ours():
                self._listen()
            else:
                self._stop.wait(self._pace.look)
        self._leave()

    def beat(self) -> None:
        """Hold what is ours and show that we live; at least every few seconds."""
        held = self._held
        if held is None:
            return
        self.stream.beat()
        if self._ticks() - self._renewed < self._pace.renew:
            return
        try:
            kept = self._journal.renew_lock(held, ttl=self._pace.hold)
        except JournalAway:
            return  # nobody else can take it either
        self._renewed = self._ticks()
        if not kept:
            log.warning("listen.taken_over", account=self.account.name)
            self._held = None
            self.stream.give_up()

    def _ours(self) -> bool:
        if self._held is None:
            try:
                self._held = self._journal.take_lock(f"listen:{self.account.name}", ttl=self._pace.hold)
            except JournalAway as away:
                log.warning("listen.journal_away", account=self.account.name, cause=away.cause)
                return False
            self._renewed = self._ticks()
            if self._held is None and not self._elsewhere:
                log.info("listen.elsewhere", account=self.account.name, hint=_ELSEWHERE)
            self._elsewhere = self._held is None
        return self._held is not None

    def _listen(self) -> None:
        """One connection, and the pause after it."""
        door = self.account.provider.door
        assert door is not None
        assert door.listen is not None
        began = self._ticks()
        self.stream.begin()
        try:
            door.listen(self.account.settings, self.stream)
            failure: tuple[str, Text, str] = ("stream.ended", Text("", ""), WAITING)
        except Stopped as error:
            failure = (error.cause, error.hint, REFUSED)
        except ConnectorError as error:
            failure = (error.cause, error.hint, WAITING)
        except Exception as error:  # a provider's listener may raise anything; the others go on, and so does this one
            log.exception("listen.failed", account=self.account.name)
            failure = ("stream.failed", _FAILED.with_(error=type(error).__name__), WAITING)
        if self.stream.stopped():
            return
        self._rest(*failure, good=self._ticks() - began >= self._pace.good)

    def _rest(self, cause: str, hint: Text, state: str, *, good: bool) -> None:
        pace = self._pace
        self._pause = pace.first if good or not self._pause else min(2 * self._pause, pace.longest)
        refusal = min(2 * self._refusal, 20 * pace.refused) if self._refusal else pace.refused
        self._refusal = refusal if state == REFUSED else 0.0
        pause = self._refusal or self._pause
        seconds = pause * (0.5 + self._chance())  # many that lost one server do not come back in one moment
        tell = log.info if cause == self._said and not good else log.warning
        tell("listen.away", account=self.account.name, cause=cause, hint=hint.en, seconds=round(seconds, 1))
        self._said = cause
        self.stream.tell(state, hint)
        self._stop.wait(seconds)

    def _leave(self) -> None:
        held, self._held = self._held, None
        if held is None:
            return
        self.stream.tell(WAITING, _ENDED)
        try:
            self._journal.drop_lock(held)
        except JournalAway as away:
            log.debug("listen.lock_not_left", account=self.account.name, cause=away.cause)
