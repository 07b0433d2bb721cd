"""A process that calls portals: ``python -m tests.integration.portal.callers <secret of the journals>``.

A line on its standard input is a portal's URL and a database's, to be used from then on, or a method to call; each line
of its output is ``ready``, ``ok``, or the cause of the error.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from pydantic import SecretStr

from connector.errors import ConnectorError
from connector.journal import Journal, Vault, open_journal
from connector.portal import Portal
from connector.portal.memory import OpenBudget
from connector.settings import AppSettings, PortalSettings


def portal_at(url: str, journal: Journal) -> Portal:
    """The portal ``main`` of this process."""
    app = AppSettings(client_id="local.sandbox", client_secret=SecretStr("sandbox-secret"))
    return Portal(
        PortalSettings(name="main", url=url, app=app, timeout=10.0),
        store=journal,
        locks=journal,
        budget=OpenBudget(),
        seal=str,
        unseal=str,
        clock=lambda: datetime.now(UTC),
    )


def say(line: str) -> None:
    """One line, at once."""
    os.write(1, f"{line}\n".encode())


def main(secret: str) -> None:
    """Call what is asked for until the input ends."""
    journal: Journal | None = None
    for line in sys.stdin:
        match line.split():
            case [url, database]:
                if journal is not None:
                    journal.close()
                journal = open_journal(database, Vault([secret]))
                portal = portal_at(url, journal)
                say("ready")
            case [method]:
                say(outcome(portal, method))


def outcome(portal: Portal, method: str) -> str:
    """How a call went."""
    try:
        portal.call(method)
    except ConnectorError as error:
        return error.cause
    return "ok"


if __name__ == "__main__":
    main(*sys.argv[1:])
