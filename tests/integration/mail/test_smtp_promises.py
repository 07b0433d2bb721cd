"""An operator's answer through the whole house: one letter, whatever breaks or dies at whatever moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.delivery import Pump
from connector.listening.streams import Stream
from connector.providers.mail.frames import whole
from connector.providers.mail.outbound import DOUBT
from connector.providers.postman import Postman
from tests.integration.mail.posting import CLIENT, US
from tests.integration.promises.dying import Doom, pump
from tests.integration.promises.one_process import OneProcess, one_process
from tests.mail.dovecot import Dovecot
from tests.mail.next_hop import NextHop, Step, Taken, next_hop
from tests.services import Redis

LATER = DOUBT + 300.0
QUESTION = (
    f"From: Anna <{CLIENT}>\r\nTo: {US}\r\nSubject: Order\r\nMessage-ID: <q1@client.test>\r\n\r\nWhere is it?\r\n"
)


class Office:
    """A house with a mailbox whose letters leave by ``hop``, and a client who wrote once."""

    def __init__(self, house: OneProcess, dovecot: Dovecot, hop: NextHop) -> None:
        self.house, self.dovecot, self.hop = house, dovecot, hop
        made = house.connector
        stream = Stream(
            made.accounts["support"], intake=made.intake, journal=made.journal, clock=made.clock, stop=threading.Event()
        )
        self._stream = stream
        self.ask(QUESTION)
        (chat,) = [row for row in house.sandbox.chats() if row["external"].startswith("support.")]
        self.conversation = chat["external"].removeprefix("support.")

    def ask(self, raw: str) -> None:
        """A letter of the client arrives; they have it in their own mailbox too."""
        self.dovecot.append(CLIENT, "INBOX", raw.encode())
        where = {"folder": "INBOX", "uidvalidity": 1, "uid": 1}
        self._stream.keep(whole(raw.encode(), self._stream.store, where=where, received=self.house.clock()))
        self.house.pump()

    def write(self, text: str, doom: Doom, **more: Any) -> int:
        """The operator writes, and a process may die; then the next one has all the time that it needs."""
        number = self.house.reply(self.conversation, text, "support", **more)
        for _ in range(4):
            pump(self.house, doom)
            self.house.clock.add(seconds=LATER)
        return number

    def letters(self, text: str) -> list[Taken]:
        """What the client got that says ``text``."""
        return [one for one in self.hop.letters if text in one.message.get_body(("plain",)).get_content()]

    def unfinished(self, number: int) -> bool:
        """Whether the portal still shows the message as on its way."""
        return bool(self.house.rows(self.conversation, "support")[number]["sending"])


def settings(dovecot: Dovecot, hop: NextHop, copy: str) -> dict[str, Any]:
    return {
        "provider": "mail",
        "portal": "main",
        "line": 2,
        "address": US,
        "name": "ACME",
        "pause": 0,
        "imap": {"host": "127.0.0.1", "port": dovecot.imap_port, "security": "none", "password": "secret"},
        "smtp": {"host": "127.0.0.1", "port": hop.port, "security": "none", "copy": copy, "pace": 600},
    }


def onwards(dovecot: Dovecot, copy: str) -> Callable[[Taken], None]:
    """What the mail service does with a letter that it took."""

    def carry(letter: Taken) -> None:
        if copy == "server":
            dovecot.append(US, "Sent", letter.raw)
        for recipient in letter.recipients:
            dovecot.deliver(recipient, letter.raw)

    return carry


@pytest.fixture
def office(tmp_path: Path, sqlite_url: str, redis_server: Redis, mailboxes: Dovecot) -> Callable[[str], Any]:
    @contextmanager
    def opened(copy: str) -> Iterator[Office]:
        with next_hop(onwards=onwards(mailboxes, copy)) as hop:
            given = {"support": settings(mailboxes, hop, copy)}
            with one_process(tmp_path, redis_server, sqlite_url, given) as house:
                yield Office(house, mailboxes, hop)

    return opened


@pytest.mark.parametrize("copy", ["server", "bcc", "append", "none"])
def test_an_answer_is_a_letter_in_the_thread_and_the_portal_is_told(office: Callable[[str], Any], copy: str):
    with office(copy) as made:
        number = made.write("It is on [b]its way[/b]", Doom(), files=[{"name": "план.txt", "content": "YWJj"}])
        (letter,) = made.letters("It is on its way")
        message = letter.message
        assert (message["In-Reply-To"], message["Subject"]) == ("<q1@client.test>", "Re: Order")
        assert str(message["From"]) == f"ACME <{US}>"
        assert [part.get_filename() for part in message.iter_attachments()] == ["план.txt"]
        assert not made.unfinished(number)
        assert made.house.sandbox.portal.messages[number].mids == [str(message["Message-ID"]).strip("<>")]
        assert len(made.dovecot.letters(CLIENT)) == 2
        kept = {"server": (1, 0), "bcc": (0, 1), "append": (1, 0), "none": (0, 0)}[copy]
        assert (len(made.dovecot.letters(US, "Sent")), len(made.dovecot.letters(US))) == kept


def test_ten_letters_both_ways_are_one_thread_to_the_client_and_one_chat_to_the_operators(
    office: Callable[[str], Any],
):
    with office("server") as made:
        for number in range(1, 6):
            made.write(f"answer {number}", Doom())
            ours = made.letters(f"answer {number}")[0].message
            if number == 5:
                break
            made.ask(
                f"From: Anna <{CLIENT}>\r\nTo: {US}\r\nSubject: {ours['Subject']}\r\n"
                f"Message-ID: <q{number + 1}@client.test>\r\nIn-Reply-To: {ours['Message-ID']}\r\n"
                f"References: {ours['References']} {ours['Message-ID']}\r\n\r\nquestion {number + 1}\r\n"
            )
        (thread,) = made.dovecot.threads(CLIENT)
        assert len(thread) == 10
        assert {one.message["Subject"] for one in made.hop.letters} == {"Re: Order"}
        (chat,) = made.house.sandbox.chats()
        said = [row["text"] for row in made.house.rows(made.conversation, "support").values()]
        assert [text for text in said if text.startswith("answer")] == [f"answer {number}" for number in range(1, 6)]
        assert sum("question" in text for text in said) == 4
        assert chat["external"] == f"support.{made.conversation}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("copy", ["server", "bcc", "append"])
def test_one_letter_leaves_whatever_moment_a_process_dies_at(office: Callable[[str], Any], copy: str):
    with office(copy) as made:
        counting = Doom()
        made.write("number 0.", counting)
        assert counting.moments >= 8
        died: dict[str, int] = {}
        for at in range(1, counting.moments + 1):
            doom = Doom(at)
            number = made.write(f"number {at}.", doom)
            assert not made.unfinished(number), doom.last
            died[f"{at} {doom.last.partition(' (')[0]}"] = len(made.letters(f"number {at}."))
        twice = {moment for moment, letters in died.items() if letters != 1}
        if copy == "append":
            # Nobody but us keeps a copy there: a process that dies between the dot and the copy leaves no proof.
            assert {moment.partition(" ")[2] for moment in twice} <= {"after deliver"}, died
            assert {died[moment] for moment in twice} <= {2}
        else:
            assert not twice, died
        assert any("deliver" in moment for moment in died), died
        assert not made.house.connector.journal.list("deliveries", state="parked")


@pytest.mark.parametrize(
    ("copy", "cut", "letters"),
    [("server", "kept", 1), ("server", "before", 1), ("bcc", "kept", 1), ("bcc", "before", 1), ("append", "before", 1),
     ("append", "kept", 2), ("none", "kept", 2)],
)  # fmt: skip
def test_a_connection_cut_after_the_dot_is_looked_up_before_it_is_repeated(
    office: Callable[[str], Any], copy: str, cut: Any, letters: int
):
    with office(copy) as made:
        made.hop.script(Step(cut=cut))
        number = made.write("cut", Doom())
        assert len(made.letters("cut")) == letters
        assert not made.unfinished(number)
        assert len({one.message["Message-ID"] for one in made.letters("cut")}) == 1


def test_what_the_server_puts_off_leaves_later_and_what_it_refuses_is_told_in_the_chat(office: Callable[[str], Any]):
    with office("server") as made:
        made.hop.script(Step(recipient="451 4.7.1 Greylisted"))
        late = made.write("late", Doom())
        assert len(made.letters("late")) == 1
        assert not made.unfinished(late)
        made.hop.script(Step(recipient="550 5.1.1 No such user"))
        made.write("never", Doom())
        assert made.letters("never") == []
        told = [row["text"] for row in made.house.rows(made.conversation, "support").values()]
        assert [text for text in told if "550 5.1.1 No such user" in text]
        (parked,) = made.house.connector.journal.list("deliveries", state="parked")
        assert parked["cause"] == "smtp.no_mailbox"


def test_the_pace_of_a_mailbox_is_kept_and_all_letters_leave(office: Callable[[str], Any]):
    with office("none") as made:
        work = made.house.connector.work
        account = work.reach.accounts["support"]
        paced = account.settings.model_copy(update={"smtp": account.settings.smtp.model_copy(update={"pace": 2})})
        postman = Postman(paced, account.http, clock=lambda: made.house.clock().timestamp())
        reach = replace(work.reach, accounts={**work.reach.accounts, "support": replace(account, http=postman)})
        for number in range(5):
            made.house.reply(made.conversation, f"paced {number}.", "support")
        counts = [0]
        for _ in range(4):
            Pump(replace(work, reach=reach), "account:support").run(seconds=20)
            counts.append(len(made.letters("paced")))
            made.house.clock.add(seconds=130)
        assert counts == [0, 2, 4, 5, 5]
        texts = [one.message.get_body(("plain",)).get_content().strip() for one in made.letters("paced")]
        assert texts == [f"paced {number}." for number in range(5)]
