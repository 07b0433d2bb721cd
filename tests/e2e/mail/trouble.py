"""Brings letters into a mailbox while its listener is killed and its server restarted."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.integration.house.processes import Service
from tests.mail.corpus import Case
from tests.mail.dovecot import Dovecot

DEEDS: Mapping[str, int] = {"listener killed": 3, "Dovecot killed": 1, "Dovecot restarted": 1}


class Postman(threading.Thread):
    """Appends ``cases`` within ``seconds``, in their order, with ``DEEDS`` at random moments between them.

    ``done`` counts the deeds; ``failure`` is what ended it too early.
    """

    def __init__(
        self,
        mailboxes: Dovecot,
        user: str,
        cases: Sequence[Case],
        listener: Service,
        chance: random.Random,
        *,
        seconds: float,
    ) -> None:
        super().__init__(name="postman", daemon=True)
        self.done: Counter[str] = Counter()
        self.failure: Exception | None = None
        self._mailboxes, self._user, self._cases, self._listener = mailboxes, user, cases, listener
        names = [name for name, times in DEEDS.items() for _ in range(times)]
        self._pause, self._chance = seconds / len(cases), chance
        self._plan = dict(zip(chance.sample(range(5, len(cases)), len(names)), names, strict=True))

    def run(self) -> None:
        try:
            for number, case in enumerate(self._cases):
                if number in self._plan:
                    self._do(self._plan[number])
                self._mailboxes.append(self._user, case.folder, case.raw)
                time.sleep(self._pause)
        except Exception as error:
            self.failure = error

    def _do(self, deed: str) -> None:
        time.sleep(self._chance.uniform(0, 0.3))
        if deed == "listener killed":
            if not self._listener.pid:
                return
            self._listener.kill()  # the keeper starts it again
        else:
            self._mailboxes.restart(kill=deed == "Dovecot killed", away=self._chance.uniform(0.2, 1.0))
        self.done[deed] += 1
