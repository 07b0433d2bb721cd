"""The stand-in for Redis, RQ and the clock: looks into the journal and pumps what is due. For the demo only."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from connector.bootstrap import from_environment
from connector.logs import configure

GLANCE = 0.1


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
        connector.spool.drain(connector.journal.accept)
        for destination in connector.journal.due_destinations():
            connector.pump(destination).run(seconds=30, should_stop=stop.is_set)


if __name__ == "__main__":
    main()
