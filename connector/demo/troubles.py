"""Three things that go wrong at the press of a button, and the count afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from connector.demo.counting import Counts, Key, Score, Sight
from connector.demo.crowd import Crowd
from connector.demo.house import DemoHouse
from connector.speech import Text

DOWN, STORM, KILL = "down", "storm", "kill"
STORM_SECONDS, STORM_WAVES = 12.0, 6  # the longest pause of the connector ends soon after twelve
SLOW_SECONDS, SLOW_CALLS = 0.4, 8
LONGEST = 120.0
GLANCE = 0.1

_AWAY = Text(
    "Bitrix24 does not answer. Three customers have just written; write too.",
    "Битрикс24 не отвечает. Только что написали три клиента, напишите и вы.",
)
_BACK = Text(
    "Bitrix24 is back. Each conversation is tried again at its own time and goes on in order.",
    "Битрикс24 снова отвечает. Каждый разговор продолжится в свой черёд и по порядку.",
)
_STORM = Text(
    "Bitrix24 refuses everything: QUERY_LIMIT_EXCEEDED. Customers go on writing, the connector keeps still and waits.",
    "Битрикс24 отклоняет всё: QUERY_LIMIT_EXCEEDED. Клиенты пишут дальше, а коннектор притих и ждёт.",
)
_CALM = Text("The storm is over, what was kept is on its way.", "Шторм прошёл, накопленное отправляется.")
_WORK = Text("Customers are writing, the worker is at work…", "Клиенты пишут, worker работает…")
_KILLED = Text(
    "SIGKILL: process {pid} died in the middle of its work. It starts again, as under systemd, and looks up what "
    "had got through.",
    "SIGKILL: процесс {pid} убит посреди работы. Он запустится заново, как под systemd, и проверит, что успело дойти.",
)
_DONE: Mapping[str, Text] = MappingProxyType(
    {
        DOWN: Text("Portal down for {seconds} s", "Портал не отвечал {seconds} с"),
        STORM: Text("429 storm of {seconds} s", "Шторм 429 длился {seconds} с"),
        KILL: Text("Worker killed, all done in {seconds} s", "Worker убит, всё доделано за {seconds} с"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is told below the buttons. ``score`` is there once it is over (or as it goes), ``over`` says which."""

    name: str
    text: Text
    score: Score | None = None
    over: bool = False


@dataclass
class Troubles:
    """One trouble at a time. ``down`` is a switch, the others end by themselves. ``busy`` names what is under way."""

    house: DemoHouse
    counts: Counts
    crowd: Crowd
    busy: str = ""
    _line: Line | None = None
    _before: frozenset[Key] = frozenset()
    _began: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def press(self, name: str) -> bool:
        """Begin a trouble, or bring the portal back; false while another one is under way. Raises ``KeyError``."""
        act = _DEEDS[name]
        with self._lock:
            returns = self.busy == name == DOWN and self.is_down
            if self.busy and not returns:
                return False
            self.busy = name
        deed = Troubles._come_back if returns else act
        threading.Thread(target=self._run, args=(deed,), name=f"trouble-{name}", daemon=True).start()
        return True

    @property
    def is_down(self) -> bool:
        """Whether the portal does not answer now."""
        return bool(self.house.sandbox.portal.down)

    def told(self, sight: Sight) -> Line | None:
        """The line below the buttons, with the figures of ``sight`` while it goes on."""
        line = self._line
        return line if line is None or line.over else replace(line, score=self._score(sight))

    def _run(self, deed: Callable[[Troubles], None]) -> None:
        try:
            deed(self)
        finally:
            with self._lock:
                self.busy = DOWN if self.is_down else ""

    def _go_down(self) -> None:
        self._begin(DOWN, _AWAY)
        self.house.sandbox.set_down("unavailable")
        self.crowd.write(3, 3)

    def _come_back(self) -> None:
        self.house.sandbox.set_down("")
        seconds = self._elapsed()
        self._line = Line(name=DOWN, text=_BACK)
        self._finish(DOWN, lambda: seconds)

    def _storm(self) -> None:
        self._begin(STORM, _STORM)
        self.house.sandbox.fault("fail", times=-1, status=429, code="QUERY_LIMIT_EXCEEDED", description="Too many")
        for _ in range(STORM_WAVES):
            self.crowd.write(2, 2)
            time.sleep(STORM_SECONDS / STORM_WAVES)
        self.house.sandbox.clear_faults()
        seconds = self._elapsed()
        self._line = Line(name=STORM, text=_CALM)
        self._finish(STORM, lambda: seconds)

    def _kill(self) -> None:
        self._begin(KILL, _WORK)
        self.house.sandbox.fault("slow", method="imconnector.send.messages", seconds=SLOW_SECONDS, times=SLOW_CALLS)
        self.crowd.write(12, 4)
        self._wait(lambda score: score.delivered > 0 or score.settled)
        pid = self.house.keeper.kill(self.house.worker)
        self._line = Line(name=KILL, text=_KILLED.with_(pid=pid))
        self._finish(KILL, self._elapsed)
        self.house.sandbox.clear_faults()

    def _begin(self, name: str, text: Text) -> None:
        """From here on whatever a customer sends counts for this trouble."""
        self._began, self._before = time.monotonic(), self.counts.look().keys
        self._line = Line(name=name, text=text)

    def _finish(self, name: str, seconds: Callable[[], float]) -> None:
        score = self._wait(lambda score: score.settled)
        took = f"{seconds():.1f}"
        done = _DONE[name]
        text = Text(done.en.format(seconds=took), done.ru.format(seconds=took.replace(".", ",")))
        self._line = Line(name=name, text=text, score=score, over=True)

    def _wait(self, enough: Callable[[Score], bool]) -> Score:
        deadline = time.monotonic() + LONGEST
        while True:
            score = self._score(self.counts.look())
            if enough(score) or time.monotonic() > deadline:
                return score
            time.sleep(GLANCE)

    def _score(self, sight: Sight) -> Score:
        return sight.score(sight.keys - self._before)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


_DEEDS: Mapping[str, Callable[[Troubles], None]] = MappingProxyType(
    {DOWN: Troubles._go_down, STORM: Troubles._storm, KILL: Troubles._kill}
)
