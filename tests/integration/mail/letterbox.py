"""Letters brought into the whole house as its listener brings them, with an operator's desk behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.listening.streams import Stream
from connector.providers.mail.frames import whole
from tests import services
from tests.integration.promises.one_process import OneProcess, one_process
from tests.mail.corpus import ADDRESS, ALIASES, Said, links, said

ACCOUNT = "support"
_NOWHERE = {"host": "127.0.0.1", "port": 1, "security": "none", "password": "planted-password"}
SETTINGS: Mapping[str, Any] = {
    "provider": "mail",
    "portal": "main",
    "line": 2,
    "address": ADDRESS,
    "aliases": [*ALIASES],
    "pause": 0,
    "imap": _NOWHERE,
    "smtp": _NOWHERE,
}


@dataclass(frozen=True, kw_only=True)
class Letterbox:
    """``bring`` is what the listener does with a letter that it fetched."""

    house: OneProcess
    stream: Stream

    def bring(self, raw: bytes, folder: str = "INBOX", uid: int = 1) -> None:
        """A letter from a folder is made durable."""
        where = {"folder": folder, "uidvalidity": 1, "uid": uid}
        self.stream.keep(whole(raw, self.stream.store, where=where, received=self.house.clock()))

    def done(self) -> None:
        """All that is due is done, however much."""
        while self.house.connector.journal.due_destinations():
            self.house.pump()

    def said(self) -> list[Said]:
        """All that the operators see of letters."""
        sandbox = self.house.sandbox
        return said(sandbox.chat(row["id"]) for row in sandbox.chats())

    def parked(self) -> list[dict[str, Any]]:
        """The deliveries that wait for a person."""
        return self.house.connector.journal.list(kind="deliveries", state="parked", limit=500)


@contextmanager
def letterbox(folder: Path, redis: services.Redis, database_url: str, **more: Any) -> Iterator[Letterbox]:
    """The house with one mailbox, which knows the letters of ours that the corpus answers; ``more`` settings of it."""
    with one_process(folder, redis, database_url, {ACCOUNT: {**SETTINGS, **more}}) as house:
        made = house.connector
        for kind, key, value in links(ACCOUNT):
            made.journal.remember(kind, key, value)
        stream = Stream(
            made.accounts[ACCOUNT], intake=made.intake, journal=made.journal, clock=made.clock, stop=threading.Event()
        )
        yield Letterbox(house=house, stream=stream)
