"""Kill a process at any moment of a client's letters: each is in the chat once, each answer leaves once."""

from __future__ import annotations

import itertools
import os
import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from connector.letters import digest
from connector.listening.streams import Stream
from connector.providers.postal import frame
from tests.integration.promises.dying import Doom, mortal, pump
from tests.integration.promises.one_process import OneProcess, one_process
from tests.mail.next_hop import NextHop, next_hop
from tests.services import Redis, free_port

SOME = 8  # moments that are tried; all of them with EVERY_MOMENT=1, every third with EVERY_MOMENT=3
OURS = "support@acme.test"
NUMBERS = itertools.count(1)


class Mailbox:
    """The connector with one mailbox: letters are kept as its listener keeps them, answers leave to a scripted hop."""

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

    def come(self, raw: bytes) -> None:
        where = {"folder": "INBOX", "uidvalidity": 1, "uid": next(NUMBERS)}
        self.stream.keep(frame(digest(raw, self.stream.store, where=where, received=datetime.now(UTC))))

    def doomed(self, doom: Doom) -> OneProcess:
        """The house whose sending may die, and which sees by its id whether a letter has left."""
        channel = self.account.provider.channel
        assert channel is not None

        def seen(message_id: str, settings: Any, http: Any) -> bool:
            return any(message_id in str(letter.message["message-id"]) for letter in self.hop.letters)

        dying = replace(channel, send=mortal(channel.send, doom, "send"), look=mortal(seen, doom, "look"))
        account = replace(self.account, provider=replace(self.account.provider, channel=dying))
        work = self.house.connector.work
        reach = replace(work.reach, accounts={**work.reach.accounts, "box": account})
        return replace(self.house, connector=replace(self.house.connector, work=replace(work, reach=reach)))


@pytest.fixture
def box(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[Mailbox]:
    with next_hop() as hop:
        settings = {
            "provider": "mail",
            "portal": "main",
            "line": 1,
            "address": OURS,
            "pause": 5,
            "imap": {"host": "127.0.0.1", "port": free_port(), "security": "none", "password": "x"},
            "smtp": {"host": "127.0.0.1", "port": hop.port, "security": "none", "copy": "none", "pace": 6000},
        }
        with one_process(tmp_path, redis_server, journal_url, more={"box": settings}) as house:
            yield Mailbox(house, hop)


def written(client: str, subject: str, text: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Ann <{client}>", OURS, subject
    message["Message-ID"] = headers.pop("id", f"<{next(NUMBERS)}@home.test>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


class Day:
    """A client writes with a file, is answered in two lines, answers, and is away."""

    def __init__(self, box: Mailbox, doom: Doom) -> None:
        self.box, self.doom = box, doom
        self.house = box.doomed(doom)
        self.client = f"ann{next(NUMBERS)}@home.test"
        self.before = len(box.hop.letters)

    def go(self) -> None:
        first = written(self.client, "Order 17", "Where is it?")
        first.add_attachment(b"%PDF-1.4 list", maintype="application", subtype="pdf", filename="list.pdf")
        self.come(first)
        self.reply("It is on its way", "Tomorrow")
        ours = str(self.sent[-1].message["message-id"]) if self.sent else "<lost@acme.test>"
        self.come(written(self.client, "Re: Order 17", "Thank you", In_Reply_To=ours, References=ours))
        away = written(self.client, "Away", "I am away", In_Reply_To=ours, Auto_Submitted="auto-replied")
        self.come(away)
        self.reply("Good")

    def come(self, message: EmailMessage) -> None:
        raw = message.as_bytes()
        self.box.come(raw)
        self.box.come(raw)  # the cursor was not moved yet: it is read again
        self.work()

    def reply(self, *lines: str) -> None:
        for line in lines:
            self.house.sandbox.say(self.chat, line)
        assert self.house.sandbox.settle()
        self.work(6)

    def work(self, seconds: float = 0.0) -> None:
        self.house.clock.add(seconds=seconds)
        pump(self.house, self.doom, away=90.0)  # longer than a letter's doubt

    @property
    def sent(self) -> list[Any]:
        return self.box.hop.letters[self.before :]

    @property
    def chat(self) -> str:
        names = {chat["external"] for chat in self.house.sandbox.chats() if self.client in str(chat)}
        assert len(names) == 1, names
        return str(names.pop())

    def wrong(self) -> list[str]:
        rows = list(self.house.sandbox.messages(self.chat))
        clients = [row for row in rows if row["author"] == "client"]
        faults = [] if len(clients) == 2 else [f"letters {[row['text'] for row in clients]}"]
        notes = [row for row in rows if "I am away" in str(row["text"])]
        faults += [] if len(notes) == 1 else [f"notes {notes}"]
        told = [letter.message.get_body(("plain",)).get_content() for letter in self.sent]
        right = len(told) == 2 and "on its way" in told[0] and "Tomorrow" in told[0] and "Good" in told[1]
        faults += [] if right else [f"answers {told}"]
        if left := self.house.connector.journal.list("deliveries", state="parked"):
            faults.append(f"parked {[(row['kind'], row['cause']) for row in left]}")
        return faults


def moments(box: Mailbox) -> int:
    """How many there are in a day without any trouble."""
    doom = Doom()
    day = Day(box, doom)
    day.go()
    assert not day.wrong()
    return doom.moments


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_letters_are_whole_whatever_moment_a_process_dies_at(box: Mailbox):
    count = moments(box)
    assert count > 40
    every, step = range(1, count + 1), int(os.environ.get("EVERY_MOMENT", "0"))
    chosen = every[random.randrange(step) :: step] if step else sorted(random.sample(every, SOME))
    faults = {}
    for at in chosen:
        doom = Doom(at)
        day = Day(box, doom)
        day.go()
        if wrong := day.wrong():
            faults[f"{at} {doom.last}"] = wrong
            print(at, doom.last, wrong)
    assert not faults
