from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import PermanentError, TransientError
from connector.portal.batch import Ref, must_go_alone
from tests.unit.portal.world import World, denied


def sections(**given: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {f"result{name}": [] for name in ("", "_error", "_total", "_next", "_time")}
    return {"result": empty | given, "time": {"operating": 0}}


def test_every_command_gets_its_outcome_and_a_missing_one_was_not_run(world: World):
    answer = sections(
        result={"a": {"ID": "1"}},
        result_error={"b": denied("NOT_FOUND", "no")},
        result_next={"a": 50},
        result_total={"a": "77"},
        result_time={"a": {"operating": 3.5}},
    )
    world.answer("batch", answer)
    portal = world.portal()
    commands: dict[str, Any] = {"a": ("x.list", {}), "b": ("x.get", {"id": 5}), "c": ("x.get", {"id": 6})}
    outcomes = portal.batch(commands, halt=True)
    assert list(outcomes) == ["a", "b", "c"]
    assert (outcomes["a"].state, outcomes["a"].result, outcomes["a"].next, outcomes["a"].total) == (
        "ok",
        {"ID": "1"},
        50,
        77,
    )
    assert isinstance(outcomes["b"].error, PermanentError)
    assert outcomes["c"].state == "not_run"
    assert portal.operating("x.list") == 3.5
    sent = world.sent("batch")[0]
    assert (sent["halt"], sent["cmd"]) == (1, {"a": "x.list", "b": "x.get?id=5", "c": "x.get?id=6"})


def test_numeric_keys_never_reach_the_wire(world: World):
    world.answer("batch", sections(result={"c_0": 1, "c_1": 2}))
    outcomes = world.portal().batch({"0": ("x.y", {}), "17-b": ("x.y", {})})
    assert {key: outcome.result for key, outcome in outcomes.items()} == {"0": 1, "17-b": 2}
    assert list(world.sent("batch")[0]["cmd"]) == ["c_0", "c_1"]


def test_a_spare_key_does_not_take_the_callers(world: World):
    world.answer("batch", sections(result={"c_0_": 1, "c_0": 2}))
    outcomes = world.portal().batch({"0": ("x.y", {}), "c_0": ("x.y", {})})
    assert (outcomes["0"].result, outcomes["c_0"].result) == (1, 2)


def test_a_result_of_false_or_nothing_is_a_success(world: World):
    world.answer("batch", sections(result={"a": False, "b": None}))
    outcomes = world.portal().batch({"a": ("x.y", {}), "b": ("x.y", {})})
    assert [outcome.state for outcome in outcomes.values()] == ["ok", "ok"]


def test_an_error_with_an_empty_code_is_an_error(world: World):
    world.answer("batch", sections(result_error={"a": denied("", "Not found")}))
    outcome = world.portal().batch({"a": ("crm.lead.get", {"id": 1})})["a"]
    assert outcome.state == "failed"
    assert outcome.error is not None
    assert outcome.error.cause == "bitrix24.not_found"


def test_an_operating_limit_inside_a_batch_blocks_that_method(world: World):
    world.answer("batch", sections(result={"b": 1}, result_error={"a": denied("OPERATION_TIME_LIMIT")}))
    portal = world.portal()
    outcomes = portal.batch({"a": ("x.y", {}), "b": ("x.z", {})})
    assert isinstance(outcomes["a"].error, TransientError)
    assert outcomes["a"].error.retry_after == 60.0
    with pytest.raises(TransientError):
        portal.call("x.y")


@pytest.mark.parametrize("result", [None, [], "text", {"items": []}])
def test_an_answer_without_sections_proves_nothing(world: World, result):
    world.answer("batch", {"result": result})
    with pytest.raises(TransientError) as caught:
        world.portal().batch({"a": ("x.y", {})})
    assert caught.value.maybe_done


def test_a_batch_refused_as_a_whole_is_one_error(world: World):
    world.answer("batch", denied("QUERY_LIMIT_EXCEEDED"), 503)
    with pytest.raises(TransientError) as caught:
        world.portal().batch({"a": ("x.y", {})})
    assert not caught.value.maybe_done


def test_an_empty_batch_costs_nothing(world: World):
    assert world.portal().batch({}) == {}
    assert world.budget.spent == []


@pytest.mark.parametrize(
    ("commands", "cause"),
    [
        ({f"k{index}": ("x.y", {}) for index in range(51)}, "portal.batch_too_long"),
        ({"a": ("batch", {})}, "portal.batch_nested"),
        ({"a": ("im.message.add", {"MESSAGE": "see $result[x]"})}, "portal.batch_rewrites"),
        ({"a": ("x.y", {f"field{index}": 1 for index in range(1000)})}, "portal.batch_rewrites"),
    ],
)
def test_what_a_batch_would_spoil_is_refused(world: World, commands, cause):
    with pytest.raises(PermanentError) as caught:
        world.portal().batch(commands)
    assert caught.value.cause == cause
    assert not world.wire.calls


def test_our_own_references_pass(world: World):
    world.answer("batch", sections(result={"a": 1, "b": 2}))
    world.portal().batch({"a": ("x.add", {}), "b": ("x.get", {"id": Ref("$result[a]")})}, halt=True)
    assert parse_qs(world.sent("batch")[0]["cmd"]["b"].partition("?")[2]) == {"id": ["$result[a]"]}


@pytest.mark.parametrize(
    "params",
    [
        {"t": "$result[x]"},
        {"t": "a $error.abc[0]"},
        {"t": ["deep", {"in": "$TOTAL[1]"}]},
        {"$time[x]": 1},
        {"t": ("$next[a]",)},
    ],
)
def test_text_that_the_server_would_rewrite_goes_alone(params):
    assert must_go_alone(params)


@pytest.mark.parametrize("text", ["", "result[x]", "$ result[x]", "$result x [y]", "$resul[x]", "costs 5$ [sic]"])
def test_other_text_may_ride_along(text):
    assert not must_go_alone({"t": text})


@given(st.text(max_size=15), st.sampled_from(["result", "error", "total", "next", "time"]), st.text("abc]", max_size=5))
def test_a_reference_is_found_wherever_it_hides(before, name, inside):
    assert must_go_alone({"t": [f"{before}${name}{inside}[1]"]})


def test_a_registration_refused_inside_a_batch_failed(world: World):
    world.answer("batch", sections(result={"a": {"result": False, "error": "NAME_REQUIRED"}}))
    assert world.portal().batch({"a": ("imconnector.register", {})})["a"].state == "failed"
