"""The whole connector between real mail servers: a support mailbox, its customers and the portal's desk."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.listen import serve
from tests import services
from tests.integration.house.waiting import until
from tests.integration.promises.one_process import OneProcess, one_process
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import SUPPORT

ACCOUNT, LINE = "support", 3
PAUSE = 20.0  # seconds of the connector's clock, which the tests move


@dataclass(frozen=True, kw_only=True, eq=False)
class Office:
    """A house that reads the mailbox ``SUPPORT`` of ``mailboxes`` as the account ``support``."""

    house: OneProcess
    mailboxes: Dovecot

    def chats(self) -> list[str]:
        """The external ids of all chats of the mailbox, oldest first."""
        known = [str(chat["external"]) for chat in self.house.sandbox.chats()]
        return [chat for chat in known if chat.startswith(f"{ACCOUNT}.")]

    def rows(self, author: str = "", chat: str = "") -> list[dict[str, Any]]:
        """What one chat shows (of all, when none is said), once all that is due is done."""
        self.house.pump()
        found = [chat] if chat else self.chats()
        return [row for each in found for row in self.house.sandbox.messages(each, author)]

    def sees(self, count: int, author: str = "client", seconds: float = 20.0) -> list[dict[str, Any]]:
        """Wait for so many messages of all chats."""
        until(lambda: len(self.rows(author)) >= count, seconds=seconds, what=f"{count} messages of the {author}")
        return self.rows(author)

    def notes(self) -> list[str]:
        """What the operators were told besides."""
        return [row["text"] for row in self.rows("system")]

    def says(self, text: str = "", chat: str = "", **more: Any) -> int:
        """The operator writes into the chat (the only one, when none is said); returns the portal's id."""
        row = self.house.sandbox.say(chat or self.chats()[0], text, **more)
        assert self.house.sandbox.settle()
        return int(row["id"])

    def later(self, seconds: float = PAUSE + 1) -> None:
        """Time goes on, and what is due then is done."""
        self.house.clock.add(seconds=seconds)
        self.house.pump()

    def quiet(self) -> None:
        """Nothing is under way and nothing waits for a person."""
        assert self.house.sandbox.settle()
        self.house.pump()
        rows = self.house.connector.journal.list(limit=2000)
        assert [(row["kind"], row["state"], row["cause"]) for row in rows if row["state"] != "done"] == []


def settings(mailboxes: Dovecot, smtp: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The account as connector.yaml has it; ``smtp`` is how letters leave."""
    secret = mailboxes.password(SUPPORT)
    imap = {
        "host": "localhost",
        "port": mailboxes.tls_port,
        "security": "tls",
        "ca": str(mailboxes.ca),
        "password": secret,
        "poll": 5,
        "since": 1,
    }
    return {
        "provider": "mail",
        "portal": "main",
        "line": LINE,
        "address": SUPPORT,
        "name": "Поддержка ACME",
        "pause": PAUSE,
        "imap": imap,
        "smtp": {"host": "localhost", "security": "none", "pace": 6000, **smtp},
        **more,
    }


@contextmanager
def office(
    folder: Path, redis: services.Redis, mailboxes: Dovecot, smtp: Mapping[str, Any], **more: Any
) -> Iterator[Office]:
    """A fresh one that listens; ``more`` are other settings of the account."""
    account = settings(mailboxes, smtp, **more)
    with one_process(folder, redis, f"sqlite:///{folder / 'journal.db'}", {ACCOUNT: account}) as house:
        stop = threading.Event()
        thread = threading.Thread(target=serve, args=(house.connector, stop), daemon=True)
        thread.start()
        try:
            yield Office(house=house, mailboxes=mailboxes)
        finally:
            stop.set()
            thread.join(20)
        assert not thread.is_alive()
