"""Reads the contacts of a portal to the end and tells how its memory grew: ``python -m … WEBHOOK``.

Prints ``{"rows", "pages", "begun", "grown"}``: the resident KiB at the page BEGUN, and by how much the most of it rose
from there to the last page.
"""

from __future__ import annotations

import gc
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from connector.portal import Portal
from connector.portal.memory import MemoryInstallations, MemoryLocks, OpenBudget
from connector.settings import PortalSettings

BEGUN = 50


def resident() -> int:
    """KiB of this process in memory now."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def portal(webhook: str) -> Portal:
    """A portal of ours with nothing but this webhook."""
    parts = urlsplit(webhook)
    settings = PortalSettings(name="main", url=f"{parts.scheme}://{parts.netloc}", webhook=SecretStr(webhook))
    return Portal(
        settings,
        store=MemoryInstallations(),
        locks=MemoryLocks(),
        budget=OpenBudget(),
        seal=str,
        unseal=str,
        clock=lambda: datetime.now(UTC),
    )


def main(webhook: str) -> None:
    rows = pages = begun = most = 0
    with portal(webhook).bulk() as bulk:
        for page in bulk.rows("crm.contact.list"):
            rows, pages = rows + len(page), pages + 1
            if pages == BEGUN:
                gc.collect()
                begun = most = resident()
            elif begun and pages % 10 == 0:
                most = max(most, resident())
    print(json.dumps({"rows": rows, "pages": pages, "begun": begun, "grown": most - begun}))


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    main(sys.argv[1])
