"""Letters that are no message of a client: machines, spam, and ours that did not arrive."""

from __future__ import annotations

import pytest

from connector.domain.effects import Call, Emit
from connector.domain.events import LetterBounced
from connector.errors import PermanentError
from connector.handlers.letters.arriving import letter_bounced

from .driving import Driver
from .posting import Post, letter

CHAT = {"chat_id": "17", "session_id": "3", "line": "1"}


def test_spam_waits_until_a_person_lets_it_in():
    post = Post()
    event = letter("a1", spam="X-Spam-Flag: YES")
    with pytest.raises(PermanentError, match=r"mail\.spam"):
        post.come(event)
    assert not post.messages
    assert not post.links
    assert post.come(event, replayed=True)


def test_the_answer_of_a_machine_is_a_note_in_the_chat_that_it_answers():
    post = Post()
    conversation = post.come(letter("a1"))
    sent = post.write(conversation)
    post.links["chat", f"box.{conversation}"] = CHAT
    back = post.reply_to(sent, "a2", automatic="auto_reply", text="I am away", client="ann@home.ru")
    assert post.come(back) == ""
    [note] = [effect for effect in post.effects if isinstance(effect, Call)]
    assert note.method == "im.message.add"
    assert note.params["SYSTEM"] == "Y"
    assert "I am away" in note.params["MESSAGE"]
    assert note.key


def test_the_answer_of_a_machine_to_nothing_of_ours_disturbs_nobody():
    post = Post()
    assert post.come(letter("a1", automatic="auto_reply")) == ""
    assert not [effect for effect in post.effects if isinstance(effect, Call | Emit)]
    assert post.returned


def test_the_answer_of_a_machine_leaves_the_thread_as_it_was():
    post = Post()
    conversation = post.come(letter("a1"))
    sent = post.write(conversation)
    before = post.links["letter.thread", f"box.{conversation}"]
    post.come(post.reply_to(sent, "a2", automatic="auto_reply"))
    assert post.links["letter.thread", f"box.{conversation}"] == before


def test_newsletters_and_notices_are_shown_like_any_letter():
    post = Post()
    assert post.come(letter("a1", automatic="list"))
    assert post.come(letter("a2", automatic="bulk", subject="Notice"))


def bounce(post: Post, message_id: str, **more: object) -> Driver:
    driver = Driver(links=post.links)
    conversation = message_id.split(".")[1] if "." in message_id else "0"
    event = LetterBounced(
        account="box",
        conversation=conversation,
        message_id=message_id,
        recipient="ann@home.ru",
        status="5.1.1",
        said="[b]no such[/b] user",
        **more,
    )
    driver.run(letter_bounced(event, post.rules))
    return driver


def test_a_letter_of_ours_that_did_not_arrive_is_told_to_the_operators():
    post = Post()
    conversation = post.come(letter("a1"))
    sent = post.write(conversation)
    post.links["chat", f"box.{conversation}"] = CHAT
    final, trying = bounce(post, sent.heading.message_id), bounce(post, sent.heading.message_id, final=False)
    [told], [later] = final.of(Call), trying.of(Call)
    assert told.params["DIALOG_ID"] == "chat17"
    assert "ann@home.ru" in told.params["MESSAGE"]
    assert "5.1.1" in told.params["MESSAGE"]
    assert "[b]no such" not in told.params["MESSAGE"]
    assert later.params["MESSAGE"] != told.params["MESSAGE"]
    assert later.key != told.key


def test_a_forged_report_tells_nobody_anything():
    post = Post()
    conversation = post.come(letter("a1"))
    post.links["chat", f"box.{conversation}"] = CHAT
    assert not bounce(post, f"t.{conversation}.feed@acme.ru").of(Call)


def test_an_automatic_letter_of_ours_that_did_not_arrive_disturbs_nobody():
    post = Post()
    conversation = post.come(letter("a1"))
    sent = post.acknowledge(conversation)
    post.links["chat", f"box.{conversation}"] = CHAT
    assert not bounce(post, sent.heading.message_id).of(Call)
