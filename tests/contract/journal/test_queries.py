"""What ops see."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connector.journal import Journal
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, an_envelope, leased, put, settle


def test_lists_page_backwards_without_gaps(journal: Journal) -> None:
    put(journal, *[a_delivery(lane=str(number)) for number in range(25)])
    seen: list[int] = []
    after = None
    while rows := journal.list(limit=10, after=after):
        seen += [row["id"] for row in rows]
        after = rows[-1]["id"]
    assert len(seen) == 25
    assert seen == sorted(seen, reverse=True)


def test_envelopes_page_by_trace(journal: Journal) -> None:
    traces = sorted(put(journal) for _ in range(5))
    first = journal.list("envelopes", limit=3)
    rest = journal.list("envelopes", limit=3, after=first[-1]["trace"])
    assert [row["trace"] for row in first + rest] == traces[::-1]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, {"a", "b", "c"}),
        ({"state": "parked"}, {"a"}),
        ({"state": "waiting"}, {"b", "c"}),
        ({"destination": "account:shop"}, {"c"}),
        ({"account": "shop"}, {"a", "b", "c"}),
        ({"account": "other"}, set()),
        ({"cause": "portal.refused"}, {"a"}),
        ({"cause": "portal.refused", "state": "waiting"}, set()),
    ],
)
def test_deliveries_are_filtered(journal: Journal, filters: dict[str, str], found: set[str]) -> None:
    put(journal, a_delivery(text="a"))
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=1), state="parked", cause="portal.refused")
    put(journal, a_delivery(text="b"), a_delivery(text="c", destination="account:shop"))
    assert {row["event"]["text"] for row in journal.list("deliveries", **filters)} == found


def test_envelopes_are_filtered(journal: Journal) -> None:
    journal.accept(an_envelope("1", state="parked", cause="x.unreadable"), [])
    journal.accept(an_envelope("2", account="portal:main"), [])
    keys = lambda **filters: {row["dedupe_key"] for row in journal.list("envelopes", **filters)}  # noqa: E731
    assert keys() == {"1", "2"}
    assert keys(state="parked") == keys(cause="x.unreadable") == {"1"}
    assert keys(account="portal:main") == {"2"}


def test_a_delivery_is_shown_by_number_and_an_envelope_by_trace(journal: Journal) -> None:
    trace = put(journal, a_delivery(text="привет", group="al"))
    number = journal.list()[0]["id"]
    for name in (number, str(number)):
        shown = journal.show(name)
        assert (shown["event"]["text"], shown["group"], shown["account"]) == ("привет", "al", "shop")
    assert journal.show(trace)["body"] == '{"update_id": 1}'


def test_a_trace_of_digits_is_no_number(journal: Journal) -> None:
    trace = "12345678901234567890123456"
    journal.accept(an_envelope(trace=trace), [])
    assert journal.show(trace)["trace"] == trace


def test_everything_that_is_shown_can_be_written_as_json(journal: Journal) -> None:
    trace = put(journal, a_delivery())
    shown = [journal.trace(trace), journal.list(), journal.list("envelopes"), journal.stats(), journal.counts()]
    assert json.loads(json.dumps(shown))[0]["trace"] == trace


def test_figures_by_destination(journal: Journal, clock: FakeClock) -> None:
    put(journal, a_delivery(), a_delivery(), a_delivery(lane="b"), a_delivery(lane="c"))
    clock.advance(40)
    lease = leased(journal)
    done, parked, _ = journal.claim(lease, lanes=3)
    settle(journal, lease, done)
    settle(journal, lease, parked, state="parked")
    journal.accept(an_envelope(state="parked"), [])
    left = journal.stats()[MAIN]
    assert left["waiting"] == 2
    assert (left["parked"], left["done_last_hour"], left["oldest"], left["leased"]) == (1, 1, 40.0, True)
    assert journal.counts() == {"waiting": {MAIN: 2}, "parked": {MAIN: 1}, "parked_envelopes": 1}
    assert journal.parked_envelopes() == 1
    assert journal.lease("source:shipments") is not None
    assert set(journal.stats()) == {MAIN}
    clock.advance(3601)
    assert (journal.stats()[MAIN]["done_last_hour"], journal.stats()[MAIN]["leased"]) == (0, False)


def test_what_was_put_off_is_not_old_before_it_is_due(journal: Journal, clock: FakeClock) -> None:
    put(journal, a_delivery(lane="click", due_at=clock() + timedelta(minutes=35)))
    clock.advance(600)
    assert (journal.stats()[MAIN]["waiting"], journal.stats()[MAIN]["oldest"]) == (1, 0.0)
    put(journal, a_delivery(lane="talk"))
    clock.advance(7)
    assert journal.stats()[MAIN]["oldest"] == 7.0
    clock.advance(1500)
    assert journal.stats()[MAIN]["oldest"] == 2107.0


def test_what_is_tried_again_later_grows_old(journal: Journal, clock: FakeClock) -> None:
    put(journal, a_delivery())
    lease = leased(journal)
    (tried,) = journal.claim(lease, lanes=1)
    settle(journal, lease, tried, state="waiting", due_at=clock() + timedelta(hours=1))
    clock.advance(600)
    assert journal.stats()[MAIN]["oldest"] == 600.0


def test_it_answers_whether_it_is_there(journal: Journal) -> None:
    journal.ping()
    assert journal.stats() == {}
