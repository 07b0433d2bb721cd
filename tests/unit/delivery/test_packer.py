"""What leaves now: the order of calls, the size of packs, and when to ask again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.delivery.lanes import Lane
from connector.delivery.packer import CEILING, DEPARTING, Packer, fill, target_seconds
from connector.delivery.parcels import Command
from connector.domain.effects import Call
from connector.domain.events import MessageReceived
from connector.domain.values import Person, StoredFile
from connector.journal import Delivery
from connector.portal.memory import OpenBudget

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Budget(OpenBudget):
    """As much room as the test says; ``asked`` counts the looks."""

    def __init__(self, free: float, until: float = 0.0) -> None:
        super().__init__()
        self.free, self.until, self.asked = free, until, 0

    def room(self) -> tuple[float, float]:
        self.asked += 1
        return self.free, self.until

    def level(self) -> dict[str, float]:
        return {"used": 0.0, "burst": 50.0, "per_second": 2.0}


class Moment:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lane(number: int, method: str = "im.message.add", **params: Any) -> Lane:
    event = MessageReceived(account="shop", conversation=str(number), message_id="1", client=Person(id="7"))
    delivery = Delivery(
        id=number, trace="", destination="portal:main", lane=str(number), position=0, event=event, state="waiting",
        attempts=0, due_at=BEGAN, created_at=BEGAN + timedelta(seconds=number),
    )  # fmt: skip
    return Lane(delivery=delivery, plans=[], waiting=Call(method, params))


def coupled(seconds: float) -> Any:
    def couple(lanes: Sequence[Lane]) -> list[Command]:
        return [Command(lanes=[one], seconds=seconds) for one in lanes]

    return couple


def left(budget: Budget, lanes: Sequence[Lane], *, seconds: float = 0.2, slots: int = 48) -> list[list[int]]:
    parcels = Packer(budget, monotonic=Moment()).parcels(lanes, slots, coupled(seconds))
    return [[command.lanes[0].delivery.id for command in parcel.commands] for parcel in parcels]


def test_call_cards_go_first_and_singly() -> None:
    lanes = [lane(1), lane(2), lane(3, "telephony.externalCall.finish"), lane(4, "telephony.externalcall.register")]
    assert left(Budget(2), lanes) == [[3], [4]]
    assert left(Budget(3), lanes) == [[3], [4], [1, 2]]


def test_the_oldest_goes_first() -> None:
    lanes = [lane(number) for number in (9, 3, 7, 1, 5)]
    assert left(Budget(1), lanes, seconds=1.0) == [[1, 3]]


def test_a_single_call_leaves_as_soon_as_there_is_one_place() -> None:
    assert left(Budget(1), [lane(1)]) == [[1]]
    assert left(Budget(0.9, 0.05), [lane(1)]) == []


def test_no_more_leaves_than_there_are_hands() -> None:
    assert left(Budget(1e9), [lane(number) for number in range(100)], slots=0) == []
    assert len(left(Budget(1e9), [lane(number) for number in range(100)], seconds=0.01, slots=10)) == 5


def test_half_of_the_room_is_left_until_batches_get_long() -> None:
    lanes = [lane(number) for number in range(40)]
    assert len(left(Budget(10), lanes, seconds=0.1)) == 5
    assert len(left(Budget(10), lanes, seconds=0.2)) == 10


def test_the_budget_is_not_asked_again_before_it_said() -> None:
    budget, moment = Budget(0.2, 0.4), Moment()
    packer = Packer(budget, monotonic=moment)
    packer.parcels([lane(1)], 48, coupled(0.2))
    assert packer.patience == pytest.approx(0.4)
    moment.now += 0.3
    packer.parcels([lane(1)], 48, coupled(0.2))
    assert (budget.asked, round(packer.patience, 6)) == (1, 0.1)
    moment.now += 0.2
    packer.parcels([lane(1)], 48, coupled(0.2))
    assert budget.asked == 2


def test_what_left_a_moment_ago_is_counted_though_the_budget_has_not_seen_it() -> None:
    budget, moment = Budget(1), Moment()
    packer = Packer(budget, monotonic=moment)
    assert packer.parcels([lane(1)], 48, coupled(0.2))
    assert packer.parcels([lane(2)], 48, coupled(0.2)) == []
    moment.now += DEPARTING * 2
    assert packer.parcels([lane(2)], 48, coupled(0.2))


def test_with_one_place_texts_and_what_goes_alone_take_turns() -> None:
    budget, moment = Budget(1), Moment()
    packer = Packer(budget, monotonic=moment)
    lanes = [lane(1, TEXT="$result[0]"), lane(2), lane(3)]
    seen = []
    for _ in range(4):
        [parcel] = packer.parcels(lanes, 48, coupled(0.2))
        seen.append(len(parcel.commands))
        moment.now += 1
    assert seen == [2, 1, 2, 1]


@pytest.mark.parametrize("method", ["batch", "Download", "upload"])
def test_methods_that_may_not_be_nested_go_alone(method: str) -> None:
    assert left(Budget(2), [lane(1, method), lane(2, method)]) == [[1]]


def test_a_call_with_files_goes_alone_and_they_are_read_when_it_leaves() -> None:
    file = StoredFile(key="k1", name="прайс.pdf", mime="application/pdf", size=4, url="")
    laden, other = lane(1), lane(2)
    laden.waiting = Call("crm.activity.add", {"fields": {"SUBJECT": "Прайс"}}, files=(file,))
    assert left(Budget(1), [laden, other]) in ([[1]], [[2]])
    method, params = Command(lanes=[laden]).laden({"k1": b"%PDF"}.__getitem__)
    assert (method, params) == (
        "crm.activity.add",
        {"fields": {"SUBJECT": "Прайс", "FILES": [{"fileData": ["прайс.pdf", "JVBERg=="]}]}},
    )
    assert Command(lanes=[other]).laden(dict.__getitem__) == ("im.message.add", {})


def test_a_backlog_fills_packs_to_the_ceiling_and_its_end_is_spread() -> None:
    assert target_seconds(1000, 1, 2) == CEILING
    end = target_seconds(10, 1, 2)
    starts = [number / 2 for number in range(20)]
    assert sum(max(0.0, end - start) for start in starts) == pytest.approx(10, abs=0.05)


def test_without_a_known_rate_the_work_is_shared_evenly() -> None:
    assert target_seconds(6, 4, 0) == pytest.approx(1.5, abs=0.01)


def test_in_a_long_backlog_a_pack_is_filled_up_with_the_beginning_of_a_train() -> None:
    trains = [Command(lanes=[lane(number), lane(number + 50), lane(number + 90)], seconds=2.1) for number in range(3)]
    [pack] = fill(trains, 1, CEILING)
    assert [len(command.lanes) for command in pack] == [3, 3, 1]
    assert sum(command.seconds for command in pack) == pytest.approx(4.9)
    [pack] = fill(
        [Command(lanes=[lane(1), lane(2)], seconds=4.0), Command(lanes=[lane(3), lane(4)], seconds=4.0)], 1, 4.0
    )
    assert len(pack) == 1


@given(
    costs=st.lists(st.floats(0.001, 9.0), min_size=1, max_size=120),
    count=st.integers(1, 30),
    target=st.floats(0.01, CEILING),
)
def test_packs_never_pass_their_limits_and_lose_or_double_nothing(
    costs: list[float], count: int, target: float
) -> None:
    commands = [Command(lanes=[lane(number)], seconds=cost) for number, cost in enumerate(costs)]
    packs = fill(commands, count, target)
    packed = [id(command) for pack in packs for command in pack]
    assert len(packed) == len(set(packed))
    assert len(packs) == min(count, len(commands))
    assert commands[0] in packs[0]
    for pack in packs:
        assert len(pack) <= 50
        assert len(pack) == 1 or sum(command.seconds for command in pack) <= CEILING * 1.021
