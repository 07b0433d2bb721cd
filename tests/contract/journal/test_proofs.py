"""What became of one request, and what has travelled of late."""

from __future__ import annotations

from datetime import timedelta

from connector.domain.events import ReplyWritten
from connector.domain.values import Im
from connector.journal import Journal, NewDelivery
from connector.speech import Text
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, an_envelope, leased, put, settle

HINT = Text("set a line", "укажите линию")


def test_the_fate_of_a_request_is_told_by_its_key(journal: Journal, clock: FakeClock) -> None:
    envelope = an_envelope("test:1")
    journal.accept(envelope, [a_delivery()])
    waiting = journal.fate("shop", "test:1")
    assert waiting is not None
    assert (waiting.trace, waiting.state, waiting.settled_at) == (envelope.trace, "waiting", None)
    clock.advance(3)
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=1), state="parked", cause="line.none", hint=HINT)
    parked = journal.fate("shop", "test:1")
    assert parked is not None
    assert (parked.state, parked.hint) == ("parked", HINT)
    assert parked.settled_at is not None
    assert parked.settled_at - parked.created_at == timedelta(seconds=3)


def test_a_request_that_made_nothing_or_is_anothers_has_no_fate(journal: Journal) -> None:
    journal.accept(an_envelope("ignored", state="ignored"), [])
    journal.accept(an_envelope("mine"), [a_delivery()])
    assert journal.fate("shop", "ignored") is None
    assert journal.fate("bar", "mine") is None


def test_only_what_ended_well_of_late_counts_the_newest_first(journal: Journal, clock: FakeClock) -> None:
    lease = leased(journal)
    for lane, state in (("shop.1", "done"), ("shop.2", "parked"), ("shop.3", "done"), ("shopping.1", "done")):
        put(journal, a_delivery(lane, text=lane))
        settle(journal, lease, *journal.claim(lease, lanes=1), state=state)
        clock.advance(1)
    found = journal.done_lately(MAIN, "message.received", lanes="shop.")
    assert [done.event["text"] for done in found] == ["shop.3", "shop.1"]
    assert found[0].at > found[1].at
    assert journal.done_lately("account:shop", "message.received") == []
    assert journal.done_lately(MAIN, "reply.written") == []
    clock.advance(8 * 86400)
    assert journal.done_lately(MAIN, "message.received") == []


def test_a_lane_is_taken_as_it_is_written(journal: Journal) -> None:
    lease = leased(journal, "account:a_b")
    event = ReplyWritten(
        portal="main", connector="c", line="1", account="a_b", conversation="7", im=Im(chat_id="1", message_id="2")
    )
    put(journal, NewDelivery(destination="account:a_b", event=event, lane="axb.7"))
    settle(journal, lease, *journal.claim(lease, lanes=1))
    assert journal.done_lately("account:a_b", "reply.written", lanes="a_b.") == []
