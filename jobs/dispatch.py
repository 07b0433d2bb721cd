"""Waking pumps, and the connector of this process wired so that its commits wake them.

The wake protocol (facts/measurements.md §5): a flag per destination keeps a crowd of wake-ups down to one job.
A pump holds the flag up while it drains, lowers it, and looks once more; work that was committed while the flag
was up is seen by that last look, work that is committed after it raises a job of its own. The journal's lease
decides who drains, so a lost flag, a lost job or a job too many costs time and nothing else.

The flag names the job that it stands for. A worker that was killed leaves its flag behind; the sweep, which knows from
the journal that nobody drains, looks whether that job still waits in the queue and believes the flag only then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from uuid import uuid4

import structlog
from redis import Redis
from redis.exceptions import RedisError

from connector import registry
from connector.bootstrap import Connector, build
from connector.metrics import counters
from jobs import queues
from jobs.patience import Seldom

log = structlog.get_logger()

FLAG_SECONDS = 30  # of a wake that waits in the queue
HELD_SECONDS = 10  # of a pump at work; it is held up again well before
REST_SECONDS = 2.0  # after a failure Redis is left alone for so long


class Waker:
    """Tells that a destination has work. Never raises and never waits long: the sweep finds what it missed."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis, self._clock = redis, clock
        self._queue = queues.queue(queues.PUMP, redis)
        self._rest_until, self._seldom = float("-inf"), Seldom(clock=clock)

    def __call__(self, destination: str) -> None:
        """Enqueue one pump for ``destination`` unless one is on its way or at work."""
        self._unless_resting(self._wake, destination)

    def rouse(self, destination: str) -> None:
        """The sweep's wake, for due work that nobody drains: only a job that waits in the queue speaks against it.

        Whatever else holds the flag up is gone, by SIGKILL or with the memory of Redis.
        """
        self._unless_resting(self._rouse, destination)

    def _unless_resting(self, action: Callable[[str], None], destination: str) -> None:
        if self._clock() < self._rest_until:
            counters().wake("skipped")
            return
        try:
            action(destination)
        except RedisError as error:
            self._rest_until = self._clock() + REST_SECONDS
            counters().wake("failed")
            if self._seldom.due():
                log.warning("wake.failed", destination=destination, error=type(error).__name__)

    def hold(self, destination: str) -> None:
        """A pump of ``destination`` is at work: nobody needs to enqueue another."""
        self._quietly(lambda: self._redis.set(_flag(destination), "at work", ex=HELD_SECONDS))

    def lower(self, destination: str) -> None:
        """From here on new work wakes a new pump."""
        self._quietly(lambda: self._redis.delete(_flag(destination)))

    def _wake(self, destination: str) -> None:
        job = str(uuid4())
        if not self._redis.set(_flag(destination), job, ex=FLAG_SECONDS, nx=True):
            return
        try:
            self._queue.enqueue(
                "jobs.tasks.pump",
                destination,
                job_id=job,
                result_ttl=0,
                failure_ttl=queues.FAILURE_TTL,
                description=destination,
            )
        except RedisError:
            self.lower(destination)
            raise
        counters().wake("sent")

    def _rouse(self, destination: str) -> None:
        job = self._redis.get(_flag(destination))
        if isinstance(job, bytes) and self._queue.get_job_position(job.decode()) is None:
            self.lower(destination)
        self._wake(destination)

    def _quietly(self, action: Callable[[], object]) -> None:
        try:
            action()
        except RedisError as error:
            if self._seldom.due():
                log.warning("wake.flag_failed", error=type(error).__name__)


def _flag(destination: str) -> str:
    return f"wake:{destination}"


@dataclass(frozen=True, kw_only=True)
class House:
    """The connector of this process and the waker that its commits call."""

    connector: Connector
    wake: Waker


@cache
def house() -> House:
    """The house of this process, built on first use from the environment. Raises ``SettingsError``.

    Never call it before a fork: connections do not survive one.
    """
    settings = registry.settings()
    wake = Waker(queues.connect(settings.redis_url))
    return House(connector=build(settings, wake=wake), wake=wake)
