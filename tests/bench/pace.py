"""Where a drain's time goes: how full its requests were and how long nothing left though something might have."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.bench.strict_portal import PER_SECOND


@dataclass(frozen=True, kw_only=True)
class Pace:
    """``first``: seconds to the first request; ``full``: median seconds a request; ``gap``: the longest pause between
    two requests' beginnings; ``idle``: the sum of what was beyond a token's time; ``tail``: from the last beginning."""

    COLUMNS: ClassVar[tuple[str, ...]] = ("requests", "first s", "median s", "longest s", "gap s", "idle s", "tail s")

    requests: int = 0
    first: float = 0.0
    full: float = 0.0
    longest: float = 0.0
    gap: float = 0.0
    idle: float = 0.0
    tail: float = 0.0

    def row(self) -> list[object]:
        """The cells of its table."""
        return [self.requests, self.first, self.full, self.longest, self.gap, self.idle, self.tail]


def pace_of(calls: Sequence[Mapping[str, Any]], begun: float) -> Pace:
    """The pace of the requests that were served since ``begun``, unix seconds; ``calls`` are oldest first."""
    served = [row for row in calls if row["at"] >= begun and row["status"] == 200]
    if not served:
        return Pace()
    starts = [float(row["at"]) - begun for row in served]
    lasted = [row["ms"] / 1000 for row in served]
    gaps = [after - before for before, after in zip([0.0, *starts], starts, strict=False)]
    return Pace(
        requests=len(served),
        first=starts[0],
        full=statistics.median(lasted),
        longest=max(lasted),
        gap=max(gaps),
        idle=sum(max(0.0, gap - 1 / PER_SECOND) for gap in gaps),
        tail=max(start + took for start, took in zip(starts, lasted, strict=True)) - starts[-1],
    )
