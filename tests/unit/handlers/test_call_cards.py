"""Before whom the card of a call is, from its first ring to its end."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.calls import AboutCall, CallEnded, CallTransferred
from connector.handlers.calls.story import together
from tests.unit.handlers.pieces import CALLS, answered, came, hung, quiet, ring
from tests.unit.handlers.telephone import Line, about, rules


def test_everybody_who_rings_sees_the_card_and_only_who_answered_keeps_it():
    line = Line().tell(came(), *ring(1, "101", "102"))
    (seen,) = line.exchange.seen.values()
    assert seen == {11, 12}
    line.tell(*ring(2, "103"), quiet(3, "101"))
    assert seen == {12, 13}
    line.tell(answered(4, "103"))
    assert seen == {13}


@given(chance=st.randoms(use_true_random=False))
def test_a_queue_that_rings_again_shows_the_card_again(chance: random.Random):
    again = [came(), *ring(1, "101"), quiet(10, "101", "missed"), *ring(15, "101"), *ring(1, "102"), quiet(9, "102")]
    chance.shuffle(again)
    (seen,) = Line().tell(*again).exchange.seen.values()
    assert seen == {11}


def test_a_call_is_open_from_its_first_piece_until_it_is_finished():
    line = Line().tell(came())
    assert line.walk.links["call.open", "office.c1"]["call_id"] == ""
    line.tell(*ring(1, "101"))
    assert line.walk.links["call.open", "office.c1"]["call_id"] == "externalCall.1"
    line.tell(quiet(9, "101"), hung(9)).settle()
    assert ("call.open", "office.c1") not in line.walk.links


def test_a_transfer_moves_the_card_and_an_extension_nobody_has_sees_none():
    line = Line().tell(*CALLS["blind"].pieces[:-4])
    (seen,) = line.exchange.seen.values()
    assert seen == {11}
    line.tell(answered(25, "102"))
    assert seen == {12}
    line.tell(answered(26, "999"))
    assert seen == set()


def test_past_calls_pop_no_card_up_and_keep_their_times():
    (end,) = CALLS["only a summary"].pieces
    assert isinstance(end, CallEnded)
    past = replace(end, past=True)
    line = Line().tell(past).settle()
    assert line.exchange.popped == []
    assert (line.row["SHOW"], line.row["CALL_START_DATE"][:19]) == (0, "2026-09-01T09:00:00")


def test_a_piece_that_waited_for_minutes_pops_no_card_up():
    line = Line(rules=replace(rules(), late=300.0)).tell(*CALLS["group"].pieces).settle()
    assert line.exchange.popped == []
    assert line.row["USER_ID"] == 12


def blind() -> list[AboutCall]:
    """101 answers, then gives the call to 102, where it rings; 103 rang too and nobody says that it stopped."""
    given = CallTransferred(**about(20, employee="101", to="102"))
    return [came(), *ring(1, "101", "103"), answered(4, "101"), given, quiet(20, "101"), *ring(21, "102")]


@given(chance=st.randoms(use_true_random=False))
def test_who_is_given_a_call_sees_its_card_while_it_rings(chance: random.Random):
    pieces = blind()
    chance.shuffle(pieces)
    (seen,) = Line().tell(*pieces).exchange.seen.values()
    assert seen == {12}


def test_a_call_that_comes_back_shows_its_card_to_who_gave_it():
    line = Line().tell(*blind(), quiet(30, "102"))
    (seen,) = line.exchange.seen.values()
    assert seen == {11}
    line.tell(*ring(31, "101"))
    assert seen == {11}
    line.tell(answered(35, "101"), quiet(36, "101"))
    assert seen == {11}


def test_a_call_at_an_extension_nobody_has_pops_up_before_nobody():
    line = Line().tell(came(), *ring(1, "999"))
    assert line.exchange.popped == []
    line.tell(*ring(2, "101"))
    assert line.exchange.popped == [("externalCall.1", 11)]


def test_a_piece_that_waited_for_minutes_takes_cards_away_all_the_same():
    line = Line().tell(came(), *ring(1, "101", "102"))
    (seen,) = line.exchange.seen.values()
    line.rules = replace(rules(), late=300.0)
    line.tell(*ring(2, "103"), answered(4, "102"))
    assert seen == {12}


def test_no_card_is_left_before_whom_a_process_showed_it_that_then_died():
    line = Line().tell(came(), *ring(1, "101", "102"))
    line.walk.links["event.call", "office.c1"]["done"]["shown"] = []
    line.rules = replace(rules(), late=300.0)
    line.tell(answered(4, "102"), quiet(30, "102"), quiet(30, "101"), hung(30)).settle()
    assert (line.row["USER_ID"], line.row["DURATION"]) == (12, 26)


def test_only_who_finishes_the_call_need_not_be_asked_to_let_the_card_go():
    line = Line().tell(came(), *ring(1, "101"), answered(4, "101"), quiet(30, "101"), hung(30)).settle()
    assert line.row["USER_ID"] == 11
    assert "telephony.externalCall.hide" not in [method for method, _ in line.walk.calls]


def test_a_call_is_registered_before_everybody_whom_it_rings_at_is_asked_for():
    pieces = ring(1, "101", "102", "103")
    line = Line()
    line.walk.links["event.call", "office.c1"] = together([came(), *pieces[:-1]]).dump()
    line.tell(pieces[-1])
    assert [method for method, _ in line.walk.calls][:2] == ["user.get", "telephony.externalCall.register"]
