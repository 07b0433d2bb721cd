"""The runs of sources as jobs: one portion each, in turn, so that several sources share the workers fairly.

A job carries the name of a source and nothing else: which run it is and how far it got stands in the journal, and its
lease decides who goes on with it. A job too many finds the lease held and leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue

from connector.bootstrap import Connector
from connector.journal import JournalAway
from connector.sync.begin import begin_due, is_due
from jobs import queues, tasks
from jobs.dispatch import house
from jobs.patience import Seldom

if TYPE_CHECKING:
    from connector.sync.engine import Portion

log = structlog.get_logger()


def rouse() -> int:
    """Begin the runs that are due, and see to it that somebody goes on with each open one; how many were enqueued."""
    connector = house().connector
    try:
        names = due(connector)
    except JournalAway as away:
        log.warning("sync.journal_away", why=away.detail[:200])
        return 0
    if not names:
        return 0
    redis = queues.connect(connector.settings.redis_url)
    try:
        return sum(enqueue(redis, name) for name in names)
    except RedisError as error:  # the workers look into the journal themselves while it is away
        if _seldom().due():
            log.warning("sync.redis_away", error=type(error).__name__)
        return 0
    finally:
        redis.close()


def due(connector: Connector) -> list[str]:
    """The sources whose run is to be gone on with now, and nobody is at it; what is due begins."""
    begin_due(connector)
    return [run.source for run in connector.journal.open_runs() if is_due(connector, run)]


def go_on(connector: Connector, source: str, *, others: Callable[[], bool] = lambda: False) -> Portion:
    """One portion of the open run of a source; a short one while ``others`` wait for their turn."""
    from connector.sync.engine import portion  # most workers have no source, and the clock never goes on with a run

    turn = monotonic() + queues.SYNC_TURN
    return portion(
        connector,
        source,
        stop=tasks.stopping().is_set,
        seconds=queues.SYNC_SECONDS,
        enough=lambda: monotonic() >= turn and others(),
    )


def sync(source: str) -> str:
    """The job: a portion, and another job behind the others when there is more; how the run stands."""
    connector = house().connector
    if not isinstance(source, str) or source not in connector.settings.sources:
        log.warning("sync.unknown_source")
        return "unknown"
    redis = queues.connect(connector.settings.redis_url)
    try:
        went = go_on(connector, source, others=lambda: _waiting(redis) > 0)
        if went.state == "more" and not tasks.stopping().is_set():
            enqueue(redis, source)
    except RedisError as error:  # the clock finds the run a moment later
        log.info("sync.not_enqueued", source=source, error=type(error).__name__)
        return "more"
    except JournalAway as away:  # and so does it when the journal is back
        log.warning("sync.journal_away", source=source, why=away.detail[:200])
        return "journal_away"
    finally:
        redis.close()
    return went.state


def enqueue(redis: Redis, source: str) -> bool:
    """A job for the source behind the others, unless one waits already. Raises ``RedisError``."""
    queue: Queue = queues.queue(queues.SYNC, redis)
    mine = f"sync-{source}"
    if any(name.rpartition("-")[0] == mine for name in queue.get_job_ids()):
        return False
    queue.enqueue(
        "jobs.syncing.sync",
        source,
        job_id=f"{mine}-{uuid4().hex}",
        result_ttl=0,
        failure_ttl=queues.FAILURE_TTL,
        description=f"sync {source}",
    )
    return True


def _waiting(redis: Redis) -> int:
    """How many jobs wait; none that is known while Redis is away."""
    try:
        return int(queues.queue(queues.SYNC, redis).count)
    except RedisError:
        return 0


@cache
def _seldom() -> Seldom:
    return Seldom()
