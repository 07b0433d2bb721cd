"""Spam waits for a person, who may be late, may press twice, or may not want it at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector import repair
from connector.errors import PermanentError
from tests.integration.promises.mailbox import Mailbox, mailbox, written
from tests.services import Redis

ANN = "ann@home.test"
DEED = repair.Deed(who="olga", why="a client")


@pytest.fixture
def box(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[Mailbox]:
    with mailbox(tmp_path, redis_server, journal_url) as made:
        yield made


def spam(box: Mailbox) -> tuple[bytes, int]:
    """A letter with a file is held; its bytes and its delivery."""
    letter = written(ANN, "Order", "Where is it?", X_Spam_Flag="YES")
    letter.add_attachment(b"%PDF-1.4 list", maintype="application", subtype="pdf", filename="list.pdf")
    box.come(letter)
    box.work()
    assert box.house.sandbox.chats() == []
    (row,) = box.house.connector.journal.list("deliveries", state="parked")
    assert row["cause"] == "mail.spam"
    return letter.as_bytes(), int(row["id"])


def test_a_letter_let_in_after_its_files_were_trimmed_comes_without_them_and_says_so(box: Mailbox):
    _, number = spam(box)
    box.house.clock.add(days=40)
    assert box.house.connector.media.trim(30) == 2
    assert repair.replay(box.house.connector, [number], DEED) == 1
    box.work()
    (row,) = box.house.sandbox.messages(box.chat(ANN), "client")
    assert "Where is it?" in row["text"]
    assert "list.pdf could not be brought" in row["text"]
    assert row["files"] == []
    assert box.parked() == []


def test_a_letter_let_in_twice_comes_once(box: Mailbox):
    raw, number = spam(box)
    repair.replay(box.house.connector, [number], DEED)
    for _ in range(2):
        with pytest.raises(PermanentError):
            repair.replay(box.house.connector, [number], DEED)
        box.work()
    box.come(raw, "Junk")
    box.work()
    assert box.says(ANN) == ["Where is it?"]
    (row,) = box.house.sandbox.messages(box.chat(ANN), "client")
    assert len(row["files"]) == 2


def test_a_letter_that_was_discarded_stays_away(box: Mailbox):
    raw, number = spam(box)
    assert repair.discard(box.house.connector, [number], DEED) == 1
    box.come(raw)
    box.work(days=1)
    assert box.house.sandbox.chats() == []
    assert box.parked() == []
    with pytest.raises(PermanentError):
        repair.replay(box.house.connector, [number], DEED)
