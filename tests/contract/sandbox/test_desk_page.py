"""The operator's desk over HTTP: who may have it, what it says, and how it tells of changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connector.sandbox import SandboxServer
from connector.sandbox.answers import ApiError
from connector.sandbox.desk_page import STATIC, Bell
from connector.sandbox.desk_words import PHRASES, desk_words
from tests.contract.sandbox.caller import Caller, item

EVIL = "http://evil.test"


@pytest.fixture
def busy(desk: Caller) -> Caller:
    desk.send(item(text="Where is my order?"))
    return desk


def frames(server: SandboxServer, **query: Any) -> Iterator[dict[str, Any]]:
    """The screens that the desk is told, one by one."""
    with requests.get(f"{server.url}/desk/events", params=query, stream=True, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        for line in answer.iter_lines(chunk_size=1):
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))


@pytest.mark.parametrize("path", ["/desk", "/desk/desk.js", "/desk/events", "/_sandbox/state", "/_sandbox/chats/c1"])
def test_a_name_that_is_not_the_loopbacks_gets_nothing(busy: Caller, path: str) -> None:
    answer = requests.get(busy.server.url + path, headers={"Host": "evil.test"}, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (403, "HOST")


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({"Host": "evil.test", "Origin": EVIL}, 403, "HOST"),
        ({"Origin": EVIL}, 403, "ORIGIN"),
        ({"Origin": "null"}, 403, "ORIGIN"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "ORIGIN"),
        ({"Sec-Fetch-Site": "same-site"}, 403, "ORIGIN"),
        ({"Content-Type": "text/plain"}, 415, "CONTENT_TYPE"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "CONTENT_TYPE"),
    ],
)
def test_what_another_site_could_send_is_refused(
    busy: Caller, headers: dict[str, str], status: int, error: str
) -> None:
    sent = {"Content-Type": "application/json", **headers}
    answer = requests.post(f"{busy.server.url}/_sandbox/reset", data="{}", headers=sent, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert len(busy.server.chats()) == 1


def test_another_site_does_not_hear_what_happens(busy: Caller) -> None:
    answer = requests.get(f"{busy.server.url}/desk/events", headers={"Origin": EVIL}, timeout=5)
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/desk", *(f"/desk/{name}" for name in sorted(STATIC))])
def test_everything_is_ours_and_nobody_may_frame_it(busy: Caller, path: str) -> None:
    answer = requests.get(busy.server.url + path, timeout=5)
    policy = answer.headers["Content-Security-Policy"]
    assert answer.status_code == 200
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_is_small_and_has_nothing_inline_or_foreign(busy: Caller) -> None:
    page = requests.get(f"{busy.server.url}/desk", timeout=5).text
    rest = [requests.get(f"{busy.server.url}/desk/{name}", timeout=5).text for name in STATIC]
    assert len(page.encode()) + sum(len(text.encode()) for text in rest) < 100_000
    for banned in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", " onclick=", " style=", "//cdn"):
        assert banned not in page + "".join(rest)


@pytest.mark.parametrize("path", ["/desk/desk.html", "/desk/../desk_page.py", "/desk/files/1/x", "/desk/files/7301/no"])
def test_nothing_else_is_served(busy: Caller, path: str) -> None:
    assert requests.get(busy.server.url + path, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("query", "accepts", "title"),
    [
        ("", "ru-RU,ru;q=0.9", "Рабочее место оператора"),
        ("", "en-GB", "Operator&#39;s desk"),
        ("?lang=ru", "en-GB", "Рабочее место оператора"),
        ("?lang=en", "ru", "Operator&#39;s desk"),
        ("?lang=zz", "", "Operator&#39;s desk"),
    ],
)
def test_the_desk_speaks_the_language_of_its_reader(desk: Caller, query: str, accepts: str, title: str) -> None:
    answer = requests.get(f"{desk.server.url}/desk{query}", headers={"Accept-Language": accepts}, timeout=5)
    assert f"<title>{title}</title>" in answer.text


def test_both_languages_say_the_same_things() -> None:
    places = [{part.split("}")[0] for part in text.split("{")[1:]} for pair in PHRASES.values() for text in pair]
    assert places[::2] == places[1::2]
    assert desk_words("ru").keys() == desk_words("en").keys()


@pytest.mark.parametrize(
    ("name", "mime", "served", "kind"),
    [
        ("photo.png", "image/png", "image/png", "inline"),
        ("page.html", "text/html", "application/octet-stream", "attachment"),
        ("drawing.svg", "image/svg+xml", "application/octet-stream", "attachment"),
        ('sly"\r\nSet-Cookie: x=1.pdf', "application/pdf", "application/octet-stream", "attachment"),
        ("счёт.pdf", "application/pdf", "application/octet-stream", "attachment"),
    ],
)
def test_files_of_chats_can_be_seen_or_saved_but_never_run(
    busy: Caller, name: str, mime: str, served: str, kind: str
) -> None:
    busy.server.say("c1", files=[{"name": name, "content": b"<script>", "mime": mime}])
    shown = next(frames(busy.server, chat=busy.server.chat("c1")["id"]))["chat"]["messages"][-1]["files"][0]
    answer = requests.get(busy.server.url + shown["url"], timeout=5)
    assert (answer.content, shown["name"]) == (b"<script>", name)
    assert answer.headers["Content-Type"].split(";")[0] == served
    assert answer.headers["Content-Disposition"].split(";")[0] == kind
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers


def test_a_change_is_told_at_once_and_only_once(busy: Caller) -> None:
    number = busy.server.chat("c1")["id"]
    told = frames(busy.server, chat=number)
    assert next(told)["chats"][0]["unanswered"] == 1
    busy.server.say("c1", "On its way")
    now = next(told)
    assert (now["asked"], now["chats"][0]["unanswered"], now["chats"][0]["state"]) == (number, 0, "answered")
    assert now["chat"]["messages"][-1]["mark"] == "sending"
    busy.call("imconnector.status", CONNECTOR="acme_chat", LINE=1)
    busy.send(item(mid="m2", text="Thanks"))
    assert next(told)["chat"]["messages"][-1]["text"] == "Thanks"


def test_a_deleted_text_leaves_the_desk(busy: Caller) -> None:
    message = busy.server.say("c1", "a slip of the tongue")
    busy.server.delete(message["id"])
    assert "a slip" not in json.dumps(next(frames(busy.server, chat=busy.server.chat("c1")["id"])))


def test_the_desk_works_while_the_portal_is_away(busy: Caller) -> None:
    busy.server.set_down("unavailable")
    assert requests.get(f"{busy.server.url}/desk", timeout=5).status_code == 200
    assert next(frames(busy.server))["portal"]["down"] is True


def test_a_rating_may_be_asked_for_once_on_any_line(busy: Caller) -> None:
    session = busy.server.ask_rating("c1")
    assert (session["status"], session["open"]) == (50, True)
    with pytest.raises(ApiError, match="VOTE_WRONG"):
        busy.server.ask_rating("c1")
    busy.send(item(mid="m2", text="1"))
    session = busy.server.chat("c1")["sessions"][0]
    assert (session["vote"], session["open"]) == (5, False)


def test_no_rating_is_asked_for_where_system_messages_are_off(app: Caller) -> None:
    app.connect(NEED_SYSTEM_MESSAGES="N")
    app.send(item())
    with pytest.raises(ApiError, match="VOTE_WRONG"):
        app.server.ask_rating("c1")


def test_the_bell_wakes_who_waits_and_whoever_missed_it() -> None:
    bell = Bell()
    assert bell.wait(0, 0.01) == 0
    bell.ring()
    assert bell.wait(0, 5.0) == 1
    assert bell.wait(1, 0.01) == 1
