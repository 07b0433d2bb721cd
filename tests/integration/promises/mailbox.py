"""The connector with one mailbox: letters are kept as its listener keeps them, answers leave to a scripted hop."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from connector.letters import digest
from connector.listening.streams import Stream
from connector.providers.postal import frame
from tests.integration.promises.one_process import OneProcess, one_process
from tests.mail.next_hop import NextHop, Taken, next_hop
from tests.services import Redis, free_port

OURS = "support@acme.test"
NUMBERS = itertools.count(1)


class Mailbox:
    """The account ``box`` of a house, whose pause is five seconds."""

    def __init__(self, house: OneProcess, hop: NextHop) -> None:
        self.house, self.hop = house, hop
        self.account = house.connector.accounts["box"]
        self.stream = Stream(
            self.account,
            intake=house.connector.intake,
            journal=house.connector.journal,
            clock=house.clock,
            stop=threading.Event(),
        )

    def come(self, letter: EmailMessage | bytes, folder: str = "INBOX") -> None:
        """A letter is read from a folder."""
        raw = letter if isinstance(letter, bytes) else letter.as_bytes()
        where = {"folder": folder, "uidvalidity": 1, "uid": next(NUMBERS)}
        self.stream.keep(frame(digest(raw, self.stream.store, where=where, received=datetime.now(UTC))))

    def work(self, **later: float) -> None:
        """Time goes on, and all that is due then is done."""
        self.house.clock.add(**later)
        while self.house.connector.journal.due_destinations():
            self.house.pump()

    def asked(self, client: str, subject: str = "Order", text: str = "Where is it?") -> str:
        """A client's first letter is in its chat."""
        self.come(written(client, subject, text))
        self.work()
        return self.chat(client)

    def replies(self, client: str, *lines: str, **more: Any) -> list[int]:
        """An operator writes; nothing leaves yet."""
        chat = self.chat(client)
        numbers = [int(self.house.sandbox.say(chat, line, **more)["id"]) for line in lines]
        assert self.house.sandbox.settle()
        return numbers

    def chat(self, client: str) -> str:
        """The only chat of a client."""
        names = {str(chat["external"]) for chat in self.house.sandbox.chats() if client in str(chat)}
        assert len(names) == 1, names
        return names.pop()

    def says(self, client: str, author: str = "client") -> list[str]:
        """What a client's chat shows, without the subject before a letter."""
        rows = self.house.sandbox.messages(self.chat(client), author)
        return [row["text"].strip().splitlines()[-1] for row in rows]

    def gets(self, client: str) -> list[str]:
        """What left for a client, in order, without quotes."""
        return [text(letter) for letter in self.hop.letters if client in letter.recipients]

    def parked(self, **more: Any) -> list[tuple[str, str]]:
        """What waits for a person."""
        rows = self.house.connector.journal.list("deliveries", state="parked", **more)
        return [(row["kind"], row["cause"]) for row in rows]


def text(letter: Taken) -> str:
    """The words of a letter of ours in one line."""
    body = letter.message.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def written(client: str, subject: str, text: str, **headers: str) -> EmailMessage:
    """A letter to us; headers with underscores for dashes, ``id`` for its own."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"{client.partition('@')[0]} <{client}>", OURS, subject
    message["Message-ID"] = headers.pop("id", f"<{next(NUMBERS)}@home.test>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def answer(letter: Taken, client: str, text: str, **headers: str) -> EmailMessage:
    """A client answers a letter of ours."""
    ours = str(letter.message["Message-ID"])
    return written(client, str(letter.message["Subject"]), text, In_Reply_To=ours, References=ours, **headers)


@contextmanager
def mailbox(folder: Path, redis: Redis, database_url: str, **more: Any) -> Iterator[Mailbox]:
    """A fresh one; ``more`` are other accounts."""
    with next_hop() as hop:
        box = {
            "provider": "mail",
            "portal": "main",
            "line": 1,
            "address": OURS,
            "pause": 5,
            "imap": {"host": "127.0.0.1", "port": free_port(), "security": "none", "password": "x"},
            "smtp": {"host": "127.0.0.1", "port": hop.port, "security": "none", "copy": "none", "pace": 6000},
        }
        with one_process(folder, redis, database_url, more={"box": box, **more}) as house:
            yield Mailbox(house, hop)
