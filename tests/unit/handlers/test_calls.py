"""A call told in pieces becomes one call in Bitrix24, whatever happens to the pieces on their way."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.calls import (
    AboutCall,
    CallAnswered,
    CallEnded,
    CallRecorded,
    CallRinging,
    CallStarted,
    CallTransferred,
    LegEnded,
)
from connector.domain.values import File
from tests.unit.handlers.telephone import CLIENT, INSTALLER, LINE, USERS, Line, about, at, rules

INCOMING: dict[str, Any] = {"direction": "incoming", "client": CLIENT, "line": LINE}
OUTGOING: dict[str, Any] = {"direction": "outgoing", "client": CLIENT, "line": LINE}
RECORD = File(ref="/monitor/1.wav", name="1.wav", mime="audio/wav")


def ring(seconds: float, *people: str) -> list[AboutCall]:
    return [
        event
        for who in people
        for event in (
            CallStarted(**about(seconds, leg=f"leg-{who}")),
            CallRinging(**about(seconds, employee=who, leg=f"leg-{who}", **INCOMING)),
        )
    ]


def quiet(seconds: float, who: str, cause: Any = "") -> LegEnded:
    return LegEnded(**about(seconds, leg=f"leg-{who}", employee=who, cause=cause))


def came(seconds: float = 0) -> CallStarted:
    return CallStarted(**about(seconds, leg="trunk", **INCOMING))


def hung(seconds: float, cause: Any = "") -> LegEnded:
    return LegEnded(**about(seconds, leg="trunk", cause=cause))


def answered(seconds: float, who: str) -> CallAnswered:
    return CallAnswered(**about(seconds, employee=who, leg=f"leg-{who}", **INCOMING))


def dialled(seconds: float, who: str) -> CallStarted:
    return CallStarted(**about(seconds, employee=who, leg=f"leg-{who}", **OUTGOING))


@dataclass(frozen=True)
class Told:
    pieces: tuple[AboutCall, ...]
    user: int
    talk: int
    status: str
    kind: int = 2


SUMMARY = {"talk": 40, "employee": "102", "started_at": at(0), "answered_at": at(5), **INCOMING}
CALLS: dict[str, Told] = {
    "answered": Told((came(), *ring(1, "101"), answered(5, "101"), quiet(65, "101"), hung(65)), 11, 60, "200"),
    "group": Told(
        (
            came(),
            *ring(1, "101", "102", "103"),
            answered(7, "102"),
            quiet(7, "101"),
            quiet(7, "103"),
            quiet(27, "102"),
            hung(27),
        ),
        12,
        20,
        "200",
    ),
    "missed": Told((came(), *ring(1, "101"), quiet(20, "101", "missed"), hung(20, "cancelled")), 11, 0, "304"),
    "busy": Told((came(), *ring(1, "101"), quiet(2, "101", "busy"), hung(3)), 11, 0, "486"),
    "declined": Told((came(), *ring(1, "102"), quiet(4, "102", "refused"), hung(5)), 12, 0, "603"),
    "nobody": Told((came(), hung(9, "cancelled")), INSTALLER, 0, "304"),
    "blind": Told(
        (
            came(),
            *ring(1, "101"),
            answered(4, "101"),
            CallTransferred(**about(20, employee="101", to="102")),
            quiet(20, "101"),
            *ring(21, "102"),
            answered(25, "102"),
            quiet(64, "102"),
            hung(64),
        ),
        12,
        60,
        "200",
    ),
    "attended": Told(
        (
            came(),
            *ring(1, "101"),
            answered(4, "101"),
            CallTransferred(**about(30, employee="101", to="103", how="attended")),
            quiet(30, "101"),
            hung(44),
        ),
        13,
        40,
        "200",
    ),
    "outgoing": Told(
        (
            dialled(0, "103"),
            CallStarted(**about(1, leg="trunk", **OUTGOING)),
            CallAnswered(**about(11, employee="103", **OUTGOING)),
            hung(41),
            quiet(41, "103"),
        ),
        13,
        30,
        "200",
        1,
    ),
    "outgoing busy": Told((dialled(0, "101"), hung(3, "busy"), quiet(3, "101")), 11, 0, "486", 1),
    "outgoing given up": Told((dialled(0, "101"), hung(8, "cancelled"), quiet(8, "101")), 11, 0, "603-S", 1),
    "outgoing busy, said twice": Told(
        (dialled(0, "101"), hung(2.5), hung(3, "busy"), quiet(3, "101")), 11, 0, "486", 1
    ),
    "a transfer that came back": Told(
        (
            came(),
            *ring(1, "101"),
            answered(4, "101"),
            CallTransferred(**about(20, employee="101", to="102")),
            *ring(21, "102"),
            answered(22, "102"),
            answered(35, "101"),
            quiet(36, "102"),
            quiet(64, "101"),
            hung(64),
        ),
        11,
        60,
        "200",
    ),
    "only a summary": Told((CallEnded(**about(45, **SUMMARY)),), 12, 40, "200"),
    "told twice in two words": Told(
        (
            CallRinging(**about(1, employee="101", **INCOMING)),
            CallAnswered(**about(5, employee="102", **INCOMING)),
            CallEnded(**about(45)),
            CallEnded(**about(45, **SUMMARY)),
        ),
        12,
        40,
        "200",
    ),
    "lost in mid-call": Told(
        (came(), *ring(1, "101"), answered(5, "101"), CallEnded(**about(35, cause="lost"))), 11, 30, "200"
    ),
}
each = pytest.mark.parametrize("told", CALLS.values(), ids=list(CALLS))


def is_so(line: Line, told: Told) -> None:
    row = line.row
    assert (row["USER_ID"], row["DURATION"], row["STATUS_CODE"], row["TYPE"]) == (
        told.user,
        told.talk,
        told.status,
        told.kind,
    )
    assert (row["EXTERNAL_CALL_ID"], row["PHONE_NUMBER"]) == ("office.c1", "+79161234567")
    assert row["CALL_START_DATE"].startswith("2026-09-01T09:00:")
    assert not [name for name in line.walk.links if name[0] == "call.open"]


@each
def test_a_call_in_order_becomes_what_it_was(told: Told):
    is_so(Line().tell(*told.pieces).settle(), told)


@each
@given(chance=st.randoms(use_true_random=False))
def test_no_order_and_no_repeat_of_the_pieces_changes_it(told: Told, chance: random.Random):
    pieces = [*told.pieces, *chance.sample(told.pieces, len(told.pieces) // 2)]
    chance.shuffle(pieces)
    is_so(Line().tell(*pieces).settle(), told)


@each
@given(chance=st.randoms(use_true_random=False), cuts=st.lists(st.integers(0, 4), max_size=12))
def test_an_answer_lost_anywhere_neither_doubles_nor_loses_it(told: Told, chance: random.Random, cuts: list[int]):
    line = Line(cuts=list(cuts)).tell(*told.pieces)
    line.cuts = [cut for cut in cuts if cut] or line.cuts
    is_so(line.settle(), told)


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


def test_what_is_told_while_the_end_settles_still_counts():
    line = Line().tell(came(), *ring(1, "101"), quiet(20, "101"), hung(20))
    line.tell(answered(5, "101")).settle()
    assert (line.row["DURATION"], line.row["STATUS_CODE"]) == (15, "200")


def test_a_new_leg_while_the_end_settles_keeps_the_call_going():
    line = Line().tell(came(), *ring(1, "101"), quiet(20, "101"), hung(20))
    line.tell(CallStarted(**about(21, leg="second"))).settle()
    assert line.exchange.open
    line.tell(LegEnded(**about(30, leg="second"))).settle()
    assert line.row["STATUS_CODE"] == "304"


def test_what_comes_too_late_is_noted_and_changes_nothing():
    line = Line().tell(came(), *ring(1, "101"), quiet(20, "101"), hung(20)).settle()
    line.tell(answered(5, "101"))
    assert "after the call was finished" in line.walk.told
    assert line.row["STATUS_CODE"] == "304"


def test_two_calls_of_one_number_within_a_minute_stay_two():
    line = Line()
    for name in ("c1", "c2"):
        line.tell(*(replace(piece, call=name) for piece in CALLS["answered"].pieces))
    line.settle()
    assert [row["EXTERNAL_CALL_ID"] for row in line.exchange.rows] == ["office.c1", "office.c2"]


def test_past_calls_pop_no_card_up_and_keep_their_times():
    past = replace(CALLS["only a summary"].pieces[0], past=True)
    line = Line().tell(past).settle()
    assert line.exchange.popped == []
    assert (line.row["SHOW"], line.row["CALL_START_DATE"][:19]) == (0, "2026-09-01T09:00:00")


def test_a_piece_that_waited_for_minutes_pops_no_card_up():
    line = Line(rules=replace(rules(), late=300.0)).tell(*CALLS["group"].pieces).settle()
    assert line.exchange.popped == []
    assert line.row["USER_ID"] == 12


def test_calls_between_colleagues_are_kept_by_choice_only():
    pieces = (
        CallStarted(**about(0, direction="internal", employee="101", client="102", leg="a")),
        CallRinging(**about(1, employee="102", leg="b")),
        CallAnswered(**about(2, employee="102", leg="b")),
        LegEnded(**about(12, leg="a")),
        LegEnded(**about(12, leg="b")),
    )
    assert Line().tell(*pieces).settle().exchange.rows == []
    row = Line(rules=rules(internal=True)).tell(*pieces).settle().row
    assert (row["USER_ID"], row["PHONE_NUMBER"], row["TYPE"], row["CRM_CREATE"]) == (11, "102", 1, 0)


@pytest.mark.parametrize("client", ["", "anonymous", "Unavailable"])
def test_a_hidden_number_is_kept_without_a_lead(client: str):
    pieces = [replace(piece, client=client) for piece in CALLS["missed"].pieces]
    row = Line().tell(*pieces).settle().row
    assert (row["PHONE_NUMBER"], row["CRM_CREATE"]) == ("000000", 0)


def test_a_line_says_its_source_and_an_own_number_makes_no_lead():
    lines = {"+74951112233": {"source": "SITE", "crm_create": False}}
    row = Line(rules=rules(lines=lines)).tell(*CALLS["missed"].pieces).settle().row
    assert (row["CRM_SOURCE"], row["CRM_CREATE"], row["LINE_NUMBER"]) == ("SITE", 0, "+74951112233")
    own = Line(rules=rules(lines={"89161234567": {}})).tell(*CALLS["missed"].pieces).settle().row
    assert own["CRM_CREATE"] == 0


def test_calls_of_other_lines_are_another_accounts():
    foreign = Line(rules=rules(lines={"84950000000": {}}, only_lines=True)).tell(*CALLS["answered"].pieces).settle()
    assert foreign.exchange.rows == []
    assert not foreign.exchange.open


def test_an_employee_who_left_the_company_does_not_lose_the_call():
    line = Line()
    line.exchange.inactive = {USERS["101"]}
    assert line.tell(*CALLS["answered"].pieces).settle().row["USER_ID"] == INSTALLER


def test_a_call_that_bitrix24_forgot_is_registered_again():
    line = Line().tell(*CALLS["answered"].pieces)
    line.exchange.open.clear()
    is_so(line.settle(), CALLS["answered"])


def test_recordings_go_on_after_the_finish_whenever_they_come_and_once():
    early, late = (CallRecorded(**about(s, recording=replace(RECORD, ref=f"/{s}.wav"))) for s in (3, 70))
    line = Line().tell(*CALLS["answered"].pieces[:4], early)
    assert line.emitted("call.recording_due") == []
    line.tell(*CALLS["answered"].pieces[4:], early).settle().tell(late, late)
    assert [due.recording.ref for due in line.emitted("call.recording_due")] == ["/3.wav", "/70.wav"]


def test_what_became_of_the_call_is_told_on():
    (told,) = Line().tell(*CALLS["missed"].pieces).settle().emitted("call.finished")
    assert (told.missed, told.phone, told.user, told.wait) == (True, "+79161234567", 11, 20)
    assert (told.entity, told.entity_id, told.status) == ("CONTACT", 5, "304")


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        (lambda: [came(), hung(9, "voicemail")], "Voicemail"),
        (lambda: [CallEnded(**about(9, **INCOMING, cause="voicemail", talk=0))], "Voicemail"),
        (lambda: [CallEnded(**about(9, **INCOMING, cause="after_hours"))], "After hours"),
        (lambda: [CallEnded(**about(9, **INCOMING, cause="failed", detail="code 5003"))], "Failed: code 5003"),
    ],
)
def test_a_client_put_to_a_machine_was_missed_and_the_reason_is_said(pieces: Callable[[], Any], reason: str):
    row = Line().tell(*pieces()).settle().row
    assert (row["STATUS_CODE"], row["FAILED_REASON"]) == ("304", reason)


def test_a_caller_who_rang_nobody_outside_the_hours_came_after_hours():
    night = [replace(piece, at=at(-8 * 3600)) for piece in (came(), hung(9, "cancelled"))]
    line = Line(rules=rules(hours="mon-fri 9:00-18:00")).tell(*night).settle()
    assert line.exchange.rows[0]["FAILED_REASON"] == "After hours"
