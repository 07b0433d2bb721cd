"""Operators who reply in the portal. Bitrix24 never repeats an event: what met a dead web is said again."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

from tests.integration.house.house import House
from tests.integration.house.waiting import until

EVENT = "ONIMCONNECTORMESSAGEADD"


@dataclass
class Operators:
    """They write ``count`` replies into random chats, at random moments within ``seconds``.

    ``taken`` maps a chat to the replies whose events got a 2xx, in order; ``again`` counts those that did not.
    """

    house: House
    chance: random.Random
    count: int
    seconds: float
    taken: dict[str, list[str]] = field(default_factory=dict)
    again: int = 0
    said: int = 0
    problems: list[str] = field(default_factory=list)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; nobody else may reply meanwhile."""
        self.said = len(self._posts())
        self._thread = threading.Thread(target=self._run, name="operators", daemon=True)
        self._thread.start()

    def finish(self, seconds: float) -> None:
        """Wait until every reply is taken. Raises ``AssertionError`` with what went wrong."""
        assert self._thread is not None
        self._thread.join(seconds)
        assert not self.problems, self.problems
        assert not self._thread.is_alive(), f"only {sum(map(len, self.taken.values()))} replies were taken"

    def _run(self) -> None:
        try:
            moments = sorted(time.monotonic() + self.chance.uniform(0, self.seconds) for _ in range(self.count))
            for number, moment in enumerate(moments):
                time.sleep(max(0.0, moment - time.monotonic()))
                self._reply(number)
        except Exception as error:
            self.problems.append(f"{type(error).__name__}: {error}")

    def _reply(self, number: int) -> None:
        chats = until(self.house.sandbox.chats, what="a chat to reply in")
        chat, text = str(self.chance.choice(chats)["external"]), f"reply {number}"
        while not self._say(chat, text):
            self.again += 1
            text = f"reply {number} again {self.again}"
            until(self.house.ready, what="the web is back", seconds=90)
        self.taken.setdefault(chat, []).append(text)

    def _say(self, chat: str, text: str) -> bool:
        """Whether the event of this reply was taken. Events leave in the order of the replies."""
        self.house.sandbox.say(chat, text)
        self.said += 1
        until(lambda: len(self._posts()) >= self.said, what="the event left", seconds=60)
        return 200 <= self._posts()[self.said - 1]["status"] < 300

    def _posts(self) -> list[dict[str, object]]:
        return [post for post in self.house.sandbox.events() if post["event"] == EVENT]
