"""Kill a process at any moment of a client's letters: each is in the chat once, each answer leaves once."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.integration.promises.dying import Doom, mortal, pump
from tests.integration.promises.mailbox import NUMBERS, Mailbox, mailbox, written
from tests.integration.promises.one_process import OneProcess
from tests.services import Redis

SOME = 8  # moments that are tried; all of them with EVERY_MOMENT=1, every third with EVERY_MOMENT=3


def doomed(box: Mailbox, doom: Doom) -> OneProcess:
    """The house whose sending may die, and which sees by its id whether a letter has left."""
    channel = box.account.provider.channel
    assert channel is not None

    def seen(message_id: str, settings: Any, http: Any) -> bool:
        return any(message_id in str(letter.message["message-id"]) for letter in box.hop.letters)

    dying = replace(channel, send=mortal(channel.send, doom, "send"), look=mortal(seen, doom, "look"))
    account = replace(box.account, provider=replace(box.account.provider, channel=dying))
    work = box.house.connector.work
    reach = replace(work.reach, accounts={**work.reach.accounts, "box": account})
    return replace(box.house, connector=replace(box.house.connector, work=replace(work, reach=reach)))


@pytest.fixture
def box(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[Mailbox]:
    with mailbox(tmp_path, redis_server, journal_url) as made:
        yield made


class Day:
    """A client writes with a file, is answered in two lines, answers, and is away."""

    def __init__(self, box: Mailbox, doom: Doom) -> None:
        self.box, self.doom = box, doom
        self.house = doomed(box, doom)
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
