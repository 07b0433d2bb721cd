"""Customers: each conversation's messages are posted one after another, and each again until it is taken."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import requests

from connector.domain.request import Request
from tests.integration.house.waiting import until

PATIENCE = 120.0


def post(base: str, account: str, request: Request, *, http: requests.Session | None = None) -> requests.Response:
    """One provider request, exactly as the stand-in built it, to the account's hook."""
    url = f"{base}/hooks/{account}" + (f"?{request.query}" if request.query else "")
    sender = http or requests
    return sender.request(request.method, url, data=request.body, headers=dict(request.headers), timeout=10)


def post_until_taken(base: str, account: str, request: Request, *, http: requests.Session | None = None) -> int:
    """Repeat the same request until it gets 2xx, as providers do; returns how many times it was sent."""
    times = 0

    def taken() -> bool:
        nonlocal times
        times += 1
        return post(base, account, request, http=http).ok

    until(taken, seconds=PATIENCE, what=f"a 2xx for a request to {account}")
    return times


@dataclass
class Conversation:
    """One customer and what they are going to say, in order."""

    account: str
    name: str
    texts: list[str]
    repeats: int = 0
    taken: int = 0


@dataclass
class Crowd:
    """Conversations that all talk at once, at random moments within ``seconds``."""

    base: str
    said: Callable[[str, str, str], Request]
    conversations: Sequence[Conversation]
    seconds: float
    chance: random.Random
    problems: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Let them talk."""
        for conversation in self.conversations:
            seed = self.chance.random()
            thread = threading.Thread(target=self._talk, args=(conversation, random.Random(seed)), daemon=True)
            self._threads.append(thread)
            thread.start()

    def finish(self, seconds: float) -> None:
        """Wait until all have said everything. Raises ``AssertionError`` with what went wrong."""
        ends = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
        assert not self.problems, self.problems[:5]
        assert not any(thread.is_alive() for thread in self._threads), "some are still talking"

    def _talk(self, conversation: Conversation, chance: random.Random) -> None:
        moments = sorted(time.monotonic() + chance.uniform(0, self.seconds) for _ in conversation.texts)
        try:
            with requests.Session() as http:
                http.trust_env = False
                for moment, text in zip(moments, conversation.texts, strict=True):
                    time.sleep(max(0.0, moment - time.monotonic()))
                    request = self.said(conversation.account, conversation.name, text)
                    conversation.repeats += post_until_taken(self.base, conversation.account, request, http=http) - 1
                    conversation.taken += 1
        except Exception as error:
            self.problems.append(f"{conversation.name}: {type(error).__name__}: {error}")
