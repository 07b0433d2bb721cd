"""The second half of a run: rows that wait are written to the portal, a pageful at a time, each with its own fate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from connector.domain.sources import SourceSettings
from connector.errors import TransientError
from connector.journal import Lease, MirrorRow, RowSettlement, Run, SyncStep
from connector.portal.hints import HINTS
from connector.sync.carrying import Carrying
from connector.sync.driving import Driving
from connector.sync.opening import House, fingerprint
from connector.sync.records import journey

PATIENCE = 30.0  # seconds that a method without operating time is waited for within a portion


@dataclass(frozen=True)
class Writing:
    """What writing needs."""

    house: House
    settings: SourceSettings
    lease: Lease
    run: Run


def write(work: Writing, *, stop: Callable[[], bool]) -> bool:
    """Write a page of what is due; whether there may be more. Raises ``Stopped``, ``TransientError``, ``LeaseLost``."""
    house, settings = work.house, work.settings
    waiting = house.journal.rows_waiting(settings.source, limit=settings.page)
    rows = _without_strangers(work, waiting)
    if not rows:
        return bool(waiting)
    mappings = house.rulebook.current()
    rules = replace(house.rules, mappings=mappings)
    portal = house.portals[settings.portal]
    ones = [journey(row, settings.portal, settings.rules, rules) for row in rows]
    with portal.bulk(patience=PATIENCE) as bulk:
        carrying = Carrying(
            house.journal,
            portal,
            bulk,
            lease=work.lease,
            run=work.run,
            mapping=fingerprint(mappings, settings),
            clock=house.clock,
            doubt=house.settings.portals[settings.portal].doubt,
        )
        with carrying:
            Driving(carrying, stop=stop).drive(ones)
    if not carrying.settled and not stop():
        raise TransientError("bitrix24.not_run", hint=HINTS["server"])
    return carrying.settled > 0


def _without_strangers(work: Writing, rows: list[MirrorRow]) -> list[MirrorRow]:
    """What is gone before it was ever written is no matter of the portal."""
    strangers = [row for row in rows if row.gone and not row.mapping]
    if strangers:
        step = SyncStep(rows=[RowSettlement(row=row, state="done", outcome="unchanged") for row in strangers])
        work.house.journal.sync_step(work.lease, work.run, step, owner=f"portal:{work.settings.portal}")
    return [row for row in rows if not (row.gone and not row.mapping)]
