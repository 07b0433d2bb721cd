"""The repair bench: groups, lists, one item, the preview and the deed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from connector.journal import NewDelivery
from connector.journal.sieve import Sieve
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, a_request, leased, settle
from tests.unit.webhooks.console.bench_stage import HOSTILE, park, park_request, put
from tests.unit.webhooks.console.conftest import Browser, Console
from tests.unit.webhooks.console.test_pages import unexpected
from tests.unit.webhooks.world import installation

LIST = "/ops/parked/list"
PREVIEW = "/ops/parked/preview"


def press(browser: Browser, preview: str, why: str = "mended", **changes: str) -> Any:
    """Send the form of a preview, as a person does."""
    page = browser.get(preview).text
    form = re.search(r'<form class="actions bench" method="post".*?</form>', page, re.S)
    assert form, page
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', form[0])
    return browser.post("/ops/parked/deed", {**dict(fields), "why": why, **changes})


def test_nothing_parked_is_good_news(console: Console):
    page = console.signed_in("operator").get("/ops/parked").text
    assert "Nothing is parked." in page
    assert '<form class="filters"' not in page
    assert "Ничего не отложено." in console.signed_in("operator", "ru").get("/ops/parked").text


def test_groups_tell_cause_hint_number_and_places(console: Console):
    park(console.journal, a_delivery(), a_delivery(lane="b"))
    park(console.journal, a_delivery(destination="account:shop"), destination="account:shop", cause="telegram.blocked")
    park_request(console.journal)
    page = console.signed_in("operator").get("/ops/parked").text
    for told in ("portal.refused", "telegram.blocked", "parse.failed", "request not read", "account:shop</bdi>: 1"):
        assert told in page
    assert "Mend <code>it</code>, then retry" in page
    assert page.index("portal.refused</bdi>") < page.index("telegram.blocked</bdi>")
    russian = console.signed_in("operator", "ru").get("/ops/parked").text
    assert "Почините <code>это</code>" in russian
    assert "запрос не прочитан" in russian


def test_filters_narrow_groups_and_lists(console: Console):
    park(console.journal, a_delivery(text="needle"))
    park(console.journal, a_delivery(text="hay", lane="shop.hay"), cause="other")
    park_request(console.journal)
    browser = console.signed_in("operator")
    assert "other</bdi>" not in browser.get("/ops/parked?q=needle").text
    assert "parse.failed</bdi>" not in browser.get(f"/ops/parked?destination={MAIN}").text
    assert "Nothing parked fits" in browser.get("/ops/parked?q=nowhere").text
    assert "shop.hay" not in browser.get(f"{LIST}?of=deliveries&q=needle").text
    assert "shop.hay" in browser.get(f"{LIST}?of=deliveries&cause=other").text
    assert "Nothing parked fits" in browser.get(f"{LIST}?of=deliveries&since=2030-01-01T00:00").text


@pytest.mark.parametrize(
    "query",
    ["q=%00&cause=%00", "since=x&until=99999-01-01", "before=9" + "9" * 40, "of=envelopes&before=%00%ff", "of=x"],
)
def test_nonsense_in_the_address_does_no_harm(console: Console, query: str):
    park(console.journal, a_delivery())
    park_request(console.journal)
    browser = console.signed_in("operator")
    for path in ("/ops/parked", LIST, f"{PREVIEW}"):
        assert browser.get(f"{path}?{query}&deed=replay").status_code == 200


def test_the_list_is_read_page_by_page(console: Console):
    ids = park(console.journal, *[a_delivery(lane=f"lane {number}") for number in range(120)])
    browser, path, seen = console.signed_in("operator"), f"{LIST}?of=deliveries&cause=portal.refused", []
    for _ in range(5):
        page = browser.get(path).text
        seen += [int(number) for number in re.findall(r'name="name" value="(\d+)"', page)]
        older = re.search(r'href="([^"]*before=[^"]*)"', page)
        if older is None:
            break
        path = older[1].replace("&amp;", "&")
    assert seen == ids[::-1]


def test_one_item_shows_request_event_cause_and_tries_without_secrets(console: Console):
    request = a_request(
        headers={"content-type": "application/json", "x-telegram-bot-api-secret-token": "s3cret", "cookie": "c00kie"},
        query="token=qs3cret&page=1",
        body=b'{"token": "b0dysecret", "text": "call +7 912 345 67 89", "url": "https://a.bitrix24.ru/rest/1/h00ksecret/"}',
    )
    (number,) = park(console.journal, a_delivery(text="I wait"), request=request)
    page = console.signed_in("operator").get(f"/ops/parked/{number}").text
    for told in (
        "I wait",
        "POST /hooks/shop",
        "page=1",
        "call +7 912 345 67 89",
        "portal.refused",
        "the portal&#39;s words",
    ):
        assert told in page
    assert not [secret for secret in ("s3cret", "c00kie", "qs3cret", "b0dysecret", "h00ksecret") if secret in page]
    assert f"/ops/trace/{console.journal.show(number)['trace']}" in page


def test_a_request_that_could_not_be_read_is_shown(console: Console):
    trace = park_request(console.journal, request=a_request(body=b"\xff\xfe\x00picture"))
    page = console.signed_in("operator").get(f"/ops/parked/envelope/{trace}").text
    assert "ff fe 00 70" in page
    assert "10 bytes" in page
    assert "KeyError" in page


def test_what_is_not_there_is_said_so(console: Console):
    browser = console.signed_in("operator")
    for path in ("/ops/parked/77", "/ops/parked/" + "9" * 30, "/ops/parked/envelope/x", "/ops/parked/done/9"):
        assert browser.get(path).status_code == 404


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
    assert browser.get(browser.post("/ops/parked/deed", form).location).text.count("2 deliveries") == 1
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


def test_hostile_words_stay_words(console: Console):
    (number,) = park(
        console.journal,
        NewDelivery(destination=MAIN, event=a_delivery(text=HOSTILE).event, lane=HOSTILE),
        cause=HOSTILE,
        detail=HOSTILE,
        request=a_request(path="/" + HOSTILE.replace("\u202e", ""), headers={"x": HOSTILE}, body=HOSTILE.encode()),
    )
    trace = park_request(console.journal, HOSTILE, cause=HOSTILE, detail=HOSTILE, account=HOSTILE)
    browser = console.signed_in("operator")
    paths = [
        "/ops/parked", LIST, f"{LIST}?of=envelopes", f"/ops/parked/{number}", f"/ops/parked/envelope/{trace}",
        f"{PREVIEW}?of=deliveries&deed=replay", f"{PREVIEW}?of=envelopes&deed=replay",
        f"{PREVIEW}?of=deliveries&deed=discard&q={HOSTILE}", f"/ops/parked?q={HOSTILE}&cause={HOSTILE}",
    ]  # fmt: skip
    pages = [browser.get(path).text for path in paths]
    done = press(browser, f"{PREVIEW}?of=deliveries&deed=discard", HOSTILE)
    pages += [browser.get(done.location).text, browser.get("/ops/lanes").text]
    for page in pages:
        assert unexpected(page) == []
        assert "\u202e" not in page.replace(HOSTILE[-10:], "")
    assert "&lt;script&gt;" in pages[3]
    assert "{{ 7*7 }}" in pages[3]


def test_a_viewer_sees_nothing_of_it(console: Console):
    (number,) = park(console.journal, a_delivery(text="private words"))
    browser = console.signed_in("viewer")
    for path in ("/ops/parked", LIST, f"/ops/parked/{number}", f"{PREVIEW}?deed=replay", "/ops/parked/done/1"):
        answer = browser.get(path)
        assert (answer.status_code, "private words" in answer.text) == (403, False)
    assert browser.submit("/ops/parked/deed", deed="replay", why="x").status_code == 403
    assert "/ops/parked" not in browser.get("/ops/lanes").text


def test_the_pages_are_light_however_long_the_texts(console: Console):
    long = "<&\"'" * 30_000
    ids = park(
        console.journal,
        *[a_delivery(text=long[:40_000], lane="<" * 300 + str(number)) for number in range(60)],
        detail=long,
        cause="x" * 2000,
        request=a_request(headers={f"h{number}": long[:2000] for number in range(40)}, body=long.encode()),
    )
    browser = console.signed_in("operator")
    query = "&".join(f"name={number}" for number in ids)
    for path in (
        "/ops/parked",
        LIST,
        f"/ops/parked/{ids[0]}",
        f"{PREVIEW}?deed=replay",
        f"{PREVIEW}?deed=replay&{query}",
    ):
        assert len(browser.get(path).data) < 70_000, path
