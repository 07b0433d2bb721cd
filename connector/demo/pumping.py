"""The stand-in for Redis, RQ and the clock: looks into the journal, pumps what is due and goes on with runs of sources.
For the demo only.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

from connector.bootstrap import Connector, from_environment
from connector.logs import configure
from connector.sync.begin import begin_due, is_due
from connector.sync.engine import portion

GLANCE = 0.1
TURN = 2.0  # seconds of a run between two looks at the talk


def main() -> None:
    """Pump until told to stop."""
    configure()
    stop = threading.Event()

    def ask_to_stop(signum: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    connector = from_environment()
    while not stop.wait(GLANCE):
        connector.intake.drain()
        for destination in connector.journal.due_destinations():
            connector.pump(destination).run(seconds=30, should_stop=stop.is_set)
        _go_on(connector, stop)


def _go_on(connector: Connector, stop: threading.Event) -> None:
    """A portion of each run of a source that is due."""
    begin_due(connector)
    for run in connector.journal.open_runs():
        if is_due(connector, run):
            portion(connector, run.source, stop=stop.is_set, seconds=TURN)


if __name__ == "__main__":
    main()
