"""When a source is due, and when it is late. Pure: times come in and go out."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from connector.domain.schedules import after, zone_of
from connector.domain.sources import SourceSettings

_SHARE, _MOST = 0.1, timedelta(seconds=60)  # of ``every``, unless ``jitter`` is given
_MISSED = 3  # times that a source may miss before it is late
_FRESH = timedelta(minutes=5)  # a source that never ran takes a time of its cron that is no older


def next_due(settings: SourceSettings, last_started: datetime | None, now: datetime) -> datetime | None:
    """When the next run begins (it may be past: then it is due), ``None`` for a source that is started by hand alone.

    Counted from the beginning of the last run, whoever began it; what was missed meanwhile is made up by one run. One
    that never ran is due at once, by cron at its next time.
    """
    wait = jitter(settings)
    if settings.every is not None:
        return now if last_started is None else last_started + settings.every + wait
    if not settings.cron:
        return None
    return after(settings.cron, last_started or now - _FRESH - wait, zone_of(settings.timezone)) + wait


def jitter(settings: SourceSettings) -> timedelta:
    """How much later than its time a source begins, so that not all begin at once: always the same for a name.

    Up to ``jitter``; unless it is given up to a tenth of ``every`` and at most a minute, nothing for cron.
    """
    most = settings.jitter
    if most is None:
        most = min(settings.every * _SHARE, _MOST) if settings.every is not None else timedelta()
    share = int.from_bytes(hashlib.sha256(settings.source.encode()).digest()[:4], "big") / 2**32
    return most * share


def late_at(settings: SourceSettings, since: datetime) -> datetime | None:
    """When a source that was last good at ``since`` becomes late: after ``late``, else after it could have run three
    times; ``None`` for one that is started by hand alone.
    """
    if settings.late is not None:
        return since + settings.late
    if settings.every is not None:
        return since + _MISSED * settings.every
    if not settings.cron:
        return None
    at, zone = since, zone_of(settings.timezone)
    for _ in range(_MISSED):
        at = after(settings.cron, at, zone)
    return at + jitter(settings)


def is_late(settings: SourceSettings, good_at: datetime | None, first_seen: datetime | None, now: datetime) -> bool:
    """Whether too long ago a run was good, or it has never been since ``first_seen``."""
    since = good_at or first_seen
    at = late_at(settings, since) if since is not None else None
    return at is not None and now > at
