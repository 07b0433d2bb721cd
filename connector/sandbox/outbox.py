"""Events on their way out: one background thread posts them in order, once each.

There is no retry: a handler that is away, slow or answers badly loses the event (facts/bitrix24-platform.md §5.5).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

import requests

USER_AGENT = "Bitrix24 Webhook Engine"
DROPPED = "Dropped"


@dataclass(kw_only=True)
class Post:
    """One event for one handler, and what became of it. ``at`` is unix seconds."""

    id: int
    event: str
    handler: str
    body: str
    at: float = 0.0
    ms: float = 0.0
    status: int = 0
    error: str = ""

    @property
    def failed(self) -> bool:
        """True when the handler did not answer 2xx in time."""
        return bool(self.error) or not 200 <= self.status < 300

    def public(self) -> dict[str, Any]:
        """The post without its body, which holds tokens."""
        return {key: value for key, value in asdict(self).items() if key != "body"}


class Outbox:
    """A queue with one sender thread. ``timeout`` seconds per handler."""

    def __init__(self, timeout: float, log_size: int, clock: Callable[[], float]) -> None:
        self._timeout, self._clock = timeout, clock
        self._waiting: deque[Post] = deque()
        self._log: deque[Post] = deque(maxlen=log_size)
        self._changed = threading.Condition()
        self._busy = False
        self._stopping = False
        self._last = 0
        self._dropping: list[str] = []
        self._thread: threading.Thread | None = None
        self.sent = 0
        self.lost = 0

    def start(self) -> None:
        """Begin to send."""
        with self._changed:
            self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sandbox-events", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the event that is under way and leave; the rest waits for the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(self._timeout + 5)
            self._thread = None

    def put(self, event: str, handler: str, body: str) -> None:
        """Queue one event."""
        with self._changed:
            self._last += 1
            self._waiting.append(Post(id=self._last, event=event, handler=handler, body=body))
            self._changed.notify_all()

    def drop(self, count: int, event: str) -> None:
        """Lose the next ``count`` events whose name matches the pattern: they are listed and counted, never sent."""
        with self._changed:
            self._dropping += [event.upper()] * count

    def resend(self, post_id: int) -> bool:
        """Queue the same body once more, as a queue server that repeats itself would; false when it is forgotten."""
        with self._changed:
            found = next((post for post in self._log if post.id == post_id), None)
        if found:
            self.put(found.event, found.handler, found.body)
        return found is not None

    def settled(self, timeout: float) -> bool:
        """Wait until nothing is queued or under way; false when ``timeout`` seconds were not enough."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def listing(self, failed: bool = False) -> list[dict[str, Any]]:
        """Posts that left, oldest first; only the lost ones when ``failed``."""
        with self._changed:
            return [post.public() for post in self._log if post.failed or not failed]

    def waiting(self) -> int:
        """How many events have not left yet."""
        with self._changed:
            return len(self._waiting) + self._busy

    def forget(self) -> None:
        """Drop the queue, the log and the counts."""
        with self._changed:
            self._waiting.clear()
            self._log.clear()
            self._dropping.clear()
            self.sent = self.lost = 0
            self._changed.notify_all()

    def _run(self) -> None:
        with requests.Session() as http:
            http.trust_env = False
            while (post := self._take()) is not None:
                self._send(http, post)

    def _take(self) -> Post | None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            if self._stopping:
                return None
            self._busy = True
            return self._waiting.popleft()

    def _send(self, http: requests.Session, post: Post) -> None:
        post.at = began = self._clock()
        if self._dropped(post):
            post.error = DROPPED
        else:
            self._post(http, post)
        post.ms = round((self._clock() - began) * 1000, 1)
        with self._changed:
            self._log.append(post)
            self.sent += 1
            self.lost += post.failed

    def _dropped(self, post: Post) -> bool:
        with self._changed:
            pattern = next((item for item in self._dropping if fnmatchcase(post.event, item)), None)
            if pattern is not None:
                self._dropping.remove(pattern)
        return pattern is not None

    def _post(self, http: requests.Session, post: Post) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": USER_AGENT}
        try:
            answer = http.post(
                post.handler, data=post.body.encode(), headers=headers, timeout=self._timeout, allow_redirects=False
            )
            post.status = answer.status_code
        except requests.RequestException as error:
            post.error = type(error).__name__
