"""The classic way to miss a message: a number that is drawn early and committed late."""

from __future__ import annotations

import threading
from collections.abc import Callable

from connector.journal import Journal
from connector.journal.chats import grow
from tests.contract.journal.test_chats import ANNA, SITE, answers


def test_no_number_is_seen_before_a_smaller_one(journal: Journal, opened: Callable[[], Journal]) -> None:
    reader, second = opened(), opened()
    answers(reader, "one")
    answers(second, "two")
    later = threading.Thread(target=answers, args=(second, "four"))
    with journal.store.writing() as db:
        drawn = grow(db, SITE, ANNA, 0.0)
        later.start()
        later.join(0.7)
        assert reader.chat_state(SITE, ANNA).seq == drawn - 1
    later.join(20)
    assert [(row.text, row.seq) for row in reader.chat_state(SITE, ANNA, after=drawn).rows] == [("four", drawn + 1)]
