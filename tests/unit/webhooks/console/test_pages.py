"""What the pages say, in both languages, and that no text on them can become a script."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from connector.domain.request import Request
from connector.journal import Envelope, JournalAway
from connector.journal.sessions import Visitor
from tests.conftest import FakeClock
from tests.unit.webhooks.console.conftest import OURS, Console
from webhooks.console.reading import Reader, reader

HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(1)>'javascript:alert(1) {{ 7*7 }}"""
PAGES = ("/ops", "/ops/portals", "/ops/portals/main", "/ops/audit", "/ops/nowhere")


@pytest.mark.parametrize("path", [*PAGES, "/ops/sign-in"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_speaks_both_languages_and_lets_no_script_in(console: Console, path: str, language: str):
    browser = console.browser(language) if path == "/ops/sign-in" else console.signed_in(language=language)
    answer = browser.get(path)
    assert f'<html lang="{language}">' in answer.text
    assert bool(re.search("[а-яё]", answer.text.replace("Русский", ""))) is (language == "ru")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    nonce = re.search(r"script-src 'nonce-([\w-]+)'", policy)
    assert nonce
    assert re.findall(r"<(?:script|style)(?![^>]*nonce=\"" + nonce[1] + ")", answer.text) == []
    assert re.findall(r"\son\w+=|\sstyle=|javascript:", answer.text) == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_a_page_is_light(console: Console):
    browser = console.signed_in()
    files = sum(
        len(browser.get(f"/ops/static/{name}").data) for name in ("tokens.css", "console.css", "zone.js", "live.js")
    )
    for path in PAGES:
        assert len(browser.get(path).data) + files < 100_000


def test_hostile_words_stay_words(console: Console):
    browser = console.signed_in()
    console.journal.audit(HOSTILE, HOSTILE, HOSTILE, HOSTILE, trace=HOSTILE)
    console.connector.accounts[HOSTILE] = console.connector.accounts["shop"]
    browser.submit("/ops/portals/main/mend", why=HOSTILE)
    pages = [
        *(browser.get(path).text for path in (*PAGES, "/ops/portals?bound=" + HOSTILE, f"/ops/{HOSTILE}")),
        console.browser().sign_in(HOSTILE, HOSTILE, next=HOSTILE).text,
        browser.get("/ops/language/en?next=" + HOSTILE).text,
    ]
    for page in pages:
        assert unexpected(page) == []
    assert "&lt;script&gt;" in pages[3]


def unexpected(page: str) -> list[str]:
    """Elements and attributes that a template of ours never has."""
    found: list[str] = []

    class Reading(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            named = dict(attrs)
            if tag == "script" and not named.get("nonce"):
                found.append(tag)
            found.extend(name for name in named if name.startswith("on") or name == "style")
            links = [named.get(name) or "/" for name in ("href", "src", "action") if name in named]
            found.extend(link for link in links if not link.startswith(("/ops", "#")))

    Reading().feed(page)
    return found


def test_the_overview_tells_of_portals_and_accounts(console: Console, clock: FakeClock):
    request = Request(method="POST", path="/hooks/shop", headers={}, body=b"", received_at=clock())
    console.journal.accept(Envelope(trace="t1", account="shop", dedupe_key="1", request=request), [])
    clock.advance(180)
    page = console.signed_in().get("/ops").text
    assert all(word in page for word in ("main", "acme.bitrix24.ru", "shop", "Fake channel", "3 minutes ago"))
    assert 'max="50.0"' in page
    assert "Nothing needs you" in page
    assert "запросов ещё не было" in console.signed_in(language="ru").get("/ops").text


def test_the_overview_says_what_is_wrong(console: Console):
    console.world.redis.away = True
    page = console.signed_in().get("/ops").text
    assert "1 thing needs you" in page
    assert "Redis does not answer" in page


def test_the_database_away_is_said_on_the_page(console: Console):
    browser = console.signed_in()

    def away(token: str, *, watching: bool = False) -> Visitor | None:
        raise JournalAway("pulled out")

    console.journal.visitor = away
    answer = browser.get("/ops")
    assert (answer.status_code, "database cannot be reached" in answer.text) == (503, True)


def test_a_portal_shows_its_findings_and_is_mended_with_a_reason(console: Console):
    browser = console.signed_in("operator")
    page = browser.get("/ops/portals/main").text
    assert "A handler is missing" in page
    assert "connector portal rebind main" in page
    assert browser.submit("/ops/portals/main/mend", why="  ").status_code == 400
    answer = browser.submit("/ops/portals/main/mend", "/ops/portals/main", why="handlers gone")
    assert answer.location == "/ops/portals?bound=main"
    assert "being bound anew" in browser.get(answer.location).text
    note = console.journal.audits(limit=1)[0]
    assert (note.who, note.what, note.why, note.target) == ("operator", "rebind", "handlers gone", "portal:main")
    assert console.journal.stats()["portal:main"]["waiting"] == 1


def test_a_viewer_is_shown_no_button_that_they_may_not_press(console: Console):
    browser = console.signed_in("viewer")
    assert "Check and mend" not in browser.get("/ops/portals").text
    assert "/ops/audit" not in browser.get("/ops").text


def test_no_link_is_dead(console: Console):
    browser = console.signed_in()
    for _ in range(60):
        console.journal.audit("a", "b", "c", "d")
    for path in (*PAGES, "/ops/sign-in"):
        for link in set(re.findall(r'(?:href|src)="(/[^"#]*)"', browser.get(path).text)):
            assert browser.get(link.replace("&amp;", "&")).status_code in (200, 303), link


def test_the_audit_is_read_page_by_page(console: Console):
    for number in range(120):
        console.journal.audit("anna", "replay", f"reason {number}", "delivery:1")
    browser, path, seen = console.signed_in(), "/ops/audit", []
    for _ in range(9):
        page = browser.get(path).text
        seen += re.findall(r"reason (\d+)", page)
        older = re.search(r'href="(/ops/audit\?before=\d+)"', page)
        if older is None:
            break
        path = older[1]
    assert seen == [str(number) for number in reversed(range(120))]
    assert browser.get("/ops/audit?before=9" + "9" * 30).status_code == 200
    assert browser.get("/ops/audit?before=x").status_code == 200


def test_the_language_is_remembered(console: Console):
    browser = console.browser()
    assert browser.get("/ops/language/ru?next=/ops/sign-in").location == "/ops/sign-in"
    assert "Войти" in browser.get("/ops/sign-in").text


NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "moment", "ago", "counted"),
    [
        ("en", "1 Mar 2026, 15:00:00", "2 hours ago", ["1 request", "3 requests", "1,005 requests", "21 requests"]),
        ("ru", "1 мар. 2026 г., 15:00:00", "2 часа назад", ["1 запрос", "3 запроса", "1 005 запросов", "21 запрос"]),
    ],
)
def test_times_numbers_and_plurals_are_the_readers_own(language: str, moment: str, ago: str, counted: list[str]):
    read = Reader(language=language, zone=ZoneInfo("Europe/Moscow"), now=NOON)
    assert read.moment(NOON).replace("\u202f", " ") == moment
    assert read.ago(NOON - timedelta(hours=2)) == ago
    assert [read.count(n, "request").replace("\xa0", " ") for n in (1, 3, 1005, 21)] == counted


@pytest.mark.parametrize(
    ("zone", "name"),
    [("Asia/Tokyo", "Asia/Tokyo"), *((odd, "UTC") for odd in ("", "../../etc/passwd", "No/Where", "Europe", "x" * 99))],
)
def test_a_zone_that_is_none_reads_utc(zone: str, name: str):
    with Flask(__name__).test_request_context(base_url=OURS, headers={"Cookie": f'ops_zone="{zone}"'}) as context:
        assert reader(context.request, NOON).zone_name == name
