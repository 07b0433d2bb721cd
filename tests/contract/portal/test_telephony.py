"""Telephony of a portal through our client: recordings in two steps, what it says in words, clicks."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from pydantic import SecretStr

from connector.domain.callbacks import CallRequested
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.portal import Portal, authentic, decode_form, parse_event
from connector.sandbox import SandboxServer
from tests.contract.portal.conftest import House
from tests.contract.sandbox.listener import Listener
from tests.unit.recordings.sounds import MP3, WAV

ATTACH = "telephony.externalCall.attachRecord"


def registered(portal: Portal, external: str = "office.1") -> str:
    params = {"USER_ID": 1, "PHONE_NUMBER": "+79123456789", "TYPE": 2, "SHOW": 0, "EXTERNAL_CALL_ID": external}
    return str(portal.call("telephony.externalCall.register", params)["CALL_ID"])


def finished(portal: Portal) -> str:
    call_id = registered(portal)
    portal.call("telephony.externalCall.finish", {"CALL_ID": call_id, "USER_ID": 1, "DURATION": 5, "ADD_TO_CHAT": 0})
    return call_id


def given(portal: Portal, call_id: str, name: str = "a.mp3", mime: str = "audio/mpeg", sound: bytes = MP3) -> Any:
    return portal.upload(ATTACH, {"CALL_ID": call_id, "FILENAME": name}, name, mime, sound)


def sound_of(sandbox: SandboxServer, call_id: str) -> bytes:
    return requests.get(sandbox.phone_call(call_id)["recording"]["url"], timeout=5).content


def said(act: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        act()
    return caught.value


def test_a_recording_is_attached_in_two_steps_and_replaced_by_the_next(house: House):
    portal = house.installed()
    call_id = finished(portal)
    assert given(portal, call_id)["FILE_ID"] > 0
    assert sound_of(house.sandbox, call_id) == MP3
    given(portal, call_id, "b.wav", "audio/wav", WAV)
    assert house.sandbox.phone_call(call_id)["recording"]["name"] == "b.wav"
    assert sound_of(house.sandbox, call_id) == WAV


def test_a_long_recording_goes_whole(house: House):
    portal = house.installed()
    call_id, sound = finished(portal), MP3 + bytes(range(256)) * 40_000
    given(portal, call_id, sound=sound)
    assert sound_of(house.sandbox, call_id) == sound


def test_an_expired_token_does_not_lose_a_recording(house: House):
    portal = house.installed()
    call_id = finished(portal)
    house.sandbox.expire_tokens()
    given(portal, call_id)
    assert sound_of(house.sandbox, call_id) == MP3


def test_a_cut_after_the_portal_took_the_file_leaves_it_in_doubt_and_a_repeat_harms_nothing(house: House):
    portal = house.installed()
    call_id = finished(portal)
    house.sandbox.fault("reset_after", method="upload", times=1)
    lost = said(lambda: given(portal, call_id))
    assert isinstance(lost, TransientError)
    assert lost.maybe_done
    first = house.sandbox.phone_call(call_id)["recording"]
    given(portal, call_id)
    assert house.sandbox.phone_call(call_id)["recording"]["size"] == first["size"] == len(MP3)


def test_a_cut_before_anything_was_posted_leaves_no_doubt(house: House):
    portal = house.installed()
    call_id = finished(portal)
    house.sandbox.fault("reset_after", method=ATTACH, times=1)
    lost = said(lambda: given(portal, call_id))
    assert isinstance(lost, TransientError)
    assert not lost.maybe_done
    assert house.sandbox.phone_call(call_id)["recording"] is None


def test_a_call_that_is_not_finished_is_waited_for(house: House):
    portal = house.installed()
    call_id = registered(portal)
    transcript = {"CALL_ID": call_id, "MESSAGES": [{"SIDE": "User", "START_TIME": 0, "STOP_TIME": 1, "MESSAGE": "a"}]}
    for error in (
        said(lambda: given(portal, call_id)),
        said(lambda: portal.call("telephony.call.attachTranscription", transcript)),
    ):
        assert isinstance(error, TransientError)
        assert (error.cause, error.retry_after) == ("bitrix24.call_not_finished", 30.0)


@pytest.mark.parametrize(
    ("method", "params", "cause"),
    [
        ("telephony.externalCall.finish", {"CALL_ID": "externalCall.no", "USER_ID": 1}, "call_not_found"),
        ("telephony.externalCall.register", {"PHONE_NUMBER": "+79123456789", "TYPE": 2}, "call_user"),
        ("telephony.externalCall.register", {"USER_ID": 999, "PHONE_NUMBER": "+79123456789", "TYPE": 2}, "call_user"),
        ("telephony.externalCall.register", {"USER_ID": 1, "PHONE_NUMBER": "x", "TYPE": 2}, "call_number"),
        ("telephony.externalLine.update", {"NUMBER": "no", "NAME": "x"}, "line_unknown"),
        ("telephony.externalLine.add", {"NUMBER": "line-1"}, "line_exists"),
    ],
)
def test_what_telephony_refuses_is_known_by_its_words(house: House, method: str, params: dict[str, Any], cause: str):
    portal = house.installed()
    portal.call("telephony.externalLine.add", {"NUMBER": "line-1"})
    error = said(lambda: portal.call(method, params))
    assert isinstance(error, PermanentError)
    assert error.cause == f"bitrix24.{cause}"


@pytest.mark.parametrize(
    ("name", "mime", "sound"),
    [
        ("a.MP3", "audio/mpeg", MP3),
        ("a.ogg", "audio/ogg", MP3),
        ("a.wav", "audio/wav", b""),
        ("a.wav", "text/plain", b"text"),
    ],
)
def test_a_file_that_the_portal_does_not_take_is_parked(house: House, name: str, mime: str, sound: bytes):
    portal = house.installed()
    error = said(lambda: given(portal, finished(portal), name, mime, sound))
    assert (type(error), error.cause) == (PermanentError, "bitrix24.call_file")


def test_a_webhook_does_what_telephony_lets_it(house: House):
    config = house.sandbox.portal.config
    hook = f"{house.sandbox.url}/rest/{config.webhook_user}/{config.webhook_code}/"
    portal = house.portal(app=None, webhook=SecretStr(hook))
    call_id = finished(portal)
    given(portal, call_id)
    assert sound_of(house.sandbox, call_id) == MP3


def test_a_click_arrives_whole_and_proves_itself(house: House):
    portal = house.installed()
    portal.call("telephony.externalLine.add", {"NUMBER": "74951234567", "NAME": "Sales"})
    with Listener() as listener:
        portal.call("event.bind", {"event": "ONEXTERNALCALLSTART", "handler": f"{listener.url}/events"})
        made = house.sandbox.click_to_call(1, "+7 912 345-67-89;105", "74951234567")
        assert house.sandbox.settle()
        (posted,) = listener.events("ONEXTERNALCALLSTART")
    form = decode_form(posted.body)
    kept = house.store.installation("main")
    assert kept is not None
    authentic(form, kept)
    assert parse_event(form, "main", portal.connector_prefix) == [
        CallRequested(
            portal="main",
            phone="+79123456789",
            line="74951234567",
            user=1,
            call_id=made["call_id"],
            extension="105",
            entity="LEAD",
            entity_id=made["crm"]["LEAD"],
        )
    ]
