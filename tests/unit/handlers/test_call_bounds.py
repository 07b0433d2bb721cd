"""A PBX gone mad: whatever it tells of a call, its story stays small and the call ends."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from connector.domain.calls import (
    AboutCall,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallRecorded,
    CallRinging,
    CallStarted,
    CallTranscribed,
    CallTransferred,
    LegEnded,
    Phrase,
)
from connector.domain.values import File
from connector.handlers.calls.reason import within_reason
from connector.handlers.calls.story import Story
from tests.unit.handlers.pieces import CALLS, INCOMING
from tests.unit.handlers.telephone import Line, about
from tests.unit.handlers.walking import AT

LONG = "x" * 1_000_000
MOST_BYTES = 750_000


def mad(number: int) -> Iterator[AboutCall]:
    """One round of a switch gone mad, each with names of a megabyte."""
    words = {"leg": f"leg-{number}{LONG}", "employee": f"{number}{LONG}", "name": LONG, "client": LONG, "line": LONG}
    piece = about(number, **words)
    yield CallStarted(**piece)
    yield CallRinging(**piece)
    yield CallAnswered(**piece)
    yield CallHeld(**piece, held=bool(number % 2))
    yield CallTransferred(**piece, to=f"{number}{LONG}")
    yield LegEnded(**piece)
    yield CallEnded(**piece, detail=LONG, talk=10**30)
    yield CallRecorded(**piece, recording=File(ref=f"https://pbx.example/{number}.wav", name="r.wav"))
    yield CallTranscribed(**piece, phrases=(Phrase(side="User", begin=0, end=1, text=f"{number}{LONG}"),))


def test_no_number_of_pieces_and_no_length_of_names_makes_a_story_large():
    story = Story()
    for number in range(600):
        for piece in mad(number):
            story.tell(within_reason(piece, AT))
    assert len(json.dumps(story.dump())) < MOST_BYTES


def test_ten_thousand_legs_do_not_keep_a_call_from_being_read():
    story = Story()
    for number in range(10_000):
        story.tell(CallStarted(**about(number, leg=f"leg-{number}")))
    for number in range(10_000):
        story.tell(LegEnded(**about(number, leg=f"leg-{number}")))
    assert story.over
    assert len(story.legs) < 500


@pytest.mark.parametrize("piece", [next(mad(1))])
def test_a_call_with_endless_names_ends_as_any_other(piece: AboutCall):
    line = Line().tell(piece, *CALLS["answered"].pieces)
    line.tell(CallEnded(**about(66, employee="101", talk=60, **INCOMING))).settle()
    assert (line.exchange.rows[0]["DURATION"], line.exchange.rows[0]["STATUS_CODE"]) == (60, "200")


def test_a_transcript_of_hours_is_kept_up_to_its_bound():
    phrases = tuple(Phrase(side="Client", begin=n, end=n + 1, text="word " * 20) for n in range(5000))
    told = within_reason(CallTranscribed(**about(0), phrases=phrases), AT)
    assert 1000 < len(told.phrases) < 5000
    assert told.phrases == phrases[: len(told.phrases)]
