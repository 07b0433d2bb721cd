"""A process that calls the portal: ``python -m tests.integration.portal.callers <portal url> <database url>``.

Each line on its standard input is a method to call; each line of its output is ``ok`` or the cause of the error.
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
from tests.conftest import SECRET


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


def main(url: str, database: str) -> None:
    """Call what is asked for until the input ends."""
    portal = portal_at(url, open_journal(database, Vault([SECRET])))
    say("ready")
    for line in sys.stdin:
        try:
            portal.call(line.strip())
        except ConnectorError as error:
            say(error.cause)
        else:
            say("ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
