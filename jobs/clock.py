"""The clock: RQ's own cron refreshes tokens, looks back, counts and trims. ``python -m jobs.clock``.

Two clocks do no harm: every task is idempotent. While Redis is away the clock runs the due tasks itself. The sweep, the
spool and the rules of this machine are always looked after from here: neither the next try of a delivery nor the way
back of the database waits behind a look back, which may take minutes.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.cron import CronJob, CronScheduler
from rq.exceptions import SchedulerNotFound
from rq.job import Job

from connector import logs
from connector.errors import SettingsError, TransientError
from jobs import queues, syncing, tasks
from jobs.dispatch import house
from jobs.patience import Seldom, until_built

log = structlog.get_logger()

SWEEP_SECONDS = 2.0
DRAIN_SECONDS = 2.0
MAPPINGS_SECONDS = 5.0
SYNC_SECONDS = 3.0
REFRESH_SECONDS = 300
RECONCILE_SECONDS = 60  # how often it is asked whether a look back is due (connector/reconcile/mark.py)
TALLY_SECONDS = 60
BACKFILL_SECONDS = 20  # how often it is asked whether a PBX's history is due (connector/telephony/checkpoint.py)
CALLS_SECONDS = 300
SUBSCRIBE_SECONDS = 60  # how often it is asked whether a subscription at a PBX is to be renewed
HANDLERS_SECONDS = 3600
LIMITS_SECONDS = 3600
TRIM_AT = "23 3 * * *"  # local time
_BACKLOG = 50  # more waiting upkeep than this means that nobody works; more would not help


class JsonCronJob(CronJob):
    """A cron job on our JSON queue (RQ's own always pickles). What Redis does not take is run here and now."""

    def __init__(self, *, seldom: Seldom, **options: Any) -> None:
        super().__init__(**options)
        self._seldom = seldom

    def enqueue(self, connection: Redis) -> Job:
        """Enqueue the task, or run it in this process while Redis is away. Never raises."""
        upkeep = queues.queue(self.queue_name, connection)
        try:
            if upkeep.count < _BACKLOG:
                return upkeep.enqueue(self.func_name, **self.job_options)
        except RedisError as error:
            if self._seldom.due():
                log.warning("cron.redis_away", task=self.func_name, error=type(error).__name__)
            run_here(self.func_name, self.func)
        return Job.create(self.func_name, connection=connection, serializer=upkeep.serializer, origin=upkeep.name)


class Cron(CronScheduler):
    """RQ's scheduler with the duties of this house."""

    def __init__(self, connection: Redis) -> None:
        super().__init__(connection, logging_level="WARNING")
        self._seldom = Seldom()

    def add(self, task: Callable[[], object], *, every: int | None = None, at: str | None = None) -> None:
        """Run ``task`` every so many seconds, or at a cron time."""
        ttl = max(60, 2 * every) if every else None
        self.get_jobs().append(
            JsonCronJob(
                seldom=self._seldom,
                queue_name=queues.UPKEEP,
                func=task,
                interval=every,
                cron=at,
                ttl=ttl,
                result_ttl=0,
                failure_ttl=queues.FAILURE_TTL,
            )
        )

    def tick(self) -> float:
        """Enqueue (or run) what is due; returns the seconds until something is due again, one at most."""
        told = self.enqueue_jobs()
        try:
            if told:
                self.save()
            self.heartbeat()
        except RedisError as error:
            log.debug("cron.not_registered", error=type(error).__name__)
        return min(1.0, self.calculate_sleep_interval())

    def run(self, stop: threading.Event) -> None:
        """Tick until ``stop``."""
        while not stop.is_set():
            stop.wait(self.tick())
        try:
            self.register_death()
        except (RedisError, SchedulerNotFound) as error:
            log.debug("cron.not_registered", error=type(error).__name__)


def cron(redis: Redis) -> Cron:
    """The timetable."""
    timetable = Cron(redis)
    timetable.add(tasks.refresh_tokens, every=REFRESH_SECONDS)
    timetable.add(tasks.learn_limits, every=LIMITS_SECONDS)
    timetable.add(tasks.reconcile, every=RECONCILE_SECONDS)
    timetable.add(tasks.backfill, every=BACKFILL_SECONDS)
    timetable.add(tasks.subscribe, every=SUBSCRIBE_SECONDS)
    timetable.add(tasks.watch_calls, every=CALLS_SECONDS)
    timetable.add(tasks.check_handlers, every=HANDLERS_SECONDS)
    timetable.add(tasks.tally, every=TALLY_SECONDS)
    timetable.add(tasks.trim, at=TRIM_AT)
    return timetable


def run_here(name: str, task: Callable[..., object] | None) -> None:
    """Run one task in this process; a failure is logged and the clock goes on."""
    try:
        if task is not None:
            task()
    except TransientError as error:
        log.warning("cron.task_waits", task=name, cause=error.cause)
    except Exception:  # the clock outlives whatever a task may raise
        log.exception("cron.task_failed", task=name)


def every(seconds: float, task: Callable[[], object], stop: threading.Event) -> threading.Thread:
    """``task`` again and again until ``stop``, each time ``seconds`` after its end, in a thread of its own."""

    def keep_on() -> None:
        while not stop.wait(seconds):
            run_here(name, task)

    name = getattr(task, "__name__", "")
    thread = threading.Thread(target=keep_on, name=name, daemon=True)
    thread.start()
    return thread


def main() -> int:
    """Run the clock until SIGTERM or SIGINT; returns the exit code."""
    logs.configure()
    logging.getLogger("rq").setLevel(logging.WARNING)
    stop = tasks.stopping()

    def halt(signum: int, frame: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, halt)
    signal.signal(signal.SIGINT, halt)
    try:
        home = until_built(house, stop)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    if home is None:
        return 0
    gc.freeze()  # what is loaded stays: no collection looks through it
    own = [
        every(DRAIN_SECONDS, tasks.drain_spool, stop),
        every(SWEEP_SECONDS, tasks.sweep, stop),
        every(MAPPINGS_SECONDS, tasks.watch_mappings, stop),
        every(SYNC_SECONDS, syncing.rouse, stop),
    ]
    log.info("clock.started")
    cron(queues.connect(home.connector.settings.redis_url)).run(stop)
    for thread in own:
        thread.join(timeout=10)
    log.info("clock.stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
