from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from connector.errors import PermanentError, Stopped, TransientError
from connector.portal.application import needs_application
from connector.portal.memory import OpenBudget
from connector.portal.uploading import AT_ONCE
from tests.unit.portal.world import NOW, REST, URL, World, denied, pair, webhook_settings

METHOD = "telephony.externalCall.attachRecord"
PARAMS = {"CALL_ID": "externalCall.1", "FILENAME": "a.mp3"}
UPLOAD = f"{URL}/rest/upload.json?auth=secret-token&token=telephony%7Cx"
SOUND = b"ID3" + bytes(range(256)) * 40


def told(url: str = UPLOAD, field: str = "file") -> dict[str, Any]:
    return {"result": {"uploadUrl": url, "fieldName": field}}


def uploads(world: World, body: Any = None, status: int = 200, **kwargs: Any) -> None:
    answer = {"result": {"FILE_ID": 9079}} if body is None else body
    world.wire.post(re.compile(r".*/upload\.json\?.*"), json=answer, status=status, **kwargs)


def given(world: World) -> Any:
    return world.portal().upload(METHOD, PARAMS, "a.mp3", "audio/mpeg", SOUND, request_id="0" * 32)


def posted(world: World) -> list[requests.PreparedRequest]:
    return [call.request for call in world.wire.calls if "/upload.json" in str(call.request.url)]


def test_a_file_goes_in_two_steps_and_by_the_same_budget(world: World):
    world.answer(METHOD, told())
    uploads(world)
    assert given(world) == {"FILE_ID": 9079}
    assert world.sent(METHOD) == [{**PARAMS, "auth": "access-1"}]
    [request] = posted(world)
    assert request.url == UPLOAD
    body = bytes(request.body or b"")
    assert b'name="file"; filename="a.mp3"' in body
    assert b"Content-Type: audio/mpeg" in body
    assert SOUND in body
    assert [call.request.headers["X-Request-ID"] for call in world.wire.calls] == ["0" * 32] * 2
    assert world.budget.spent == [True, True]


class Used(OpenBudget):
    """A bucket that is used so far."""

    def __init__(self, used: float, burst: float = 50.0) -> None:
        super().__init__()
        self.used, self.burst = used, burst

    def level(self) -> dict[str, float]:
        return {"used": self.used, "burst": self.burst, "per_second": 2.0}


def test_a_recording_waits_while_talk_needs_the_portal(world: World):
    world.budget = Used(26.0)
    with pytest.raises(TransientError) as waits:
        given(world)
    assert (waits.value.cause, waits.value.retry_after, waits.value.maybe_done) == ("portal.busy", 5.0, False)
    assert len(world.wire.calls) == 0


@pytest.mark.parametrize(("used", "burst"), [(25.0, 50.0), (0.0, 50.0), (1000.0, 0.0)])
def test_with_room_or_without_a_limit_it_goes_at_once(world: World, used: float, burst: float):
    world.budget = Used(used, burst)
    world.answer(METHOD, told())
    uploads(world)
    assert given(world) == {"FILE_ID": 9079}


def test_a_few_files_leave_at_once_and_the_others_come_again(world: World):
    portal, refusals = world.portal(), []

    def another(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if depth[0] < AT_ONCE:
            depth[0] += 1
            try:
                portal.upload(METHOD, PARAMS, "a.mp3", "audio/mpeg", SOUND)
            except TransientError as busy:
                refusals.append(busy.cause)
        return 200, {}, '{"result": {"FILE_ID": 1}}'

    depth = [0]
    world.answer(METHOD, told())
    world.wire.add_callback("POST", re.compile(r".*/upload\.json\?.*"), callback=another)
    portal.upload(METHOD, PARAMS, "a.mp3", "audio/mpeg", SOUND)
    assert refusals == ["portal.busy"]
    assert len(posted(world)) == AT_ONCE
    portal.upload(METHOD, PARAMS, "a.mp3", "audio/mpeg", SOUND)


def test_an_old_portal_answers_without_an_envelope(world: World):
    world.answer(METHOD, told())
    uploads(world, {"FILE_ID": 7})
    assert given(world) == {"FILE_ID": 7}


def test_a_portal_behind_a_proxy_is_posted_to_as_it_was_asked(world: World):
    world.answer(METHOD, told("http://acme.bitrix24.ru:80/rest/upload.json?auth=a&token=b#x"))
    uploads(world)
    given(world)
    assert posted(world)[0].url == f"{URL}/rest/upload.json?auth=a&token=b"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/rest/upload.json?auth=a",
        "https://acme.bitrix24.ru.evil.example/rest/upload.json?auth=a",
        "https://acme.bitrix24.ru@evil.example/rest/upload.json?auth=a",
        "//evil.example/rest/upload.json",
    ],
)
def test_nothing_is_posted_to_another_host(world: World, url: str):
    world.answer(METHOD, told(url))
    with pytest.raises(PermanentError) as caught:
        given(world)
    assert caught.value.cause == "portal.upload_elsewhere"
    assert "evil" not in str(caught.value)
    assert len(world.wire.calls) == 1


@pytest.mark.parametrize(
    "result", [None, [], {}, True, {"uploadUrl": UPLOAD}, {"uploadUrl": "[", "fieldName": "file"},
               {"uploadUrl": UPLOAD, "fieldName": 'a"\r\nX: y'}]
)  # fmt: skip
def test_a_portal_that_does_not_say_where_to_is_told_of(world: World, result: Any):
    world.answer(METHOD, {"result": result})
    with pytest.raises(PermanentError) as caught:
        given(world)
    assert caught.value.cause == "portal.no_upload_url"


def test_a_cut_while_asking_leaves_nothing_in_doubt(world: World):
    world.wire.post(f"{REST}{METHOD}.json", body=requests.ConnectionError("cut"))
    with pytest.raises(TransientError) as caught:
        given(world)
    assert not caught.value.maybe_done


def test_a_cut_while_posting_leaves_it_in_doubt_and_tells_no_token(world: World):
    world.answer(METHOD, told())
    world.wire.post(re.compile(r".*/upload\.json\?.*"), body=requests.ConnectionError(f"cut at {UPLOAD}"))
    with pytest.raises(TransientError) as caught:
        given(world)
    assert caught.value.maybe_done
    assert "secret-token" not in f"{caught.value!r} {caught.value.detail} {caught.value.__cause__}"
    assert caught.value.request_id == "0" * 32


@pytest.mark.parametrize(
    ("body", "status", "cause"),
    [
        (denied("ERROR_CORE", "Wrong file extension. Only wav and mp3 are allowed"), 400, "bitrix24.call_file"),
        (denied("QUERY_LIMIT_EXCEEDED"), 503, "bitrix24.query_limit"),
        (denied("INTERNAL_SERVER_ERROR"), 500, "bitrix24.server_error"),
    ],
)
def test_what_the_portal_says_of_the_file_is_a_verdict(world: World, body: Any, status: int, cause: str):
    world.answer(METHOD, told())
    uploads(world, body, status)
    with pytest.raises((PermanentError, TransientError)) as caught:
        given(world)
    assert caught.value.cause == cause


def test_a_file_over_what_the_web_server_takes_is_parked(world: World):
    world.answer(METHOD, told())
    world.wire.post(re.compile(r".*/upload\.json\?.*"), body="<html>413</html>", status=413)
    with pytest.raises(PermanentError) as caught:
        given(world)
    assert caught.value.cause == "bitrix24.too_large"


def test_a_stopped_portal_is_not_posted_to(world: World):
    world.install(state="blocked", updated_at=NOW)
    with pytest.raises(Stopped):
        given(world)


def test_an_expired_token_is_renewed_before_the_address_is_asked_for(world: World):
    def by_token(body: dict[str, Any]) -> tuple[int, Any]:
        return (200, told()) if body["auth"] == "access-2" else (401, denied("expired_token"))

    world.answer_by(METHOD, by_token)
    world.token(pair())
    uploads(world)
    assert given(world) == {"FILE_ID": 9079}


def test_a_portal_that_moved_is_posted_to_where_it_answered(world: World):
    new = "https://new.bitrix24.ru/rest/"
    world.wire.post(f"{REST}{METHOD}.json", status=302, headers={"Location": f"{new}{METHOD}.json"})
    world.app_info({"result": {
        "client_id": "local.1", "user_id": 1,
        "install": {"installed": True, "client_endpoint": new, "domain": "new.bitrix24.ru", "member_id": "member-1"},
    }})  # fmt: skip
    world.answer(METHOD, told("https://new.bitrix24.ru/rest/upload.json?auth=a"), base=new)
    uploads(world)
    assert given(world) == {"FILE_ID": 9079}
    assert posted(world)[0].url.startswith("https://new.bitrix24.ru/")  # type: ignore[union-attr]


def test_a_webhook_uploads_too(world: World):
    world.config = webhook_settings()
    base = f"{URL}/rest/1/the-code/"
    world.answer(METHOD, told(f"{base}upload.json?token=t"), base=base)
    uploads(world)
    assert given(world) == {"FILE_ID": 9079}
    assert world.sent(METHOD) == [PARAMS]


@pytest.mark.parametrize("method", [METHOD, "telephony.externalLine.add", "telephony.externalcall.REGISTER"])
def test_telephony_is_asked_of_the_portal_even_by_a_webhook(method: str):
    assert not needs_application(method)
