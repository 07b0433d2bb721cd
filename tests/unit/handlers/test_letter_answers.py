"""What operators write leaves as one letter of the thread; what machines write is bounded."""

from __future__ import annotations

import pytest

from connector.domain.effects import Emit, Fetch, Look, Send
from connector.domain.events import ReplyDelivered, ReplyRefused
from connector.domain.values import File, Im, Receipt, StoredFile
from connector.errors import PermanentError
from connector.handlers.replies import together
from connector.speech import Text

from .posting import OURS, Post, letter
from .test_replies import SAME, ReplyWritten


def begun(post: Post, **more: object) -> str:
    return post.come(letter("a1@home.ru", **more))


def test_an_answer_stands_in_the_thread_under_an_id_made_before_it_leaves():
    post = Post()
    conversation = begun(post, references=("x0@home.ru",), subject="RE: Order")
    sent = post.write(conversation, "Done")
    heading = sent.heading
    assert (heading.to, heading.to_name, heading.subject) == ("ann@home.ru", "Ann", "Re: Order")
    assert heading.in_reply_to == "a1@home.ru"
    assert heading.references == ("x0@home.ru", "a1@home.ru")
    assert heading.message_id.startswith(f"t.{conversation}.")
    assert heading.message_id.endswith("@acme.ru")
    assert sent.text == "Done"
    assert not heading.automatic
    [emit] = [effect for effect in post.effects if isinstance(effect, Emit)]
    assert emit.event.message_ids == (heading.message_id,)


def test_the_second_answer_goes_on_from_the_first():
    post = Post()
    conversation = begun(post)
    first, second = post.write(conversation).heading, post.write(conversation).heading
    assert second.in_reply_to == first.message_id
    assert second.references == ("a1@home.ru", first.message_id)
    assert first.message_id != second.message_id


def test_a_long_thread_keeps_its_beginning_and_its_end():
    post = Post()
    conversation = begun(post)
    for number in range(40):
        sent = post.write(conversation)
        assert post.come(post.reply_to(sent, f"c{number}@home.ru")) == conversation
    references = post.write(conversation).heading.references
    assert len(references) == 21
    assert references[0] == "a1@home.ru"
    assert references[-1] == "c39@home.ru"


def test_whether_it_left_is_seen_by_its_own_id():
    post = Post()
    sent = post.write(begun(post))
    proof = sent.proof()
    look = proof.send(None)
    assert look == Look(account="box", message_id=sent.heading.message_id)
    with pytest.raises(StopIteration) as end:
        proof.send(True)
    assert end.value.value == Receipt(ids=(sent.heading.message_id,))
    again = sent.proof()
    again.send(None)
    with pytest.raises(StopIteration) as end:
        again.send(False)
    assert end.value.value is None


def test_lines_of_one_letter_are_each_told_their_delivery():
    post = Post()
    conversation = begun(post)
    lines = (Im(chat_id="17", message_id="1"), Im(chat_id="17", message_id="2"))
    sent = post.write(conversation, lines=lines)
    told = [effect.event for effect in post.effects if isinstance(effect, Emit)]
    assert [event.im for event in told] == list(lines)
    assert {event.message_ids for event in told} == {(sent.heading.message_id,)}
    assert all(isinstance(event, ReplyDelivered) for event in told)


def test_lines_are_joined_without_the_name_before_each():
    def line(number: str, text: str, *files: File) -> ReplyWritten:
        im = Im(chat_id="17", message_id=number)
        return ReplyWritten(**{**SAME, "im": im}, text=text, author="7", files=files)

    file = File(ref="u", name="a.png")
    joined = together([line("1", "[b]Ann:[/b] [br]One"), line("2", "[b]Ann:[/b] [br]Two", file), line("3", "")])
    assert joined.text == "[b]Ann:[/b] [br]One\n\nTwo"
    assert joined.files == (file,)
    assert [im.message_id for im in joined.lines] == ["1", "2", "3"]


def test_all_files_ride_in_one_letter():
    post = Post()
    post.answers[Fetch] = lambda fetch: StoredFile(key=fetch.file.name, name=fetch.file.name, mime="", size=1, url="")
    sent = post.write(begun(post), files=(File(ref="1", name="a.pdf"), File(ref="2", name="b.pdf")))
    assert [file.name for file in sent.files] == ["a.pdf", "b.pdf"]
    assert len(post.sent) == 1


def test_a_refused_letter_is_told_to_the_operator():
    post = Post()
    conversation = begun(post)
    error = PermanentError("smtp.no_mailbox", hint=Text("no such mailbox", "нет такого ящика"))
    post.answers[type(post.write(conversation))] = error
    with pytest.raises(PermanentError):
        post.write(conversation)
    [emit] = [effect for effect in post.effects if isinstance(effect, Emit)]
    assert isinstance(emit.event, ReplyRefused)
    assert emit.event.why == ("no such mailbox", "нет такого ящика")


def test_where_nobody_wrote_there_is_nobody_to_answer():
    post = Post()
    with pytest.raises(PermanentError, match="no_thread"):
        post.write("0123456789abcdef")


def test_copies_are_answered_only_where_the_settings_say_so_and_never_to_ourselves():
    cc = ("bob@home.ru", OURS)
    post = Post()
    assert post.write(begun(post, cc=cc)).heading.cc == ()
    wide = Post(answer_cc=True)
    assert wide.write(begun(wide, cc=cc)).heading.cc == ("bob@home.ru",)


def test_the_answer_goes_where_the_client_wants_it():
    post = Post()
    assert post.write(begun(post, reply_to="office@home.ru")).heading.to == "office@home.ru"


def test_what_the_line_says_itself_is_an_automatic_letter_once_a_day():
    post = Post()
    conversation = begun(post)
    assert post.write(conversation, "Welcome", author="0").heading.automatic
    assert post.write(conversation, "Rate us", author="0") is None
    assert "one automatic letter" in post.returned
    post.at(hours=25)
    assert post.write(conversation, "Rate us", author="0") is not None


@pytest.mark.parametrize("kind", [{"automatic": "bulk"}, {"automatic": "list"}, {"suppress": True}])
def test_no_machine_of_ours_answers_a_machine(kind: dict[str, object]):
    post = Post()
    conversation = begun(post, **kind)
    assert post.write(conversation, "Welcome", author="0") is None
    assert post.acknowledge(conversation) is None
    assert post.write(conversation, "A person answers") is not None


def test_one_acknowledgement_per_client_and_day_over_all_conversations():
    post = Post()
    first = begun(post)
    second = post.come(letter("a9@home.ru", subject="Another"))
    assert post.acknowledge(first).heading.automatic
    assert post.acknowledge(second) is None
    post.at(hours=23)
    assert post.acknowledge(second) is None
    post.at(hours=2)
    assert post.acknowledge(second) is not None


def test_two_conversations_at_one_moment_share_the_key_of_their_day():
    post = Post()
    first, second = begun(post), post.come(letter("a9@home.ru", subject="Another"))
    keys = set()
    for conversation in (first, second):
        fresh = Post()
        fresh.links = dict(post.links)
        keys.add(fresh.acknowledge(conversation).key)
    assert len(keys) == 1


@pytest.mark.parametrize("by_rule", [True, False], ids=["wanted by a rule", "said by the line"])
def test_an_automatic_letter_that_is_refused_waits_for_nobodys_decision(by_rule: bool):
    post = Post()
    conversation = begun(post)
    error = PermanentError("smtp.no_mailbox", hint=Text("no such mailbox", "нет такого ящика"))
    post.answers[Send] = error
    if by_rule:
        post.acknowledge(conversation)
    else:
        post.write(conversation, "Welcome", author="0")
    assert "refused" in post.returned
    post.answers[Send] = lambda send: Receipt(ids=(send.heading.message_id,))
    assert post.acknowledge(conversation) is not None
