"""How calls leave: singly while there is room, in batches as it fills; what becomes of each command."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from connector.domain.values import File
from connector.errors import PermanentError, Stopped, TransientError
from connector.portal import Outcome, items_of
from connector.speech import Text

from .engine import SEND, Engine

AWAY = Text("away", "недоступен")


def lanes(engine: Engine, count: int, message_id: str = "1", **more: Any) -> None:
    for number in range(count):
        engine.write(str(100 + number), message_id, **more)


def everyone(count: int, *message_ids: str) -> dict[str, list[str]]:
    return {f"shop.{100 + number}": list(message_ids) for number in range(count)}


def first(error: Exception, of: int = 1) -> Callable[..., None]:
    left = [error] * of

    def raise_it(*_: Any) -> None:
        if left:
            raise left.pop()

    return raise_it


def in_chat(engine: Engine, chat: str, error: Exception) -> Callable[..., None]:
    def raise_it(method: str, params: Any) -> None:
        if method == SEND and params["MESSAGES"][0]["chat"]["id"] == chat:
            raise error

    return raise_it


def test_while_there_is_room_each_call_goes_singly(engine: Engine) -> None:
    lanes(engine, 8)
    engine.pump()
    assert engine.portal.sizes() == [1] * 8


def test_as_the_room_fills_calls_are_packed_and_half_of_the_room_is_left(engine: Engine) -> None:
    engine.portal.budget.free = 8
    lanes(engine, 20)
    engine.pump()
    assert sorted(engine.portal.sizes()[:4]) == [5, 5, 5, 5]
    assert engine.portal.chats.keys() == everyone(20).keys()


def test_one_place_is_enough_for_fifty(engine: Engine) -> None:
    engine.portal.budget.free = 1
    engine.portal.budget.seconds = 0.001
    lanes(engine, 50)
    engine.pump(seconds=0.3)
    assert engine.portal.sizes() == [50]
    assert engine.portal.chats == everyone(50, "1")


def test_no_batch_keeps_the_portal_busy_for_longer_than_the_ceiling(engine: Engine) -> None:
    engine.portal.budget.free, engine.portal.budget.seconds = 4, 1.0
    lanes(engine, 30)
    engine.pump(seconds=0.5)
    assert engine.portal.requests
    for request in engine.portal.requests:
        assert sum(items_of(method, params) for method, params in request) <= 5


def test_without_room_nothing_leaves_and_what_comes_meanwhile_joins(engine: Engine) -> None:
    engine.portal.budget.free = 0
    lanes(engine, 3)
    pump = threading.Thread(target=engine.pump)
    pump.start()
    threading.Event().wait(0.2)
    engine.write("100", "2")
    engine.write("200", "1")
    threading.Event().wait(0.4)
    assert engine.portal.requests == []
    engine.portal.budget.free = 1
    pump.join(10)
    assert engine.portal.sizes() == [4]
    assert engine.portal.chats == everyone(3, "1") | {"shop.100": ["1", "2"], "shop.200": ["1"]}


def test_a_pump_that_has_to_leave_gives_back_what_could_not_go(engine: Engine) -> None:
    engine.portal.budget.free = 0
    lanes(engine, 3)
    engine.pump(seconds=0.1)
    assert len(engine.deliveries("waiting")) == 3
    assert all(row["attempts"] == 0 for row in engine.deliveries("waiting"))
    engine.later()
    assert [method for method, _ in engine.portal.calls] == [SEND] * 3


def test_text_that_a_batch_would_rewrite_goes_alone(engine: Engine) -> None:
    engine.portal.budget.free = 3
    lanes(engine, 4)
    engine.write("7", "evil", text="see $result[0][ID]")
    engine.later()
    [alone] = [request for request in engine.portal.requests if "evil" in str(request)]
    assert len(alone) == 1
    assert engine.portal.chats == everyone(4, "1") | {"shop.7": ["evil"]}


def test_files_go_alone(engine: Engine) -> None:
    engine.portal.budget.free = 3
    lanes(engine, 4)
    for number in range(3):
        engine.write(f"f{number}", "1", files=(File(ref="f", name="f.jpg"),))
    engine.later()
    assert all(len(request) == 1 for request in engine.portal.requests if "f.jpg" in str(request))
    assert max(engine.portal.sizes()) > 1


def test_an_error_of_one_command_is_its_own(engine: Engine) -> None:
    engine.portal.budget.free = 2
    engine.portal.before = in_chat(engine, "shop.101", PermanentError("b24.no", hint=AWAY))
    lanes(engine, 4)
    engine.pump()
    assert engine.portal.sizes() == [4]
    assert [row["lane"] for row in engine.deliveries("parked")] == ["shop.101"]
    assert len(engine.deliveries("done")) == 3


def test_a_blocked_method_waits_while_others_go_on(engine: Engine) -> None:
    engine.portal.budget.free = 2
    blocked = TransientError("bitrix24.operating_limit", hint=AWAY, retry_after=300.0)
    engine.portal.before = in_chat(engine, "shop.101", blocked)
    lanes(engine, 4)
    engine.pump()
    [waiting] = engine.deliveries("waiting")
    assert (waiting["lane"], waiting["cause"]) == ("shop.101", "bitrix24.operating_limit")
    engine.portal.before = lambda method, params: None
    engine.clock.add(200)
    assert engine.pump() == 0
    engine.clock.add(200)
    engine.later()
    assert engine.portal.chats == everyone(4, "1")


def test_a_command_that_was_not_run_is_sent_again_without_doubt(engine: Engine) -> None:
    engine.portal.budget.free, engine.portal.cut = 2, 3
    lanes(engine, 5)
    engine.pump()
    assert [row["cause"] for row in engine.deliveries("waiting")] == ["bitrix24.not_run"] * 2
    engine.portal.cut = 50
    engine.later()
    assert [method for method, _ in engine.portal.calls] == [SEND] * 5
    assert engine.portal.chats == everyone(5, "1")


@pytest.mark.parametrize("executed", [True, False], ids=["after it was executed", "before it was executed"])
def test_when_the_answer_of_a_batch_is_lost_each_command_is_looked_up_and_none_is_doubled(
    engine: Engine, executed: bool
) -> None:
    lost = TransientError("network.cut", hint=AWAY, maybe_done=True)
    lanes(engine, 6, "0")
    engine.pump()
    engine.portal.requests.clear()
    engine.portal.budget.free = 2
    if executed:
        engine.portal.lost = first(lost)
    else:
        engine.portal.batch = first_batch(engine.portal.batch, lost)  # type: ignore[method-assign]
    lanes(engine, 6)
    engine.pump()
    assert len(engine.deliveries("waiting")) == 6
    engine.later()
    asked = [params["CHAT_ID"] for method, params in engine.portal.calls if method.startswith("imopenlines.session")]
    assert sorted(asked) == sorted(str(number) for number in range(1, 7))
    assert engine.portal.chats == everyone(6, "0", "1")


def first_batch(then: Callable[..., dict[str, Outcome]], error: Exception) -> Callable[..., dict[str, Outcome]]:
    """The first batch never arrives, but nobody can know."""
    left = [error]

    def batch(commands: Any, **more: Any) -> dict[str, Outcome]:
        if left:
            raise left.pop()
        return then(commands, **more)

    return batch


def test_a_batch_refused_as_a_whole_goes_in_single_calls(engine: Engine) -> None:
    engine.portal.budget.free = 2
    engine.portal.batch = first_batch(  # type: ignore[method-assign]
        engine.portal.batch, PermanentError("portal.batch_rewrites", hint=AWAY)
    )
    lanes(engine, 4)
    engine.later()
    assert engine.deliveries("parked") == []
    assert engine.portal.chats == everyone(4, "1")


def test_a_command_that_kills_its_batches_is_found_by_halves(engine: Engine) -> None:
    poison = TransientError("bitrix24.server_down", hint=AWAY, maybe_done=True)
    lanes(engine, 40, "0")
    engine.later()
    killed: list[int] = []
    then = engine.portal.batch

    def batch(commands: Any, **more: Any) -> Any:
        if any(method == SEND and "shop.103" in str(params) for method, params in commands.values()):
            killed.append(len(commands))
            raise poison
        return then(commands, **more)

    engine.portal.batch = batch  # type: ignore[method-assign]
    engine.portal.before = in_chat(engine, "shop.103", poison)
    engine.portal.budget.free, engine.portal.budget.gain, engine.portal.budget.until = 0, 1.0, 0.01
    engine.portal.budget.seconds = 0.01
    lanes(engine, 40)
    for _ in range(8):
        engine.pump()
        engine.clock.add(100)
    assert [row["lane"] for row in engine.deliveries("waiting")] == ["shop.103"]
    assert killed[0] == 40
    assert all(size <= 50 >> number for number, size in enumerate(killed))


def test_one_failing_batch_is_one_failure_and_the_pump_goes_on(engine: Engine) -> None:
    engine.portal.budget.free, engine.portal.budget.seconds, engine.portal.budget.gain = 1, 0.01, 1.0
    away = TransientError("bitrix24.server_down", hint=AWAY)
    engine.portal.before = first(away, of=12)
    lanes(engine, 12)
    engine.portal.lost = lambda: engine.write("late", "1") if len(engine.portal.requests) == 1 else ""
    engine.pump()
    assert engine.portal.chats == {"shop.late": ["1"]}


def test_calls_that_wait_for_their_operating_window_are_no_failures(engine: Engine) -> None:
    left = list(range(12))

    def blocked(method: str, params: Any) -> None:
        if left and left.pop() == 0:
            engine.write("late", "1")
        if params["MESSAGES"][0]["chat"]["id"] != "shop.late":
            raise TransientError("bitrix24.operating_limit", hint=AWAY, retry_after=300.0)

    engine.portal.before = blocked
    lanes(engine, 12)
    engine.pump()
    assert engine.portal.chats == {"shop.late": ["1"]}


def test_the_doubt_about_a_lost_batch_lasts_as_long_as_the_portal_may_work_at_it(engine: Engine) -> None:
    engine.portal.budget.free, engine.portal.budget.seconds = 1, 1.0
    engine.portal.lost = first(TransientError("network.cut", hint=AWAY, maybe_done=True))
    lanes(engine, 4)
    engine.pump()
    due = {datetime.fromisoformat(row["due_at"]) for row in engine.deliveries("waiting")}
    assert min(due) - engine.clock() > timedelta(seconds=3.5)


def test_a_stop_inside_a_batch_stops_the_pump(engine: Engine) -> None:
    engine.portal.budget.free = 2
    engine.portal.before = in_chat(engine, "shop.101", Stopped("b24.overload", hint=AWAY, state="blocked"))
    lanes(engine, 4)
    engine.portal.lost = lambda: engine.write("late", "1")
    engine.pump()
    assert "shop.late" not in engine.portal.chats
    assert engine.deliveries("parked") == []


def test_all_that_went_in_one_batch_share_its_request_id_and_keep_their_own_lines(engine: Engine) -> None:
    engine.portal.budget.free = 2
    traces = [engine.write(str(number), "1") for number in range(4)]
    engine.pump()
    rows = [engine.journal.trace(trace)["calls"] for trace in traces]
    assert [[(row["what"], row["request_id"]) for row in some] for some in rows] == [[(SEND, engine.portal.ids[0])]] * 4
