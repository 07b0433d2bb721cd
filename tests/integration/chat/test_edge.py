"""The chat's door: who may come in, what is taken, and what is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.bootstrap import Connector
from connector.domain.ports import Said
from connector.domain.values import Author
from tests.conftest import FakeClock
from tests.integration.chat.browsing import OWN_ORIGIN, PNG, SITE_ORIGIN, Browser
from webhooks.app import create_app
from webhooks.chat.limits import RATES

OPERATOR = Author(id="main/27")


def kept(house: Connector) -> list[dict[str, Any]]:
    """The envelopes of the chats, oldest first."""
    rows = [*house.journal.list("envelopes", account="site"), *house.journal.list("envelopes", account="desk")]
    return sorted(rows, key=lambda row: str(row["trace"]))


def reply(house: Connector, visitor: str, text: str = "Да", key: str = "", author: Author = OPERATOR) -> str:
    said = Said(author=author, name="Анна" if author.id else "", text=text)
    return house.journal.say_in_chat("site", visitor, said, key=key or f"out:main:{text}:0")


def test_a_message_is_on_disk_and_on_its_way_when_it_is_answered(house: Connector, browser: Browser):
    visitor = browser.arrive()
    answer = browser.say("Есть [b]42[/b]?")
    assert (answer.status_code, answer.json) == (202, {"id": "message-000000000001", "seq": 1})
    [message] = browser.state()["messages"]
    assert (message["from"], message["id"], message["mark"]) == ("visitor", "message-000000000001", "kept")
    assert message["parts"] == [{"text": "Есть [b]42[/b]?"}]
    [row] = house.journal.list("deliveries", state="waiting")
    assert (row["destination"], row["lane"]) == ("portal:main", f"site.{visitor}")


def test_a_repeat_is_the_same_message(house: Connector, browser: Browser):
    browser.arrive()
    words = browser.words("раз")
    answers = [browser.ask("POST", "/messages", words).json for _ in range(3)]
    assert answers == [answers[0]] * 3
    assert browser.ask("POST", "/messages", {**words, "text": "два"}).json == answers[0]
    assert browser.shown() == ["раз"]
    assert len(kept(house)) == 1


def test_the_hook_is_the_same_door(house: Connector, browser: Browser):
    browser.arrive()
    words = browser.words("раз")
    browser.ask("POST", "/messages", words)
    browser.base = ""
    assert browser.ask("POST", "/hooks/site", words).status_code == 202
    assert browser.ask("POST", "/hooks/site", browser.words("два")).status_code == 202
    assert browser.ask("POST", "/hooks/site", browser.words("три"), Authorization="Bearer x").status_code == 401
    browser.base = "/chat/site"
    assert browser.shown() == ["раз", "два"]


def test_another_site_may_neither_read_nor_write(house: Connector, browser: Browser):
    browser.arrive()
    for origin in ("https://evil.example", "null", "http://acme.example", "https://acme.example.evil.example"):
        browser.origin = origin
        for method, path, body in (
            ("POST", "/visitors", {}),
            ("POST", "/messages", browser.words()),
            ("POST", "/files", PNG),
            ("POST", "/rating", {"id": "1", "value": "like"}),
            ("POST", "/link", {}),
            ("GET", "/state", None),
            ("GET", "/events", None),
            ("OPTIONS", "/messages", None),
        ):
            answer = browser.ask(method, path, body)
            assert (answer.status_code, answer.json["error"]) == (403, "webchat.origin")
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert kept(house) == []


@pytest.mark.parametrize("origin", [SITE_ORIGIN, OWN_ORIGIN])
def test_our_sites_may_read_the_answer_and_only_they(browser: Browser, origin: str):
    browser.origin = origin
    browser.arrive()
    for answer in (browser.say(), browser.ask("GET", "/state"), browser.ask("GET", "/state?after=x")):
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_a_browser_asks_first_and_is_told(browser: Browser):
    answer = browser.ask("OPTIONS", "/messages", Access_Control_Request_Method="POST")
    assert answer.status_code == 200
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert {"authorization", "content-type", "x-file-name"} <= set(allowed.split(", "))


def test_without_a_pass_nothing_is_seen_or_said(house: Connector, browser: Browser):
    browser.arrive()
    good = browser.held
    for held in ("", "x", good[:-1], good.upper(), good.replace(".", "..")):
        browser.held = held
        for method, path in (("GET", "/state"), ("GET", "/events"), ("POST", "/messages"), ("POST", "/files")):
            answer = browser.ask(method, path, browser.words() if method == "POST" else None)
            assert (answer.status_code, answer.json["error"]) == (401, "webchat.pass")
            assert set(answer.json["hint"]) == {"en", "ru"}
    assert kept(house) == []


def test_a_pass_of_one_chat_opens_no_other(house: Connector, browser: Browser):
    browser.arrive()
    browser.base, browser.origin = "/chat/desk", OWN_ORIGIN
    assert browser.ask("GET", "/state").status_code == 401


@pytest.mark.parametrize("account", ["nobody", "shop", "..", "site%00", "%F0%9F%92%A9"])
def test_what_is_no_chat_is_not_there(browser: Browser, account: str):
    browser.base = f"/chat/{account}"
    for path in ("", "/settings", "/widget.js"):
        assert browser.ask("GET", path).status_code == 404


HOSTILE: dict[str, Any] = {
    "nothing": {},
    "a list": [1],
    "no text": {"id": "m" * 20, "text": " \n"},
    "long": {"id": "m" * 20, "text": "x" * 4001},
    "short id": {"id": "m", "text": "x"},
    "odd id": {"id": "../../etc/passwd...", "text": "x"},
    "number id": {"id": 10**30, "text": "x"},
    "text of another kind": {"id": "m" * 20, "text": {"$ne": 1}},
    "stranger's file": {"id": "m" * 20, "files": ["a.b"]},
    "many files": {"id": "m" * 20, "files": ["x"] * 11},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_not_a_message_is_refused_and_leaves_nothing(house: Connector, browser: Browser, case: str):
    browser.arrive()
    answer = browser.ask("POST", "/messages", HOSTILE[case])
    assert answer.status_code == 400
    assert answer.json["hint"]["ru"]
    assert kept(house) == []
    assert browser.shown() == []


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?after=" + "9" * 40, "?before=1e5", "?after=%00"])
def test_numbers_are_numbers(browser: Browser, query: str):
    browser.arrive()
    assert browser.ask("GET", f"/state{query}").status_code == 400


def test_a_body_without_end_is_cut_off(browser: Browser):
    browser.arrive()
    assert browser.say("x" * 200_000).status_code == 413
    assert browser.upload(content=PNG + b"x" * 65537).status_code == 413
    assert browser.upload(content=PNG + b"x" * 70000).json["error"] == "file.too_large"


def test_hostile_words_come_back_as_words(browser: Browser):
    visitor = browser.arrive()
    hostile = "<script>alert(1)</script> [url=javascript:alert(1)]x[/url]\u0007"
    browser.say(hostile)
    [message] = browser.state()["messages"]
    assert message["parts"] == [{"text": hostile[:-1]}]
    assert visitor


def test_replies_are_told_with_who_spoke(house: Connector, browser: Browser):
    visitor = browser.arrive()
    browser.say()
    reply(house, visitor, "Да, [b]есть[/b]: [url=javascript:x]тут[/url] https://acme.example.")
    reply(house, visitor, "Пока", author=Author())
    state = browser.state()
    assert [message["from"] for message in state["messages"]] == ["visitor", "operator", "system"]
    assert state["messages"][1]["parts"] == [
        {"text": "Да, "},
        {"text": "есть", "bold": True},
        {"text": ": тут "},
        {"text": "https://acme.example", "url": "https://acme.example"},
        {"text": "."},
    ]
    assert (state["operator"], state["unread"]) == ({"name": "Анна", "picture": None}, 2)
    assert browser.ask("POST", "/seen", {"seq": state["seq"]}).status_code == 204
    assert browser.state()["unread"] == 0
    assert browser.state(f"?after={state['seq']}")["messages"] == []


def test_a_rating_is_taken_once_and_while_it_is_awaited(house: Connector, browser: Browser):
    visitor = browser.arrive()
    number = reply(house, visitor, "Оцените", author=Author(asks="301"))
    rating = {"id": number, "value": "like", "comment": "спасибо"}
    assert browser.state()["rating"] == {"id": number}
    assert [row["asks"] for row in browser.state()["messages"]] == [True]
    assert browser.ask("POST", "/rating", {**rating, "id": "999"}).status_code == 409
    for _ in range(2):
        assert browser.ask("POST", "/rating", rating).status_code == 202
    assert browser.state()["rating"] is None
    assert browser.shown() == ["Оцените", "👍 спасибо"]
    [row] = house.journal.list("deliveries", state="waiting")
    assert row["event"]["text"] == "1 спасибо"
    late = reply(house, visitor, "Оцените ещё", author=Author(asks="302"))
    browser.say("подождите")
    assert browser.ask("POST", "/rating", {**rating, "id": late}).json["error"] == "rating.over"


def test_a_rating_is_one_by_its_body_whatever_the_address(house: Connector, browser: Browser):
    browser.arrive()
    answer = browser.ask("POST", "/messages", {"id": "1234567890123456", "text": "раз", "value": "like"})
    assert (answer.status_code, answer.json["error"]) == (409, "rating.over")
    assert kept(house) == []


def test_another_device_goes_on_by_the_link(house: Connector, browser: Browser):
    browser.arrive()
    browser.say("с телефона")
    url = browser.ask("POST", "/link", {}).json["url"]
    page, _, held = url.partition("#pass=")
    assert page == f"{OWN_ORIGIN}/chat/site"
    other = Browser(create_app(house).test_client(), origin=OWN_ORIGIN)
    other.held = held
    assert other.shown() == ["с телефона"]


def test_whoever_knocks_too_often_waits(house: Connector, browser: Browser):
    browser.arrive()
    burst = int(RATES["messages"][0][0])
    answers = [browser.say(str(number)) for number in range(burst + 1)]
    assert [answer.status_code for answer in answers] == [202] * burst + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert answers[-1].headers["Access-Control-Allow-Origin"] == SITE_ORIGIN
    assert len(kept(house)) == burst
    other = Browser(browser.client)
    other.arrive()
    assert other.say().status_code == 202, "another visitor of the same office may still write"


def test_new_visitors_of_one_address_are_counted(browser: Browser):
    burst = int(RATES["visitors"][1][0])
    codes = {browser.ask("POST", "/visitors", {}).status_code for _ in range(burst)}
    assert codes == {201}
    assert browser.ask("POST", "/visitors", {}).status_code == 429


def test_arrival_keeps_the_page(house: Connector, browser: Browser, clock: FakeClock):
    browser.arrive(page={"url": "https://acme.example/?x=1#y", "title": "Обувь"}, utm={"source": "ya"})
    with house.journal.store.reading() as db:
        [row] = db.exec_driver_sql("SELECT page, marks, language FROM chats").all()
    assert (json.loads(row[0])["url"], json.loads(row[1]), row[2]) == (
        "https://acme.example/?x=1",
        {"source": "ya"},
        "ru",
    )
