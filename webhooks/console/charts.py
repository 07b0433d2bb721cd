"""Charts as inline SVG, drawn here: shapes and figures, for a template to put down. No script and no library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 240, 40
_GAP, _LEAST = 2, 2  # a bar that stands for anything at all is seen


@dataclass(frozen=True, kw_only=True)
class Bars:
    """A row of bars in a box of ``WIDTH`` × ``HEIGHT``, as the ``d`` of two SVG paths: ``bars`` and the ``last`` one.

    For those who do not see it: ``total``, the highest (``peak``) and its place (``where``), and how many are
    ``empty``.
    """

    bars: str
    last: str
    total: int
    peak: int
    where: int
    empty: int


def bars(values: Sequence[int]) -> Bars:
    """Bars for counts, the oldest first; at least one. What is below zero counts as nothing."""
    counts = [max(0, value) for value in values]
    peak = max(counts)
    step = WIDTH / len(counts)
    drawn = [_bar(place * step, step - _GAP, _height(count, peak)) for place, count in enumerate(counts)]
    return Bars(
        bars="".join(drawn[:-1]),
        last=drawn[-1],
        total=sum(counts),
        peak=peak,
        where=counts.index(peak),
        empty=counts.count(0),
    )


def _height(count: int, peak: int) -> float:
    return max(_LEAST, HEIGHT * count / peak) if count else 0.0


def _bar(left: float, width: float, height: float) -> str:
    if not height:
        return ""
    return f"M{left:g} {HEIGHT}v{-height:.4g}h{width:g}v{height:.4g}z"
