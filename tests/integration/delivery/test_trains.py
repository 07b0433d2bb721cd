"""Consecutive messages of a conversation leave as one call, and still are deliveries of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from connector.domain.events import MessageEdited
from connector.domain.values import File, Person
from connector.errors import PermanentError, TransientError
from connector.journal import Step
from connector.speech import Text

from .engine import SEND, Engine

AWAY = Text("away", "недоступен")
ANNA = Person(id="7", first_name="Anna", email="anna@example.com")


def say(engine: Engine, *message_ids: str, **more: Any) -> list[str]:
    return [engine.write("7", message_id, **more) for message_id in message_ids]


def sent(engine: Engine) -> list[list[str]]:
    """The messages of each call of ``imconnector.send.messages``, whether it went well or not."""
    commands = [command for request in engine.portal.requests for command in request]
    return [[item["message"]["id"] for item in params["MESSAGES"]] for method, params in commands if method == SEND]


def with_item(message_id: str, error: Exception, *, times: int = 1000) -> Callable[..., None]:
    left = [error] * times

    def raise_it(method: str, params: Any) -> None:
        if method == SEND and left and message_id in [item["message"]["id"] for item in params["MESSAGES"]]:
            raise left.pop()

    return raise_it


def test_consecutive_messages_are_one_call_and_settle_each_for_itself(engine: Engine) -> None:
    traces = say(engine, "1", "2", "3")
    engine.pump()
    assert sent(engine) == [["1", "2", "3"]]
    assert len(engine.deliveries("done")) == 3
    for number, trace in enumerate(traces, start=1):
        found = engine.journal.trace(trace)
        assert [row["key"] for row in found["ledger"]] == [f"in:shop:7:{number}"]
        assert [row["request_id"] for row in (*found["ledger"], *found["calls"])] == engine.portal.ids * 2


def test_no_more_than_ten_go_together(engine: Engine) -> None:
    say(engine, *(str(number) for number in range(23)))
    engine.pump()
    assert [len(messages) for messages in sent(engine)] == [10, 10, 3]


def test_what_goes_together_stays_under_the_ceiling(engine: Engine) -> None:
    engine.portal.budget.seconds = 2.0
    say(engine, *"12345")
    engine.pump()
    assert sent(engine) == [["1", "2"], ["3", "4"], ["5"]]


def test_another_client_of_the_same_conversation_does_not_join(engine: Engine) -> None:
    say(engine, "1", "2")
    say(engine, "3", "4", client=ANNA)
    engine.pump()
    assert sent(engine) == [["1", "2"], ["3", "4"]]


def test_a_message_with_a_file_is_neither_joined_nor_fetched_ahead(engine: Engine) -> None:
    fetched: list[int] = []
    engine.on_fetch = lambda: fetched.append(len(sent(engine)))
    say(engine, "1")
    say(engine, "2", files=(File(ref="f", name="f.jpg"),))
    say(engine, "3", "4")
    engine.pump()
    assert sent(engine) == [["1"], ["2"], ["3", "4"]]
    assert fetched == [1]


def test_an_edit_is_not_joined_and_keeps_its_place(engine: Engine) -> None:
    say(engine, "1", "2")
    engine.put(MessageEdited(account="shop", conversation="7", message_id="2", client=Person(id="7"), text="Ho"))
    say(engine, "3")
    engine.pump()
    assert [method for method, _ in engine.portal.calls] == [SEND, "imconnector.update.messages", SEND]


def test_a_long_text_of_several_parts_keeps_what_is_behind_it_waiting(engine: Engine) -> None:
    say(engine, "1")
    say(engine, "2", text="x" * 25_000)
    say(engine, "3")
    engine.pump()
    assert sent(engine) == [["1", "2"], ["2.2"], ["3"]]


@pytest.mark.parametrize("bad", ["1", "2", "3", "4"])
def test_a_refused_message_parks_and_those_around_it_arrive_once_and_in_order(engine: Engine, bad: str) -> None:
    engine.portal.refuses = lambda item: bool(item["message"]["id"] == bad)
    say(engine, *"1234")
    engine.pump()
    assert engine.portal.chats["shop.7"] == [name for name in "1234" if name != bad]
    assert [row["cause"] for row in engine.deliveries("parked")] == ["openlines.refused"]


@pytest.mark.parametrize("bad", ["1", "2", "3", "4"])
def test_a_message_for_which_the_whole_call_is_refused_parks_alone(engine: Engine, bad: str) -> None:
    engine.portal.before = with_item(bad, PermanentError("b24.no", hint=AWAY))
    say(engine, *"1234")
    engine.pump()
    assert engine.portal.chats["shop.7"] == [name for name in "1234" if name != bad]
    assert [row["cause"] for row in engine.deliveries("parked")] == ["b24.no"]


@pytest.mark.parametrize("bad", ["1", "2", "3"])
def test_a_passing_failure_makes_the_first_wait_and_leaves_the_others_untouched(engine: Engine, bad: str) -> None:
    engine.portal.before = with_item(bad, TransientError("b24.away", hint=AWAY), times=1)
    say(engine, "1", "2", "3")
    engine.pump()
    assert sorted(row["attempts"] for row in engine.deliveries("waiting")) == [0, 0, 1]
    engine.later()
    assert engine.portal.chats["shop.7"] == ["1", "2", "3"]


@pytest.mark.parametrize("doubtful", [False, True])
def test_a_message_that_fails_every_call_holds_up_nobody_in_front_of_it(engine: Engine, doubtful: bool) -> None:
    engine.portal.before = with_item("3", TransientError("b24.down", hint=AWAY, maybe_done=doubtful))
    say(engine, *"1234")
    for _ in range(8):
        engine.pump()
        engine.clock.add(100)
    assert engine.portal.chats["shop.7"] == ["1", "2"]
    assert [row["attempts"] > 1 for row in reversed(engine.deliveries("waiting"))] == [True, False]


@pytest.mark.parametrize("known_chat", [False, True], ids=["first messages", "later messages"])
def test_after_a_lost_answer_each_message_is_looked_up_and_none_is_doubled(engine: Engine, known_chat: bool) -> None:
    if known_chat:
        say(engine, "0")
        engine.pump()
    engine.portal.after = with_item("1", TransientError("net.reset", hint=AWAY, maybe_done=True), times=1)
    say(engine, "1", "2", "3")
    engine.pump()
    engine.later()
    assert engine.portal.chats["shop.7"] == (["0"] if known_chat else []) + ["1", "2", "3"]
    assert sent(engine)[-1] == ["1", "2", "3"]


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_those_without_a_row_in_the_answer_are_in_doubt_and_looked_up(engine: Engine, rows: int) -> None:
    shapes: list[Callable[[list[Any]], Any]] = [lambda made: made[:rows]]
    engine.portal.shaped = lambda made: shapes.pop()(made) if shapes else made
    say(engine, "1", "2", "3")
    engine.pump()
    assert len(engine.deliveries("done")) == rows
    engine.later()
    assert engine.portal.chats["shop.7"] == ["1", "2", "3"]


def test_rows_written_as_a_map_find_their_messages(engine: Engine) -> None:
    engine.portal.shaped = lambda made: {str(number): row for number, row in enumerate(made)}
    say(engine, "1", "2", "3")
    engine.pump()
    assert len(engine.deliveries("done")) == 3


def test_a_client_whose_data_is_refused_gets_all_messages_through_without_it_and_in_order(engine: Engine) -> None:
    engine.portal.refuses = lambda item: "email" in item["user"]
    say(engine, *"1234", client=ANNA)
    engine.pump()
    assert engine.portal.chats["shop.7"] == list("1234")
    assert len(engine.deliveries("done")) == 4


def test_trains_of_many_lanes_share_a_batch(engine: Engine) -> None:
    engine.portal.budget.free = 2
    for lane in "789":
        for message_id in "123":
            engine.write(lane, message_id)
    engine.pump()
    assert engine.portal.sizes() == [3]
    assert engine.portal.chats == {f"shop.{lane}": list("123") for lane in "789"}


def test_one_message_that_came_twice_leaves_once(engine: Engine) -> None:
    """Two envelopes of one message, in one lane and at once."""
    say(engine, "1", "1", "2")
    engine.pump()
    assert engine.portal.chats["shop.7"] == ["1", "2"]
    assert len(engine.deliveries("done")) == 3


def test_one_key_of_two_lanes_is_never_under_way_twice(engine: Engine) -> None:
    """The second waits for the first and takes its result from the ledger."""
    engine.write("7", "1")
    engine.write("7", "1", lane="another")
    engine.pump()
    assert engine.portal.chats["shop.7"] == ["1"]
    assert len(engine.deliveries("done")) == 2


def test_a_key_that_is_under_way_is_not_doubted_by_another_lane(engine: Engine) -> None:
    """The second comes while the first is at the portal, and is done as soon as the first is."""
    meant = [lambda: engine.write("7", "1", lane="another")]

    def write_meanwhile(method: str, params: Any) -> None:
        if meant:
            meant.pop()()
            threading.Event().wait(0.2)

    engine.portal.before = write_meanwhile
    engine.write("7", "1")
    engine.pump()
    assert [method for method, _ in engine.portal.calls] == [SEND]
    assert len(engine.deliveries("done")) == 2


def test_a_message_that_failed_before_joins_nobody(engine: Engine) -> None:
    engine.portal.before = with_item("2", TransientError("b24.away", hint=AWAY), times=1)
    say(engine, "2", position=2)
    engine.pump()
    say(engine, "1", position=1)
    engine.clock.add(60)
    engine.pump()
    assert sent(engine) == [["2"], ["1"], ["2"]]


def test_what_was_done_in_a_train_is_not_sent_again_after_a_crash(engine: Engine) -> None:
    """The middle one is done in the ledger, but its settlement was not written."""
    lease = engine.journal.lease("portal:main")
    assert lease is not None
    engine.portal.call(SEND, {"MESSAGES": [{"chat": {"id": "shop.7"}, "message": {"id": "2"}}]})
    engine.journal.step(lease, Step(results=[("in:shop:7:2", {"ID": "1", "CHAT_ID": "1"}, "")]))
    engine.journal.leave(lease, force=True)
    say(engine, "1", "2", "3")
    engine.pump()
    assert sorted(engine.portal.chats["shop.7"]) == ["1", "2", "3"]
    assert len(engine.deliveries("done")) == 3


def test_the_request_that_carried_an_effect_is_named_in_its_trace(engine: Engine) -> None:
    trace = engine.write("7", "1")
    engine.pump()
    [carried] = engine.portal.ids
    found = engine.journal.trace(trace)
    assert len(carried) == 32
    assert [row["request_id"] for row in found["calls"]] == [carried]
    assert [row["request_id"] for row in found["ledger"]] == [carried]
    assert [line["request"] for line in found["story"] if line["kind"] in ("call", "recorded")] == [carried, carried]
    assert engine.journal.show(found["deliveries"][0]["id"])["request"] == carried
