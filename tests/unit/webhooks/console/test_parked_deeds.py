"""The repair bench: what a preview foretells, and what the deed does."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from werkzeug.datastructures import MultiDict

from connector.journal.sieve import Bound, Sieve
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, a_request, leased, settle
from tests.unit.webhooks.console.bench_stage import PREVIEW, park, park_request, press, put
from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.world import installation
from webhooks.console.parked_filters import bounded


def test_nothing_happens_before_the_reason_is_given(console: Console):
    (number,) = park(console.journal, a_delivery())
    browser = console.signed_in("operator")
    preview = f"{PREVIEW}?of=deliveries&name={number}&deed=replay"
    assert "1 delivery in 1 conversation" in browser.get(preview).text
    assert press(browser, preview, why="  ").status_code == 400
    assert console.journal.show(number)["state"] == "parked"


def test_one_is_retried_and_the_result_leads_on(console: Console):
    (number,) = park(console.journal, a_delivery(text="again"))
    browser = console.signed_in("operator")
    answer = press(browser, f"{PREVIEW}?of=deliveries&name={number}&deed=replay", "token renewed")
    assert answer.status_code == 303
    page = browser.get(answer.location).text
    assert "1 delivery" in page
    assert f"/ops/lanes/{number}" in page
    note = console.journal.audits(limit=1)[0]
    assert (note.who, note.what, note.why) == ("operator", "replay", "token renewed")
    assert note.target == f"deliveries: 1 (#{number})"
    assert console.journal.stats()[MAIN]["waiting"] == 1


def test_the_ticked_ones_and_no_others_are_discarded(console: Console):
    ids = park(console.journal, a_delivery(), a_delivery(lane="b"), a_delivery(lane="c"))
    browser = console.signed_in("operator")
    path = f"{PREVIEW}?of=deliveries&which=ticked&name={ids[0]}&name={ids[2]}&deed=discard"
    page = browser.get(path).text
    assert "2 deliveries in 2 conversations" in page
    form = {name: value for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page) if name != "name"}
    answer = browser.client.post(
        "/ops/parked/deed",
        data={**form, "csrf": browser.seal(), "name": [str(ids[0]), str(ids[2])], "why": "spam"},
        base_url="https://edge.example",
        headers={"Origin": "https://edge.example"},
    )
    assert answer.status_code == 303
    assert [console.journal.show(number)["state"] for number in ids] == ["discarded", "parked", "discarded"]


def test_ticking_nothing_does_nothing(console: Console):
    park(console.journal, a_delivery())
    page = console.signed_in("operator").get(f"{PREVIEW}?of=deliveries&which=ticked&deed=replay").text
    assert "Nothing is ticked" in page
    assert 'action="/ops/parked/deed"' not in page


def test_all_by_filter_leaves_what_was_parked_after_the_preview(console: Console, clock: FakeClock):
    park(console.journal, a_delivery(), a_delivery(lane="b"))
    browser = console.signed_in("operator")
    preview = f"{PREVIEW}?of=deliveries&cause=portal.refused&deed=replay"
    page = browser.get(preview).text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page[page.index('action="/ops/parked/deed"') :]))
    clock.advance(5)
    park(console.journal, a_delivery(lane="later"))
    form = {**fields, "why": "mended"}
    assert browser.get(browser.post("/ops/parked/deed", form).location).text.count("Wait again: 2 deliveries") == 1
    assert [item.lane for item in console.journal.parked_items(Sieve())] == ["later"]
    assert "Nothing was left to do" in browser.get(browser.post("/ops/parked/deed", form).location).text
    assert [note.what for note in console.journal.audits()].count("replay") == 1


@pytest.mark.parametrize("changes", [{"key": ""}, {"at": "nan"}, {"key": "x"}, {"deed": "drop"}, {"at": ""}])
def test_a_form_without_a_preview_is_refused(console: Console, changes: dict[str, str]):
    (number,) = park(console.journal, a_delivery())
    browser = console.signed_in("operator")
    assert press(browser, f"{PREVIEW}?of=deliveries&deed=replay", **changes).status_code == 400
    assert console.journal.show(number)["state"] == "parked"


@pytest.mark.parametrize("named", ["name=", "name=x", "name=-1", "name=" + "9" * 30, "of=envelopes&name=%00"])
def test_names_that_are_none_never_mean_everything(console: Console, named: str):
    park(console.journal, a_delivery())
    park_request(console.journal)
    browser = console.signed_in("operator")
    assert browser.get(f"{PREVIEW}?deed=discard&{named}").status_code == 400
    form = dict(parse_qsl(named, keep_blank_values=True))
    assert browser.submit("/ops/parked/deed", deed="discard", why="x", key="9", at="9e9", **form).status_code == 400


def test_the_preview_tells_what_will_not_go_as_hoped(console: Console, clock: FakeClock):
    console.world.install()
    park(console.journal, a_delivery(lane="shop.went on"))
    put(console.journal, a_delivery(lane="shop.went on"))
    lease = leased(console.journal)
    settle(console.journal, lease, *console.journal.claim(lease, lanes=9))
    console.journal.leave(lease)
    park(console.journal, a_delivery(lane="closed.1"))
    park(console.journal, a_delivery(destination="account:gone"), destination="account:gone")
    clock.advance(30 * 3600)
    browser = console.signed_in("operator")
    page = browser.get(f"{PREVIEW}?of=deliveries&deed=replay").text
    assert "newer messages have been delivered" in page
    assert "older than 24 h" in page
    assert "account:closed is no longer in connector.yaml" in page
    assert "account:gone is no longer in connector.yaml" in page
    assert "comes late" in page
    assert "older than 24 h" not in browser.get(f"{PREVIEW}?of=deliveries&deed=discard").text


def test_a_stopped_portal_is_named(console: Console):
    park(console.journal, a_delivery())
    browser, preview = console.signed_in("operator"), f"{PREVIEW}?of=deliveries&deed=replay"
    console.world.portals["main"].installation = lambda: None
    assert "portal:main is stopped (not installed)" in browser.get(preview).text
    stopped = replace(installation("main"), state="suspended")
    console.world.portals["main"].installation = lambda: stopped
    assert "portal:main is stopped (suspended)" in browser.get(preview).text
    assert "остановлен (приостановлен)" in console.signed_in("operator", "ru").get(preview).text
    console.world.portals["main"].installation = lambda: installation("main")
    assert "goes out at once" in browser.get(preview).text


def test_unread_requests_are_tried_before_and_read_after(console: Console):
    good = park_request(console.journal, request=a_request(body=b'{"chat": 1, "id": 5, "text": "hi"}'))
    bad = park_request(console.journal, request=a_request(body=b"{}"))
    browser = console.signed_in("operator")
    preview = f"{PREVIEW}?of=envelopes&deed=replay"
    page = browser.get(preview).text
    assert "Of the first 2 requests 1 can be read now" in page
    assert "1 still cannot be read" in page
    done = browser.get(press(browser, preview, "updated").location).text
    assert "1 request" in done
    assert "stay parked: 1" in done
    assert console.journal.envelope(good).state == "accepted"
    assert console.journal.envelope(bad).state == "parked"


def test_a_bound_of_requests_is_a_text_that_postgresql_takes():
    form = MultiDict({"key": "0195\0ab", "at": "1.5"})
    assert bounded(form, Sieve(of="envelopes")).bound == Bound(key="0195ab", at=1.5)
