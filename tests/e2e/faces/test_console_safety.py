"""The whole console under attack: whatever strangers write stays words, and no other site can frame or drive it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Dialog, expect

from connector.bootstrap import Connector
from connector.domain.values import File
from connector.journal import NewDelivery
from connector.speech import Text
from tests.e2e.faces.browser import NARROW, Face, OpenPage
from tests.e2e.faces.console_stage import YAML, housed, signed_in
from tests.e2e.faces.stories import Story, carried_out
from tests.e2e.faces.walk import posts, stops
from tests.services import Redis
from tests.unit.webhooks.console.sync_stage import began, ended, new, source, went

PAYLOADS = (
    "<script>window.caught='script'</script>",
    "<img src=x onerror=\"window.caught='img'\">",
    "\"><svg onload=window.caught='svg'>",
    "</script></title></textarea></pre></select></option><script>window.caught='out'</script>",
    "' onfocus=window.caught='attribute' autofocus tabindex=1 x='",
    "<iframe srcdoc=\"<script>parent.caught='frame'</script>\"></iframe>",
    "javascript:window.caught='link'",
    "`<b>`${7777*7777} {{ 7777*7777 }} {% if 1 %}{{ config }}{% endif %} #{7777*7777}",
    "<form action=https://evil.example><input name=csrf><button>press</button></form><base href=https://evil.example>",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example><meta http-equiv=refresh content=0>",
    "&lt;script&gt;window.caught='twice'&lt;/script&gt;&#0;\\u0000\\x00 %00 %3Cscript%3E",
    "\u202eexe.gnp\u2066 \u200b\u200f \ufeff\u2028 \u0430\u0301\u0301\u0301\u0301\u0301\u0301",
    "W" * 10_000,
)
AGENT = "<img src=x onerror=window.caught='agent'>"
PLACES: dict[str, list[Any]] = {
    "trace": ["none"],
    "number": [1],
    "name": ["main"],
    "source": ["none"],
    "language": ["en"],
    "rest": ["x"],
}
SHARES = 3  # tests that the walk is divided into, each within its time
QUERY = 1_500  # characters of a payload in an address
WATCH = """() => { addEventListener("securitypolicyviolation", (event) => {
  (window.violated ??= []).push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`); }); }"""
# What no template of ours has, whatever it is fed, and what none of its pages lacks.
LOOK = """() => ({
  caught: window.caught ?? null,
  violated: window.violated ?? null,
  wider: Math.max(0, document.documentElement.scrollWidth - innerWidth),
  headings: document.querySelectorAll("h1").length,
  footer: document.querySelector("footer")?.checkVisibility({checkVisibilityCSS: true}),
  reckoned: document.body.innerText.includes("60481729"),
  stolen: document.title.includes("stolen"),
  strange: [...document.querySelectorAll("*")].flatMap((node) => [
    ...["IFRAME", "OBJECT", "EMBED", "BASE", "STYLE", "MATH"].includes(node.tagName) ? [node.tagName] : [],
    ...node.getAttributeNames().filter((name) => name.startsWith("on") || ["style", "srcdoc"].includes(name))
      .map((name) => `${node.tagName} ${name}`),
    ...["href", "src", "action", "formaction", "data"].map((name) => node.getAttribute(name)).filter(Boolean)
      .filter((link) => new URL(link, location.href).origin !== location.origin),
    ...node.tagName === "SCRIPT" && !node.src ? ["script without a file"] : [],
    ...node.tagName === "META" && node.httpEquiv ? ["meta"] : [],
  ]),
})"""
UNHARMED = {
    "caught": None,
    "violated": None,
    "wider": 0,
    "headings": 1,
    "footer": True,
    "reckoned": False,
    "stolen": False,
    "strange": [],
}
FORMS = """() => [...document.querySelectorAll("form")].filter((form) => form.method === "get")
  .map((form) => [form.getAttribute("action"), [...form.elements].map((field) => field.name).filter(Boolean)])"""


def _synced(house: Connector) -> int:
    """A source whose rows say all of it; its run."""
    house.settings.sources["shipments"] = source()
    run = began(house.journal, "shipments", who=PAYLOADS[0])
    rows = [
        new(words[:400], {words: words}, where=words, cause=words[:200] or "x", hint=Text(words, words), detail=words)
        for words in PAYLOADS
    ]
    went(house.journal, run, rows=rows, notes=[Text(words, words) for words in PAYLOADS])
    ended(house.journal, run, "failed", cause=PAYLOADS[1][:200], hint=Text(*PAYLOADS[:2]), detail=PAYLOADS[2])
    return run.id


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, redis_process: Redis) -> Iterator[Connector]:
    """One for all: it is only looked at."""
    with housed(tmp_path_factory.mktemp("house"), redis_process, YAML) as made:
        yield made


@pytest.fixture(scope="module")
def hostile(house: Connector) -> dict[str, list[Any]]:
    """A journal full of it; the places to open."""
    journal, now = house.journal, house.clock()
    traces: list[Any] = []
    others: list[str] = []
    for place, words in enumerate(PAYLOADS):
        about = {
            "at": now - timedelta(minutes=place),
            "number": place + 1,
            "text": words,
            "name": words,
            "conversation": words[:3000],
            "dedupe": words[:2000],
            "headers": {"content-type": "application/json", "x-words": words, words[:200]: words},
            "path": f"/hooks/{words}",
            "remote": words[:100],
            "files": (File(ref=f"https://files.example/{place}?{words}", name=words, mime=words, size=1),),
        }
        parked, done, waits, unread = (Story(**about) for _ in range(4))
        hint = Text(words, words)
        journal.accept(parked.envelope, [parked.message()])
        told = {"outcome": words, "cause": words, "detail": words, "flagged": words, "hint": hint}
        carried_out(journal, parked, what=words, key=f"{words[:2000]} parked", state="parked", **told)
        journal.accept(done.made(dedupe_key=f"{words[:2000]} done"), [done.message()])
        carried_out(journal, done, what=words, key=f"{words[:2000]} done", result={words: words})
        lost = f"account:{words[:200]}"
        event = waits.message().event
        elsewhere = NewDelivery(destination=lost, event=event, lane=words[:2000])
        journal.accept(waits.made(account=words[:500]), [waits.message(), elsewhere])
        journal.accept(
            unread.made(state="parked", cause=words, hint=hint, detail=words, dedupe_key=f"{place} unread"), []
        )
        stories = (parked, done, waits, unread)
        for story in stories:
            journal.audit(words, words, words, words, trace=story.trace)
        # Every kind with some words, and all words.
        traces += [stories[place % 4].trace, stories[(place + 1) % 4].trace]
        others += [(done, waits)[place % 2].trace]
    rows = journal.list(limit=200)
    unread_ones = [row["trace"] for row in journal.list("envelopes", state="parked", limit=100)]
    waiting = [row["id"] for row in rows if row["state"] == "waiting"]
    return {
        "trace": traces,
        "ops.parked_envelope.trace": unread_ones,
        "number": [row["id"] for row in rows if row["state"] == "parked" or row["trace"] in others],
        "ops.lane.number": waiting,
        "ops.parked_done.number": waiting[:1],
        "name": ["main", "shop"],
        "ops.user.name": ["viewer", PAYLOADS[1]],
        "ops.portal.name": ["main"],
        "ops.account.name": ["shop", PAYLOADS[2]],
        "source": ["shipments", PAYLOADS[2][:200].replace("/", "∕")],
        "ops.run.number": [_synced(house)],
        "language": ["en"],
        "rest": [f"{words[:QUERY].replace('/', '∕')}" for words in PAYLOADS],
    }


def watched(face: Face) -> Face:
    """Violations of the policy are noted from the first line of each page on; dialogs are complaints."""

    def asked(dialog: Dialog) -> None:
        face.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    face.page.add_init_script(f"({WATCH})()")
    face.page.on("dialog", asked)
    face.page.context.on("page", lambda page: face.complaints.append(f"opened {page.url}"))
    face.allow(r"status of 40\d|status of 503")
    return face


def opened(face: Face, url: str) -> None:
    """Go there; a page that broke down is no proof of anything."""
    answer = face.page.goto(url, timeout=30_000)
    assert answer is not None
    assert answer.status < 500, f"{url[:300]}: {answer.text()[:600]}"


def is_unharmed(face: Face, path: str) -> None:
    """Nothing of what strangers wrote has run, loaded, or broken the page."""
    assert face.page.evaluate(LOOK) == UNHARMED, path[:200]


@pytest.mark.parametrize("share", range(SHARES))
def test_on_no_page_can_a_stranger_run_anything(
    console: str, house: Connector, hostile: dict[str, list[Any]], browser_page: OpenPage, share: int
):
    face = signed_in(watched(browser_page(language="en", width=NARROW, user_agent=AGENT)), console)
    walked = stops(house, hostile)
    assert {"ops.trace", "ops.parked_item", "ops.lane", "ops.audit", "ops.users"} <= {stop.endpoint for stop in walked}
    for stop in walked[share::SHARES]:
        opened(face, console + stop.path)
        is_unharmed(face, stop.path)


def test_nor_by_what_is_asked_in_an_address(
    console: str, house: Connector, hostile: dict[str, list[Any]], browser_page: OpenPage
):
    face = signed_in(watched(browser_page(language="en", width=NARROW)), console)
    asked: dict[str, set[str]] = {}
    for stop in stops(house, {**PLACES, "number": hostile["number"][:1], "trace": hostile["trace"][:1]}):
        opened(face, console + stop.path)
        for action, names in face.page.evaluate(FORMS):
            asked.setdefault(action, set()).update(names)
    assert {"/ops/trace", "/ops/lanes"} <= set(asked)
    for place, (action, names) in enumerate(asked.items()):
        for words in PAYLOADS[place % 2 :: 2]:
            query = urlencode(dict.fromkeys(sorted(names | {"before", "after"}), words[:QUERY]))
            opened(face, f"{console}{action}?{query}")
            is_unharmed(face, f"{action}?{query}")


@contextmanager
def other_site() -> Iterator[tuple[str, dict[str, str]]]:
    """Another origin on this machine; its address, and its pages by path."""
    pages: dict[str, str] = {}

    class Serving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = f"<!doctype html><title>Other</title>{pages.get(self.path, '')}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", pages
    server.shutdown()
    server.server_close()


def test_another_site_frames_no_page(console: str, house: Connector, browser_page: OpenPage):
    face = signed_in(browser_page(language="en"), console)
    face.allow("frame-ancestors|X-Frame-Options|status of 40|ERR_BLOCKED|chromewebdata")
    pages_of_ours = [stop.path for stop in stops(house, PLACES) if stop.endpoint != "ops.language"]
    with other_site() as (address, pages):
        pages["/"] = "".join(f'<iframe src="{console}{escape(path)}"></iframe>' for path in pages_of_ours)
        face.page.goto(f"{address}/", wait_until="load", timeout=60_000)
        refused = [text for text in face.complaints if "frame-ancestors" in text or "X-Frame-Options" in text]
        shown = [frame.url for frame in face.page.frames if frame.url.startswith(console)]
        assert (len(refused) >= len(pages_of_ours), shown) == (True, [])
        face.page.goto("about:blank")


def test_another_site_posts_to_no_route(console: str, house: Connector, browser_page: OpenPage):
    face = signed_in(browser_page(language="en"), console)
    face.allow("status of 403")
    before = [note.id for note in house.journal.audits()]
    with other_site() as (address, pages):
        for place, path in enumerate(posts(house, PLACES)):
            fields = '<input name="why" value="x"><button>go</button>'
            pages[f"/{place}"] = f'<form method="post" action="{console}{escape(path)}">{fields}</form>'
            face.page.goto(f"{address}/{place}")
            with face.page.expect_response(console + path) as told:
                face.page.get_by_role("button", name="go").click()
            assert told.value.status == 403, path
    assert [note.id for note in house.journal.audits()] == before
    face.page.goto(f"{console}/ops")
    expect(face.page.locator("h1")).to_be_visible()
