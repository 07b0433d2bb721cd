"""Calls of the demo as they are made, by what the provider makes of the frames."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.demo.live_call import Incoming, Outgoing, Place
from connector.demo.sound import LONGEST, length, wav
from connector.handlers.calls.outcome import outcome
from connector.handlers.calls.story import Story, together
from connector.providers.asterisk.standin import Board, Frame, Wish
from tests.unit.providers.asterisk_files import account, events

BEGAN = 1_770_000_000.0
CLIENT = "79161234567"


class Switchboard:
    """A PBX of which every frame is remembered; its time goes by when told to."""

    def __init__(self, folder: Path) -> None:
        self.frames: list[Frame] = []
        self.time = BEGAN
        board = Board(epoch=BEGAN)
        self.place = Place(board=board, say=self.frames.append, monitor=folder, clock=lambda: self.time)

    def calls(self, *extensions: str) -> Incoming:
        return Incoming(self.place, Wish(client=CLIENT, name="Vera"), extensions)

    def dials(self, call: str = "") -> Outgoing:
        return Outgoing(self.place, Wish(client=CLIENT, extension="101", call=call))

    def story(self) -> Story:
        """What the handlers make of all that was said."""
        return together(events(self.frames, account()))


@pytest.fixture
def pbx(tmp_path: Path) -> Switchboard:
    return Switchboard(tmp_path)


def test_every_deed_is_told_in_the_moment_it_is_done(pbx: Switchboard):
    call = pbx.calls("101", "102")
    assert sorted(pbx.story().ringing()) == ["101", "102"]
    pbx.time += 4
    assert call.answer("102")
    assert (pbx.story().talker(), call.employee) == ("102", "102")
    assert call.since == pytest.approx(pbx.time, abs=0.5)
    assert not pbx.story().over
    pbx.time += 30
    assert call.hang_up()
    ended = outcome(pbx.story())
    assert (ended.status, ended.talk, ended.wait) == ("200", call.talk, 4)
    assert call.talk == 30


def test_the_recording_lies_where_the_pbx_says_and_lasts_as_long_as_the_talk(pbx: Switchboard, tmp_path: Path):
    call = pbx.calls("101")
    call.answer("101")
    assert call.recording is not None
    assert not call.recording.exists()
    pbx.time += 3
    call.hang_up()
    [told] = [event.recording.ref for event in events(pbx.frames, account()) if event.kind == "call.recorded"]
    assert tmp_path / Path(told).relative_to("/var/spool/asterisk/monitor") == call.recording
    assert length(call.recording.read_bytes()) == call.talk == 3


def test_a_client_who_gives_up_was_missed(pbx: Switchboard):
    call = pbx.calls("101", "102")
    pbx.time += 5
    call.hang_up()
    ended = outcome(pbx.story())
    assert (ended.status, ended.missed, call.talk, call.recording) == ("304", True, 0, None)


@pytest.mark.parametrize(("why", "status"), [("CANCEL", "603-S"), ("NOANSWER", "304"), ("BUSY", "603")])
def test_a_client_who_does_not_answer_is_told_apart(pbx: Switchboard, why: str, status: str):
    call = pbx.dials()
    pbx.time += 2
    call.hang_up(why)
    assert pbx.story().direction == "outgoing"
    assert outcome(pbx.story()).status == status


@pytest.mark.parametrize("click", ["", "b24-7c1d"])
def test_a_call_of_an_employee_is_theirs_and_has_the_id_of_its_click(pbx: Switchboard, click: str):
    call = pbx.dials(click)
    pbx.time += 2
    call.answer()
    pbx.time += 7
    call.hang_up()
    story = pbx.story()
    assert (story.direction, story.people(), outcome(story).talk) == ("outgoing", ["101"], call.talk)
    assert call.id == (click or call.id)
    assert {event.call for event in events(pbx.frames, account())} == {call.id}


def test_what_comes_too_late_says_so_and_nothing_is_told(pbx: Switchboard):
    call = pbx.calls("101")
    said = len(pbx.frames)
    assert not call.answer("103")  # it does not ring there
    assert len(pbx.frames) == said
    call.hang_up()
    said = len(pbx.frames)
    assert not call.hang_up()
    assert not call.answer("101")
    assert len(pbx.frames) == said


def test_a_sound_is_as_long_as_asked_but_no_giant():
    assert length(wav(2)) == 2
    assert length(wav(LONGEST * 10)) == LONGEST
    assert len(set(wav(1)[44:])) > 100, "silence"
