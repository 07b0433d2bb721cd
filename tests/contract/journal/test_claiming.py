"""What a pump gets: heads of lanes in order, albums whole, nobody starved."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from connector.journal import Journal
from tests.conftest import FakeClock
from tests.contract.journal.making import (
    MAIN,
    a_delivery,
    drained,
    leased,
    put,
    settle,
    texts,
)


def test_a_lane_shows_only_its_head(journal: Journal) -> None:
    put(journal, a_delivery(text="first"), a_delivery(text="second"))
    lease = leased(journal)
    assert texts(journal.claim(lease, lanes=9)) == ["first"]


def test_the_senders_sequence_comes_before_the_arrival(journal: Journal) -> None:
    put(journal, a_delivery(text="three", position=3))
    put(journal, a_delivery(text="one", position=1), a_delivery(text="two", position=2))
    assert drained(journal, leased(journal)) == ["one", "two", "three"]


def test_lanes_do_not_wait_for_each_other(journal: Journal) -> None:
    put(journal, *[a_delivery(lane=lane, text=lane) for lane in ("a", "b", "c")], a_delivery(lane="a", text="a2"))
    assert sorted(texts(journal.claim(leased(journal), lanes=9))) == ["a", "b", "c"]


def test_only_its_own_destination_is_claimed(journal: Journal) -> None:
    put(journal, a_delivery(text="mine"), a_delivery(text="other", destination="account:shop", lane="other"))
    assert texts(journal.claim(leased(journal), lanes=9)) == ["mine"]


def test_no_more_lanes_than_asked(journal: Journal) -> None:
    put(journal, *[a_delivery(lane=str(number)) for number in range(9)])
    assert len(journal.claim(leased(journal), lanes=4)) == 4


def test_lanes_under_way_are_skipped(journal: Journal) -> None:
    put(journal, *[a_delivery(lane=lane, text=lane) for lane in ("a", "b", "c")])
    assert texts(journal.claim(leased(journal), lanes=9, skip={"a", "c"})) == ["b"]


def test_named_lanes_are_looked_at_alone(journal: Journal) -> None:
    put(journal, *[a_delivery(lane=lane, text=f"{lane}{n}") for lane in ("a", "b", "c") for n in (1, 2, 3)])
    lease = leased(journal)
    assert texts(journal.claim(lease, lanes=9, per_lane=2, only=["c", "a"])) == ["c1", "c2", "a1", "a2"]
    assert journal.claim(lease, lanes=9, only=[]) == []
    assert sorted(texts(journal.claim(lease, lanes=9))) == ["a1", "b1", "c1"]


def test_lanes_of_one_kind_can_be_looked_at_before_all_others(journal: Journal, clock: FakeClock) -> None:
    names = ("call", "call.a", "call.я", "call.z", "calls", "b", "z")
    put(journal, *[a_delivery(lane=lane, text=lane) for lane in names])
    late = clock() + timedelta(seconds=9)
    put(journal, a_delivery(lane="call.later", text="later", due_at=late))
    lease = leased(journal)
    assert sorted(texts(journal.claim(lease, lanes=9, within="call.", skip={"call.z"}))) == ["call.a", "call.я"]
    assert len(journal.claim(lease, lanes=1, within="call.")) == 1


def test_a_head_that_is_not_due_blocks_its_lane_until_it_is(journal: Journal, clock: FakeClock) -> None:
    put(journal, a_delivery(text="first"), a_delivery(text="second"))
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=1), state="waiting", due_at=clock() + timedelta(seconds=5))
    assert journal.claim(lease, lanes=9) == []
    clock.advance(5)
    claimed = journal.claim(lease, lanes=9)
    assert texts(claimed) == ["first"]
    assert claimed[0].attempts == 1


def test_what_is_parked_does_not_block(journal: Journal) -> None:
    put(journal, a_delivery(text="first"), a_delivery(text="second"))
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=1), state="parked", cause="x")
    assert drained(journal, lease) == ["second"]


def test_several_of_a_lane_come_in_order_up_to_the_first_that_is_not_due(journal: Journal, clock: FakeClock) -> None:
    later = clock() + timedelta(seconds=9)
    put(journal, *[a_delivery(text=word) for word in "abc"], a_delivery(text="d", due_at=later), a_delivery(text="e"))
    lease = leased(journal)
    assert texts(journal.claim(lease, lanes=1, per_lane=2)) == ["a", "b"]
    assert texts(journal.claim(lease, lanes=1, per_lane=9)) == ["a", "b", "c"]


def test_busy_lanes_never_starve_the_others(journal: Journal) -> None:
    put(journal, *[a_delivery(lane=lane, text=lane) for lane in "abcdef" for _ in range(3)])
    lease = leased(journal)
    rounds = []
    for _ in range(3):
        claimed = journal.claim(lease, lanes=2)
        rounds += texts(claimed)
        settle(journal, lease, *claimed)
    assert sorted(rounds) == list("abcdef")


def test_a_delivery_without_a_lane_has_one_of_its_own(journal: Journal) -> None:
    put(journal, a_delivery(lane="", text="a"))
    put(journal, a_delivery(lane="", text="b"))
    assert sorted(texts(journal.claim(leased(journal), lanes=9))) == ["a", "b"]


def test_the_parts_of_an_album_are_one_delivery(journal: Journal) -> None:
    put(journal, a_delivery(text="before"), *[a_delivery(text=part, group="al") for part in "xyz"])
    put(journal, a_delivery(text="after"))
    assert drained(journal, leased(journal)) == ["before", "x+y+z", "after"]


def test_albums_side_by_side_stay_apart(journal: Journal) -> None:
    put(journal, *[a_delivery(text=part, group=part[0]) for part in ("a1", "a2", "b1", "b2")])
    lease = leased(journal)
    assert texts(journal.claim(lease, lanes=1, per_lane=5)) == ["a1+a2", "b1+b2"]


def test_a_late_part_makes_an_album_of_its_own_and_a_crash_repeats_the_same_one(
    journal: Journal, clock: FakeClock
) -> None:
    put(journal, a_delivery(text="x", group="al"), a_delivery(text="y", group="al"))
    lease = leased(journal)
    assert texts(journal.claim(lease, lanes=1)) == ["x+y"]
    put(journal, a_delivery(text="late", group="al"))
    clock.advance(16)
    again = leased(journal)
    assert drained(journal, again) == ["x+y", "late"]


def test_a_late_part_does_not_join_a_single_one_that_was_claimed(journal: Journal) -> None:
    put(journal, a_delivery(text="x", group="al"))
    lease = leased(journal)
    assert texts(journal.claim(lease, lanes=1)) == ["x"]
    put(journal, a_delivery(text="late", group="al"))
    assert drained(journal, lease) == ["x", "late"]


def test_a_late_part_between_the_others_does_not_tear_the_album(journal: Journal) -> None:
    put(journal, a_delivery(text="1", group="al", position=1), a_delivery(text="3", group="al", position=3))
    lease = leased(journal)
    assert texts(journal.claim(lease, lanes=1)) == ["1+3"]
    put(journal, a_delivery(text="2", group="al", position=2))
    assert drained(journal, lease) == ["1+3", "2"]


def test_parts_that_are_not_due_yet_go_with_a_head_that_is(journal: Journal, clock: FakeClock) -> None:
    put(journal, a_delivery(text="x", group="al", due_at=clock() + timedelta(seconds=1)))
    put(journal, a_delivery(text="y", group="al", due_at=clock() + timedelta(seconds=2)))
    lease = leased(journal)
    assert journal.claim(lease, lanes=1) == []
    clock.advance(1)
    assert texts(journal.claim(lease, lanes=1)) == ["x+y"]


def test_members_settle_with_their_album(journal: Journal) -> None:
    trace = put(journal, *[a_delivery(text=part, group="al") for part in "xyz"])
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=1), state="parked", cause="telegram.blocked")
    rows = journal.trace(trace)["deliveries"]
    assert {(row["state"], row["cause"], row["attempts"]) for row in rows} == {("parked", "telegram.blocked", 1)}


def test_an_endless_album_comes_in_pieces(journal: Journal) -> None:
    put(journal, *[a_delivery(text=str(part), group="al") for part in range(45)])
    lease = leased(journal)
    said = drained(journal, lease)
    assert [len(album.split("+")) for album in said] == [20, 20, 5]


@pytest.mark.parametrize("event", ["{", '{"kind": "from.the.future"}'])
def test_an_event_that_cannot_be_read_parks_and_stops_nobody(journal: Journal, event: str) -> None:
    trace = put(journal, a_delivery(text="bad"), a_delivery(text="good"), a_delivery(lane="b", text="other"))
    with journal.store.writing() as db:
        db.execute(text("UPDATE deliveries SET event = :event WHERE event LIKE '%bad%'"), {"event": event})
    lease = leased(journal)
    assert sorted(drained(journal, lease)) == ["good", "other"]
    assert [row["cause"] for row in journal.list(state="parked")] == ["journal.unreadable"]
    assert journal.trace(trace)["deliveries"][0]["state"] == "parked"


WORK = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 4), st.sampled_from(["", "", "g", "h"])), min_size=1, max_size=12
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(work=WORK, lanes=st.integers(1, 4), per_lane=st.integers(1, 3))
def test_every_lane_is_drained_once_and_in_order(
    journal: Journal, work: list[tuple[str, int, str]], lanes: int, per_lane: int
) -> None:
    put(
        journal,
        *[
            a_delivery(lane=lane, position=position, group=group, text=f"{lane}{number}")
            for number, (lane, position, group) in enumerate(work)
        ],
    )
    lease = leased(journal)
    said: list[str] = []
    while claimed := journal.claim(lease, lanes=lanes, per_lane=per_lane):
        settle(journal, lease, *claimed)
        said += [part for album in texts(claimed) for part in album.split("+")]
    assert journal.leave(lease)
    for name in "abc":
        mine = [(position, number) for number, (lane, position, _) in enumerate(work) if lane == name]
        assert [part for part in said if part[0] == name] == [f"{name}{number}" for _, number in sorted(mine)]
    assert journal.stats()[MAIN]["waiting"] == 0
