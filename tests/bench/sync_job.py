"""A whole run of a source in a process of its own: ``python -m tests.bench.sync_job SOURCE [--full]``.

Works in the house of the environment, portion by portion as a worker does. The last line it prints is JSON: the state
of the run, its counts and how long it took.
"""

from __future__ import annotations

import argparse
import json
import time

from connector import bootstrap, logs
from connector.bootstrap import Connector
from connector.journal import Run
from connector.sync.engine import portion

_PORTION = 45.0  # seconds, as jobs/queues.py has it
_LONGEST_NAP = 5.0


def main(arguments: list[str] | None = None) -> None:
    """Begin a run and end it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sync_job")
    parser.add_argument("source")
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args(arguments)
    logs.configure(level="WARNING")
    connector = bootstrap.from_environment()
    begun = time.monotonic()
    run = connector.journal.begin_run(options.source, trigger="person", full=options.full)
    if run is None:
        raise SystemExit(f"{options.source} runs already")
    print(json.dumps({"run": run.id}), flush=True)
    ended = _carried_out(connector, options.source, run)
    told = {"state": ended.state, "counts": dict(ended.counts), "hint": ended.hint.en if ended.hint else ""}
    print(json.dumps({**told, "seconds": time.monotonic() - begun}), flush=True)


def _carried_out(connector: Connector, source: str, run: Run) -> Run:
    while True:
        went = portion(connector, source, stop=lambda: False, seconds=_PORTION)
        if went.state in ("over", "idle"):
            found = connector.journal.run_of(run.id)
            assert found is not None
            return found
        if went.state == "later" and went.run is not None:
            wait = (went.run.due_at - connector.clock()).total_seconds()
            time.sleep(min(_LONGEST_NAP, max(0.0, wait)))


if __name__ == "__main__":
    main()
