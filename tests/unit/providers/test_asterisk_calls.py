"""What calls on an Asterisk come to, from its frames to the story that handlers keep."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.events import Event
from connector.handlers.calls.outcome import outcome
from connector.handlers.calls.story import Story, together
from connector.providers.asterisk.standin import SCENES, Board, Dialogue, Meant, Wish, frames_of, interleaved, written
from tests.unit.providers.asterisk_files import FOLDER, account, events, files, heard, plain, scene, told

OURS = account()


def known(story: Story, meant: Meant) -> dict[str, Any]:
    """What the handlers make of a call, in the words of a script."""
    came = outcome(story)
    employee = story.talker() if came.talk else story.word("caller") if meant.direction == "outgoing" else ""
    return {
        "over": bool(story.over),
        "direction": story.direction,
        "client": story.word("client"),
        "line": story.word("line"),
        "employee": employee,
        "talk": came.talk,
        "cause": came.cause,
        "recordings": [file.ref for file in story.files()],
    }


def wanted(meant: Meant) -> dict[str, Any]:
    return {
        "over": True,
        "direction": meant.direction,
        "client": meant.client,
        "line": meant.line,
        "employee": meant.employee,
        "talk": meant.talk,
        "cause": meant.cause,
        "recordings": [meant.recording] if meant.recording else [],
    }


def check(dialogue: Dialogue, some: list[Any]) -> None:
    assert {event.call for event in some} == {meant.call for meant in dialogue.meant}
    for meant in dialogue.meant:
        story = together(event for event in some if event.call == meant.call)
        assert known(story, meant) == wanted(meant), dialogue.name


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_a_recorded_dialogue_means_what_its_file_says(path):
    meaning = json.loads(path.with_suffix(".events.json").read_text(encoding="utf-8"))
    assert plain(events(frames_of(path.read_text(encoding="utf-8")), OURS)) == meaning
    assert meaning


@pytest.mark.parametrize("name", SCENES)
def test_the_files_are_what_the_scenes_make(name):
    recorded = (FOLDER / f"{name}.ami").read_text(encoding="utf-8")
    assert frames_of(recorded) == scene(name).frames
    assert written(frames_of(recorded)) == recorded.partition("\n\n")[2]


@pytest.mark.parametrize("name", SCENES)
def test_a_call_comes_to_what_was_played(name):
    dialogue = scene(name)
    check(dialogue, events(dialogue.frames, OURS))


@pytest.mark.parametrize("name", SCENES)
def test_doubled_and_shuffled_events_come_to_the_same(name):
    dialogue = scene(name)
    some = events(dialogue.frames, OURS) * 2
    for seed in range(5):
        random.Random(seed).shuffle(some)
        check(dialogue, some)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(SCENES)), min_size=2, max_size=8),
    st.lists(st.floats(0, 40), min_size=8, max_size=8),
    st.floats(0.1, 300),
)
def test_calls_at_one_time_do_not_mix(names, starts, talk):
    board = Board()
    played = []
    for at, name in enumerate(names):
        wish = Wish(client=f"7916000{at:04d}", start=round(starts[at], 3), talk=talk, call=f"b24-{at}", recorded=True)
        played.append(SCENES[name](board, wish))
    frames = interleaved(played)
    assert [frame.at for frame in frames] == sorted(frame.at for frame in frames)
    some = events(frames, OURS)
    for dialogue in played:
        calls = {meant.call for meant in dialogue.meant}
        check(dialogue, [event for event in some if event.call in calls])


def test_a_second_call_of_the_same_number_is_another_call():
    dialogue = scene("twice")
    first, second = dialogue.meant
    assert (first.client, first.talk) == (second.client, 0)
    assert second.talk > 0
    assert first.call != second.call


def test_the_direction_never_changes_while_pieces_come_in():
    for name in SCENES:
        dialogue = scene(name)
        for meant in dialogue.meant:
            said = [event.direction for event in events(dialogue.frames, OURS) if event.call == meant.call]
            assert {word for word in said if word} == {meant.direction}, name


def test_what_is_kept_of_a_noisy_stream_is_little():
    frames = scene("queue").frames
    assert len(list(heard(frames, OURS))) < len(frames) * 0.7


def test_nothing_is_told_of_asterisks_own_channels():
    for event in events(scene("queue").frames, OURS):
        assert event.leg.partition("/")[0] in {"", "1770000000.1", *_legs(scene("queue"))}


def _legs(dialogue: Dialogue) -> set[str]:
    said = [frame.text for frame in dialogue.frames if frame.event == "Newchannel" and "Channel: PJSIP/" in frame.text]
    return {line.split(": ")[1] for text in said for line in text.split("\r\n") if line.startswith("Uniqueid: ")}


def test_a_consultation_ends_with_the_transfer_and_not_with_the_call():
    dialogue = scene("attended_transfer")
    client, asked = dialogue.meant
    assert (client.direction, asked.direction) == ("incoming", "internal")
    assert client.talk > asked.talk > 0
    moved = next(event for event in events(dialogue.frames, OURS) if event.kind == "call.transferred")
    assert (moved.call, moved.employee, moved.to, moved.how) == (client.call, "101", "102", "attended")


def test_without_a_memory_the_clients_call_still_ends_after_a_transfer():
    """A listener that was started in between knows no channel's birth."""
    dialogue = scene("attended_transfer")
    client = dialogue.meant[0]
    some: list[Event] = [event for frame in dialogue.frames for event in told(frame.text.encode(), OURS)]
    story = together(event for event in some if event.kind != "ignored" and event.call == client.call)  # type: ignore[misc]
    assert story.over
    assert outcome(story).talk == client.talk
