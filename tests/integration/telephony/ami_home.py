"""One machine with a journal, an intake and an account of a pretend Asterisk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.intake import Intake
from connector.journal import Vault, open_journal
from connector.journal.spool import Spool
from connector.listening.listener import Pace
from connector.providers.asterisk import PROVIDER
from connector.providers.asterisk.standin import AmiServer
from connector.routes import Account
from jobs import listen as process
from tests.conftest import SECRET
from tests.integration.house.flaky import Flaky

QUICK = Pace(first=0.05, refused=0.1, look=0.05, beat=0.05)


def now() -> datetime:
    return datetime.now(UTC)


class Home:
    """A journal, an intake and one Asterisk, as one machine sees them."""

    def __init__(self, url: str, folder: Path, ami: AmiServer, **account: Any) -> None:
        self.real = open_journal(url, Vault([SECRET]), clock=now)
        self.journal: Any = Flaky(self.real)
        self.clock = now
        settings = ami.settings(**account)
        office = Account(name="office", settings=settings, provider=PROVIDER, portal="main", http=None)
        self.accounts = {"office": office}
        self.spool = Spool(folder / "spool")
        self.intake = Intake(self.journal, self.spool, self.accounts, now)
        self.stop = threading.Event()

    def link(self) -> dict[str, Any]:
        return self.real.recall("stream", "office") or {}

    def kept(self) -> list[str]:
        """The kinds of the events that wait for the portal, the oldest first."""
        return [row["kind"] for row in self.real.list(limit=5000)][::-1]


@contextmanager
def served(home: Home) -> Iterator[None]:
    """The process, in a thread."""
    thread = threading.Thread(target=process.serve, args=(home, home.stop), kwargs={"pace": QUICK}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        home.stop.set()
        thread.join(40)
        assert not thread.is_alive()
