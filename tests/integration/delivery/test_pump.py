"""The pump: order per lane, each effect once, nothing lost, whatever the far side does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.domain.events import ReplyWritten
from connector.domain.values import File, Im
from connector.errors import PermanentError, Stopped, TransientError
from connector.journal import Planned, Step
from connector.speech import Text

from .engine import SEND, Engine

AWAY = Text("away", "недоступен")


def once(error: Exception, method: str = SEND) -> Callable[..., None]:
    left = [error]

    def raise_it(called: str, params: Any) -> None:
        if called == method and left:
            raise left.pop()

    return raise_it


def whenever(message_id: str, error: Exception) -> Callable[..., None]:
    def raise_it(called: str, params: Any) -> None:
        if message_id in [item["message"]["id"] for item in params.get("MESSAGES", ())]:
            raise error

    return raise_it


def reply(message_id: str = "901", **more: Any) -> ReplyWritten:
    return ReplyWritten(
        portal="main",
        connector="c1_fake",
        line="1",
        account="shop",
        conversation="7",
        im=Im(chat_id="1", message_id=message_id),
        **({"text": "Hello"} | more),
    )


def test_messages_of_a_lane_arrive_in_order_and_lanes_do_not_wait_for_each_other(engine: Engine) -> None:
    for number in range(5):
        for lane in ("7", "8", "9"):
            engine.write(lane, str(number))
    assert engine.pump() == 15
    assert engine.portal.chats == {f"shop.{lane}": list("01234") for lane in ("7", "8", "9")}


def test_the_senders_sequence_decides_not_the_arrival(engine: Engine) -> None:
    engine.write("7", "second", position=2)
    engine.write("7", "first", position=1)
    engine.pump()
    assert engine.portal.chats["shop.7"] == ["first", "second"]


def test_a_bad_item_parks_with_cause_and_hint_and_its_lane_goes_on(engine: Engine) -> None:
    engine.portal.before = whenever("1", PermanentError("b24.no", hint=Text("do this", "сделайте это")))
    engine.write("7", "1")
    engine.write("7", "2")
    engine.pump()
    assert engine.portal.chats["shop.7"] == ["2"]
    [parked] = engine.deliveries("parked")
    assert parked["cause"] == "b24.no"


def test_a_passing_failure_keeps_the_lane_standing_and_then_all_arrive_in_order(engine: Engine) -> None:
    engine.portal.before = once(TransientError("b24.away", hint=AWAY))
    for number in range(3):
        engine.write("7", str(number))
    engine.pump()
    assert engine.portal.chats == {}
    engine.clock.add(5)
    engine.pump()
    assert engine.portal.chats["shop.7"] == list("012")
    assert engine.deliveries("parked") == []


@pytest.mark.parametrize("known_chat", [False, True], ids=["first message", "later message"])
def test_an_answer_lost_after_the_portal_executed_makes_no_double(engine: Engine, known_chat: bool) -> None:
    if known_chat:
        engine.write("7", "0")
        engine.pump()
    engine.portal.after = once(TransientError("net.reset", hint=AWAY, maybe_done=True))
    engine.write("7", "1")
    engine.write("7", "2")
    engine.pump()
    engine.clock.add(5)
    engine.pump()
    assert engine.portal.chats["shop.7"] == (["0"] if known_chat else []) + ["1", "2"]


def test_an_effect_that_left_no_trace_is_carried_out(engine: Engine) -> None:
    engine.write("7", "0")
    engine.pump()
    engine.portal.before = once(TransientError("net.reset", hint=AWAY, maybe_done=True))
    engine.write("7", "1")
    engine.pump()
    engine.clock.add(5)
    engine.pump()
    assert engine.portal.chats["shop.7"] == ["0", "1"]


def test_a_doubtful_effect_is_not_looked_up_before_its_doubt_is_over(engine: Engine) -> None:
    engine.portal.after = once(TransientError("net.reset", hint=AWAY, maybe_done=True))
    engine.write("7", "1")
    engine.pump()
    assert engine.pump() == 0
    assert [method for method, _ in engine.portal.calls] == [SEND]


def test_a_stopped_destination_waits_and_parks_nothing(engine: Engine) -> None:
    engine.portal.before = once(Stopped("b24.overload", hint=AWAY, state="blocked"))
    engine.write("7", "1")
    engine.pump()
    assert engine.deliveries("parked") == []
    assert engine.pump() == 0
    engine.clock.add(120)
    engine.pump()
    assert engine.portal.chats["shop.7"] == ["1"]


def test_what_a_dead_pump_had_under_way_is_looked_up_only_when_it_must_have_ended(engine: Engine) -> None:
    engine.write("7", "1")
    lease = engine.journal.lease("portal:main")
    assert lease is not None
    [delivery] = engine.journal.claim(lease, lanes=1)
    plan = Planned(key="in:shop:7:1", delivery_id=delivery.id, trace=delivery.trace, what=SEND)
    engine.journal.step(lease, Step(planned=[plan]))
    engine.journal.leave(lease, force=True)
    engine.pump()
    assert engine.portal.calls == []
    engine.clock.add(5)
    engine.pump()
    assert [method for method, _ in engine.portal.calls] == ["crm.activity.list", SEND]


def test_a_message_too_old_for_a_conversation_parks_instead_of_arriving_absurdly_late(engine: Engine) -> None:
    engine.write("7", "1")
    engine.clock.add(25 * 3600)
    engine.pump()
    assert engine.portal.chats == {}
    assert engine.deliveries("parked")[0]["cause"] == "delivery.too_late"


def test_a_replayed_old_message_is_wanted_after_all(engine: Engine) -> None:
    engine.write("7", "1")
    engine.clock.add(25 * 3600)
    engine.pump()
    [parked] = engine.deliveries("parked")
    engine.journal.replay([parked["id"]], who="ops", why="the client still waits")
    engine.pump()
    assert engine.portal.chats["shop.7"] == ["1"]


def test_the_parts_of_an_album_arrive_as_one_message(engine: Engine) -> None:
    for number in range(3):
        engine.write("7", str(number), album="g", files=(File(ref=f"f{number}", name=f"{number}.jpg"),))
    engine.pump()
    [(_, params)] = [call for call in engine.portal.calls if call[0] == SEND]
    assert [file["name"] for file in params["MESSAGES"][0]["message"]["files"]] == ["0.jpg", "1.jpg", "2.jpg"]
    assert len(engine.deliveries("done")) == 3


def test_a_handlers_bug_parks_its_own_delivery_only(engine: Engine) -> None:
    def broken(method: str, params: Any) -> None:
        if params["MESSAGES"][0]["message"]["id"] == "1":
            raise ZeroDivisionError("oops")

    engine.portal.before = broken
    engine.write("7", "1")
    engine.write("8", "2")
    engine.pump()
    assert engine.portal.chats == {"shop.8": ["2"]}
    assert engine.deliveries("parked")[0]["cause"] == "connector.bug"


def test_a_reply_leaves_once_and_its_outcome_is_a_delivery_to_the_portal(engine: Engine) -> None:
    engine.put(reply(), "account:shop")
    engine.pump("account:shop")
    assert [outgoing.command.text for outgoing in engine.sent] == ["Hello"]
    engine.pump()
    [(method, params)] = engine.portal.calls
    assert method == "imconnector.send.status.delivery"
    assert params["MESSAGES"][0]["message"]["id"] == ["p1"]


def test_a_refused_reply_parks_and_the_operator_reads_why(engine: Engine) -> None:
    def refuse(outgoing: Any) -> None:
        raise PermanentError("fake.blocked", hint=Text("the client blocked us", "клиент нас заблокировал"))

    engine.on_send = refuse
    engine.put(reply(), "account:shop")
    engine.pump("account:shop")
    engine.pump()
    [(method, params)] = engine.portal.calls
    assert method == "im.message.add"
    assert "the client blocked us" in params["MESSAGE"]
    assert engine.deliveries("parked")[0]["cause"] == "fake.blocked"


def test_what_went_before_a_failure_is_not_sent_again(engine: Engine) -> None:
    failures = [TransientError("fake.away", hint=AWAY)]

    def fail_second(outgoing: Any) -> None:
        if outgoing.uploads and outgoing.uploads[0].name == "b" and failures:
            raise failures.pop()

    engine.on_send = fail_second
    engine.put(reply(files=(File(ref="a", name="a"), File(ref="b", name="b"))), "account:shop")
    engine.pump("account:shop")
    engine.clock.add(5)
    engine.pump("account:shop")
    assert [outgoing.uploads[0].name for outgoing in engine.sent] == ["a", "b"]


def test_chat_text_of_unknown_outcome_without_a_proof_is_repeated_and_flagged(engine: Engine) -> None:
    failures = [TransientError("fake.reset", hint=AWAY, maybe_done=True)]

    def cut(outgoing: Any) -> None:
        if failures:
            raise failures.pop()

    engine.on_send = cut
    engine.put(reply(), "account:shop")
    engine.pump("account:shop")
    engine.clock.add(5)
    engine.pump("account:shop")
    assert len(engine.sent) == 1
    [done] = engine.deliveries("done")
    assert "unknown" in done["flagged"]


def test_a_traced_message_shows_its_calls(engine: Engine) -> None:
    trace = engine.write("7", "1")
    engine.pump()
    story = str(engine.journal.trace(trace))
    assert SEND in story
    assert "in:shop:7:1" in story
