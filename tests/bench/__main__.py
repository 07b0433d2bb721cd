"""``python -m tests.bench [--only PREFIX]`` (or ``ONLY=PREFIX``).

Runs the parts, prints tables and writes ``var/bench.json``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from connector import logs
from tests.bench import calls, drain, intake, limits, live, mail, mapping, sync, wake
from tests.bench import console as console_pages
from tests.bench.figures import Figure, keep, show
from tests.bench.services import ROOT, BenchError

Part = Callable[[Path, Console, Callable[[str], bool]], list[Figure]]

PARTS: Mapping[str, tuple[Part, tuple[str, ...]]] = {
    "intake": (intake.run, ("intake.sqlite.of_bare", "intake.postgres.of_bare", "intake.ack_p95_ms")),
    "wake": (wake.run, ("wake.to_call_p50_ms", "wake.to_call_p99_ms")),
    "drain": (drain.run, ("drain.messages_per_s", "drain.house_per_s")),
    "limits": (limits.run, limits.NAMES),
    "live": (live.run, live.NAMES),
    "call": (calls.run, calls.NAMES),
    "mail": (mail.run, mail.NAMES),
    "mapping": (mapping.run, mapping.NAMES),
    "sync": (sync.run, sync.NAMES),
    "console": (console_pages.run, console_pages.NAMES),
}
_BUSY = 1.0


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; returns the exit code: 0 done, 1 a measurement failed, 2 nothing has that name."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures; see docs/benchmarks.md.")
    parser.add_argument("--only", default=os.environ.get("ONLY", ""), metavar="PREFIX", help="names that begin so")
    only = parser.parse_args(arguments).only
    console = Console(width=None if sys.stdout.isatty() else 120)
    chosen = [part for part, names in PARTS.values() if any(name.startswith(only) for name in names)]
    if not chosen:
        names = ", ".join(name for _, own in PARTS.values() for name in own)
        print(f"No figure begins with {only!r}; there are: {names}", file=sys.stderr)
        return 2
    logs.configure(level="WARNING")
    _warn_when_busy(console)
    figures: list[Figure] = []
    try:
        for part in chosen:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                figures += part(Path(folder), console, lambda name: name.startswith(only))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    place = ROOT / "var" / "bench.json"
    keep(figures, place, only=only)
    rows = [[figure.name, figure.value, *figure.spread, figure.unit] for figure in figures]
    show(console, f"Written to {place.relative_to(ROOT)}", ["figure", "value", "min", "max", "unit"], rows)
    return 0


def _warn_when_busy(console: Console) -> None:
    load = os.getloadavg()[0]
    if load > _BUSY:
        console.print(f"[yellow]The machine is busy (load {load:.1f}): times will be long and rates low.")


if __name__ == "__main__":
    sys.exit(main())
