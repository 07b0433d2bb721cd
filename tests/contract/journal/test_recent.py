"""What reached us of late, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from connector.domain.events import Event, MessageReceived, ReplyDelivered, ReplyWritten
from connector.domain.request import Request
from connector.domain.values import Im, Person
from connector.journal import Envelope, Journal, NewDelivery, Planned, Settlement, Step, Vault, open_journal
from connector.journal.recent import Place
from tests.conftest import SECRET, FakeClock

OWNER = "portal:main"
HOUR = timedelta(hours=1)


class Book:
    """A journal and ways to fill it."""

    def __init__(self, journal: Journal, clock: FakeClock) -> None:
        self.journal, self.clock, self._last = journal, clock, 0

    def accept(self, event: Event, destination: str, account: str = OWNER) -> None:
        self._last += 1
        trace = f"{self._last:026x}"
        request = Request(method="POST", path="/", headers={}, body=b"", received_at=self.clock())
        envelope = Envelope(trace=trace, account=account, dedupe_key=trace, request=request)
        delivery = NewDelivery(destination=destination, event=event, lane=event.lane, position=event.position)
        assert self.journal.accept(envelope, [delivery])

    def reply(self, number: str, conversation: str = "7", *, kind: Any = ReplyWritten, **more: Any) -> None:
        about = {"portal": "main", "connector": "c", "line": "1", "account": "shop", "conversation": conversation}
        im = Im(chat_id=f"chat of {conversation}", message_id=number)
        side = "account:shop" if kind is ReplyWritten else OWNER
        self.accept(kind(**about, im=im, **more), side)

    def told(self, conversation: str, session: str) -> None:
        """A client's message that the portal answered with its chat and session."""
        event = MessageReceived(account="shop", conversation=conversation, message_id=session, client=Person(id="7"))
        self.accept(event, OWNER, account="shop")
        lease = self.journal.lease(OWNER)
        assert lease is not None
        (claimed,) = self.journal.claim(lease, lanes=1)
        key = f"in:{session}"
        what = "imconnector.send.messages"
        planned = [Planned(key=key, delivery_id=claimed.id, trace=claimed.trace, what=what)]
        self.journal.step(lease, Step(planned=planned))
        result = {"CHAT_ID": f"chat of {conversation}", "ID": session}
        settled = [Settlement(delivery=claimed, state="done", attempts=1)]
        self.journal.step(lease, Step(settled=settled, results=[(key, result, "")]))
        self.journal.leave(lease, force=True)

    def places(self, *, since: datetime | None = None, opened: datetime | None = None) -> dict[str, Place]:
        ago = self.clock() - HOUR
        return self.journal.conversations(OWNER, since=since or ago, opened=opened or ago)


@pytest.fixture
def book(journal_url: str, clock: FakeClock) -> Any:
    journal = open_journal(journal_url, Vault([SECRET]), clock=clock)
    yield Book(journal, clock)
    journal.close()


def test_a_conversation_is_known_by_replies_by_answers_and_by_links(book):
    book.reply("5", "a")
    book.told("b", "41")
    book.told("b", "42")
    book.journal.remember("chat", "shop.c", {"chat_id": "30", "session_id": "43", "line": "1"}, owner=OWNER)
    book.journal.remember("session", "shop.c", {"session_id": "44"}, owner=OWNER)
    assert book.places() == {
        "shop.a": Place(chat_id="chat of a"),
        "shop.b": Place(chat_id="chat of b", sessions=frozenset({"41", "42"})),
        "shop.c": Place(chat_id="30", sessions=frozenset({"43", "44"})),
    }


def test_old_conversations_are_left_out_but_sessions_may_be_older(book):
    book.reply("5", "a")
    book.told("b", "41")
    book.journal.remember("chat", "shop.c", {"chat_id": "30"}, owner=OWNER)
    book.journal.remember("session", "shop.d", {"session_id": "44"}, owner=OWNER)
    book.clock.advance(7200)
    assert book.places() == {}
    assert set(book.places(opened=book.clock() - 3 * HOUR)) == {"shop.d"}
    assert set(book.places(since=book.clock() - 3 * HOUR)) == {"shop.a", "shop.b", "shop.c"}


def test_links_of_another_portal_are_not_told(book):
    book.journal.remember("chat", "far.c", {"chat_id": "30"}, owner="portal:second")
    assert book.places() == {}


def test_what_became_of_a_message_is_told_with_all_that_came_of_it(book):
    book.reply("5")
    book.reply("5", kind=ReplyDelivered, message_ids=("t.1",))
    book.reply("6")
    rows = book.journal.replies(OWNER, {"5", "7", "no number"}, since=book.clock() - HOUR)
    assert {name: [(row.kind, row.state) for row in found] for name, found in rows.items()} == {
        "5": [("reply.written", "waiting"), ("reply.delivered", "waiting")]
    }


def test_messages_of_another_portal_or_too_old_are_not_told(book):
    book.reply("5")
    assert book.journal.replies("portal:second", {"5"}, since=book.clock() - HOUR) == {}
    book.clock.advance(7200)
    assert book.journal.replies(OWNER, {"5"}, since=book.clock() - HOUR) == {}


def test_many_messages_are_asked_for_at_once(book):
    book.reply("1200")
    rows = book.journal.replies(OWNER, {str(number) for number in range(1, 1300)}, since=book.clock() - HOUR)
    assert list(rows) == ["1200"]
