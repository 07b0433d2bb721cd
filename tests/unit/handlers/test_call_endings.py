"""What a call is in Bitrix24 in the end: finished once, as what it was, with what belongs to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from connector.domain.calls import (
    CallAnswered,
    CallEnded,
    CallRecorded,
    CallRinging,
    CallSettled,
    CallStarted,
    CallTransferred,
    LegEnded,
)
from connector.domain.events import dump, load
from connector.domain.values import File
from connector.errors import PermanentError
from tests.unit.handlers.pieces import CALLS, INCOMING, answered, came, hung, is_so, quiet, ring
from tests.unit.handlers.telephone import CLIENT, INSTALLER, USERS, Line, about, at, rules

RECORD = File(ref="/monitor/1.wav", name="1.wav", mime="audio/wav")


def test_what_is_told_while_the_end_settles_still_counts():
    line = Line().tell(came(), *ring(1, "101"), quiet(20, "101"), hung(20))
    line.tell(answered(5, "101")).settle()
    assert (line.row["DURATION"], line.row["STATUS_CODE"]) == (15, "200")


def test_that_a_call_is_gone_says_nothing_when_its_end_was_seen():
    gone = CallEnded(**about(300, cause="lost"))
    line = Line().tell(came(), *ring(1, "101"), answered(5, "101"), quiet(20, "101"), hung(20), gone).settle()
    assert (line.row["DURATION"], line.row["STATUS_CODE"], line.row["FAILED_REASON"]) == (15, "200", "")


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
    assert (told.entity, told.entity_id, told.status, told.cause) == ("CONTACT", 5, "304", "")


@pytest.mark.parametrize("cause", ["voicemail", "after_hours", "cancelled", "busy"])
def test_why_a_client_reached_nobody_is_told_on(cause: Any):
    over = CallEnded(**about(20, cause=cause, talk=0))
    (told,) = Line().tell(came(), *ring(1, "101"), quiet(20, "101"), over).settle().emitted("call.finished")
    assert (told.missed, told.cause) == (True, cause)
    assert load(dump(told)) == told


def test_a_call_that_was_finished_before_its_cause_was_kept_is_still_read():
    (told,) = Line().tell(*CALLS["missed"].pieces).settle().emitted("call.finished")
    kept = json.loads(dump(replace(told, cause="busy")))
    del kept["cause"]
    assert load(json.dumps(kept)) == replace(told, cause="")


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


def test_what_the_portal_refuses_meanwhile_is_made_good_by_the_end_of_the_call():
    line = Line()
    line.exchange.inactive = {*USERS.values(), INSTALLER}
    line.tell(*CALLS["answered"].pieces)
    assert line.walk.links["event.call", "office.c1"]["legs"]
    with pytest.raises(PermanentError):
        line.settle()
    line.exchange.inactive.clear()
    line.tell(CallSettled(**about(68)))
    is_so(line, CALLS["answered"])


@pytest.mark.parametrize("ahead", [3 * 3600, 86_400 * 30])
def test_a_clock_that_is_ahead_changes_no_duration_and_begins_no_call_in_the_future(ahead: float):
    told = CALLS["answered"]
    pieces = [replace(piece, at=piece.at + timedelta(seconds=ahead)) for piece in told.pieces]
    row = Line().tell(*pieces).settle().row
    assert (row["DURATION"], row["STATUS_CODE"]) == (60, "200")
    assert row["CALL_START_DATE"] == "2026-09-01T09:00:00+00:00"


@pytest.mark.parametrize("year", [1, 1970, 9999])
@pytest.mark.parametrize("zone", [14, 0, -12])
def test_a_clock_that_is_years_off_tells_no_time(year: int, zone: int):
    mad = datetime(year, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=zone)))
    end = CallEnded(**{**about(0, employee="101", talk=40, **INCOMING), "at": mad}, started_at=mad, answered_at=mad)
    row = Line().tell(CallRinging(**about(0, employee="101", **INCOMING)), end).settle().row
    assert (row["DURATION"], row["CALL_START_DATE"]) == (40, "2026-09-01T09:00:00+00:00")
    alone = Line().tell(end).settle().row
    assert (alone["DURATION"], alone["CALL_START_DATE"]) == (40, "2026-09-01T09:00:00+00:00")


@pytest.mark.parametrize(("cause", "status"), [("busy", "486"), ("invalid", "404"), ("", "304")])
def test_what_the_clients_side_said_is_why_an_outgoing_call_failed(cause: Any, status: str):
    about_it = {"direction": "outgoing", "client": CLIENT, "employee": "101"}
    ends = [LegEnded(**about(4, cause=cause)), CallEnded(**about(5, **about_it))]
    row = Line().tell(CallStarted(**about(0, **about_it)), *ends).settle().row
    assert (row["STATUS_CODE"], row["DURATION"]) == (status, 0)


def test_an_attended_transfer_whose_giver_nobody_names_is_kept_under_who_got_it():
    moved = CallTransferred(**about(20, to="103", how="attended"))
    row = Line().tell(came(), *ring(1, "101"), answered(4, "101"), moved, quiet(20, "101"), hung(44)).settle().row
    assert (row["USER_ID"], row["DURATION"]) == (USERS["103"], 40)


def test_a_call_that_only_ever_rang_is_finished_once_it_is_given_up():
    line = Line().tell(CallRinging(**about(0, employee="101", **INCOMING)))
    line.settle()
    assert line.exchange.open
    row = line.tell(CallEnded(**about(0, cause="lost"))).settle().row
    assert (row["STATUS_CODE"], row["DURATION"], row["USER_ID"]) == ("304", 0, USERS["101"])


def test_who_takes_a_call_off_hold_is_no_other_talker():
    again = CallAnswered(**about(40, employee="101", **INCOMING))
    pieces = [came(), *ring(1, "101"), answered(4, "101"), again, hung(64), quiet(64, "101")]
    row = Line().tell(*pieces).settle().row
    assert (row["USER_ID"], row["DURATION"]) == (USERS["101"], 60)
