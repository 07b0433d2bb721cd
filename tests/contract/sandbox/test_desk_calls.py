"""What the desk is told of the telephone, and its recordings over HTTP."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from connector.sandbox import SandboxServer
from connector.sandbox.desk_view import desk_view
from tests.contract.sandbox.caller import Caller
from tests.contract.sandbox.phone import CLIENT, MP3, finished, ringing, sound

EXTERNAL = "telephony.externalCall."


def screen(server: SandboxServer, calls: bool = True) -> dict[str, Any]:
    return desk_view(server.portal, 0, calls)


def attach(app: Caller, call: str, name: str, content: bytes) -> str:
    """Attach a recording; where the desk plays it."""
    text = base64.b64encode(content).decode()
    app.result(EXTERNAL + "attachRecord", CALL_ID=call, FILENAME=name, FILE_CONTENT=text)
    return app.server.url + str(screen(app.server)["calls"][0]["record"]["url"])


@pytest.mark.parametrize(("name", "content", "mime"), [("a.wav", sound(), "audio/wav"), ("a.mp3", MP3, "audio/mpeg")])
def test_a_recording_is_served_whole_and_in_parts(app: Caller, name: str, content: bytes, mime: str) -> None:
    url = attach(app, finished(app), name, content)
    whole = requests.get(url, timeout=5)
    assert (whole.content, whole.headers["Content-Type"], whole.headers["Accept-Ranges"]) == (content, mime, "bytes")
    part = requests.get(url, headers={"Range": "bytes=10-19"}, timeout=5)
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(content)}"
    beyond = requests.get(url, headers={"Range": f"bytes={len(content)}-"}, timeout=5)
    assert beyond.status_code == 416
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert whole.headers["X-Content-Type-Options"] == "nosniff"


def test_only_recordings_can_be_listened_to(app: Caller) -> None:
    url = attach(app, finished(app), "a.wav", sound())
    page = app.server.portal.store("page.html", "text/html", b"<script>")
    for other in (url[:-1], f"{app.server.url}/desk/records/{page.id}/{page.sign}"):
        assert requests.get(other, timeout=5).status_code == 404
    assert requests.get(url, headers={"Host": "evil.test"}, timeout=5).status_code == 403


def test_the_desk_may_play_what_is_its_own_only(app: Caller) -> None:
    policy = requests.get(f"{app.server.url}/desk", timeout=5).headers["Content-Security-Policy"]
    assert "media-src 'self'" in policy.split("; ")


def test_the_list_of_calls_is_told_to_who_looks_at_it_only(app: Caller) -> None:
    ringing(app)
    assert screen(app.server, calls=False)["calls"] is None
    with requests.get(f"{app.server.url}/desk/events?calls=1", stream=True, timeout=5) as answer:
        told = next(line for line in answer.iter_lines(chunk_size=1) if line.startswith(b"data: "))
    assert CLIENT.encode() in told


def test_a_card_is_live_then_talked_then_over_for_a_moment() -> None:
    now = [1_800_000_000.0]
    with SandboxServer(burst=0, clock=lambda: now[0]) as server:
        app = Caller(server)
        call = ringing(app)
        app.result(EXTERNAL + "show", CALL_ID=call, USER_ID=[2])
        assert [(card["state"], card["for"]) for card in screen(server)["cards"]] == [("live", [1, 2])]
        now[0] += 5
        app.result(EXTERNAL + "hide", CALL_ID=call, USER_ID=1)
        (card,) = screen(server)["cards"]
        assert (card["state"], card["since"]) == ("talking", now[0])
        app.result(EXTERNAL + "finish", CALL_ID=call, USER_ID=2, DURATION=3)
        (card,) = screen(server)["cards"]
        assert (card["state"], card["for"], card["status"], card["duration"]) == ("over", [2], "200", 3)
        now[0] += 9
        assert screen(server)["cards"] == []


def test_a_call_that_went_on_to_the_next_in_turn_is_not_taken_for_a_talk(app: Caller) -> None:
    call = ringing(app)
    app.result(EXTERNAL + "hide", CALL_ID=call, USER_ID=1)
    app.result(EXTERNAL + "show", CALL_ID=call, USER_ID=2)
    assert [(card["state"], card["for"]) for card in screen(app.server)["cards"]] == [("live", [2])]
    app.result(EXTERNAL + "show", CALL_ID=call, USER_ID=1)
    app.result(EXTERNAL + "hide", CALL_ID=call, USER_ID=1)
    assert [card["state"] for card in screen(app.server)["cards"]] == ["talking"]


def test_who_was_never_shown_the_card_is_shown_no_result(app: Caller) -> None:
    finished(app, SHOW=0)
    assert screen(app.server)["cards"] == []


def test_old_notices_are_nobodys_business() -> None:
    now = [1_800_000_000.0]
    with SandboxServer(burst=0, clock=lambda: now[0]) as server:
        Caller(server).result("im.notify", USER_ID=1, MESSAGE="Hello")
        assert [notice["text"] for notice in screen(server)["notices"]] == ["Hello"]
        now[0] += 1000
        assert screen(server)["notices"] == []
