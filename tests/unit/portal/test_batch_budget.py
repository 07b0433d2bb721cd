"""A batch and the operating seconds of its methods (facts/bitrix24-platform.md §3.2, §3.4)."""

from __future__ import annotations

from typing import Any

import pytest

from connector.domain.ports import NO_LOAD
from connector.errors import TransientError
from connector.portal.batch import together
from connector.portal.memory import OpenBudget
from tests.unit.portal.test_batch import sections
from tests.unit.portal.world import NOW, World

SEND = "imconnector.send.messages"


def wait_for(world: World, method: str, seconds: float = 100.0) -> None:
    """The method has used up its time."""
    begun = NOW.timestamp()
    world.budget.note(method, {"operating": 450, "finish": begun, "operating_reset_at": begun + seconds})


def ok(**results: Any) -> dict[str, Any]:
    return sections(result=results)


def test_a_blocked_method_stays_behind_while_the_others_go(world: World):
    wait_for(world, "crm.deal.list")
    world.answer("batch", ok(b=2))
    outcomes = world.portal().batch({"a": ("crm.deal.LIST", {}), "b": ("crm.deal.get", {"id": 1})})
    assert list(outcomes) == ["a", "b"]
    assert (outcomes["a"].state, outcomes["b"].result) == ("failed", 2)
    error = outcomes["a"].error
    assert isinstance(error, TransientError)
    assert (error.cause, error.retry_after, error.maybe_done) == ("bitrix24.operating_limit", 100.0, False)
    assert list(world.sent("batch")[0]["cmd"]) == ["b"]
    assert world.budget.loads == [{"crm.deal.get": 1.0}]


def test_a_chain_with_a_blocked_command_is_not_begun(world: World):
    wait_for(world, "crm.deal.list")
    outcomes = world.portal().batch({"a": ("crm.deal.get", {}), "b": ("crm.deal.list", {})}, halt=True)
    assert not world.wire.calls
    for outcome in outcomes.values():
        assert outcome.state == "failed"
        assert isinstance(outcome.error, TransientError)
        assert outcome.error.retry_after == 100.0
        assert outcome.error.detail == "crm.deal.list"


def test_a_batch_of_blocked_commands_costs_nothing(world: World):
    wait_for(world, "x.y")
    outcomes = world.portal().batch({"a": ("x.y", {}), "b": ("x.y", {})})
    assert [outcome.state for outcome in outcomes.values()] == ["failed", "failed"]
    assert (world.budget.spent, list(world.wire.calls)) == ([], [])


def test_bulk_stays_behind_earlier_than_live(world: World):
    begun = NOW.timestamp()
    world.budget.note("x.y", {"operating": 300, "finish": begun, "operating_reset_at": begun + 60})
    world.answer("batch", ok(a=1))
    portal = world.portal()
    assert portal.batch({"a": ("x.y", {})}, live=False)["a"].state == "failed"
    assert portal.batch({"a": ("x.y", {})})["a"].state == "ok"


def test_the_seconds_of_each_method_are_learned_from_its_commands(world: World):
    begun = NOW.timestamp()

    def spent(processing: float, operating: float) -> dict[str, Any]:
        told = {"processing": processing, "duration": 9.0, "operating": operating, "finish": begun}
        return {**told, "operating_reset_at": int(begun) + 500}

    times = {"a": spent(0.4, 50.0), "b": spent(0.8, 51.0), "c": spent(3.0, 7.0)}
    world.answer("batch", sections(result={"a": 1, "b": 1, "c": 1, "d": 1}, result_time=times))
    commands = {"a": (SEND, {"MESSAGES": [1, 2]}), "b": (SEND, {"MESSAGES": [3]}), "c": ("x.y", {}), "d": ("x.z", {})}
    portal = world.portal()
    portal.batch(commands)
    assert world.budget.loads == [{SEND: 3.0, "x.y": 1.0, "x.z": 1.0}]
    assert world.budget.expect(SEND, 10) == pytest.approx(4.0)
    assert world.budget.expect("x.y") == pytest.approx(3.0)
    assert (portal.operating(SEND), portal.operating("x.y")) == (51.0, 7.0)


def test_a_method_that_gets_blocked_on_the_way_is_left_behind(world: World):
    class Raced(OpenBudget):
        """Somebody else uses up the seconds of ``x.y`` between the look and the request."""

        def spend(self, load=NO_LOAD, *, live=True) -> float:
            if "x.y" in load:
                self.note("x.y", {"operating": 450, "finish": 1.0, "operating_reset_at": 101})
            return super().spend(load, live=live)

    world.budget = Raced(lambda: NOW.timestamp())
    world.answer("batch", ok(b=2))
    outcomes = world.portal().batch({"a": ("x.y", {}), "b": ("x.z", {})})
    assert (outcomes["a"].state, outcomes["b"].state) == ("failed", "ok")
    assert len(world.sent("batch")) == 1


def test_an_answer_without_sections_leaves_nothing_under_way(world: World):
    world.answer("batch", {"result": None})
    world.budget.note("x.y", {"processing": 400.0, "operating": 0})
    with pytest.raises(TransientError):
        world.portal().batch({"a": ("x.y", {}), "b": ("x.y", {})})
    assert world.budget.waiting(["x.y"]) == {}


def test_times_add_up_and_sums_do_not():
    first = {"processing": 0.5, "operating": 3, "finish": 1.0}
    second = {"duration": 1.5, "operating": 4, "finish": 2.0}
    assert together([first, second]) == {"processing": 2.0, "operating": 4, "finish": 2.0}
    assert together([{"operating": 3}]) == {"operating": 3}
