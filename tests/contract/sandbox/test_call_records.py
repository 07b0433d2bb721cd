"""Recordings and transcripts of calls (facts/bitrix24-telephony-crm.md §1.5, §6.5)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from tests.contract.sandbox.caller import Caller
from tests.contract.sandbox.listener import Answer, Listener
from tests.contract.sandbox.phone import CLIENT, MP3, finished, refusal, ringing, sound

ATTACH, TRANSCRIBE = "telephony.externalCall.attachRecord", "telephony.call.attachTranscription"
WAV = sound()


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def upload(url: str, name: str = "a.wav", content: bytes = WAV, field: str = "file", mime: str = "audio/wav") -> Any:
    return requests.post(url, files={field: (name, content, mime)}, timeout=5).json()


def test_a_recording_comes_inline_and_the_next_replaces_it(app: Caller) -> None:
    call = finished(app)
    first = app.result(ATTACH, CALL_ID=call, FILENAME="a.wav", FILE_CONTENT=text(WAV))["FILE_ID"]
    kept = app.server.phone_call(call)["recording"]
    assert (kept["id"], kept["name"], kept["size"], kept["mime"]) == (first, "a.wav", len(WAV), "audio/wav")
    assert requests.get(kept["url"], timeout=5).content == WAV
    second = app.result(ATTACH, CALL_ID=call, FILENAME="b.mp3", FILE_CONTENT=text(MP3))["FILE_ID"]
    assert app.server.phone_call(call)["recording"]["id"] == second != first
    assert app.result("voximplant.statistic.get")[0]["RECORD_FILE_ID"] == second
    assert requests.get(kept["url"], timeout=5).status_code == 404


def test_the_portal_fetches_a_recording_inside_the_call(app: Caller, listener: Listener) -> None:
    listener.answers["/talk.mp3"] = Answer(body=MP3, content_type="audio/mpeg")
    call = finished(app)
    url = f"{listener.url}/talk.mp3"
    # The address wins over the content.
    answer = app.result(ATTACH, CALL_ID=call, RECORD_URL=url, FILENAME="talk.mp3", FILE_CONTENT=text(WAV))
    kept = app.server.phone_call(call)["recording"]
    assert (answer["FILE_ID"], kept["size"]) == (kept["id"], len(MP3))
    assert app.result("voximplant.statistic.get")[0]["CALL_RECORD_URL"] == url
    assert refusal(app, ATTACH, CALL_ID=call, RECORD_URL=url) == "File name is empty"
    listener.answers["/gone"] = Answer(status=404)
    gone = refusal(app, ATTACH, CALL_ID=call, RECORD_URL=f"{listener.url}/gone", FILENAME="a.mp3")
    assert gone == "Server returns HTTP error code 404"


def test_a_recording_is_uploaded_to_an_address_of_its_own(app: Caller) -> None:
    call = finished(app)
    asked = app.result(ATTACH, CALL_ID=call, FILENAME="a.wav")
    assert asked["fieldName"] == "file"
    assert "/rest/upload.json?auth=" in asked["uploadUrl"]
    assert "token=telephony%7C" in asked["uploadUrl"]
    answer = upload(asked["uploadUrl"])
    assert answer["result"] == {"FILE_ID": app.server.phone_call(call)["recording"]["id"]}


def test_a_webhook_uploads_too(app: Caller) -> None:
    call = finished(app)
    where = app.server.webhook_url() + ATTACH
    asked = requests.post(where, json={"CALL_ID": call, "FILENAME": "a.wav"}, timeout=5).json()["result"]
    assert "auth=" not in asked["uploadUrl"]
    assert upload(asked["uploadUrl"])["result"]["FILE_ID"] == app.server.phone_call(call)["recording"]["id"]


def test_an_upload_needs_the_part_the_token_and_the_access(app: Caller) -> None:
    url = app.result(ATTACH, CALL_ID=finished(app), FILENAME="a.wav")["uploadUrl"]
    assert "parameter file is not found" in upload(url, field="record")["error_description"]
    assert upload(url, name="a.WAV")["error_description"].startswith("Wrong file extension")
    assert upload(url, mime="text/plain", content=b"<html>")["error_description"] == "Invalid file type"
    assert upload(url.replace("token=telephony%7C", "token=x"))["error_description"] == "Wrong token"
    app.server.expire_tokens()
    assert upload(url)["error"] == "expired_token"


def test_an_upload_can_be_cut_and_slowed_like_any_call(app: Caller) -> None:
    call = finished(app)
    url = app.result(ATTACH, CALL_ID=call, FILENAME="a.wav")["uploadUrl"]
    app.server.fault("reset_after", method="upload")
    with pytest.raises(requests.ConnectionError):
        upload(url)
    assert app.server.phone_call(call)["recording"]["size"] == len(WAV)
    assert [row["method"] for row in app.server.calls("upload")] == ["upload"]
    assert "upload" not in app.result("methods")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "Required parameters are not set. Request should contain or URL or FILENAME parameter"),
        ({"FILENAME": "", "FILE_CONTENT": text(WAV)}, "File name is empty"),
        ({"FILENAME": "a.MP3", "FILE_CONTENT": text(MP3)}, "Wrong file extension. Only wav and mp3 are allowed"),
        ({"FILENAME": "a.ogg", "FILE_CONTENT": text(MP3)}, "Wrong file extension. Only wav and mp3 are allowed"),
        ({"FILENAME": "a.mp3", "FILE_CONTENT": ""}, "File content is empty."),
        (
            {"FILENAME": "a.mp3", "FILE_CONTENT": "*"},
            "File content is not properly encoded. Base64 encoding is expected.",
        ),
        ({"FILENAME": "a.mp3", "FILE_CONTENT": text(b"<html>not found")}, "Invalid file type"),
    ],
)
def test_what_is_no_recording_is_refused(app: Caller, params: dict[str, str], said: str) -> None:
    assert refusal(app, ATTACH, CALL_ID=finished(app), **params) == said


def test_a_call_that_is_not_finished_takes_no_recording(app: Caller) -> None:
    said = refusal(app, ATTACH, CALL_ID=ringing(app), FILENAME="a.mp3")
    assert said == "Call is not found in the statistic table. Looks like it is not finished yet."


def test_the_activity_of_the_call_gets_the_recording(app: Caller) -> None:
    app.result("crm.contact.add", fields={"NAME": "Ann", "PHONE": [{"VALUE": CLIENT}]})
    call = finished(app)
    number = app.result(ATTACH, CALL_ID=call, FILENAME="a.wav", FILE_CONTENT=text(WAV))["FILE_ID"]
    (row,) = app.result("crm.activity.list", filter={"ORIGIN_ID": f"VI_{call}"}, select=["*"])
    assert row["STORAGE_ELEMENT_IDS"] == [number]


def test_finish_may_name_a_recording(app: Caller, listener: Listener) -> None:
    listener.answers["/talk.mp3"] = Answer(body=MP3)
    call = ringing(app)
    app.result("telephony.externalCall.finish", CALL_ID=call, USER_ID=1, RECORD_URL=f"{listener.url}/talk.mp3")
    assert app.server.phone_call(call)["recording"]["name"] == "talk.mp3"


def test_a_transcript_is_kept_and_replaced(app: Caller) -> None:
    call = finished(app)
    said = [{"SIDE": "Client", "START_TIME": 0, "STOP_TIME": 2, "MESSAGE": "Hello"}]
    first = app.result(TRANSCRIBE, CALL_ID=call, MESSAGES=said)["TRANSCRIPT_ID"]
    said.append({"SIDE": "User", "START_TIME": 2, "STOP_TIME": 4, "MESSAGE": "Good day"})
    second = app.result(TRANSCRIBE, CALL_ID=call, MESSAGES=said, COST=1.5, COST_CURRENCY="RUB")["TRANSCRIPT_ID"]
    assert second > first
    lines = app.server.phone_call(call)["transcript"]
    assert [(line["side"], line["start"], line["text"]) for line in lines] == [
        ("Client", 0, "Hello"),
        ("User", 2, "Good day"),
    ]
    assert app.result("voximplant.statistic.get")[0]["TRANSCRIPT_ID"] == str(second)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"SIDE": "Robot"}, "MESSAGES[1][SIDE] should be either Client or User"),
        ({"START_TIME": -1}, "MESSAGES[1][START_TIME] should be greater or equal to zero"),
        ({"STOP_TIME": 0}, "MESSAGES[1][STOP_TIME] should be greater than zero"),
        ({"MESSAGE": ""}, "MESSAGES[1][MESSAGE] is empty"),
    ],
)
def test_a_wrong_line_of_a_transcript_is_named(app: Caller, line: dict[str, Any], said: str) -> None:
    good = {"SIDE": "User", "START_TIME": 0, "STOP_TIME": 1, "MESSAGE": "Hello"}
    assert refusal(app, TRANSCRIBE, CALL_ID=finished(app), MESSAGES=[good, good | line]) == said


def test_a_transcript_comes_after_the_end(app: Caller) -> None:
    call = ringing(app)
    good = [{"SIDE": "User", "START_TIME": 0, "STOP_TIME": 1, "MESSAGE": "Hello"}]
    assert refusal(app, TRANSCRIBE, CALL_ID=call, MESSAGES=good) == f"Call {call} is not found. Is it finished?"
    assert refusal(app, TRANSCRIBE, CALL_ID=call, MESSAGES="x") == "MESSAGES should be an array"
