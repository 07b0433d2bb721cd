"""An operator's name in a conversation: the portal tells it beside words only, every message bears it."""

from __future__ import annotations

from connector.domain.ports import Said
from connector.domain.values import Author, StoredFile
from connector.journal import Journal

SITE, ANNA = "site", "a" * 32
PICTURE = StoredFile(key="f" * 64, name="чек.png", mime="image/png", size=7, url="https://x/1", kind="image")


def answers(journal: Journal, part: str, name: str = "", user: str = "main/27", visitor: str = ANNA) -> None:
    said = Said(author=Author(id=user), name=name, text="yes" if name else "", files=(PICTURE,))
    journal.say_in_chat(SITE, visitor, said, key=f"out:main:{visitor}:{part}")


def names(journal: Journal, after: int = 0) -> list[str]:
    return [row.name for row in journal.chat_state(SITE, ANNA, after=after).rows]


def test_a_part_without_words_bears_the_name_of_the_part_before(journal: Journal) -> None:
    answers(journal, "5:0", "Ann")
    answers(journal, "5:1")
    answers(journal, "5:1")
    assert names(journal) == ["Ann", "Ann"]
    assert journal.chat_state(SITE, ANNA).operator == ("Ann", "main/27")


def test_a_face_that_comes_later_renames_nobody(journal: Journal) -> None:
    answers(journal, "5:0", "Ann")
    journal.remember("operator", "main/27", {"name": "Ann Lee", "picture": None})
    answers(journal, "5:1")
    assert names(journal) == ["Ann", "Ann"]


def test_the_first_name_is_told_of_all_that_came_before_it_and_nothing_is_unread_again(journal: Journal) -> None:
    answers(journal, "5:0")
    answers(journal, "5:1")
    seen = journal.chat_state(SITE, ANNA).seq
    journal.chat_seen(SITE, ANNA, seen)
    answers(journal, "6:0", "Ann")
    assert names(journal, after=seen) == ["Ann", "Ann", "Ann"]
    assert journal.chat_state(SITE, ANNA).unread == 1


def test_a_new_name_is_that_of_what_follows(journal: Journal) -> None:
    answers(journal, "5:0", "Ann")
    answers(journal, "6:0", "Ann Lee")
    answers(journal, "6:1")
    assert names(journal) == ["Ann", "Ann Lee", "Ann Lee"]


def test_nobody_gets_the_name_of_another_operator_or_of_another_conversation(journal: Journal) -> None:
    answers(journal, "4:0", "Eve", user="main/28")
    answers(journal, "5:0", "Zoe", visitor="b" * 32)
    answers(journal, "6:0")
    said = Said(author=Author(), text="closed")
    journal.say_in_chat(SITE, ANNA, said, key="out:main:7:0")
    assert names(journal) == ["Eve", "", ""]
    answers(journal, "8:0", "Ann")
    assert names(journal) == ["Eve", "Ann", "", "Ann"]
