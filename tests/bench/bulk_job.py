"""A bulk job that wants all of the portal it can get: ``crm.contact.update`` of many rows, in a process of its own.

``python -m tests.bench.bulk_job ROWS`` works on the portal ``main`` of the house in the environment. Several writers
share the rows: one alone has one request under way at a time, and would leave some of the budget.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from connector import bootstrap, logs
from connector.portal import Portal
from tests.bench.house import House
from tests.bench.services import running, until

WRITERS = 8


@contextmanager
def bulk_job(home: House, *, rows: int) -> Iterator[None]:
    """The job at work; it is stopped at the end of the block, whether it is done or not."""
    log = home.folder / "bulk.log"
    with running([sys.executable, "-m", "tests.bench.bulk_job", str(rows)], log, env=home.env) as process:
        until(lambda: b'"at_work"' in log.read_bytes(), process, log)
        yield


def main(rows: int) -> None:
    """Update the rows 1 to ``rows``; says so at the first answer and at the end."""
    logs.configure(level="WARNING")
    portal = bootstrap.from_environment().portals["main"]
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(_write, portal, range(first, rows + 1, WRITERS)) for first in range(1, WRITERS + 1)]
        outcomes = sum((writer.result() for writer in writers), Counter[str]())
    print(json.dumps(outcomes), flush=True)


def _write(portal: Portal, numbers: range) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    with portal.bulk() as bulk:
        for _, outcome in bulk.write(_updates(numbers)):
            if not outcomes:
                print(json.dumps({"at_work": numbers.start}), flush=True)
            outcomes[outcome.state] += 1
    return outcomes


def _updates(numbers: range) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for number in numbers:
        yield str(number), "crm.contact.update", {"id": number, "fields": {"COMMENTS": f"row {number}"}}


if __name__ == "__main__":
    main(int(sys.argv[1]))
