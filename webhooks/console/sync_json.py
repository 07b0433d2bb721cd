"""Sources and runs as JSON, for programs that watch: codes as they are, words in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.journal.sync_model import Run
from connector.logs import mask_credentials
from connector.speech import Text
from connector.sync.health import Standing
from connector.sync.progress import Progress
from webhooks.console.masking import visible
from webhooks.console.reading import Reader
from webhooks.console.showing import insider


def source_told(
    one: Standing, read: Reader, schedule: Text, counts: Mapping[str, int], come: Progress | None
) -> dict[str, Any]:
    """One source. Times are ISO text, ``lag_seconds`` is null before the first good run."""
    return {
        "name": one.name,
        "provider": one.provider,
        "portal": one.portal,
        "state": one.state,
        "words": read.say(one.words),
        "schedule": read.say(schedule),
        "good_at": _iso(one.good_at),
        "lag_seconds": one.lag,
        "next_at": _iso(one.next_at),
        "paused_at": _iso(one.paused_at),
        "counts": dict(counts),
        "alarms": [{"kind": alarm.kind, "words": read.say(alarm.words)} for alarm in one.alarms],
        "run": run_told(one.open, read, come) if one.open is not None else None,
        "last": run_told(one.last, read) if one.last is not None else None,
    }


def run_told(run: Run, read: Reader, come: Progress | None = None) -> dict[str, Any]:
    """One run. ``progress`` is null for one that is over; who began it, and details, are for operators."""
    inside = insider()
    return {
        "id": run.id,
        "source": run.source,
        "state": run.state,
        "trigger": run.trigger,
        "full": run.full,
        "started_at": _iso(run.started_at),
        "ended_at": _iso(run.ended_at),
        "total": run.total,
        "counts": dict(run.counts),
        "cause": run.cause,
        "hint": read.say(run.hint) if run.hint is not None else "",
        "notes": [visible(mask_credentials(read.say(note))) for note in run.notes],
        **({"who": run.who, "detail": visible(mask_credentials(run.detail))} if inside else {}),
        "progress": _progress(come) if come is not None else None,
    }


def _progress(come: Progress) -> dict[str, Any]:
    return {
        "done": come.done,
        "total": come.total,
        "rows_per_second": round(come.rate, 2),
        "seconds_left": None if come.left is None else round(come.left),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
