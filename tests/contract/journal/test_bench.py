"""The repair bench: what is parked, by cause and page by page, and what a deed would touch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connector.journal import Journal
from connector.journal.sieve import Bound, Sieve
from connector.speech import Text
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, an_envelope, leased, put, settle

HINT = Text("mend it", "почините")
Park = Callable[..., list[int]]


@pytest.fixture
def park(journal: Journal) -> Park:
    """Puts deliveries and parks them at once; their ids, in order."""

    def parked(*new: Any, cause: str = "portal.refused", destination: str = MAIN) -> list[int]:
        put(journal, *new)
        lease = leased(journal, destination)
        ids: list[int] = []
        while claimed := journal.claim(lease, lanes=99):
            settle(journal, lease, *claimed, state="parked", cause=cause, hint=HINT, detail="no")
            ids += [id_ for delivery in claimed for id_ in delivery.ids]
        journal.leave(lease)
        return sorted(ids)

    return parked


def test_what_is_parked_is_grouped_by_cause_with_its_places_and_times(
    journal: Journal, park: Park, clock: FakeClock
) -> None:
    park(a_delivery(), a_delivery(lane="b"))
    clock.advance(60)
    shop = {"destination": "account:shop"}
    park(a_delivery(**shop), **shop)
    park(a_delivery(), cause="other")
    found = journal.parked_groups(Sieve())
    first, second = found.groups
    assert (found.count, found.whole, first.cause, second.cause) == (4, True, "portal.refused", "other")
    assert (first.count, first.places) == (3, ((MAIN, 2), ("account:shop", 1)))
    assert first.newest - first.oldest == timedelta(seconds=60)
    assert (first.hint, first.detail) == (HINT, "no")


def test_requests_that_could_not_be_read_are_grouped_as_well(journal: Journal) -> None:
    for key in "12":
        journal.accept(an_envelope(key, state="parked", cause="parse.failed", hint=HINT, detail="KeyError"), [])
    journal.accept(an_envelope("3"), [])
    (group,) = journal.parked_groups(Sieve(of="envelopes")).groups
    assert (group.cause, group.count, group.places, group.hint) == ("parse.failed", 2, (("shop", 2),), HINT)
    items = journal.parked_items(Sieve(of="envelopes"))
    assert {item.lane for item in items} == {"1", "2"}
    assert items[0].kind == "POST /hooks/shop"


def test_nothing_parked_is_nothing(journal: Journal) -> None:
    put(journal, a_delivery())
    for of in ("deliveries", "envelopes"):
        assert journal.parked_groups(Sieve(of=of)).groups == ()
        assert journal.parked_items(Sieve(of=of)) == []
        assert (journal.foresee(Sieve(of=of)).count, journal.foresee(Sieve(of=of)).bound) == (0, None)


def test_the_list_pages_by_key_without_gaps(journal: Journal, park: Park) -> None:
    ids = park(*[a_delivery(lane=str(number)) for number in range(25)])
    seen: list[int] = []
    before = None
    while items := journal.parked_items(Sieve(), limit=10, before=before):
        seen += [item.name for item in items]
        before = items[-1].name
    assert seen == ids[::-1]


@pytest.mark.parametrize(
    ("sieve", "found"),
    [
        (Sieve(), "abc"),
        (Sieve(cause="portal.refused"), "ab"),
        (Sieve(destination="account:shop"), "b"),
        (Sieve(account="shop"), "abc"),
        (Sieve(account="other"), ""),
        (Sieve(kind="message.received"), "abc"),
        (Sieve(kind="reply.written"), ""),
        (Sieve(text="needle"), "c"),
        (Sieve(text="NEEDLE"), "c"),
        (Sieve(text="привет"), "a"),
        (Sieve(text="ПРИВЕТ"), "a"),
        (Sieve(text='say "hi"'), "b"),
        (Sieve(text="50%"), ""),
        (Sieve(text="_"), "abc"),
        (Sieve(text="lane-c"), "c"),
        (Sieve(text="needle", cause="portal.refused"), ""),
        (Sieve(text="'; DROP TABLE deliveries; --"), ""),
    ],
)
def test_filters_narrow_groups_lists_and_deeds_alike(journal: Journal, park: Park, sieve: Sieve, found: str) -> None:
    park(a_delivery(text="a Привет", lane="lane-a"))
    shop = {"destination": "account:shop"}
    park(a_delivery(text='b say "hi"', lane="lane-b", **shop), **shop)
    park(a_delivery(text="c needle", lane="lane-c"), cause="other")
    lanes = {f"lane-{letter}" for letter in found}
    assert {item.lane for item in journal.parked_items(sieve)} == lanes
    assert journal.parked_groups(sieve).count == len(found)
    assert {ahead.lane for ahead in journal.foresee(sieve).lanes} == lanes


def test_since_and_until_are_about_the_time_of_parking(journal: Journal, park: Park, clock: FakeClock) -> None:
    park(a_delivery(lane="early"))
    clock.advance(3600)
    noon = clock()
    park(a_delivery(lane="late"))
    assert [item.lane for item in journal.parked_items(Sieve(since=noon))] == ["late"]
    assert [item.lane for item in journal.parked_items(Sieve(until=noon))] == ["early"]
    assert journal.foresee(Sieve(since=noon, until=noon)).count == 0


def test_a_deed_is_foreseen_in_the_order_of_release(journal: Journal, park: Park, clock: FakeClock) -> None:
    now = clock()
    ids = park(a_delivery(lane="b", position=2), a_delivery(lane="a", position=9), a_delivery(lane="b", position=1))
    foreseen = journal.foresee(Sieve())
    assert [(ahead.lane, ahead.numbers, ahead.count) for ahead in foreseen.lanes] == [
        ("a", (ids[1],), 1),
        ("b", (ids[2], ids[0]), 2),
    ]
    assert {ahead.oldest for ahead in foreseen.lanes} == {now}
    assert foreseen.bound == Bound(key=max(ids), at=now.timestamp())
    assert not foreseen.more


def test_a_deed_is_counted_by_destination_kind_and_beginning_of_the_lane(
    journal: Journal, park: Park, clock: FakeClock
) -> None:
    park(a_delivery(lane="shop.1"), a_delivery(lane="shop.1"), a_delivery(lane="shop.2"), a_delivery(lane="whole"))
    clock.advance(60)
    shop = {"destination": "account:shop"}
    park(a_delivery(lane="shop.1", **shop), **shop)
    foreseen = journal.foresee(Sieve(), stale=clock())
    assert sorted(foreseen.parts) == [
        ("account:shop", "message.received", "shop", 1, 0),
        (MAIN, "message.received", "shop", 3, 3),
        (MAIN, "message.received", "whole", 1, 1),
    ]
    assert foreseen.lane_counts == {MAIN: 3, "account:shop": 1}
    assert foreseen.count == 5


def test_of_many_lanes_the_first_are_shown_and_of_each_the_first_deliveries(journal: Journal, park: Park) -> None:
    crowd = [a_delivery(lane="00", position=number) for number in range(7)]
    ids = park(*crowd, *[a_delivery(lane=f"{number:02}") for number in range(1, 40)])
    foreseen = journal.foresee(Sieve())
    assert (foreseen.count, foreseen.lane_counts[MAIN]) == (46, 40)
    assert [ahead.lane for ahead in foreseen.lanes] == [f"{number:02}" for number in range(30)]
    assert (foreseen.lanes[0].numbers, foreseen.lanes[0].count) == (tuple(ids[:5]), 7)


def test_a_lane_in_which_something_younger_was_done_is_named(journal: Journal, park: Park) -> None:
    park(a_delivery(lane="went on"), a_delivery(lane="stood"), a_delivery(lane="else"))
    put(journal, a_delivery(lane="went on"), a_delivery(lane="else", destination="account:shop"))
    for destination in (MAIN, "account:shop"):
        lease = leased(journal, destination)
        settle(journal, lease, *journal.claim(lease, lanes=9))
    foreseen = journal.foresee(Sieve())
    assert [ahead.lane for ahead in foreseen.lanes if ahead.late] == ["went on"]
    assert foreseen.late == 1


def test_an_album_is_foreseen_whole(journal: Journal, park: Park) -> None:
    ids = park(*[a_delivery(text=part, group="al") for part in ("one", "two", "three")])
    assert [ahead.numbers for ahead in journal.foresee(Sieve(text="two")).lanes] == [tuple(ids)]


def test_the_bound_leaves_out_what_was_parked_later(journal: Journal, park: Park, clock: FakeClock) -> None:
    again, seen = park(a_delivery(lane="again"), a_delivery(lane="seen"))
    journal.replay([again], "anna", "x")
    bound = journal.foresee(Sieve()).bound
    clock.advance(5)
    park(a_delivery(lane="new"))
    assert journal.parked_groups(Sieve()).count == 3
    assert [ahead.numbers for ahead in journal.foresee(Sieve(bound=bound)).lanes] == [(seen,)]
