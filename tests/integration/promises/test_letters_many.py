"""Many letters at once: in order within their threads, and none of them loud."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from connector.intake import Intake
from connector.listening.streams import Stream
from tests.integration.mail.imap_home import Flaky
from tests.integration.promises.mailbox import OURS, Mailbox, mailbox, written
from tests.services import Redis
from tests.unit.providers.couriers import PASSWORD, sendgrid

ANN, BOB = "ann@home.test", "bob@home.test"
GRID = {
    "provider": "sendgrid",
    "portal": "main",
    "line": 1,
    "address": "help@acme.test",
    "password": PASSWORD,
    "smtp": {"host": "127.0.0.1", "port": 9, "security": "none", "user": "u", "password": "x"},
}
THREADS, LETTERS, FOLDERS = 20, 10, 3


@pytest.fixture
def box(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[Mailbox]:
    with mailbox(tmp_path, redis_server, journal_url, grid=GRID) as made:
        yield made


def test_two_hundred_letters_of_three_folders_keep_the_order_of_their_threads(box: Mailbox):
    def read(folder: int) -> None:
        for number in range(LETTERS):
            for thread in range(folder, THREADS, FOLDERS):
                letter = one(thread, number)
                box.come(letter, f"folder {folder}")
                if not number % 3:
                    box.come(letter, "All mail")

    readers = [threading.Thread(target=read, args=(folder,)) for folder in range(FOLDERS)]
    for reader in readers:
        reader.start()
    while any(reader.is_alive() for reader in readers):
        box.house.pump()
    box.work()
    for thread in range(THREADS):
        assert box.says(client(thread)) == [f"{thread} says {number}" for number in range(LETTERS)]
    assert len(box.house.sandbox.chats()) == THREADS
    assert box.parked() == []


def client(thread: int) -> str:
    return f"client{thread:02}@home.test"


def one(thread: int, number: int) -> EmailMessage:
    ids = [f"<{thread}.{each}@home.test>" for each in range(number + 1)]
    before = {"In_Reply_To": ids[-2], "References": " ".join(ids[:-1])} if number else {}
    return written(client(thread), f"Order {thread}", f"{thread} says {number}", id=ids[-1], **before)


def test_while_the_database_is_away_letters_of_both_ways_wait_in_the_spool_and_come_once(box: Mailbox):
    made = box.house.connector
    journal = Flaky(made.journal)
    intake = Intake(journal, made.spool, made.accounts, made.clock, store=made.intake.store)
    stop = threading.Event()
    box.stream = Stream(box.account, intake=intake, journal=journal, clock=made.clock, stop=stop)
    box.come(first := written(ANN, "Order", "ann 0"))
    journal.away = True
    box.come(first)
    for number in range(1, 4):
        box.come(written(ANN, "Re: Order", f"ann {number}"))
        brought = sendgrid(written(BOB, "Re: Bill", f"bob {number}").as_bytes().replace(b"\n", b"\r\n"))
        for _ in range(2):
            assert intake.accept("grid", replace(brought, received_at=made.clock())).status == 200
    assert made.spool.pending()
    journal.away = False
    made.spool.drain(made.journal.accept)
    box.work()
    assert box.parked() == []
    assert box.says(ANN) == [f"ann {number}" for number in range(4)]
    bobs = [row["text"] for chat in box.house.sandbox.chats() for row in box.house.sandbox.messages(chat["external"])]
    assert [row.splitlines()[-1] for row in bobs if "bob" in row] == [f"bob {number}" for number in range(1, 4)]
    assert box.parked() == []


def test_a_storm_of_bounces_is_one_note_and_other_letters_come_beside_it(box: Mailbox):
    box.asked(ANN)
    box.replies(ANN, "On its way")
    box.work(seconds=6)
    (ours,) = box.hop.letters
    for number in range(300):
        box.come(bounce(str(ours.message["Message-ID"]) if number % 2 else f"<none{number}@acme.test>", number))
    box.come(written(BOB, "Bill", "bob"))
    began = time.monotonic()
    box.work()
    assert time.monotonic() - began < 30
    assert sum("did not reach" in row for row in box.says(ANN, "system")) == 1
    assert box.says(BOB) == ["bob"]
    assert len(box.house.sandbox.chats()) == 2
    assert box.parked() == []


def bounce(of: str, number: int) -> bytes:
    """A server's report, each under an id of its own."""
    return (
        f"From: MAILER-DAEMON@relay.test\r\nTo: {OURS}\r\nSubject: Undelivered\r\n"
        f"Message-ID: <b{number}@relay.test>\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain\r\n\r\nReport {number}\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.test\r\n\r\n"
        f"Final-Recipient: rfc822; {ANN}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 no user\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {of}\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    ).encode()
