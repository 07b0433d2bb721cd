"""Which runs begin now, and which open ones wait for somebody to go on with them."""

from __future__ import annotations

from datetime import datetime

import structlog

from connector.domain.sources import SourceSettings
from connector.journal import Run
from connector.sync.opening import House
from connector.sync.schedule import next_due

log = structlog.get_logger()


def begin_due(house: House) -> list[Run]:
    """Begin a run of each source that is due, has none and is not paused."""
    begun = [_begun(house, name, settings) for name, settings in house.settings.sources.items()]
    return [run for run in begun if run is not None]


def is_due(house: House, run: Run) -> bool:
    """Whether an open run is to be gone on with now and nobody is at it. One whose source left the settings waits."""
    return (
        run.source in house.settings.sources
        and (run.due_at <= house.clock() or house.journal.source(run.source).wants == "cancel")
        and not house.journal.leased(f"source:{run.source}")
    )


def _begun(house: House, name: str, settings: SourceSettings) -> Run | None:
    journal, now = house.journal, house.clock()
    state = journal.source(name)
    if state.paused_at is not None or journal.open_run(name) is not None:
        return None
    asked = state.due_at is not None and state.due_at <= now
    last = next(iter(journal.runs_of(name, limit=1)), None)
    due = next_due(settings, last.started_at if last else None, now)
    if not asked and (due is None or due > now):
        return None
    if state.due_at is not None:
        journal.note_source(name, due_at=None)  # before the run begins: what is asked for from now on is another one
    run = journal.begin_run(name, trigger="push" if asked else "schedule", full=_full(settings, state.full_at, now))
    if run is not None:
        log.info("sync.begun", source=name, run=run.id, full=run.full)
    return run


def _full(settings: SourceSettings, full_at: datetime | None, now: datetime) -> bool:
    """Whether it is time to read everything once more."""
    return settings.full_every is not None and full_at is not None and now - full_at >= settings.full_every
