"""Conversations that are kept here: once, in order, with marks that are true."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from connector.domain.ports import Said
from connector.domain.values import Author, Page, StoredFile
from connector.journal import Journal
from connector.journal.chat_views import ChatRow
from connector.journal.chats import OwnWords
from tests.conftest import FakeClock
from tests.contract.journal.making import a_delivery, an_envelope, leased, settle

SITE, ANNA = "site", "a" * 32
OPERATOR = Author(id="main/27")
PICTURE = StoredFile(key="f" * 64, name="чек.png", mime="image/png", size=7, url="https://x/1", kind="image")
DAY = 86400.0


def says(journal: Journal, words: str = "hello", key: str = "", visitor: str = ANNA) -> int:
    """The visitor says something, and it is on its way into the portal."""
    key = f"{visitor}:{key or words}"
    journal.accept(an_envelope(key, account=SITE), [a_delivery(lane=f"{SITE}.{visitor}", text=words)])
    return journal.visitor_said(SITE, visitor, OwnWords(key=key, text=words))


def answers(journal: Journal, words: str = "yes", key: str = "", author: Author = OPERATOR, **more: Any) -> str:
    said = Said(author=author, name="Ann" if author.id else "", text=words, **more)
    return journal.say_in_chat(SITE, ANNA, said, key=key or f"out:main:{words}:0")


def rows(journal: Journal, after: int = 0) -> list[ChatRow]:
    return list(journal.chat_state(SITE, ANNA, after=after).rows)


def marks(journal: Journal) -> list[str]:
    return [row.mark for row in rows(journal) if row.side == "visitor"]


def deliver(journal: Journal, state: str = "done") -> None:
    """What is due comes to this end."""
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=10), state=state)
    journal.leave(lease, force=True)


def test_a_conversation_is_told_in_order_by_whoever_spoke(journal: Journal) -> None:
    says(journal, "hello")
    answers(journal, "yes")
    answers(journal, "bye", author=Author())
    told = rows(journal)
    assert [(row.side, row.text, row.name) for row in told] == [
        ("visitor", "hello", ""),
        ("operator", "yes", "Ann"),
        ("system", "bye", ""),
    ]
    assert [row.id for row in told] == sorted(row.id for row in told)
    assert journal.chat_state(SITE, ANNA).operator == ("Ann", "main/27")


def test_what_is_said_twice_under_one_key_is_said_once(journal: Journal) -> None:
    first = says(journal)
    assert says(journal) == first
    number = answers(journal)
    assert answers(journal) == number
    assert len(rows(journal)) == 2


def test_many_who_say_the_same_at_once_say_it_once(journal: Journal, opened: Callable[[], Journal]) -> None:
    others = [journal, opened(), opened()]
    found: list[str] = []

    def run(each: Journal) -> None:
        for number in range(5):
            found.append(answers(each, f"n{number}"))

    threads = [threading.Thread(target=run, args=(each,)) for each in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = rows(journal)
    assert sorted(row.text for row in told) == [f"n{number}" for number in range(5)]
    assert {str(row.id) for row in told} == set(found)
    assert len({row.seq for row in told}) == 5


def test_whoever_has_seen_a_number_has_seen_all_before_it(journal: Journal, opened: Callable[[], Journal]) -> None:
    """Four writers, one reader that asks for what is new: in the end it knows everything."""
    writers = [opened() for _ in range(4)]
    known: set[str] = set()
    after = 0

    def write(each: Journal, name: int) -> None:
        for number in range(8):
            answers(each, f"{name}.{number}")

    threads = [threading.Thread(target=write, args=(each, name)) for name, each in enumerate(writers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        state = journal.chat_state(SITE, ANNA, after=after or 1)
        known |= {row.text for row in state.rows}
        after = state.seq
    known |= {row.text for row in rows(journal, after=after)} | {row.text for row in rows(journal) if row.seq == 1}
    assert known == {f"{name}.{number}" for name in range(4) for number in range(8)}


def test_an_edit_comes_again_and_keeps_its_place(journal: Journal) -> None:
    number = answers(journal, "one")
    answers(journal, "two")
    seen = journal.chat_state(SITE, ANNA).seq
    assert journal.edit_in_chat(SITE, ANNA, number, "uno")
    [changed] = rows(journal, after=seen)
    assert (str(changed.id), changed.text, changed.edited) == (number, "uno", True)
    assert [row.text for row in rows(journal)] == ["uno", "two"]
    again = journal.chat_state(SITE, ANNA).seq
    assert journal.edit_in_chat(SITE, ANNA, number, "uno")
    assert journal.chat_state(SITE, ANNA).seq == again


def test_what_was_taken_back_leaves_its_place_and_none_of_its_words(journal: Journal) -> None:
    number = answers(journal, "a secret", files=(PICTURE,))
    seen = journal.chat_state(SITE, ANNA).seq
    journal.delete_in_chat(SITE, ANNA, [number, "99999", "no number", "9" * 40])
    [gone] = rows(journal, after=seen)
    assert (gone.deleted, gone.text, gone.files) == (True, "", ())
    assert not journal.edit_in_chat(SITE, ANNA, number, "back again")
    assert journal.chat_state(SITE, ANNA).unread == 0
    journal.delete_in_chat(SITE, ANNA, [number])
    assert journal.chat_state(SITE, ANNA).seq == gone.seq


def test_nobody_changes_what_is_another_visitors_or_the_visitors_own(journal: Journal) -> None:
    says(journal)
    [own] = rows(journal)
    theirs = answers(journal)
    assert not journal.edit_in_chat(SITE, ANNA, str(own.id), "not me")
    assert not journal.edit_in_chat(SITE, "b" * 32, theirs, "other")
    assert not journal.edit_in_chat("desk", ANNA, theirs, "other")
    journal.delete_in_chat(SITE, "b" * 32, [theirs])
    journal.delete_in_chat(SITE, ANNA, [str(own.id)])
    assert [row.text for row in rows(journal)] == ["hello", "yes"]


def test_files_are_kept_without_their_links(journal: Journal) -> None:
    answers(journal, "see", files=(PICTURE,))
    [row] = rows(journal)
    assert row.files == (StoredFile(**{**vars(PICTURE), "url": ""}),)


def test_a_mark_is_what_became_of_the_delivery(journal: Journal) -> None:
    says(journal)
    assert marks(journal) == ["kept"]
    deliver(journal)
    assert marks(journal) == ["delivered"]
    answers(journal)
    assert marks(journal) == ["read"]


def test_a_mark_that_moved_is_a_change(journal: Journal) -> None:
    says(journal)
    seen = journal.chat_state(SITE, ANNA).seq
    assert rows(journal, after=seen) == []
    deliver(journal)
    assert journal.chat_versions([(SITE, ANNA), (SITE, "nobody")]) == {(SITE, ANNA): seen + 1}
    [moved] = rows(journal, after=seen)
    assert moved.mark == "delivered"
    assert journal.chat_state(SITE, ANNA).seq == seen + 1


def test_what_is_parked_failed_and_may_still_arrive(journal: Journal) -> None:
    says(journal)
    deliver(journal, "parked")
    assert marks(journal) == ["failed"]
    [row] = journal.list("deliveries", state="parked")
    journal.replay([row["id"]], who="root", why="mended")
    assert marks(journal) == ["kept"]
    deliver(journal)
    assert marks(journal) == ["delivered"]


def test_an_answer_is_no_sign_that_what_never_arrived_was_read(journal: Journal) -> None:
    says(journal, "one")
    deliver(journal)
    says(journal, "two")
    answers(journal)
    assert marks(journal) == ["read", "kept"]
    deliver(journal)
    assert marks(journal) == ["read", "delivered"]


def test_words_of_the_system_are_no_sign_of_reading(journal: Journal) -> None:
    says(journal)
    deliver(journal)
    answers(journal, "we are closed", author=Author())
    assert marks(journal) == ["delivered"]


def test_an_envelope_of_another_account_moves_no_mark(journal: Journal) -> None:
    journal.visitor_said(SITE, ANNA, OwnWords(key=f"{ANNA}:m", text="hello"))
    journal.accept(an_envelope(f"{ANNA}:m", account="other"), [a_delivery()])
    deliver(journal)
    assert marks(journal) == ["kept"]


def test_unread_is_what_came_since_and_an_edit_is_nothing_new(journal: Journal) -> None:
    first = answers(journal, "one")
    answers(journal, "two")
    assert journal.chat_state(SITE, ANNA).unread == 2
    journal.chat_seen(SITE, ANNA, journal.chat_state(SITE, ANNA).seq)
    state = journal.chat_state(SITE, ANNA)
    assert state.unread == 0
    journal.chat_seen(SITE, ANNA, state.seq)
    assert journal.chat_state(SITE, ANNA).seq == state.seq, "nothing was unread: no endless answer to an answer"
    journal.edit_in_chat(SITE, ANNA, first, "uno")
    assert journal.chat_state(SITE, ANNA).unread == 0
    answers(journal, "three")
    assert journal.chat_state(SITE, ANNA).unread == 1


def test_nobody_has_seen_what_is_not_there_yet(journal: Journal) -> None:
    answers(journal, "one")
    journal.chat_seen(SITE, ANNA, 10**9)
    answers(journal, "two")
    assert journal.chat_state(SITE, ANNA).unread == 1
    journal.chat_seen(SITE, "nobody", 5)
    assert journal.chat_state(SITE, "nobody").seq == 0


def test_a_rating_is_asked_for_until_the_visitor_says_anything(journal: Journal) -> None:
    number = answers(journal, "rate us", author=Author(asks="301"))
    assert journal.chat_state(SITE, ANNA).asks == int(number)
    answers(journal, "bye", author=Author())
    assert journal.chat_state(SITE, ANNA).asks == int(number)
    says(journal)
    assert journal.chat_state(SITE, ANNA).asks is None


def test_old_messages_come_a_hundred_at_a_time(journal: Journal) -> None:
    for number in range(230):
        answers(journal, f"n{number}")
    newest = journal.chat_state(SITE, ANNA)
    assert ([row.text for row in newest.rows][::99], newest.earlier) == (["n130", "n229"], True)
    before = journal.chat_state(SITE, ANNA, before=newest.rows[0].id)
    assert ([row.text for row in before.rows][::99], before.earlier) == (["n30", "n129"], True)
    first = journal.chat_state(SITE, ANNA, before=before.rows[0].id)
    assert (len(first.rows), first.rows[0].text, first.earlier) == (30, "n0", False)


def test_who_an_operator_is_comes_from_what_was_remembered(journal: Journal) -> None:
    answers(journal)
    journal.remember("operator", "main/27", {"name": "Ann Lee", "picture": None})
    assert journal.chat_state(SITE, ANNA).faces == {"main/27": {"name": "Ann Lee", "picture": None}}


def test_the_page_of_arrival_stays(journal: Journal) -> None:
    journal.meet_visitor(SITE, ANNA, language="ru", page=Page(url="https://acme.example/", marks={"source": "a"}))
    journal.meet_visitor(SITE, ANNA, page=Page(url="https://other.example/"))
    says(journal)
    with journal.store.reading() as db:
        [row] = db.execute(text("SELECT language, page, marks, seq FROM chats")).all()
    assert tuple(row) == ("ru", '{"url":"https://acme.example/","title":""}', '{"source":"a"}', 1)


def test_text_that_no_database_takes_is_kept_readable(journal: Journal) -> None:
    answers(journal, "a\0b\ud800", key="m")
    assert rows(journal)[0].text == "a\ufffdb?"


def test_silent_visitors_go_after_two_days_and_conversations_with_their_envelopes(
    journal: Journal, clock: FakeClock
) -> None:
    journal.meet_visitor(SITE, "b" * 32)
    says(journal)
    clock.advance(2 * DAY + 1)
    assert journal.trim(90)["chats"] == 1
    assert len(rows(journal)) == 1
    deliver(journal)
    clock.advance(91 * DAY)
    assert journal.trim(90)["chats"] == 1
    assert rows(journal) == []
    assert answers(journal), "an operator may still answer: the pass of the visitor is good"


def test_a_mark_outlives_the_delivery_that_told_it(journal: Journal, clock: FakeClock) -> None:
    says(journal)
    deliver(journal)
    clock.advance(91 * DAY)
    answers(journal, "still here", author=Author())
    assert journal.trim(90)["envelopes"] == 1
    assert marks(journal) == ["delivered"]
