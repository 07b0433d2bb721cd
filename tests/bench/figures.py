"""Figures, and where they go: the table on the screen and ``var/bench.json``."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One result under a stable name. ``spread`` is the lowest and the highest round; ``of`` says what was measured,
    ``against`` what it is compared with (empty for a figure that stands alone)."""

    name: str
    value: float
    unit: str
    spread: tuple[float, float]
    of: str
    against: str = ""

    def as_json(self) -> dict[str, Any]:
        """The entry in ``var/bench.json``."""
        return {
            "value": tidy(self.value),
            "unit": self.unit,
            "spread": [tidy(end) for end in self.spread],
            "of": self.of,
            "against": self.against or None,
        }


def median(name: str, values: Sequence[float], *, unit: str, of: str, against: str = "") -> Figure:
    """The median of the rounds, with the lowest and the highest of them."""
    return Figure(
        name=name,
        value=statistics.median(values),
        unit=unit,
        spread=(min(values), max(values)),
        of=of,
        against=against,
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which ``percent`` of ``values`` lie (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def tidy(value: float) -> float:
    """Four significant digits; whole numbers from 1000 on."""
    return float(round(value)) if abs(value) >= 1000 else float(f"{value:.4g}")


def keep(figures: Sequence[Figure], place: Path, *, only: str) -> None:
    """Write ``figures`` to ``place``. With ``only`` the entries of other names stay as they were."""
    known: dict[str, Any] = {}
    if only and place.exists():
        found = json.loads(place.read_text(encoding="utf-8"))
        known = {name: entry for name, entry in found.items() if not name.startswith(only)}
    known |= {figure.name: figure.as_json() for figure in figures}
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(".tmp")
    draft.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n", encoding="utf-8")
    draft.replace(place)


def show(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table: the first column is text, the others are numbers."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*[_cell(value) for value in row])
    console.print(table)


def _cell(value: object) -> str:
    return f"{tidy(value):g}" if isinstance(value, float) else str(value)
