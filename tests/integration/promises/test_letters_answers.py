"""What operators write while letters leave, one after the other, or when it is too late."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.promises.mailbox import Mailbox, answer, mailbox, text, written
from tests.mail.next_hop import Step
from tests.services import Redis, until

ANN, BOB = "ann@home.test", "bob@home.test"


@pytest.fixture
def box(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[Mailbox]:
    with mailbox(tmp_path, redis_server, journal_url) as made:
        yield made


def test_a_line_that_comes_while_its_letter_leaves_is_a_letter_of_its_own(box: Mailbox):
    box.asked(ANN)
    box.replies(ANN, "one", "two")
    box.hop.script(Step(slow=1.0))
    pumping = threading.Thread(target=box.work, kwargs={"seconds": 6})
    pumping.start()
    until(lambda: box.hop.tries == 1, "nothing leaves")
    late = box.replies(ANN, "three")
    pumping.join()
    box.work(seconds=6)
    assert box.gets(ANN) == ["one two", "three"]
    rows = {int(row["id"]): row for row in box.house.sandbox.messages(box.chat(ANN))}
    assert rows[late[0]]["delivered"]


def test_a_line_that_comes_before_a_letter_is_tried_again_does_not_change_that_letter(box: Mailbox):
    box.asked(ANN)
    box.replies(ANN, "one", "two")
    box.hop.script(Step(data="451 4.3.0 Later"))
    box.work(seconds=6)
    box.replies(ANN, "three")
    box.work(minutes=10)
    assert box.gets(ANN) == ["one two", "three"]
    assert len({str(letter.message["Message-ID"]) for letter in box.hop.letters}) == 2


def test_operators_in_turns_write_letters_of_their_own_in_order(box: Mailbox):
    box.asked(ANN)
    for line, operator in (("a1", 1), ("a2", 1), ("b1", 2), ("a3", 1)):
        box.replies(ANN, line, operator=operator)
    box.work(seconds=6)
    assert box.gets(ANN) == ["a1 a2", "b1", "a3"]


def test_what_cannot_be_changed_any_more_is_told_in_plain_words(box: Mailbox):
    box.asked(ANN)
    (first,) = box.replies(ANN, "one")
    box.work(seconds=6)
    (second,) = box.replies(ANN, "two")
    box.work(seconds=6)
    for known in box.house.sandbox.portal.connectors.values():  # the portal offers what it was told that we can
        known.edit_internal = known.delete_internal = True
    box.house.sandbox.edit(first, "uno")
    box.house.sandbox.delete(second)
    assert box.house.sandbox.settle()
    box.work(seconds=6)
    told = " ".join(row["text"] for row in box.house.sandbox.messages(box.chat(ANN), "system"))
    assert "cannot be changed" in told
    assert "cannot be taken back" in told
    assert box.gets(ANN) == ["one", "two"]


def test_an_answer_finds_its_conversation_by_our_own_mark_when_all_else_is_forgotten(box: Mailbox):
    box.asked(ANN)
    box.replies(ANN, "On its way")
    box.work(seconds=6)
    (ours,) = box.hop.letters
    box.house.clock.add(days=200)
    assert box.house.connector.journal.trim(90)["links"] >= 3
    box.come(answer(ours, ANN, "thank you", id="<late@home.test>"))
    box.work()
    assert box.says(ANN) == ["Where is it?", "thank you"]
    box.replies(ANN, "Welcome")
    box.work(seconds=6)
    assert box.hop.letters[-1].message["In-Reply-To"] == "<late@home.test>"


def test_a_client_in_copy_who_is_another_client_has_a_chat_of_their_own(box: Mailbox):
    box.asked(BOB, "Bill", "bob 1")
    box.come(written(ANN, "Order", "ann 1", id="<ann1@home.test>", Cc=BOB))
    box.work()
    box.come(written(BOB, "Re: Order", "bob of ann", In_Reply_To="<ann1@home.test>", Cc=ANN))
    box.work()
    assert box.says(ANN) == ["ann 1"]
    box.replies(ANN, "to ann")
    box.work(seconds=6)
    assert [letter.recipients for letter in box.hop.letters] == [(ANN,)]
    chats = [chat["external"] for chat in box.house.sandbox.chats()]
    assert len(chats) == 3
    bobs = [row["text"] for chat in chats for row in box.house.sandbox.messages(chat) if "bob of ann" in row["text"]]
    assert len(bobs) == 1


def test_our_own_letters_that_come_back_are_nobodys_messages(box: Mailbox):
    box.asked(ANN)
    box.replies(ANN, "On its way")
    box.work(seconds=6)
    (ours,) = box.hop.letters
    for folder in ("INBOX", "Sent"):
        box.come(ours.raw, folder)
    box.come(b"Return-Path: <support@acme.test>\r\nReceived: from us by us\r\n" + ours.raw)
    began = time.monotonic()
    box.work(seconds=6)
    assert time.monotonic() - began < 10
    assert box.says(ANN) == ["Where is it?"]
    assert [text(letter) for letter in box.hop.letters] == ["On its way"]
