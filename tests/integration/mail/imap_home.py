"""One machine with a journal, an intake and an account of a mailbox, and what of its letters is kept there."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connector.intake import Intake
from connector.journal import Vault, open_journal
from connector.journal.spool import Spool
from connector.listening.listener import Pace
from connector.media.store import Media
from connector.providers.mail import PROVIDER
from connector.providers.mail.settings import MailboxSettings
from connector.routes import Account
from jobs import listen as process
from tests.conftest import SECRET
from tests.integration.house.flaky import Flaky
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import SUPPORT

QUICK = Pace(first=0.05, longest=0.2, refused=0.1, look=0.05, beat=0.05)


def now() -> datetime:
    return datetime.now(UTC)


class Home:
    """A journal, an intake, a store of files and one mailbox, as one machine sees them."""

    def __init__(self, folder: Path, server: Dovecot | tuple[str, int], **imap: Any) -> None:
        self.real = open_journal(f"sqlite:///{folder / 'journal.db'}", Vault([SECRET]), clock=now)
        self.journal: Any = Flaky(self.real)
        self.clock = now
        settings = account(server, **imap)
        support = Account(name="support", settings=settings, provider=PROVIDER, portal="main", http=None)
        self.accounts = {"support": support}
        self.spool = Spool(folder / "spool")
        self.media = Media(folder / "media", "http://localhost", SECRET.encode(), now, timedelta(days=1))
        self.intake = Intake(self.journal, self.spool, self.accounts, now, store=self._store)
        self.stop = threading.Event()

    def _store(self, name: str, mime: str, data: bytes) -> str:
        return self.media.keep(name, mime, [data], limit=max(1, len(data))).key

    def link(self) -> dict[str, Any]:
        """How the stream stands."""
        return self.real.recall("stream", "support") or {}

    def connected(self) -> bool:
        return self.link().get("state") == "connected"

    def mark(self, name: str = "INBOX") -> dict[str, Any]:
        """How far a folder was read."""
        return self.real.recall("stream.mark", f"support/{name}") or {}

    def digests(self, state: str = "") -> list[dict[str, Any]]:
        """What is kept, the oldest first."""
        rows = self.real.list("envelopes", state=state, limit=5000)
        return [json.loads(self.real.envelope(row["trace"]).request.body) for row in rows][::-1]

    def count(self) -> int:
        """How many letters are kept."""
        return len(self.real.list("envelopes", limit=10_000))

    def subjects(self, state: str = "") -> list[str]:
        """Of what is kept, the oldest first."""
        return [subject(digest) for digest in self.digests(state)]


def account(server: Dovecot | tuple[str, int], *, smtp: int = 9, **imap: Any) -> MailboxSettings:
    """The account ``support`` at a server of the tests; its letters leave by the port ``smtp``."""
    host, port = server if isinstance(server, tuple) else ("127.0.0.1", server.imap_port)
    known = {"host": host, "port": port, "security": "none", "password": "secret", "poll": 5}
    return MailboxSettings.model_validate(
        {
            "account": "support",
            "provider": "mail",
            "portal": "main",
            "address": SUPPORT,
            "imap": {**known, **imap},
            "smtp": {"host": "127.0.0.1", "port": smtp, "security": "none"},
        }
    )


def subject(digest: dict[str, Any]) -> str:
    """Of a letter that is kept; why it is broken, when it is."""
    told = {name.lower(): value.strip() for name, value in digest.get("headers", [])}
    return told.get("subject", digest.get("broken", ""))


def letter(number: int | str, *, size: int = 0) -> bytes:
    """A letter of a customer's, of about so many bytes."""
    text = "Здравствуйте!\r\n" + "строка письма\r\n" * (size // 27)
    return (
        f"From: Anna <anna@client.test>\r\nTo: {SUPPORT}\r\nSubject: letter {number}\r\n"
        f"Message-ID: <{number}@client.test>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0300\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}"
    ).encode()


@contextmanager
def served(home: Home, pace: Pace = QUICK) -> Iterator[None]:
    """The process, in a thread."""
    home.stop.clear()
    thread = threading.Thread(target=process.serve, args=(home, home.stop), kwargs={"pace": pace}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        home.stop.set()
        thread.join(40)
        assert not thread.is_alive()


if __name__ == "__main__":  # a process that can be killed; what it held is free a second later
    process.serve(
        Home(Path(sys.argv[1]), ("127.0.0.1", int(sys.argv[2]))),
        threading.Event(),
        pace=replace(QUICK, hold=1.0, renew=0.2),
    )
