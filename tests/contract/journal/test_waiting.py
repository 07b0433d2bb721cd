"""What waits, lane by lane."""

from __future__ import annotations

from datetime import timedelta

from connector.journal import Journal
from connector.speech import Text
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, leased, put, settle


def test_destinations_with_waiting_work_are_told_with_their_pump(journal: Journal) -> None:
    put(journal, a_delivery(), a_delivery(), a_delivery(destination="account:shop"))
    leased(journal)
    assert [(queue.name, queue.waiting, queue.leased) for queue in journal.queues()] == [
        ("account:shop", 1, False),
        (MAIN, 2, True),
    ]


def test_a_lane_is_told_by_its_head(journal: Journal, clock: FakeClock) -> None:
    put(journal, a_delivery("b", "second", position=2), a_delivery("b", "first", position=1), a_delivery("a"))
    lease = leased(journal)
    head = journal.claim(lease, lanes=2)[1]
    later = clock() + timedelta(seconds=40)
    tried = {"cause": "portal.away", "hint": Text("wait", "ждите"), "detail": "503"}
    settle(journal, lease, head, state="waiting", due_at=later, **tried)
    first, second = journal.waiting_lanes(MAIN)
    assert (first.head.lane, first.waiting, second.head.lane, second.waiting) == ("a", 1, "b", 2)
    shown = second.head
    assert (shown.due_at, shown.attempts, shown.cause, shown.hint) == (later, 1, "portal.away", tried["hint"])
    assert '"first"' in shown.event


def test_lanes_page_by_name(journal: Journal) -> None:
    put(journal, *[a_delivery(f"lane {number:02}") for number in range(25)])
    seen: list[str] = []
    while lanes := journal.waiting_lanes(MAIN, limit=10, after=seen[-1] if seen else ""):
        seen += [lane.head.lane for lane in lanes]
    assert seen == [f"lane {number:02}" for number in range(25)]


def test_a_lane_lists_what_waits_in_its_order_page_by_page(journal: Journal) -> None:
    put(journal, *[a_delivery(text=str(number), position=-number // 2) for number in range(25)])
    seen: list[tuple[int, int]] = []
    while waiters := journal.waiting_in(MAIN, "shop.42", limit=10, after=seen[-1] if seen else None):
        seen += [(waiter.position, waiter.id) for waiter in waiters]
    assert len(seen) == 25
    assert seen == sorted(seen)


def test_what_is_done_or_parked_does_not_wait(journal: Journal) -> None:
    put(journal, a_delivery("done"), a_delivery("parked"))
    lease = leased(journal)
    done, parked = journal.claim(lease, lanes=2)
    settle(journal, lease, done)
    settle(journal, lease, parked, state="parked")
    assert (journal.queues(), journal.waiting_lanes(MAIN), journal.waiting_in(MAIN, "parked")) == ([], [], [])
    assert journal.lane_of(done.id) == (MAIN, "done")
    assert journal.lane_of(10**18) is None
    assert (journal.lane_parked(MAIN, "parked"), journal.lane_parked(MAIN, "done")) == ([parked.id], [])
