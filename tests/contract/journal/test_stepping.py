"""What a pump writes: the ledger, settlements, links, further deliveries; all or nothing."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from connector.domain.effects import Remember
from connector.journal import CallTrail, Journal, Planned, Step
from connector.speech import Text
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, a_trace, leased, put, settle, settled


def plan(key: str, delivery_id: int = 1) -> Planned:
    """A planned send."""
    return Planned(key=key, delivery_id=delivery_id, trace="t", what="imconnector.send.messages")


def test_a_new_key_is_planned_and_a_planned_key_is_known(journal: Journal, clock: FakeClock) -> None:
    lease = leased(journal)
    assert journal.step(lease, Step(planned=[plan("k")])) == {}
    planned_at = clock()
    clock.advance(3)
    known = journal.step(lease, Step(planned=[plan("k"), plan("other")]))
    assert list(known) == ["k"]
    assert (known["k"].state, known["k"].planned_at) == ("planned", planned_at)


@pytest.mark.parametrize("result", [None, True, 0, "", [], {"id": ["1", 2, None]}, "текст\0 \ud800"])
def test_a_done_key_gives_its_result_for_ever(journal: Journal, result: object) -> None:
    lease = leased(journal)
    journal.step(lease, Step(planned=[plan("k")]))
    journal.step(lease, Step(results=[("k", result, "found by its proof")]))
    journal.step(lease, Step(results=[("k", "a second answer", "")], cleared=["k"], unknown=["k"]))
    known = journal.step(lease, Step(planned=[plan("k")]))
    assert (known["k"].state, known["k"].result) == ("done", result)


def test_a_key_whose_answer_was_lost_is_unknown(journal: Journal) -> None:
    lease = leased(journal)
    journal.step(lease, Step(planned=[plan("k")]))
    journal.step(lease, Step(unknown=["k"]))
    assert journal.step(lease, Step(planned=[plan("k")]))["k"].state == "unknown"
    journal.step(lease, Step(results=[("k", 1, "")]))
    assert journal.step(lease, Step(planned=[plan("k")]))["k"].state == "done"


def test_a_cleared_key_may_be_planned_anew_in_the_same_step(journal: Journal, clock: FakeClock) -> None:
    lease = leased(journal)
    journal.step(lease, Step(planned=[plan("k")]))
    clock.advance(9)
    assert journal.step(lease, Step(cleared=["k"], planned=[plan("k")])) == {}
    assert journal.step(lease, Step(planned=[plan("k")]))["k"].planned_at == clock()


def test_the_request_that_carried_a_key_stays_with_it(journal: Journal) -> None:
    lease = leased(journal)
    trace = put(journal, a_delivery())
    keys = ("done", "doubt", "again")
    journal.step(lease, Step(planned=[Planned(key=key, delivery_id=1, trace=trace, what="send") for key in keys]))
    journal.step(
        lease,
        Step(
            results=[("done", 1, "")], unknown=["doubt"], carried=[("done", "r1"), ("doubt", "r1"), ("stranger", "r1")]
        ),
    )
    journal.step(lease, Step(results=[("doubt", 2, "found by its proof")]))
    journal.step(lease, Step(cleared=["again"]))
    carried = {row["key"]: row["request_id"] for row in journal.trace(trace)["ledger"]}
    assert carried == {"done": "r1", "doubt": "r1"}


def test_a_delivery_shows_the_last_request_that_went_for_it(journal: Journal, clock: FakeClock) -> None:
    trace = put(journal, a_delivery())
    lease = leased(journal)
    delivery = journal.claim(lease, lanes=1)[0]
    assert journal.show(delivery.id)["request"] == ""
    made = {"trace": trace, "delivery_id": delivery.id, "started_at": clock(), "seconds": 0.1, "outcome": "ok"}
    calls = [CallTrail(what=name, request_id=name, **made) for name in ("r1", "r2")]
    journal.step(lease, Step(calls=[*calls, CallTrail(what="fetch", **made)]))
    assert journal.show(delivery.id)["request"] == "r2"
    assert [line["request"] for line in journal.trace(trace)["story"] if line["kind"] == "call"] == ["r1", "r2", ""]


def test_a_result_without_a_plan_is_kept(journal: Journal) -> None:
    lease = leased(journal)
    journal.step(lease, Step(results=[("k", 5, "")]))
    assert journal.step(lease, Step(planned=[plan("k")]))["k"].result == 5


def test_a_key_planned_twice_in_one_step_is_written_once(journal: Journal) -> None:
    lease = leased(journal)
    assert journal.step(lease, Step(planned=[plan("k", 1), plan("k", 2)])) == {}
    assert journal.step(lease, Step(planned=[plan("k")]))["k"].state == "planned"


def test_odd_keys_are_kept_apart(journal: Journal) -> None:
    keys = ["in:shop:1", "in:shop:10", "in:shop:1 ", "IN:shop:1", "%", "\U0001f600", "x" * 3000, "nul\0"]
    lease = leased(journal)
    assert journal.step(lease, Step(planned=[plan(key) for key in keys])) == {}
    assert set(journal.step(lease, Step(planned=[plan(key) for key in keys]))) == set(keys)


def test_a_settlement_says_why_and_when(journal: Journal, clock: FakeClock) -> None:
    trace = put(journal, a_delivery(text="a"), a_delivery(lane="b"), a_delivery(lane="c"))
    lease = leased(journal)
    a, b, c = sorted(journal.claim(lease, lanes=3), key=lambda delivery: delivery.id)
    due = clock() + timedelta(seconds=30)
    hint = Text("Wait", "Ждите")
    step = Step(
        settled=[
            settled(a, flagged="repeated"),
            settled(b, "waiting", due_at=due, cause="portal.busy", hint=hint, detail="429"),
            settled(c, "parked", cause="portal.refused", hint=hint),
        ]
    )
    journal.step(lease, step)
    done, waiting, parked = journal.trace(trace)["deliveries"]
    assert (done["state"], done["flagged"], done["settled_at"]) == ("done", "repeated", clock().isoformat())
    assert (waiting["state"], waiting["due_at"], waiting["attempts"]) == ("waiting", due.isoformat(), 1)
    assert (waiting["cause"], waiting["hint"]["ru"], waiting["detail"]) == ("portal.busy", "Ждите", "429")
    assert (parked["state"], parked["cause"]) == ("parked", "portal.refused")


def test_links_are_remembered_replaced_and_forgotten(journal: Journal) -> None:
    lease = leased(journal)
    journal.step(lease, Step(remember=[Remember("chat", "shop.42", {"chat_id": "7"}), Remember("chat", "shop.43", 1)]))
    assert journal.recall("chat", "shop.42") == {"chat_id": "7"}
    journal.step(
        lease, Step(remember=[Remember("chat", "shop.42", {"chat_id": "8"}), Remember("chat", "shop.43", None)])
    )
    assert journal.recall("chat", "shop.42") == {"chat_id": "8"}
    assert journal.recall("chat", "shop.43") is None
    assert journal.recall("line", "shop.42") is None


def test_the_edge_remembers_outside_a_step(journal: Journal) -> None:
    journal.remember("line", "shop", {"line": "3"})
    assert journal.recall("line", "shop") == {"line": "3"}
    journal.remember("line", "shop", None)
    assert journal.recall("line", "shop") is None


def test_a_further_event_is_a_delivery_of_the_same_trace_and_wakes(journal: Journal) -> None:
    told: list[set[str]] = []
    trace = put(journal, a_delivery())
    journal.close()
    journal.on_commit = told.append
    lease = leased(journal)
    claimed = journal.claim(lease, lanes=1)
    journal.step(lease, Step(settled=[settled(claimed[0])], emitted=[(trace, a_delivery(destination="account:shop"))]))
    assert told == [{"account:shop"}]
    assert [row["destination"] for row in journal.trace(trace)["deliveries"]] == [MAIN, "account:shop"]
    assert journal.due_destinations() == ["account:shop"]


def test_a_step_that_fails_leaves_nothing_behind(journal: Journal) -> None:
    put(journal, a_delivery())
    lease = leased(journal)
    claimed = journal.claim(lease, lanes=1)
    step = Step(
        settled=[settled(claimed[0])],
        planned=[plan("k")],
        remember=[Remember("chat", "x", 1)],
        emitted=[(a_trace(), a_delivery())],
    )
    with pytest.raises(IntegrityError):
        journal.step(lease, step)
    assert journal.stats()[MAIN]["waiting"] == 1
    assert journal.recall("chat", "x") is None
    assert journal.step(lease, Step(planned=[plan("k")])) == {}


def test_another_destinations_delivery_cannot_be_settled(journal: Journal) -> None:
    put(journal, a_delivery())
    mine = leased(journal)
    claimed = journal.claim(mine, lanes=1)
    settle(journal, leased(journal, "account:shop"), *claimed)
    assert journal.stats()[MAIN]["waiting"] == 1


def test_the_trace_tells_the_story_in_order(journal: Journal, clock: FakeClock) -> None:
    trace = put(journal, a_delivery())
    lease = leased(journal)
    delivery = journal.claim(lease, lanes=1)[0]
    clock.advance(1)
    journal.step(lease, Step(planned=[Planned(key="in:1", delivery_id=delivery.id, trace=trace, what="send")]))
    clock.advance(1)
    call = CallTrail(
        trace=trace, delivery_id=delivery.id, what="send", started_at=clock(), seconds=0.2, outcome="portal.busy"
    )
    clock.advance(1)
    journal.step(lease, Step(settled=[settled(delivery, "parked", cause="portal.busy")], calls=[call]))
    clock.advance(1)
    journal.replay([delivery.id], "anna", "the portal is back")
    clock.advance(1)
    journal.note_call(
        CallTrail(trace=trace, delivery_id=delivery.id, what="look", started_at=clock(), seconds=0.1, outcome="ok")
    )
    clock.advance(1)
    journal.step(lease, Step(settled=[settled(delivery)], results=[("in:1", {"id": 5}, "found by its proof")]))
    story = [(line["kind"], line["what"], line["outcome"]) for line in journal.trace(trace)["story"]]
    assert story == [
        ("received", "POST /hooks/shop", "accepted"),
        ("delivery", "message.received → portal:main", "shop.42"),
        ("planned", "send", "in:1"),
        ("call", "send", "portal.busy"),
        ("audit", "replay", "anna: the portal is back"),
        ("call", "look", "ok"),
        ("settled", "message.received → portal:main", "done"),
        ("recorded", "send", "found by its proof"),
    ]


def test_steps_of_different_destinations_do_not_mix(journal: Journal) -> None:
    leases = [leased(journal, f"portal:p{number}") for number in range(4)]
    errors: list[Exception] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                journal.step(
                    leases[number], Step(planned=[plan(f"{number}:{turn}")], results=[(f"{number}:{turn}x", turn, "")])
                )
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    known = journal.step(
        leases[0], Step(planned=[plan(f"{number}:{turn}x") for number in range(4) for turn in range(10)])
    )
    assert len(known) == 40
