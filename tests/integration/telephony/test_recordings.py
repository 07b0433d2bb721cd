"""A recording goes from the PBX to the call in Bitrix24 through the whole house, once, however long it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.handlers.portals import CALL_EVENTS, LIFE_EVENTS
from connector.repair import Deed, replay
from tests.contract.sandbox.listener import Answer, Listener
from tests.integration.telephony.recorder import APP, CLIENT, URL, Recorder, recorder
from tests.integration.telephony.sftp_server import PASSWORD, sftp_server
from tests.services import Redis
from tests.unit.recordings.sounds import MP3, NO_SOUND, WAV

MONITOR = "/var/spool/asterisk/monitor"


@pytest.fixture
def pbx() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


@pytest.fixture
def house(tmp_path: Path, redis_server: Redis, journal_url: str, pbx: Listener) -> Iterator[Recorder]:
    place = {"url": f"{pbx.url}/rec", "username": "us", "password": "the-password-of-records"}
    with recorder(tmp_path, redis_server.url, journal_url, recordings=place) as made:
        made.install()
        yield made


def file(content: bytes) -> Answer:
    return Answer(body=content, content_type="application/octet-stream")


def test_a_recording_reaches_its_call(house: Recorder, pbx: Listener):
    pbx.answers["/rec/2026/in.wav"] = file(WAV)
    call_id = house.call()
    assert house.recorded(call_id, f"{MONITOR}/2026/in.wav")["state"] == "done"
    kept = house.sandbox.phone_call(call_id)["recording"]
    assert (kept["mime"], kept["size"]) == ("audio/wav", len(WAV))
    assert kept["name"].endswith(f"_{CLIENT}.wav")
    assert house.sound(call_id) == WAV
    assert pbx.seen[0].headers["Authorization"].startswith("Basic ")


def test_it_is_waited_for_at_the_pbx_for_hours(house: Recorder, pbx: Listener):
    pbx.answers["/rec/a.mp3"] = Answer(status=404)
    call_id = house.call()
    assert house.recorded(call_id, f"{MONITOR}/a.mp3")["cause"] == "recording.not_there"
    pbx.answers["/rec/a.mp3"] = file(b"")
    assert house.later(61)["cause"] == "recording.empty"
    pbx.answers["/rec/a.mp3"] = file(NO_SOUND)
    waits = house.later(61)
    assert (waits["state"], waits["cause"]) == ("waiting", "recording.empty")
    pbx.answers["/rec/a.mp3"] = file(MP3)
    assert house.later(3600)["state"] == "done"
    assert house.sound(call_id) == MP3


def test_what_does_not_come_for_hours_is_parked_and_a_person_may_try_again(house: Recorder, pbx: Listener):
    pbx.answers["/rec/a.mp3"] = Answer(status=404)
    call_id = house.call()
    assert house.recorded(call_id, f"{MONITOR}/a.mp3")["state"] == "waiting"
    parked = house.later(7 * 3600)
    assert (parked["state"], parked["cause"]) == ("parked", "recording.not_there")
    pbx.answers["/rec/a.mp3"] = file(MP3)
    replay(house.connector, [parked["id"]], Deed(who="somebody", why="it is there now"))
    assert house.later(0)["state"] == "done"
    assert house.sound(call_id) == MP3


def test_it_waits_until_the_call_is_finished_in_bitrix24(house: Recorder, pbx: Listener):
    pbx.answers["/rec/a.mp3"] = file(MP3)
    call_id = house.call(finished=False)
    assert house.recorded(call_id, f"{MONITOR}/a.mp3")["cause"] == "bitrix24.call_not_finished"
    house.finish(call_id)
    assert house.later(31)["state"] == "done"
    assert house.sound(call_id) == MP3


def test_a_cut_in_the_middle_of_it_loses_and_doubles_nothing(house: Recorder, pbx: Listener):
    pbx.answers["/rec/a.mp3"] = file(MP3)
    call_id = house.call()
    house.sandbox.fault("reset_after", method="upload", times=1)
    assert house.recorded(call_id, f"{MONITOR}/a.mp3")["cause"] == "network.cut"
    assert house.later(30)["state"] == "done"
    assert house.sound(call_id) == MP3


def test_of_several_recordings_the_longest_stays_whichever_comes_last(house: Recorder, pbx: Listener):
    sounds = {f"{number}.mp3": MP3 + b"\0" * 100 * number for number in (1, 3, 2)}
    pbx.answers.update({f"/rec/{name}": file(sound) for name, sound in sounds.items()})
    call_id = house.call()
    states = [house.recorded(call_id, f"{MONITOR}/{name}")["state"] for name in sounds]
    assert states == ["done"] * 3
    assert "longer recording" in house.delivery()["flagged"]
    assert house.sound(call_id) == sounds["3.mp3"]


def test_what_bitrix24_never_takes_is_parked_with_what_to_set_on_the_pbx(house: Recorder, pbx: Listener):
    pbx.answers["/rec/a.gsm"] = file(b"\xd8\x20\xa2" * 40)
    call_id = house.call()
    parked = house.recorded(call_id, f"{MONITOR}/a.gsm")
    assert (parked["state"], parked["cause"]) == ("parked", "recording.type")
    assert house.sandbox.phone_call(call_id)["recording"] is None


def test_a_transcript_is_attached_once_though_the_answer_was_lost(house: Recorder):
    call_id = house.call()
    house.sandbox.fault("reset_after", method="telephony.call.attachTranscription", times=1)
    assert house.transcribed(call_id, "Hello", "Good day")["cause"] == "network.cut"
    assert house.later(60)["state"] == "done"
    said = house.sandbox.phone_call(call_id)["transcript"]
    assert [row["text"] for row in said] == ["Hello", "Good day"]
    assert len(house.sandbox.calls("telephony.call.attachTranscription")) == 1


def test_a_recording_in_a_folder_and_one_outside_of_it(tmp_path: Path, sqlite_url: str, redis_server: Redis):
    calls = tmp_path / "calls"
    calls.mkdir()
    (calls / "a.mp3").write_bytes(MP3)
    (tmp_path / "secret.mp3").write_bytes(MP3)
    (calls / "link.mp3").symlink_to(tmp_path / "secret.mp3")
    with recorder(tmp_path, redis_server.url, sqlite_url, recordings={"url": calls.as_uri()}) as house:
        house.install()
        call_id, other = house.call(), house.call()
        assert house.recorded(call_id, f"{MONITOR}/a.mp3")["state"] == "done"
        assert house.sound(call_id) == MP3
        assert house.recorded(other, f"{MONITOR}/link.mp3")["cause"] == "recording.outside"


def test_a_recording_by_sftp(tmp_path: Path, sqlite_url: str, redis_server: Redis):
    with sftp_server(tmp_path / "pbx") as server:
        (server.root / "calls" / "a.mp3").write_bytes(MP3)
        place = {"url": server.url(), "password": PASSWORD, "host_key": server.fingerprint}
        with recorder(tmp_path, redis_server.url, sqlite_url, recordings=place) as house:
            house.install()
            call_id = house.call()
            assert house.recorded(call_id, f"{MONITOR}/a.mp3")["state"] == "done"
            assert house.sound(call_id) == MP3


def bound(house: Recorder) -> list[str]:
    rows = house.sandbox.state()["handlers"]
    return sorted(row["event"] for row in rows if row["handler"] == f"{URL}/bitrix24/events")


def test_an_installation_opens_the_lines_and_binds_the_clicks(house: Recorder):
    lines = [line for line in house.sandbox.phone_lines() if line["client_id"] == APP["client_id"]]
    assert [(line["NUMBER"], line["NAME"], line["CRM_AUTO_CREATE"]) for line in lines] == [
        ("74951234567", "Sales", "N")
    ]
    assert bound(house) == sorted([*LIFE_EVENTS, *CALL_EVENTS])


def test_without_its_permission_the_installation_ends_well_and_says_what_to_add(
    tmp_path: Path, sqlite_url: str, redis_server: Redis
):
    with recorder(tmp_path, redis_server.url, sqlite_url, scope="imopenlines,imconnector,im,crm,user") as house:
        house.install()
        done = house.delivery()
        assert done["state"] == "done"
        assert "telephony" in done["flagged"]
        assert bound(house) == sorted(LIFE_EVENTS)
        codes = {finding.code: finding for finding in house.connector.portals["main"].check(calls=True)}
        assert "telephony" in str(codes["portal.scopes"].hint)
