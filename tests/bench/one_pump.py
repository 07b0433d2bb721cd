"""One pump in a process of its own: drains a destination of the house in the environment and tells how long it took."""

from __future__ import annotations

import json
import sys
import time

from connector import bootstrap, logs


def main(destination: str) -> None:
    """Prints ``{"settled": deliveries, "seconds": of the pump's run}``."""
    logs.configure(level="INFO")
    connector = bootstrap.from_environment()
    pump = connector.pump(destination)
    begun = time.monotonic()
    settled = pump.run(seconds=600.0)
    print(json.dumps({"settled": settled, "seconds": time.monotonic() - begun}))
    connector.journal.close()


if __name__ == "__main__":
    main(sys.argv[1])
