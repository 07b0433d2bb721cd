"""What goes when it is old, and what never does."""

from __future__ import annotations

from connector.domain.effects import Remember
from connector.domain.values import FACE
from connector.journal import CallTrail, Journal, Planned, Step
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, an_envelope, drained, leased, put, settle, settled

DAY = 86400


def traces(journal: Journal) -> set[str]:
    """All envelopes that are left."""
    return {row["trace"] for row in journal.list("envelopes", limit=10000)}


def test_old_and_settled_goes_with_all_that_belongs_to_it(journal: Journal, clock: FakeClock) -> None:
    old = put(journal, a_delivery(), a_delivery(lane="b"))
    lease = leased(journal)
    first, second = journal.claim(lease, lanes=2)
    step = Step(
        settled=[settled(first), settled(second)],
        planned=[Planned(key="k", delivery_id=first.id, trace=old, what="send")],
        remember=[Remember("chat", "shop.42", 1)],
        calls=[CallTrail(trace=old, delivery_id=first.id, what="x", started_at=clock(), seconds=1, outcome="ok")],
    )
    journal.step(lease, step)
    clock.advance(90 * DAY)
    young = put(journal, a_delivery())
    clock.advance(1)
    assert journal.trim(90) == {"envelopes": 1, "deliveries": 2, "ledger": 1, "calls": 1, "chats": 0, "links": 0}
    assert traces(journal) == {young}
    assert journal.recall("chat", "shop.42") == 1


def test_what_is_parked_or_waits_never_goes(journal: Journal, clock: FakeClock) -> None:
    parked = put(journal, a_delivery(), a_delivery(text="done"))
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=1), state="parked")
    drained(journal, lease)
    waiting = put(journal, a_delivery())
    unread = an_envelope(state="parked")
    ignored = an_envelope(state="ignored")
    journal.accept(unread, [])
    journal.accept(ignored, [])
    clock.advance(1000 * DAY)
    assert journal.trim(90)["envelopes"] == 1
    assert traces(journal) == {parked, waiting, unread.trace}


def test_what_was_replayed_lately_stays(journal: Journal, clock: FakeClock) -> None:
    trace = put(journal, a_delivery())
    clock.advance(100 * DAY)
    drained(journal, leased(journal))
    assert journal.trim(90)["envelopes"] == 0
    clock.advance(91 * DAY)
    assert journal.trim(90)["envelopes"] == 1
    assert trace not in traces(journal)


def test_discarded_goes_too(journal: Journal, clock: FakeClock) -> None:
    put(journal, a_delivery())
    lease = leased(journal)
    claimed = journal.claim(lease, lanes=1)
    settle(journal, lease, *claimed, state="parked")
    journal.discard([claimed[0].id], "anna", "noise")
    clock.advance(91 * DAY)
    assert journal.trim(90)["deliveries"] == 1


def test_many_go_in_slices_past_those_that_stay(journal: Journal, clock: FakeClock) -> None:
    kept = [put(journal, a_delivery(lane=f"kept{number}", destination="account:away")) for number in range(3)]
    for number in range(20):
        put(journal, a_delivery(lane=str(number)))
    drained(journal, leased(journal), lanes=50)
    clock.advance(91 * DAY)
    assert journal.trim(90, slice_size=4)["envelopes"] == 20
    assert traces(journal) == set(kept)


def test_numbers_are_never_given_again(journal: Journal, clock: FakeClock) -> None:
    put(journal, a_delivery(), a_delivery())
    highest = journal.list()[0]["id"]
    drained(journal, leased(journal))
    clock.advance(91 * DAY)
    journal.trim(90)
    put(journal, a_delivery())
    assert journal.list()[0]["id"] > highest
    assert journal.stats()[MAIN]["waiting"] == 1


def test_a_face_goes_before_its_picture_so_that_it_is_asked_for_again(journal: Journal, clock: FakeClock) -> None:
    for name in ("main/1", "main/2"):
        journal.remember(FACE, name, {"name": "Anna", "picture": None})
        journal.remember("line", name, {"line": "1"})
        clock.advance(4 * DAY)
    assert journal.trim_faces(7) == 1
    assert journal.recall(FACE, "main/1") is None
    assert journal.recall(FACE, "main/2") is not None
    assert journal.recall("line", "main/1") is not None
