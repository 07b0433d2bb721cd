"""Where the pretend providers play, and what was asked of them."""

from __future__ import annotations

import threading
import time

from connector.demo.host import StandInHost
from connector.domain.request import Reply, Request


class Stage(StandInHost):
    """Also keeps every request. Stand-ins are driven under ``lock``; ``delay`` is how many seconds an answer takes."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[str, Request]] = []
        self.lock = threading.RLock()
        self.delay = 0.0

    def play(self, account: str, request: Request) -> Reply:
        """The stand-in's answer to one of our calls."""
        time.sleep(self.delay)
        with self.lock:
            self.requests.append((account, request))
            return super().play(account, request)

    def heard(self, account: str, conversation: str) -> list[str]:
        """What the customer of a conversation sees now."""
        with self.lock:
            return list(self.standins[account].heard(conversation))

    def calls(self, account: str) -> list[Request]:
        """The requests that an account's stand-in got so far."""
        with self.lock:
            return [request for name, request in self.requests if name == account]
