"""The queues and the connections to Redis."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

PUMP = "pump"
UPKEEP = "upkeep"
SYNC = "sync"
NAMES = (PUMP, UPKEEP, SYNC)

PUMP_SECONDS = 60.0
PUMP_TIMEOUT = 900  # seconds after which RQ breaks into a job; a pump leaves long before
UPKEEP_TIMEOUT = 600
SYNC_SECONDS = 45.0  # of a run that one job does
SYNC_TURN = 2.0  # of it, while other sources wait for their turn
SYNC_TIMEOUT = 1800  # a portion may sit behind live talk, and behind a method that waits for operating time
_TIMEOUTS = {PUMP: PUMP_TIMEOUT, UPKEEP: UPKEEP_TIMEOUT, SYNC: SYNC_TIMEOUT}
FAILURE_TTL = 86400


def connect(url: str) -> Redis:
    """A client that gives up quickly: whoever wakes must never wait for Redis."""
    return Redis.from_url(
        url, socket_connect_timeout=0.5, socket_timeout=1.0, retry=Retry(NoBackoff(), 1), health_check_interval=30
    )


def connect_worker(url: str) -> Redis:
    """A client for a worker's blocking reads; RQ sets its read timeout to fit."""
    return Redis.from_url(url, socket_connect_timeout=2.0, retry=Retry(NoBackoff(), 1), health_check_interval=30)


def queue(name: str, redis: Redis) -> Queue:
    """A queue whose jobs are JSON: nothing from Redis is ever unpickled."""
    return Queue(name, connection=redis, serializer=JSONSerializer, default_timeout=_TIMEOUTS[name])
