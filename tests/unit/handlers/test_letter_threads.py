"""A letter finds its conversation by all that is known, and nobody comes into the chat of another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.handlers.letters.threads import answering, bare

from .posting import Post, letter


def test_letters_of_one_thread_are_one_conversation():
    post = Post()
    first = post.come(letter("a1"))
    assert post.come(letter("a2", answers="a1", references=("a1",), subject="Re: Order")) == first
    assert post.come(letter("a3", answers="a2", references=("a1", "a2"), subject="Re: Order")) == first


def test_an_answer_that_lost_the_root_is_known_by_the_letter_before_it():
    post = Post()
    first = post.come(letter("a1", references=("x0",)))
    assert post.come(letter("a2", answers="a1")) == first
    assert post.come(letter("a3", references=("unknown", "a2"))) == first


def test_an_answer_to_ours_is_known_by_our_own_mark():
    post = Post()
    first = post.come(letter("a1"))
    sent = post.write(first)
    assert post.come(post.reply_to(sent, "a2")) == first


def test_an_answer_without_any_ids_is_known_by_sender_and_subject():
    post = Post()
    first = post.come(letter("a1", subject="Order 17"))
    assert post.come(letter("a2", subject="RE: FW: Order  17")) == first
    assert post.come(letter("a3", subject="Order 17")) != first  # no answer: another matter under the same words
    assert post.come(letter("a4", subject="Re: Order 17", client="bob@home.ru")) != first


def test_after_a_month_the_same_subject_is_another_matter():
    post = Post()
    first = post.come(letter("a1"))
    post.at(days=31)
    assert post.come(letter("a2", subject="Re: Order")) != first


def test_an_answer_to_ours_under_an_id_that_a_server_gave_it_is_known_by_the_clients_own_letter():
    post = Post()
    first = post.come(letter("a1"))
    sent = post.write(first)
    renamed = {"answers": "DB7PR@prod.outlook.com", "subject": "Re: Order"}
    references = (*sent.heading.references, renamed["answers"])
    assert post.come(letter("a2", references=references, **renamed)) == first


@pytest.mark.parametrize("references", [(), ("DB7PR@prod.outlook.com",)])
def test_an_answer_to_an_id_that_nobody_knows_is_known_by_sender_and_subject(references: tuple[str, ...]):
    post = Post()
    first = post.come(letter("a1"))
    post.write(first)
    renamed = {"answers": "DB7PR@prod.outlook.com", "references": references}
    assert post.come(letter("a2", subject="Re: Order", **renamed)) == first
    assert post.come(letter("a3", subject="Order", **renamed)) != first
    assert post.come(letter("a4", subject="Re: Invoice", **renamed)) != first
    assert post.come(letter("b1", subject="Re: Order", client="bob@home.ru", **renamed)) != first


def test_letters_that_answer_the_same_unknown_one_stay_together_whatever_else_has_their_subject():
    post = Post()
    thread = post.come(letter("a1", answers="x0", subject="Re: Order"))
    other = post.come(letter("a2"))
    assert other != thread
    assert post.come(letter("a3", answers="x0", subject="Re: Order")) == thread


def test_somebody_else_in_the_thread_has_a_conversation_of_their_own():
    post = Post()
    ann = post.come(letter("a1"))
    bob = post.come(letter("b1", client="bob@home.ru", answers="a1", references=("a1",), subject="Re: Order"))
    assert bob != ann
    assert post.come(letter("b2", client="bob@home.ru", answers="b1", references=("a1", "b1"))) == bob
    assert post.come(letter("a2", answers="b1", references=("a1", "b1"))) == ann
    assert post.write(bob).heading.to == "bob@home.ru"
    assert post.write(ann).heading.to == "ann@home.ru"


def test_a_mark_of_another_client_opens_no_door():
    post = Post()
    ann = post.come(letter("a1"))
    stolen = post.come(letter("b1", client="bob@home.ru", conversation=ann, marked=True, subject=f"[#{ann}]"))
    assert stolen not in ("", ann)
    assert post.write(ann).heading.to == "ann@home.ru"


@pytest.mark.parametrize(
    "subject", ["Re: Order", "RE: Re[2]: Order", "Ответ: Order", "Fwd: НА: Order", "re : Order [#0123456789abcdef]"]
)
def test_marks_of_answers_never_pile_up(subject: str):
    assert bare(subject) == "Order"
    assert answering(subject) == "Re: Order"


def test_our_token_is_not_shown_to_anybody():
    post = Post()
    post.come(letter("a1"))
    post.come(letter("a2", answers="a1", subject=f"Something else [#{'0a' * 8}]"))
    assert [message.letter.subject for message in post.messages] == ["Order", "Something else"]


def test_the_subject_is_shown_when_a_conversation_begins_and_when_it_changes():
    post = Post()
    post.come(letter("a1"))
    post.come(letter("a2", answers="a1", references=("a1",), subject="Re: order"))
    post.come(letter("a3", answers="a2", references=("a1",), subject="Re: Invoice"))
    assert [message.letter.begins for message in post.messages] == [True, False, True]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 11), st.booleans()), min_size=1, max_size=12))
def test_whoever_writes_what_a_conversation_has_one_client(moves: list[tuple[str, int, bool]]):
    """Clients and operators answer any earlier letter, with or without the whole chain; an operator's answer goes to
    the client of its conversation, and a client who answers ours is there again."""
    post = Post()
    owner: dict[str, str] = {}
    ids: list[tuple[str, tuple[str, ...]]] = []
    for number, (name, picked, whole) in enumerate(moves):
        client = f"{name}@home.ru"
        before = ids[picked % len(ids)] if ids else None
        chain = (*before[1], before[0]) if before and whole else ()
        own = f"{name}{number}@home.ru"
        event = letter(own, client=client, answers=before[0] if before else "", references=chain)
        conversation = post.come(event)
        assert owner.setdefault(conversation, client) == client
        ids.append((own, chain))
        sent = post.write(conversation)
        assert sent is not None
        assert sent.heading is not None
        assert sent.heading.to == client
        assert post.come(post.reply_to(sent, f"r{number}@home.ru")) == conversation
