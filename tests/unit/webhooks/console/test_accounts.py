"""``/ops/accounts``: how accounts stand, connecting one, and a test message through it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from connector.domain.provider import Finding
from connector.errors import PermanentError
from connector.handlers.rehearsals import CONVERSATION
from connector.journal import Settlement, Step
from connector.speech import Text
from tests.conftest import FakeClock
from tests.unit.webhooks.console.conftest import Console

HINT = Text("set a line", "укажите линию")


def connecting(console: Console, connect: Any) -> list[str]:
    """Let the provider of ``shop`` be set up by ``connect``; returns the addresses that it is told."""
    told: list[str] = []

    def recorded(settings: Any, hook: str, http: Any) -> Any:
        told.append(hook)
        return connect()

    shop = console.connector.accounts["shop"]
    console.connector.accounts["shop"] = replace(shop, provider=replace(shop.provider, connect=recorded))
    return told


def settle(console: Console, state: Any, **how: Any) -> None:
    """The portal's pump is done with the head of each lane."""
    journal = console.journal
    lease = journal.lease("portal:main")
    assert lease
    claimed = journal.claim(lease, lanes=9)
    settled = [Settlement(delivery=delivery, state=state, attempts=1, **how) for delivery in claimed]
    journal.step(lease, Step(settled=settled))
    journal.leave(lease, force=True)


def test_the_list_tells_of_every_account(console: Console):
    console.journal.remember("line", "shop", {"connector": "c", "line": "3"})
    page = console.signed_in("viewer").get("/ops/accounts").text
    assert all(word in page for word in ("shop", "bar", "Fake channel", "main", "chosen in Bitrix24", "no open line"))
    assert "/ops/accounts/shop" not in page  # a viewer may not go there
    assert "/ops/accounts/shop" in console.signed_in("operator").get("/ops/accounts").text


def test_an_account_that_is_not_there_is_said_so(console: Console):
    browser = console.signed_in()
    for path in ("/ops/accounts/nobody", "/ops/accounts/%00", "/ops/accounts/" + "x" * 3000):
        assert browser.get(path).status_code == 404
    assert browser.submit("/ops/accounts/nobody/test", why="x").status_code == 404


def test_the_channel_is_asked_only_on_demand(console: Console):
    browser = console.signed_in("operator")
    assert "A handler is missing" not in browser.get("/ops/accounts/shop").text
    assert "A handler is missing" in browser.get("/ops/accounts/shop?look=yes").text


def test_a_page_that_renews_itself_asks_the_provider_no_more(console: Console):
    page = console.signed_in().get("/ops/accounts/shop?look=yes", **{"X-Live": "1"}).text
    assert "A handler is missing" not in page
    assert 'id="state" data-live' in page


def test_the_page_has_the_address_to_paste_and_what_the_channel_can_do(console: Console):
    page = console.signed_in("operator", "ru").get("/ops/accounts/shop").text
    assert "<code>https://edge.example/hooks/shop</code>" in page
    assert "настраивается вручную" in page
    assert "отметки о прочтении" in page


def test_connecting_tells_the_channel_our_address_with_a_reason(console: Console):
    told = connecting(console, list[Finding])
    browser = console.signed_in("integrator")
    assert browser.submit("/ops/accounts/shop/connect", why=" ").status_code == 400
    answer = browser.submit("/ops/accounts/shop/connect", why="new address")
    assert (answer.status_code, answer.location) == (303, "/ops/accounts/shop?look=yes&joined=yes")
    assert told == ["https://edge.example/hooks/shop"]
    note = console.journal.audits(limit=1)[0]
    assert (note.who, note.what, note.why) == ("integrator", "account.connected", "new address")
    assert "told where to deliver" in browser.get(answer.location).text


def test_what_the_channel_refuses_is_said(console: Console):
    def refuse() -> list[Finding]:
        raise PermanentError("telegram.token", hint=Text("the token is wrong", "неверный токен"))

    connecting(console, refuse)
    answer = console.signed_in().submit("/ops/accounts/shop/connect", why="x")
    assert (answer.status_code, "the token is wrong" in answer.text) == (409, True)


def test_a_channel_that_is_set_up_by_hand_is_not_connected_from_here(console: Console):
    assert console.signed_in().submit("/ops/accounts/bar/connect", why="x").status_code == 400
    assert [note.what for note in console.journal.audits(limit=9) if note.what == "account.connected"] == []


def test_a_test_message_goes_the_way_of_a_clients(console: Console):
    browser = console.signed_in("integrator")
    answer = browser.submit("/ops/accounts/shop/test", why="first try")
    assert answer.status_code == 303
    note = console.journal.audits(limit=1)[0]
    assert (note.who, note.what, note.why, note.target) == ("integrator", "rehearsal", "first try", "account:shop")
    found = console.journal.trace(note.trace)
    (delivery,) = found["deliveries"]
    assert (delivery["destination"], delivery["lane"]) == ("portal:main", f"shop.{CONVERSATION}")
    assert delivery["event"]["client"]["first_name"] == "Проверка"  # the language of the portal, not of the browser
    page = browser.get("/ops/accounts/shop").text
    assert "On its way" in page
    assert note.trace in page


def test_however_often_it_is_tried_it_is_one_client_and_one_conversation(console: Console):
    browser = console.signed_in()
    for _ in range(3):
        browser.submit("/ops/accounts/shop/test", why="again")
    rows = console.journal.list("deliveries")
    events = [row["event"] for row in rows]
    assert {event["conversation"] for event in events} == {CONVERSATION}
    assert len({event["client"]["id"] for event in events}) == 1
    assert len({event["message_id"] for event in events}) == 3


def test_a_test_does_not_make_a_silent_channel_look_alive(console: Console):
    browser = console.signed_in()
    browser.submit("/ops/accounts/shop/test", why="try")
    assert "shop" not in console.journal.arrivals().heard
    assert "not in 24 hours" in browser.get("/ops/accounts/shop").text


def test_the_page_follows_the_message_until_bitrix24_has_it(console: Console, clock: FakeClock):
    browser = console.signed_in("integrator")
    browser.submit("/ops/accounts/shop/test", why="try")
    clock.advance(2)
    settle(console, "done")
    lane = f"shop.{CONVERSATION}"
    console.journal.remember("chat", lane, {"chat_id": "12", "session_id": "34", "line": "3"})
    page = browser.get("/ops/accounts/shop").text
    assert "Bitrix24 has it" in page
    assert "https://acme.bitrix24.ru/online/?IM_DIALOG=chat12" in page
    assert "No answer yet" in page
    console.journal.remember("rehearsal.answered", "shop", {"chat_id": "12", "message_id": "5"})
    assert "an operator&#39;s answer came back" in browser.get("/ops/accounts/shop").text


def test_a_message_that_is_not_taken_says_why(console: Console):
    browser = console.signed_in("integrator")
    browser.submit("/ops/accounts/shop/test", why="try")
    settle(console, "parked", cause="line.none", hint=HINT)
    page = browser.get("/ops/accounts/shop").text
    assert "Not taken" in page
    assert "set a line" in page


def test_the_test_leaves_a_line_that_the_account_serves_no_more(console: Console):
    lane = f"shop.{CONVERSATION}"
    console.journal.remember("line", "shop", {"connector": "c", "line": "4"})
    console.journal.remember("chat", lane, {"chat_id": "12", "session_id": "34", "line": "3"})
    console.signed_in().submit("/ops/accounts/shop/test", why="try")
    assert console.journal.recall("chat", lane) is None


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_integrators_may_write_as_the_test_client(console: Console, role: str):
    assert console.signed_in(role).submit("/ops/accounts/shop/test", why="x").status_code == 403
    assert console.journal.list("deliveries") == []
    if role == "operator":
        assert 'name="why"' not in console.signed_in(role).get("/ops/accounts/shop").text


def test_from_the_wizard_one_comes_back_to_the_wizard(console: Console):
    answer = console.signed_in().submit("/ops/accounts/shop/test", why="x", back="connect")
    assert answer.location == "/ops/connect?portal=main&account=shop"


def test_hostile_words_stay_words(console: Console):
    hostile = "<script>alert(1)</script>"
    shop = console.connector.accounts["shop"]
    title = Text(hostile, hostile)
    console.connector.accounts["shop"] = replace(shop, provider=replace(shop.provider, title=title))
    console.journal.remember("line", "shop", {"connector": "c", "line": hostile})
    browser = console.signed_in()
    for path in ("/ops/accounts", "/ops/accounts/shop", "/ops/connect?account=shop"):
        page = browser.get(path).text
        assert hostile not in page
        assert not re.search(r"\son\w+=|\sstyle=|javascript:", page)
