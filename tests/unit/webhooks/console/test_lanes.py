"""Lanes: what waits, by destination and lane, and what a viewer does not see of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from connector.journal import NewDelivery
from connector.speech import Text
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, leased, settle
from tests.unit.webhooks.console.bench_stage import HOSTILE, park, put
from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.console.test_pages import unexpected

PHONE = "79123456789"


def test_nothing_waiting_is_good_news(console: Console):
    assert "Nothing waits." in console.signed_in("viewer").get("/ops/lanes").text
    assert "Ничего не ждёт." in console.signed_in("viewer", "ru").get("/ops/lanes").text


def test_a_lane_is_told_by_its_head(console: Console, clock: FakeClock):
    put(console.journal, a_delivery(text="first words"), a_delivery(text="behind it"), a_delivery("shop.7"))
    lease = leased(console.journal)
    head = console.journal.claim(lease, lanes=1)[0]
    tried = {"cause": "portal.away", "hint": Text("wait", "подождите"), "detail": "503", "attempts": 3}
    due = clock() + timedelta(minutes=10)
    settle(console.journal, lease, head, state="waiting", due_at=due, **tried)
    clock.advance(120)
    page = console.signed_in("operator").get("/ops/lanes").text
    for told in ("first words", "portal.away", "tries: 3", "503", "in 8 minutes", "2 minutes", "shop.7", MAIN):
        assert told in page
    assert "behind it" not in page
    assert re.search(r'data-label="Waiting">2<', page)


def test_a_pump_at_work_is_shown(console: Console):
    put(console.journal, a_delivery())
    browser = console.signed_in("viewer")
    assert "nobody is at it now" in browser.get("/ops/lanes").text
    leased(console.journal)
    assert "being worked on" in browser.get("/ops/lanes").text


def test_what_is_overdue_with_nobody_at_it_is_said(console: Console, clock: FakeClock):
    put(console.journal, a_delivery())
    browser = console.signed_in("viewer")
    assert "overdue" not in browser.get("/ops/lanes").text
    clock.advance(600)
    assert "overdue" in browser.get("/ops/lanes").text
    leased(console.journal)
    assert "overdue" not in browser.get("/ops/lanes").text


def test_lanes_are_paged_by_name_and_filtered(console: Console):
    put(console.journal, *[a_delivery(f"shop.{number:03}") for number in range(120)], a_delivery("bar.1"))
    put(console.journal, a_delivery("x", destination="account:shop"))
    browser = console.signed_in("operator")
    first = browser.get("/ops/lanes").text
    assert "All lanes of portal:main" in first
    assert "account:shop" in first
    path, seen = f"/ops/lanes?destination={MAIN}&begins=shop.", []
    for _ in range(5):
        page = browser.get(path).text
        seen += re.findall(r"<bdi>(shop\.\d+)</bdi>", page)
        further = re.search(r'href="([^"]*after=\d+)"', page)
        if further is None:
            break
        path = further[1].replace("&amp;", "&")
    assert seen == [f"shop.{number:03}" for number in range(120)]
    assert "No lane fits" in browser.get(f"/ops/lanes?destination={MAIN}&begins=zzz").text
    assert "Nothing waits there" in browser.get("/ops/lanes?destination=portal:other").text


def test_a_lane_lists_what_waits_in_order_and_leads_to_the_traces(console: Console):
    trace = put(console.journal, *[a_delivery(text=f"words {number}", position=-number) for number in range(60)])
    browser = console.signed_in("operator")
    head = console.journal.waiting_lanes(MAIN)[0].head.id
    page = browser.get(f"/ops/lanes/{head}").text
    further = re.search(r'href="([^"]*after=[^"]*)"', page)
    assert further
    rest = browser.get(further[1]).text
    assert re.findall(r"words (\d+)", page + rest) == [str(number) for number in reversed(range(60))]
    assert f"/ops/trace/{trace}" in page


def test_a_lane_that_is_empty_by_now_says_what_it_lost(console: Console):
    (number,) = park(console.journal, a_delivery())
    page = console.signed_in("operator").get(f"/ops/lanes/{number}").text
    assert "Nothing waits in this lane" in page
    assert f"/ops/parked/{number}" in page


def test_a_viewer_sees_neither_words_nor_numbers_of_clients(console: Console):
    put(console.journal, a_delivery(f"shop.{PHONE}", "private words"), a_delivery(f"reply.shop.{PHONE}", "secret"))
    lease = leased(console.journal)
    hint = Text(f"call {PHONE}", f"звоните {PHONE}")
    heads = console.journal.claim(lease, lanes=2)
    settle(console.journal, lease, *heads, state="waiting", cause="portal.away", hint=hint, detail=PHONE)
    browser = console.signed_in("viewer")
    number = console.journal.waiting_lanes(MAIN)[0].head.id
    for path in ("/ops/lanes", f"/ops/lanes/{number}"):
        page = browser.get(path).text
        assert "…6789" in page
        assert not [words for words in (PHONE, "private words", "secret", "/ops/trace") if words in page]
    assert PHONE in console.signed_in("operator").get("/ops/lanes").text


def test_a_viewer_cannot_guess_a_number_letter_by_letter(console: Console):
    put(console.journal, a_delivery(f"shop.{PHONE}"))
    browser = console.signed_in("viewer")
    pages = [browser.get(f"/ops/lanes?begins=shop.{digit}").text for digit in (PHONE[0], "8")]
    assert ["…6789" in page for page in pages] == [True, True]
    assert 'name="begins"' not in pages[0]
    assert "No lane fits" in console.signed_in("operator").get("/ops/lanes?begins=shop.8").text


@pytest.mark.parametrize(
    "path",
    [
        "/ops/lanes?destination=%00&begins=%00%ff&after=x",
        "/ops/lanes?after=" + "9" * 40,
        "/ops/lanes?after=-1&begins=%EE%80%80",
        "/ops/lanes/1?after=9.9.9",
        "/ops/lanes/1?after=" + "9" * 30 + ".1",
    ],
)
def test_nonsense_in_the_address_does_no_harm(console: Console, path: str):
    put(console.journal, a_delivery())
    assert console.signed_in("viewer").get(path).status_code == 200


def test_a_lane_that_never_was_is_not_there(console: Console):
    browser = console.signed_in("viewer")
    for number in ("7", "9" * 30):
        assert browser.get(f"/ops/lanes/{number}").status_code == 404


def test_hostile_words_stay_words_and_pages_stay_light(console: Console):
    event = a_delivery(text=HOSTILE + "<&" * 20_000).event
    names = [HOSTILE, *(f"{'<' * 300}{number}" for number in range(70))]
    put(console.journal, *[NewDelivery(destination=MAIN, event=event, lane=name) for name in names])
    lease = leased(console.journal)
    heads = console.journal.claim(lease, lanes=99)
    told = {"cause": HOSTILE, "detail": HOSTILE * 99, "hint": Text(HOSTILE * 99, HOSTILE * 99)}
    settle(console.journal, lease, *heads, state="waiting", **told)
    browser = console.signed_in("operator")
    number = console.journal.waiting_lanes(MAIN, after="<" * 301)[0].head.id
    for path in ("/ops/lanes", f"/ops/lanes?destination={MAIN}", f"/ops/lanes/{number}"):
        answer = browser.get(path)
        assert unexpected(answer.text) == []
        assert len(answer.data) < 70_000
