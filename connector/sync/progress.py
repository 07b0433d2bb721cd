"""How far a run has come. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connector.journal.sync_model import Run

_SETTLED = ("created", "updated", "unchanged", "parked")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """``done`` of ``total`` rows (``None``: nobody knows how many come) in the present part of the run: reading, then
    writing. ``rate`` is rows a second since it began, ``left`` seconds until this part ends, as far as that can be
    told.
    """

    done: int
    total: int | None
    rate: float
    left: float | None

    @property
    def share(self) -> float | None:
        """From 0 to 1."""
        return None if not self.total else min(1.0, self.done / self.total)


def untouched(run: Run) -> int:
    """Rows of which nothing had to be written. Of those that the source told as before some were written all the same:
    they waited still, or the rules have changed.
    """
    counts = run.counts
    anew = sum(counts[name] for name in _SETTLED) - counts["changed"] - counts["gone"]
    return counts["same"] + counts["unchanged"] - max(0, anew)


def progress(run: Run, waiting: int, now: datetime) -> Progress:
    """Of an open run as it is now; ``waiting`` rows of its source are still to be written."""
    settled = sum(run.counts[name] for name in _SETTLED)
    reading = run.state == "reading"
    done, total = (run.counts["read"], run.total) if reading else (settled, settled + waiting)
    passed = ((run.ended_at or now) - run.started_at).total_seconds()
    rate = done / passed if passed > 0 else 0.0
    left = max(0, total - done) / rate if total is not None and rate > 0 else None
    return Progress(done=done, total=total, rate=rate, left=left)
