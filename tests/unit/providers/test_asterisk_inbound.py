"""Single frames of Asterisk, and those that nobody would expect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.request import Request
from connector.errors import Refused
from connector.providers.asterisk import inbound
from connector.providers.asterisk.channels import telephone
from connector.providers.asterisk.live import Live
from connector.providers.asterisk.standin import Board, Stage
from connector.providers.asterisk.standin.script import Chan
from connector.providers.asterisk.wire import Block
from connector.providers.asterisk.words import hangup_cause
from tests.unit.providers.asterisk_files import RECEIVED, account, events, told

OURS = account()
IDS = {"Uniqueid": "1770000000.1", "Linkedid": "1770000000.1"}


def frame(event: str, **fields: str) -> bytes:
    """One frame; ``Channel`` and ids are those of a trunk unless told."""
    all_of_it = {"Event": event, "Channel": "PJSIP/trunk-00000001", **IDS, **fields}
    return "\r\n".join(f"{name.replace('__', '-')}: {value}" for name, value in all_of_it.items()).encode()


def one(event: str, **fields: str):
    """The only event of a frame."""
    (only,) = told(frame(event, **fields), OURS)
    return only


def test_the_time_is_asterisks_own():
    event = one("Newchannel", Timestamp="1770000000.250000", Context="from-trunk", Exten="74951234567")
    assert event.at == datetime.fromtimestamp(1770000000.25, UTC)


@pytest.mark.parametrize("stamp", ["", "soon", "nan", "1e400", "99999999999999999"])
def test_without_a_time_it_is_that_of_receipt(stamp):
    assert one("Newchannel", Timestamp=stamp, Exten="s").at == RECEIVED


def test_a_hidden_number_is_no_number():
    for hidden in ("<unknown>", ""):
        assert one("Newchannel", CallerIDNum=hidden, Exten="74951234567").client == ""


def test_a_call_without_a_line_still_comes_in():
    event = one("Newchannel", CallerIDNum="79161234567", Exten="s")
    assert (event.direction, event.line) == ("incoming", "")


def test_a_trunk_that_we_call_out_on_has_not_called_us():
    assert one("Newchannel", CallerIDNum="79161234567", Exten="").direction == ""


def test_an_internal_number_that_is_a_trunk_is_one_by_its_context_or_by_the_settings():
    asked = {"Channel": "PJSIP/1000-00000001", "CallerIDNum": "79161234567", "Exten": "74951234567"}
    assert one("Newchannel", **asked, Context="from-trunk-gw").direction == "incoming"
    (event,) = told(frame("Newchannel", **asked), account(trunks=["1000"]))
    assert event.direction == "incoming"
    assert one("Newchannel", **asked, Context="from-internal").direction == "outgoing"


def test_a_telephone_not_named_after_its_number_is_known_by_its_caller_id():
    event = one("Newchannel", Channel="PJSIP/ivan-00000001", Context="from-internal", CallerIDNum="101", Exten="102")
    assert (event.direction, event.employee, event.client) == ("internal", "101", "102")


def test_what_is_dialled_before_an_outside_number_is_not_part_of_it():
    fields = {"Channel": "PJSIP/101-00000001", "Context": "from-internal", "Exten": "989161234567"}
    (event,) = told(frame("Newchannel", **fields), account(outside="9"))
    assert event.client == "89161234567"


def test_a_feature_code_is_a_talk_with_the_pbx():
    event = one("Newchannel", Channel="PJSIP/101-00000001", Context="from-internal", Exten="*97")
    assert (event.direction, event.client) == ("internal", "*97")


@pytest.mark.parametrize(
    "name", ["Local/101@from-queue-00000001;1", "Message/ast_msg_queue", "Snoop/1770000000.1-00000001", "CBAnn/1-2;1"]
)
def test_a_helper_of_asterisks_own_is_passed_over(name):
    assert one("Newchannel", Channel=name, Exten="101").kind == "ignored"
    assert one("Hangup", Channel=name, Cause="16").kind == "ignored"


@pytest.mark.parametrize(
    ("number", "tech", "cause"),
    [
        ("16", "", ""),
        ("17", "", "busy"),
        ("19", "", "missed"),
        ("21", "", "refused"),
        ("21", "SIP 402 Payment Required", "no_money"),
        ("21", "SIP 403 Forbidden", "forbidden"),
        ("1", "SIP 404 Not Found", "invalid"),
        ("34", "", "unreachable"),
        ("26", "", "cancelled"),
        ("111", "", "failed"),
        ("", "", ""),
        ("²", "", ""),
    ],
)
def test_a_hangup_says_why(number, tech, cause):
    assert hangup_cause(number, tech) == cause
    assert one("Hangup", Cause=number, TechCause=tech).cause == cause


@pytest.mark.parametrize(
    ("context", "cause"), [("macro-vm", "voicemail"), ("app-after-hours-2", "after_hours"), ("ext-local", "")]
)
def test_a_client_who_ends_at_a_machine_reached_nobody(context, cause):
    assert one("Hangup", Context=context, Cause="16").cause == cause


def test_who_presses_a_key_leaves_the_box_and_goes_on():
    said = {"Variable": "VMSTATUS", "Context": "macro-vm"}
    assert one("VarSet", **said, Value="USEREXIT").kind == "ignored"
    assert one("VarSet", **said, Value="SUCCESS").cause == "voicemail"


def test_the_dial_plan_may_tell_of_a_recording_and_of_the_hour():
    recording, ended = told(
        frame("UserEvent", UserEvent="Connector", Recording="/var/spool/asterisk/monitor/a.mp3", Cause="after_hours"),
        OURS,
    )
    assert (recording.recording.ref, recording.recording.name) == ("/var/spool/asterisk/monitor/a.mp3", "a.mp3")
    assert ended.cause == "after_hours"
    assert one("UserEvent", UserEvent="Somebody", Recording="/a.wav").kind == "ignored"


def test_a_cdr_tells_of_recording_and_voice_mail():
    fields = {"Event": "Cdr", "UniqueID": "1770000000.1", "UserField": "/x/a.wav", "LastApplication": "VoiceMail"}
    body = "\r\n".join(f"{name}: {value}" for name, value in fields.items()).encode()
    recording, ended = told(body, OURS)
    assert (recording.call, recording.recording.ref) == ("1770000000.1", "/x/a.wav")
    assert ended.cause == "voicemail"


def test_recordings_are_not_told_of_when_nobody_knows_where_they_lie():
    body = frame("VarSet", Variable="MIXMONITOR_FILENAME", Value="/x/a.wav")
    assert [event.kind for event in told(body, OURS)] == ["call.recorded"]
    assert [event.kind for event in told(body, account(recordings=None))] == ["ignored"]


def test_only_an_employee_holds():
    assert one("Hold", Channel="PJSIP/101-00000001").held is True
    assert one("Unhold", Channel="PJSIP/101-00000001").held is False
    assert one("Hold").kind == "ignored"


def test_a_transfer_that_failed_is_none():
    for event in ("BlindTransfer", "AttendedTransfer"):
        fields = {f"{who}{name}": value for who in ("Transferer", "OrigTransferer") for name, value in IDS.items()}
        fields |= {"TransfererChannel": "PJSIP/101-00000001", "OrigTransfererChannel": "PJSIP/101-00000001"}
        assert one(event, **fields, Result="Fail", Extension="102").kind == "ignored"


def test_calls_that_are_gone_are_lost_when_they_were_last_heard_of():
    body = b"Event: X-Resync\r\nTimestamp: 1770000000.000000\r\nGone: 1769999990.1\r\nGone: 1769999991.7"
    first, second = told(body, OURS)
    assert [first.call, second.call] == ["1769999990.1", "1769999991.7"]
    assert {first.cause, second.cause} == {"lost"}
    assert first.at == datetime.fromtimestamp(1770000000, UTC)


def test_a_channel_that_was_there_before_us_tells_what_can_still_be_known():
    fields = {"CallerIDNum": "79161234567", "ChannelState": "6", "Duration": "00:01:30"}
    came, unwatched = told(frame("CoreShowChannel", **fields), OURS)
    assert (unwatched.kind, unwatched.call, unwatched.leg) == ("call.unwatched", "1770000000.1", "")
    assert (came.direction, came.client, came.at) == ("incoming", "79161234567", RECEIVED - timedelta(seconds=90))
    leg = {"Channel": "PJSIP/101-00000002", "Uniqueid": "1770000000.2", "BridgeId": "b", "ChannelState": "6"}
    began, _, answered = told(frame("CoreShowChannel", **leg), OURS)
    assert (began.leg, answered.kind, answered.employee) == ("1770000000.2", "call.answered", "101")


def test_a_click_through_a_local_channel_is_no_talk_until_the_client_answers():
    stage = Stage(Board(), 0.0)
    near = stage.channel("Local/101@from-internal-00000001;1", uniqueid="b24-1", exten="101")
    far = stage.channel("Local/101@from-internal-00000001;2", parent=near, exten="101", state="Ring")
    telephone = stage.channel("101", number="101", parent=near)
    stage.dial(far, telephone, "101")
    stage.dialled(far, telephone, "ANSWER")
    lifted = len(stage.frames)
    client = stage.channel("trunk", number="79161234567", parent=near, context="from-trunk", exten="")
    stage.dial(near, client, "79161234567@trunk")
    stage.dialled(near, client, "ANSWER")
    assert {event.kind for event in events(stage.frames[:lifted], OURS)} == {"call.started", "call.ringing"}
    answer = events(stage.frames, OURS)[-1]
    assert (answer.kind, answer.call, answer.employee, answer.client) == (
        *("call.answered", "b24-1", "101", "79161234567"),
    )


def test_a_call_taken_from_a_parking_lot_leaves_no_open_call_behind():
    """The taker's own call is joined to the older one: its Hangup has the older call's id."""
    stage = Stage(Board(), 0.0)
    client = stage.channel("trunk", number="79161234567", context="from-trunk", exten="74951234567", state="Ring")
    taker = stage.channel("102", number="102", exten="71", state="Ring")
    own = taker.linkedid
    stage.join(client, taker)
    assert taker.linkedid == client.linkedid
    stage.hang(taker)
    (ended,) = [event for event in events(stage.frames, OURS) if event.kind == "call.leg_ended"]
    assert (ended.call, ended.leg) == (own, taker.uniqueid)


def test_a_call_of_which_we_missed_a_part_is_over_with_its_last_channel():
    live = Live(OURS)
    shown = [Chan(f"PJSIP/10{n}-0000000{n}", f"1770000000.{n}", "1770000000.1", "", "", "", "", "Up") for n in (1, 2)]
    live.begin(Block(channel.told()) for channel in shown)
    assert live.note(Block([("Event", "Hangup"), *shown[1].told()])) == []
    assert live.note(Block([("Event", "Hangup"), *shown[0].told()])) == [("X-Last-Of", "1770000000.1")]
    leg, whole = told(frame("Hangup", Cause="16", X__Last__Of="1770000000.1"), OURS)
    assert (leg.kind, whole.kind, whole.call) == ("call.leg_ended", "call.ended", "1770000000.1")


def test_nobody_may_post_to_a_stream():
    request = Request(method="POST", path="/hooks/office", headers={}, body=frame("Hangup"), received_at=RECEIVED)
    with pytest.raises(Refused) as refusal:
        inbound.verify(request, OURS)
    assert refusal.value.status == 403


@pytest.mark.parametrize(
    ("dialled", "number"),
    [
        ("79161234567@trunk", "79161234567"),
        ("trunk/+79161234567", "+79161234567"),
        ("sip:89161234567@10.0.0.1:5060", "89161234567"),
        ("101/sip:101@10.0.0.5:5060", ""),
        ("", ""),
    ],
)
def test_a_number_is_found_in_what_was_dialled(dialled, number):
    assert telephone(dialled) == number


NAMES = ["Event", "Channel", "Uniqueid", "Linkedid", "DestChannel", "DestUniqueid", "Exten", "Cause", "Timestamp"]
KINDS = ["Newchannel", "DialBegin", "DialEnd", "Hangup", "Cdr", "VarSet", "AttendedTransfer", "Pickup", "X-Resync"]


@given(
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(NAMES[1:]) | st.text(max_size=20), st.text(max_size=60), max_size=12),
)
def test_no_frame_crashes_the_reader(kind, fields):
    body = "\r\n".join([f"Event: {kind}", *(f"{name}: {value}" for name, value in fields.items())])
    for event in told(body.encode("utf-8", "surrogatepass"), OURS):
        assert event.kind == "ignored" or len(event.call) <= 200


@given(st.binary(max_size=400))
def test_bytes_that_are_no_text_are_no_crash(body):
    assert told(body, OURS)


def test_a_click_that_nobody_lifted_for_was_an_outgoing_call():
    stage = Stage(Board(), 0.0)
    telephone = stage.channel("101", number="101", uniqueid="b24-2", exten="")
    stage.dial(None, telephone, "101")
    stage.dialled(None, telephone, "NOANSWER")
    stage.hang(telephone, "0")
    story = events(stage.frames, OURS)
    assert {event.call for event in story} == {"b24-2"}
    assert [event.direction for event in story if event.direction] == ["outgoing"]
    assert story[-1].kind == "call.leg_ended"


def test_a_recording_told_of_in_two_ways_is_one_recording():
    name = "in-74951234567-79161234567-20260202-120000-1770000000.1.wav"
    whole = f"/var/spool/asterisk/monitor/2026/02/02/{name}"
    by_variable = one("VarSet", Variable="MIXMONITOR_FILENAME", Value=whole)
    by_cdr = one("Cdr", UserField=name)
    assert by_variable.recording == by_cdr.recording
    assert by_variable.recording.ref == whole
    elsewhere = one("VarSet", Variable="MIXMONITOR_FILENAME", Value="/etc/x.wav")
    assert elsewhere.recording.ref == "/etc/x.wav"


def test_a_digital_line_that_is_numbered_like_an_extension_is_a_trunk():
    event = one("Newchannel", Channel="DAHDI/23-1", Context="from-digital", CallerIDNum="79161234567", Exten="s")
    assert (event.direction, event.employee) == ("incoming", "")
