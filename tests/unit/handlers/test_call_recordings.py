"""Recordings and transcripts reach the finished call, once, however they look."""

from __future__ import annotations

from typing import Any

import pytest

from connector.domain.calls import CallStarted, Phrase, RecordingDue, TranscriptDue
from connector.domain.effects import Attach, Call, Effect, Fetch
from connector.domain.events import Event, dump, load
from connector.domain.values import File, StoredFile
from connector.errors import PermanentError
from connector.handlers import HANDLERS
from connector.handlers.calls.recordings import recording_due, transcript_due
from connector.handlers.calls.story import together
from connector.speech import Text

from .calling import rules
from .driving import Driver
from .telephone import CLIENT, about

AFTER: dict[str, str] = {"portal": "main", "account": "office", "call": "c1", "call_id": "externalCall.1"}
FILE = File(ref="/monitor/2026/09/01/in-84951112233.WAV", name="in.WAV")
STORED = StoredFile(key="0" * 64, name="in.wav", mime="audio/wav", size=3, url="https://hub.example/media/x")
STORY = together([CallStarted(**about(0, direction="incoming", client=CLIENT))]).dump()
SAID = (Phrase(side="Client", begin=0, end=3, text="Hello"), Phrase(side="User", begin=3, end=7, text="Good day"))


def due(file: File = FILE, **changes: Any) -> RecordingDue:
    return RecordingDue(**AFTER, recording=file, **changes)


def driven(stored: Any = STORED, *, story: Any = STORY, **facts: Any) -> Driver:
    driver = Driver({Fetch: stored, "telephony.externalCall.attachRecord": {"FILE_ID": 9}})
    driver.links["event.call", "office.c1"] = story
    driver.run(recording_due(due(), rules(**facts)))
    return driver


def attached(driver: Driver) -> Attach:
    (attach,) = driver.of(Attach)
    return attach


def test_a_recording_is_brought_and_attached():
    driver = driven(late=90.0)
    assert driver.of(Fetch) == [Fetch(file=FILE, origin="account:office", recording=True, late=90.0)]
    attach = attached(driver)
    assert attach.method == "telephony.externalCall.attachRecord"
    assert attach.params == {"CALL_ID": "externalCall.1", "FILENAME": attach.file.name}
    assert (attach.file.key, attach.file.mime) == (STORED.key, "audio/wav")


def test_its_name_says_when_and_with_whom_in_small_letters():
    assert attached(driven()).file.name == "2026-09-01_12-00_+79161234567.wav"
    mp3 = StoredFile(key="0" * 64, name="x.MP3", mime="audio/mpeg", size=3, url="")
    assert attached(driven(mp3)).file.name.endswith("_+79161234567.mp3")
    assert attached(driven(zone="Asia/Vladivostok")).file.name.startswith("2026-09-01_19-00_")


def test_a_call_that_nobody_remembers_has_a_name_too():
    name = attached(driven(story=None)).file.name
    assert name.endswith("_c1.wav")
    assert attached(driven(story=None, at=None)).file.name == "call_c1.wav"


def test_what_bitrix24_never_takes_parks_with_its_own_words():
    wrong = PermanentError("recording.type", hint=Text("Set wav", "Задайте wav"))
    with pytest.raises(PermanentError) as parked:
        driven(wrong)
    assert parked.value is wrong


def test_two_recordings_of_a_call_are_two_and_one_is_one():
    def key(file: File) -> str:
        driver = Driver({Fetch: STORED})
        driver.run(recording_due(due(file), rules()))
        return attached(driver).key

    assert key(FILE) == key(File(ref=FILE.ref, name="another name"))
    assert key(FILE) != key(File(ref="/monitor/other.wav"))
    assert key(FILE).startswith("record:main:externalCall.1:")


@pytest.mark.parametrize(("size", "attaches"), [(2, True), (3, False), (4, False)])
def test_of_several_recordings_the_largest_stays(size: int, attaches: bool):
    driver = Driver({Fetch: STORED}, {("event.record", "main/externalCall.1"): {"ref": "another", "size": size}})
    driver.run(recording_due(due(), rules()))
    assert bool(driver.of(Attach)) is attaches
    assert bool(driver.returned) is not attaches
    kept = driver.links["event.record", "main/externalCall.1"]
    assert kept["size"] == (STORED.size if attaches else size)


def test_the_same_recording_may_replace_itself_with_a_shorter_one():
    driver = driven()
    driver.answers[Fetch] = StoredFile(key="1" * 64, name="in.wav", mime="audio/wav", size=1, url="")
    driver.run(recording_due(due(), rules()))
    assert len(driver.of(Attach)) == 2


def transcribed(phrases: tuple[Phrase, ...] = SAID) -> list[Effect]:
    return Driver().run(transcript_due(TranscriptDue(**AFTER, phrases=phrases), rules()))


def test_a_transcript_is_attached_as_it_was_said():
    (call,) = transcribed()
    assert isinstance(call, Call)
    assert (call.method, call.params["CALL_ID"]) == ("telephony.call.attachTranscription", "externalCall.1")
    assert call.params["MESSAGES"] == [
        {"SIDE": "Client", "START_TIME": 0, "STOP_TIME": 3, "MESSAGE": "Hello"},
        {"SIDE": "User", "START_TIME": 3, "STOP_TIME": 7, "MESSAGE": "Good day"},
    ]


def test_times_and_words_that_the_portal_refuses_are_put_right():
    odd = (
        Phrase(side="User", begin=-2, end=0, text=" a \n b "),
        Phrase(side="User", begin=9, end=4, text="c"),
        Phrase(side="Client", begin=9, end=10, text="  "),
    )
    (call,) = transcribed(odd)
    assert isinstance(call, Call)
    rows = [(row["START_TIME"], row["STOP_TIME"], row["MESSAGE"]) for row in call.params["MESSAGES"]]
    assert rows == [(0, 1, "a b"), (9, 9, "c")]


def test_a_transcript_without_words_is_nothing_to_attach():
    driver = Driver()
    assert driver.run(transcript_due(TranscriptDue(**AFTER, phrases=()), rules())) == []
    assert "no words" in driver.returned


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"CALL_ID": "externalCall.1", "TRANSCRIPT_ID": "7"}, {"TRANSCRIPT_ID": "7"}),
        ({"CALL_ID": "externalCall.1", "TRANSCRIPT_ID": "0"}, None),
        ({"CALL_ID": "externalCall.1", "TRANSCRIPT_ID": None}, None),
        ({"CALL_ID": "externalCall.2", "TRANSCRIPT_ID": "7"}, None),
        (PermanentError("bitrix24.access_denied", hint=Text("x", "x")), None),
    ],
)
def test_after_a_cut_the_statistics_tell_whether_it_is_there(row: Any, found: Any):
    (call,) = transcribed()
    assert isinstance(call, Call)
    assert call.proof is not None
    driver = Driver({"voximplant.statistic.get": row if isinstance(row, Exception) else [row]})
    driver.run(call.proof())
    assert driver.returned == found


@pytest.mark.parametrize("event", [due(), TranscriptDue(**AFTER, phrases=SAID)])
def test_they_have_their_handlers_and_survive_the_journal(event: Event):
    assert ("portal", event.kind) in HANDLERS
    assert load(dump(event)) == event
