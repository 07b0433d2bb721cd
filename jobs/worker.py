"""The workers: ``python -m jobs.worker [--processes N]``.

N processes drain destinations, one does the upkeep, and where there are sources two go on with their runs: each listens
to one queue, because RQ loses a job that was popped from several (facts/measurements.md §1). A process that dies is
started again; while Redis is away the processes look for work in the journal themselves.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

import structlog
from redis.client import Pipeline
from redis.exceptions import ConnectionError, RedisError, TimeoutError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from connector import logs, registry
from connector.checkup import warn_of_webhooks
from connector.errors import SettingsError
from jobs import queues, syncing, tasks
from jobs.dispatch import House, house
from jobs.patience import Seldom, until_built
from jobs.supervisor import Supervisor

log = structlog.get_logger()

WORKER_TTL = 30
_REDIS_PAUSE = 1.0
SYNC_PROCESSES = 2  # so many sources at once share what live talk leaves


class RedisGoneError(StopRequested):
    """Ends RQ's loop, which would otherwise sleep longer and longer until Redis is back."""


class HouseWorker(SimpleWorker):
    """RQ's in-process worker that stops between two jobs and asks a pump at work to come to its end."""

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Raises ``RedisGoneError`` when Redis does not answer: meanwhile there is work to do without it."""
        try:
            super().heartbeat(timeout, pipeline)
        except (ConnectionError, TimeoutError) as error:
            raise RedisGoneError from error

    def subscribe(self) -> None:
        """RQ's remote commands are not used; its listening thread would outlive an outage of Redis."""

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """SIGTERM and SIGINT, first and repeated: finish the round, then leave. Touches nothing outside."""
        tasks.stopping().set()
        self._stop_requested = True
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested


def serve(queue_name: str) -> int:
    """Work on one queue until told to stop; returns the exit code of the process."""
    stop = tasks.stopping()
    signal.signal(signal.SIGTERM, _halt)
    signal.signal(signal.SIGINT, _halt)
    _follow_parent()
    home, seldom = until_built(house, stop), Seldom()
    while home is not None and not stop.is_set():
        try:
            _work(home, queue_name)
        except StopRequested:
            break
        except RedisError as error:
            if seldom.due():
                log.warning("worker.redis_away", queue=queue_name, error=type(error).__name__)
        finally:
            signal.signal(signal.SIGTERM, _halt)
            signal.signal(signal.SIGINT, _halt)
        if not stop.is_set():
            _without_redis(home, queue_name, stop)
    return 0


def _work(home: House, queue_name: str) -> None:
    redis = queues.connect_worker(home.connector.settings.redis_url)
    try:
        worker = HouseWorker(
            [queues.queue(queue_name, redis)],
            connection=redis,
            worker_ttl=WORKER_TTL,
            serializer=JSONSerializer,
            log_job_description=False,
        )
        worker.log_result_lifespan = False
        log.info("worker.started", queue=queue_name)
        if queue_name == queues.PUMP:
            _rouse_due(home)
        worker.work(logging_level="WARNING")
    finally:
        redis.close()


def _rouse_due(home: House) -> None:
    """Whoever was here before may have been killed in mid-work: what is due waits for no clock."""
    try:
        tasks.sweep(home)
    except Exception:  # the journal may be away; the clock sweeps again in a moment
        log.exception("worker.not_swept")


def _without_redis(home: House, queue_name: str, stop: threading.Event) -> None:
    """Redis is away (or came back this moment): do what the journal says is due, then let the caller try again."""
    try:
        if queue_name == queues.PUMP:
            for destination in home.connector.journal.due_destinations():
                tasks.pump(destination)
        elif queue_name == queues.SYNC:
            for source in syncing.due(home.connector):
                syncing.go_on(home.connector, source)
    except Exception:  # the journal may be away as well; the caller tries again in a moment
        log.exception("worker.work_failed", queue=queue_name)
    stop.wait(_REDIS_PAUSE)


def _halt(signum: int, frame: Any) -> None:
    tasks.stopping().set()


def _follow_parent() -> None:
    """Leave when the supervisor is gone, however it went."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def main(arguments: list[str] | None = None) -> int:
    """Run the workers until SIGTERM or SIGINT; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m jobs.worker", description="Workers that drain the journal.")
    parser.add_argument("--processes", type=int, default=2, help="processes that drain destinations (default 2)")
    options = parser.parse_args(arguments)
    logs.configure()
    logging.getLogger("rq").setLevel(logging.WARNING)
    try:
        settings = registry.settings()
        warn_of_webhooks(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    syncing_too = [queues.SYNC] * SYNC_PROCESSES if settings.sources else []
    names = [queues.PUMP] * max(1, options.processes) + [queues.UPKEEP] + syncing_too
    gc.freeze()  # what is loaded stays: no collection looks through it, so those that are forked share its pages
    return Supervisor(names, serve).run()


if __name__ == "__main__":
    sys.exit(main())
