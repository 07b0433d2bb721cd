"""The trace pages: finding a request, and its story."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from connector.domain.events import MessageReceived
from connector.domain.request import Request
from connector.domain.values import Person
from connector.journal import CallTrail, Envelope, Journal, NewDelivery, Planned, Settlement, Step
from connector.speech import Text
from tests.conftest import FakeClock
from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.console.test_pages import HOSTILE, unexpected

TRACE = "019ca96d2a00" + "a1b2c3d4e5f607"
LIGHT = 75_000  # bytes of HTML


def kept(journal: Journal, clock: FakeClock, *, trace: str = TRACE, events: int = 1, **changes: Any) -> str:
    """A request of a client, with so many messages for the portal."""
    request = Request(
        method="POST",
        path="/hooks/shop",
        headers=changes.pop("headers", {"content-type": "application/json", "x-secret-token": "open sesame"}),
        body=changes.pop("body", b'{"update_id": 7, "token": "hidden-away"}'),
        received_at=clock() - timedelta(milliseconds=120),
        remote="203.0.113.9",
    )
    lane, words = changes.pop("lane", "shop.42"), changes.pop("text", "hello")
    made = {"trace": trace, "account": "shop", "dedupe_key": f"key-{trace}", "request": request, **changes}
    message = MessageReceived(
        account="shop", conversation="42", message_id="1007", client=Person(id="42"), text=words, position=1007
    )
    new = NewDelivery(destination="portal:main", event=message, lane=lane, position=1007)
    assert journal.accept(Envelope(**made), [new] * events)
    return trace


def carried_out(journal: Journal, clock: FakeClock, *, state: Any = "done", **changes: Any) -> None:
    """The pump was there: one call, one keyed effect, and the end of the delivery."""
    lease = journal.lease("portal:main")
    assert lease is not None
    (claimed,) = journal.claim(lease, lanes=1)
    clock.advance(0.25)
    about = {"delivery_id": claimed.id, "trace": claimed.trace, "what": "imconnector.send.messages"}
    key = changes.pop("key", "in:shop:42:1007")
    journal.step(lease, Step(planned=[Planned(key=key, **about)]))
    called = CallTrail(
        started_at=clock(), seconds=0.131, outcome=changes.pop("outcome", "ok"), request_id="f00dfeedf00dfeed", **about
    )
    clock.advance(0.131)
    settled = Settlement(delivery=claimed, state=state, attempts=1, **changes)
    journal.step(lease, Step(settled=[settled], results=[(key, {"CHAT_ID": "77"}, "")], calls=[called]))
    journal.leave(lease, force=True)


def words(page: str) -> str:
    """The page as it is read, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)).replace("\xa0", " ")


def test_a_story_goes_from_the_request_to_the_result(console: Console, clock: FakeClock):
    kept(console.journal, clock)
    carried_out(console.journal, clock)
    console.journal.audit("anna", "replay", "was late", "delivery:1", trace=TRACE)
    page = words(console.signed_in("operator").get(f"/ops/trace/{TRACE}").text)
    assert "time to Bitrix24 501 ms" in page
    places = [
        page.index(part)
        for part in (
            "request received POST /hooks/shop",
            "read as message from a client → portal:main",
            "effect imconnector.send.messages : done",
            "call imconnector.send.messages : ok 131 ms",
            "delivered → portal:main",
            "replayed: anna",
        )
    ]
    assert places == sorted(places)
    assert all(part in page for part in ("+370 ms", "f00dfeedf00dfeed", "in:shop:42:1007", "was late", "203.0.113.9"))


def test_secrets_of_the_request_are_not_shown(console: Console, clock: FakeClock):
    kept(console.journal, clock)
    page = console.signed_in().get(f"/ops/trace/{TRACE}").text
    assert "update_id" in page
    assert "hidden-away" not in page
    assert "open sesame" not in page


def test_secrets_in_the_words_of_a_vendor_are_not_shown(console: Console, clock: FakeClock):
    kept(console.journal, clock, headers={"x": "Bearer abcdefghijkl"}, body=b"auth=hidden-away&x=1")
    told = "POST https://acme.bitrix24.ru/rest/1/hiddenaway/x access_token=hidden-away"
    carried_out(console.journal, clock, state="parked", cause="x", detail=told, flagged=told, outcome=told)
    page = console.signed_in().get(f"/ops/trace/{TRACE}").text
    assert "acme.bitrix24.ru" in page
    assert not re.search("hidden-?away|abcdefghijkl", page)


def test_a_parked_request_says_what_to_do(console: Console, clock: FakeClock):
    hint = Text("Update the `connector`", "Обновите `connector`")
    kept(console.journal, clock, events=0, state="parked", cause="parse.failed", hint=hint)
    page = console.signed_in(language="ru").get(f"/ops/trace/{TRACE}").text
    assert "Обновите <code>connector</code>" in page
    assert "не прочитано" in page
    assert f'href="/ops/parked/envelope/{TRACE}"' in page


def test_a_parked_delivery_says_what_to_do(console: Console, clock: FakeClock):
    kept(console.journal, clock)
    hint = Text("Connect the line", "Подключите линию")
    carried_out(console.journal, clock, state="parked", cause="portal.refused", hint=hint, outcome="portal.refused")
    page = console.signed_in().get(f"/ops/trace/{TRACE}").text
    assert all(part in page for part in ("Connect the line", "portal.refused", "parked", 'href="/ops/parked/1"'))
    assert "time to Bitrix24" not in page


def test_a_delivery_that_waits_tells_when_it_is_tried_again(console: Console, clock: FakeClock):
    kept(console.journal, clock)
    console_page = lambda: words(console.signed_in().get(f"/ops/trace/{TRACE}").text)  # noqa: E731
    assert "waits for its turn → portal:main" in console_page()
    due = clock() + timedelta(seconds=95)
    carried_out(console.journal, clock, state="waiting", due_at=due, cause="portal.unreachable")
    assert re.search(r"\+1 min 35 s \S+ next try → portal:main", console_page())


HEAVY = [
    {"body": b"<" * 1_048_576},
    {"body": b"\x00\xff" * 524_288},
    {"body": ('{"a": "' + "я" * 500_000 + '"}').encode()},
    {"body": b"{" + b'"a":{' * 100_000},
    {"headers": {f"x-{number}": "&" * 5000 for number in range(50)}},
    {"text": "'" * 50_000, "events": 150},
    {"lane": '"<&' * 3000, "account": "shop", "dedupe_key": "<" * 5000},
]


@pytest.mark.parametrize("heavy", HEAVY, ids=range(len(HEAVY)))
def test_a_page_is_light_whatever_came_in(console: Console, clock: FakeClock, heavy: dict[str, Any]):
    kept(console.journal, clock, **heavy)
    for number in range(300):
        console.journal.audit("<" * 200, "'" * 200, "&" * 500, f"{number}", trace=TRACE)
    browser = console.signed_in()
    answer = browser.get(f"/ops/trace/{TRACE}")
    assert answer.status_code == 200
    assert len(answer.data) < LIGHT
    assert "connector journal trace" in answer.text
    assert len(browser.get("/ops/trace").data) < LIGHT


def test_a_long_story_shows_its_beginning_and_its_end(console: Console, clock: FakeClock):
    kept(console.journal, clock)
    for number in range(100):
        clock.advance(1)
        console.journal.audit("anna", "replay", f"reason-{number}.", "x", trace=TRACE)
    page = console.signed_in().get(f"/ops/trace/{TRACE}").text
    assert "Lines left out here: 43" in words(page)
    assert all(f"reason-{number}." in page for number in (0, 99))
    assert "reason-50." not in page


@pytest.mark.parametrize("trace", ["nothing", "%00", "%F0%9F%92%A9", "a" * 3000, "%3Cscript%3E"])
def test_a_trace_that_is_not_there_is_said_so(console: Console, trace: str):
    answer = console.signed_in().get(f"/ops/trace/{trace}")
    assert answer.status_code == 404
    assert unexpected(answer.text) == []


@pytest.mark.parametrize("asked", [TRACE, TRACE[-6:], f"key-{TRACE}", "42:1007", "f00dfeedf00dfeed", "#1"])
def test_what_has_one_answer_leads_straight_to_it(console: Console, clock: FakeClock, asked: str):
    kept(console.journal, clock)
    carried_out(console.journal, clock)
    answer = console.signed_in().get(f"/ops/trace?q={quote(asked)}")
    assert answer.location == f"/ops/trace/{TRACE}"


def test_a_conversation_leads_to_its_requests(console: Console, clock: FakeClock):
    kept(console.journal, clock)
    kept(console.journal, clock, trace=TRACE[:-1] + "8", lane="shop.43")
    browser = console.signed_in()
    answer = browser.get("/ops/trace?q=shop.42")
    assert answer.location == "/ops/trace?lane=shop.42"
    page = browser.get(answer.location).text
    assert TRACE[-8:] in page
    assert TRACE[:-1][-7:] + "8" not in page


def test_the_list_is_filtered_and_read_page_by_page(console: Console, clock: FakeClock):
    for number in range(120):
        clock.advance(1)
        trace = f"{int(clock().timestamp() * 1000):012x}{number:014x}"
        kept(console.journal, clock, trace=trace, events=0, state="ignored" if number % 2 else "accepted")
    strange = "endpoint=ops.door&_scheme=javascript&_external=1&_anchor=x"  # what `url_for` takes for its own
    browser, path, seen = console.signed_in(), f"/ops/trace?state=ignored&{strange}", []
    for _ in range(4):
        page = browser.get(path).text
        seen += [int(name, 16) for name in re.findall(r"<code>…([0-9a-f]{8})</code>", page)]
        older = re.search(r'href="([^"]+)" rel="next"', page)
        if older is None:
            break
        path = older[1].replace("&amp;", "&")
        assert re.fullmatch(r"/ops/trace\?state=ignored&before=[0-9a-f]{26}", path)
    assert seen == list(range(119, 0, -2))


@pytest.mark.parametrize(
    "query",
    [
        f"account={HOSTILE}&state=x&lane={HOSTILE}",
        "since=nonsense&until=99999-01-01",
        "since=0001-01-01T00:00&until=9999-12-31T23:59",
        "before=%00",
        "before=" + "f" * 999,
        f"q={HOSTILE}",
        "q=%00%ff",
        "q=" + "9" * 999,
        "lane=%00",
    ],
)
def test_whatever_is_asked_for_the_list_answers(console: Console, clock: FakeClock, query: str):
    kept(console.journal, clock, lane=HOSTILE)
    answer = console.signed_in().get(f"/ops/trace?{query}")
    assert answer.status_code in (200, 303)
    assert unexpected(answer.text) == []


def test_hostile_words_of_a_story_stay_words(console: Console, clock: FakeClock):
    kept(console.journal, clock, lane=HOSTILE, text=HOSTILE, body=HOSTILE.encode(), headers={"x": HOSTILE})
    carried_out(
        console.journal, clock, state="parked", cause=HOSTILE, detail=HOSTILE, flagged=HOSTILE, outcome=HOSTILE,
        key=HOSTILE, hint=Text(HOSTILE, HOSTILE),
    )  # fmt: skip
    console.journal.audit(HOSTILE, HOSTILE, HOSTILE, HOSTILE, trace=TRACE)
    page = console.signed_in().get(f"/ops/trace/{TRACE}").text
    assert unexpected(page) == []
    assert page.count("&lt;script&gt;") > 8
    assert "49" not in words(page).split()


def test_both_languages_are_whole(console: Console, clock: FakeClock):
    kept(console.journal, clock)
    carried_out(console.journal, clock)
    for path in ("/ops/trace", f"/ops/trace/{TRACE}", "/ops/trace?q=nowhere"):
        assert not re.search("[а-яё]", console.signed_in().get(path).text.replace("Русский", ""))
        coded = re.compile(r"<(code|pre).*?</\1>", re.DOTALL)
        russian = words(coded.sub("", console.signed_in(language="ru").get(path).text))
        assert not re.search(r"\b(the|request|delivered|received|conversation|what|to)\b", russian), russian
