"""Tags of a source's records and of Bitrix24 are brought in step, a portion of records at a time.

Every write puts a whole set in the place of another and is worked out from what stands there now, so it may be
repeated: a run that was cut off anywhere is simply done again, and a second run changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connector.domain.ports import Clock
from connector.domain.sources import SourceSettings
from connector.handlers.rules import Rules
from connector.journal import Journal, MirrorRow, Run
from connector.portal import Portal
from connector.speech import Text
from connector.sync.tags.outcome import TagsOutcome
from connector.sync.tags.pairing import braked, paired, placed
from connector.sync.tags.room import room_of
from connector.sync.tags.tools import Tools, WriteBack
from connector.sync.tags.writing import written

PATIENCE = 30.0  # seconds that a method without operating time is waited for
TOGETHER = 2000
_NO_BACK = Text(
    "tags.back is set, but this source can only be read: tags of Bitrix24 are not written to it",
    "tags.back включён, но этот источник доступен только для чтения: теги из Битрикс24 в него не записываются",
)


def work(
    portal: Portal,
    journal: Journal,
    settings: SourceSettings,
    *,
    rules: Rules,
    clock: Clock,
    run: Run,
    stop: Callable[[], bool],
    dry: bool = False,
    write: WriteBack | None = None,
    after: str = "",
    together: int = TOGETHER,
) -> TagsOutcome:
    """Go through the records of a source behind the id ``after``, ``together`` at once, until all are done or ``stop``.

    ``rules`` have the mapping set that counts now; ``write`` is the source's own, its desk given. Where it stopped, the
    outcome has ``after`` to go on from, and is not ``finished``. Raises ``TransientError`` (later) and ``Stopped``.
    """
    outcome = TagsOutcome(after=after)
    if settings.tags is None:
        outcome.finished = True
        return outcome
    with portal.bulk(patience=PATIENCE) as bulk:
        tools = Tools(
            portal=portal.name,
            source=settings.source,
            journal=journal,
            bulk=bulk,
            rules=rules,
            clock=clock,
            trace=run.trace,
            write=write,
            dry=dry,
            allow_gone=run.allow_gone,
            outcome=outcome,
        )
        while not outcome.finished and not stop():
            rows = journal.mirror_rows(settings.source, after=outcome.after, limit=together)
            step(tools, settings, rows)
            outcome.after = rows[-1].record if rows else outcome.after
            outcome.finished = len(rows) < together
    return outcome


def step(tools: Tools, settings: SourceSettings, rows: Sequence[MirrorRow]) -> None:
    """Bring the tags of these records in step; what came of it is added to the outcome of ``tools``."""
    tags = settings.tags
    live = [row for row in rows if not row.gone and row.cause != "source.broken"]
    if tags is None or not live:
        return
    if tags.back and tools.write is None:
        tools.outcome.note(_NO_BACK)
    tools.outcome.looked += len(live)
    room, pairs = paired(tools, settings, room_of(tools, tags), placed(tools, settings, live))
    back = tags.back and tools.write is not None
    merged = [pair.merged(tags.merge, back=back) for pair in braked(tools, settings, pairs)]
    written(tools, settings, room, merged)
