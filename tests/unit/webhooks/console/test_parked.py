"""The repair bench: groups, lists, one item."""

from __future__ import annotations

import re

import pytest

from connector.journal import NewDelivery
from tests.contract.journal.making import MAIN, a_delivery, a_request
from tests.unit.webhooks.console.bench_stage import HOSTILE, LIST, PREVIEW, park, park_request, press
from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.console.test_pages import unexpected


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
