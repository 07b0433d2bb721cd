"""Kills processes of the house with SIGKILL at random moments, and wipes Redis."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from tests.integration.house.house import House
from tests.integration.house.processes import Service

DEEDS: Mapping[str, int] = {
    "web, all of it": 3,
    "a web worker": 3,
    "the workers, all of them": 3,
    "a worker": 6,
    "the clock": 2,
    "Redis flushed": 2,
}


class Monkey:
    """Does each of ``deeds`` as often as it says within ``seconds``; who is killed is started again by the keeper."""

    def __init__(
        self, house: House, chance: random.Random, *, seconds: float, deeds: Mapping[str, int] = DEEDS
    ) -> None:
        self.done: Counter[str] = Counter()
        self.problems: list[str] = []
        self._house, self._chance = house, chance
        names = [name for name, times in deeds.items() for _ in range(times)]
        chance.shuffle(names)
        moments = sorted(chance.uniform(0.5, seconds) for _ in names)
        self._plan: Sequence[tuple[float, str]] = list(zip(moments, names, strict=True))
        self._thread = threading.Thread(target=self._run, name="monkey", daemon=True)

    @property
    def kills(self) -> int:
        """How many processes or groups were killed."""
        return self.done.total() - self.done["Redis flushed"]

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self, seconds: float) -> None:
        """Wait until all is done. Raises ``AssertionError`` when a deed failed."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"only {self.done} were done"
        assert not self.problems, self.problems

    def _run(self) -> None:
        began = time.monotonic()
        for moment, name in self._plan:
            time.sleep(max(0.0, began + moment - time.monotonic()))
            try:
                self._deeds()[name]()
                self.done[name] += 1
            except Exception as error:
                self.problems.append(f"{name}: {type(error).__name__}: {error}")

    def _deeds(self) -> dict[str, Callable[[], None]]:
        ours = self._house.services
        return {
            "web, all of it": ours["web"].kill,
            "a web worker": lambda: self._one_of(ours["web"]),
            "the workers, all of them": ours["worker"].kill,
            "a worker": lambda: self._one_of(ours["worker"]),
            "the clock": ours["clock"].kill,
            "Redis flushed": self._house.redis.flush,
        }

    def _one_of(self, service: Service) -> None:
        """Kill one child; the whole service when it has none at this moment."""
        children = service.children()
        if not children:
            service.kill()
            return
        os.kill(self._chance.choice(children), signal.SIGKILL)
