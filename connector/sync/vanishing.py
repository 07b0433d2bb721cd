"""What a full read did not see is gone, unless there is suspiciously much of it: then a person is asked."""

from __future__ import annotations

from connector.domain.sources import SourceSettings
from connector.journal import Journal, Lease, Run
from connector.speech import Text

BRAKE = "sync.brake"
_HELD = Text(
    "{missing} of {total} records are no longer in the source, more than {brake:g} % (brake). They were left as they "
    "are. If they are really gone: connector sync run {name} --allow-gone",
    "В источнике больше нет {missing} записей из {total} — больше {brake:g} % (brake). Они оставлены как есть. Если их "
    "действительно больше нет: connector sync run {name} --allow-gone",
)
_EMPTY = Text(
    "The source is empty, though {total} records were there. They were left as they are. If they are really gone: "
    "connector sync run {name} --allow-gone",
    "Источник пуст, хотя в нём было записей: {total}. Они оставлены как есть. Если их действительно больше нет: "
    "connector sync run {name} --allow-gone",
)
_FEW = 1  # of a handful one may always go
_TOGETHER = 2000


def vanished(journal: Journal, lease: Lease, run: Run, settings: SourceSettings) -> Run:
    """Have what vanished written as gone; the run as it stands then. Does it once in a run, wherever it is killed."""
    if run.full and not held(journal, lease, run, settings):
        while journal.mark_gone(lease, run, limit=_TOGETHER):
            pass
    journal.went_on(lease, run, position={"at": None, "checked": True})
    found = journal.run_of(run.id)
    assert found is not None
    return found


def held(journal: Journal, lease: Lease, run: Run, settings: SourceSettings) -> bool:
    """Whether the brake holds; the run says so then."""
    missing, total = journal.unseen(run)
    if run.allow_gone or not brakes(missing, total, settings.brake, read=run.counts["read"]):
        return False
    words = _HELD if run.counts["read"] else _EMPTY
    hint = words.with_(missing=missing, total=total, brake=settings.brake, name=run.source)
    journal.went_on(lease, run, cause=BRAKE, hint=hint)
    return True


def brakes(missing: int, total: int, brake: float, *, read: int = 1) -> bool:
    """Whether ``missing`` of ``total`` are too many to go without asking; of a source that shows nothing any are."""
    return bool(missing) and (read == 0 or missing > max(_FEW, total * brake / 100))
