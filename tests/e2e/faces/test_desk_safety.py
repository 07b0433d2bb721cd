"""The operator's desk under attack: hostile clients, other sites, and a browser without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import expect

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.desk_stage import client_says, desk, stored_url
from tests.integration.house.waiting import until

HOSTILE = (
    "<script>window.caught='script'</script>",
    "<img src=x onerror=\"window.caught='img'\">",
    "\"><svg onload=window.caught='svg'>",
    "</script><script>window.caught='json'</script>",
    "[b]<iframe srcdoc=\"<script>parent.caught='frame'</script>\">[/b]",
    "javascript:window.caught='link' [url=javascript:window.caught='url']press[/url]",
    "{{ 7*7 }} ${7*7}",
)


def test_hostile_names_texts_and_files_run_nothing(shop: Caller, browser_page: OpenPage):
    for number, payload in enumerate(HOSTILE):
        name = payload.replace("/", "∕")
        files = [stored_url(shop, f"{name[:40]}.svg", "image/svg+xml", b"<svg onload='window.caught=1'/>")]
        client_says(shop, payload, chat="c1", name=payload, files=files)
        client_says(shop, payload, chat=f"hostile-{number}", name=payload)
    shop.server.say("c1", HOSTILE[1], files=[{"name": HOSTILE[0], "content": b"<script>", "mime": "text/html"}])
    face = desk(browser_page(), shop, "c1")
    expect(face.page.locator("#chats li")).to_have_count(1 + len(HOSTILE))
    expect(face.page.locator("#messages > li")).to_have_count(1 + len(HOSTILE))
    for payload in HOSTILE[:4]:
        expect(face.page.locator("#messages").get_by_text(payload, exact=True).first).to_be_visible()
    face.page.get_by_role("button", name="Изменить: ").first.click()
    face.page.wait_for_timeout(300)
    assert face.page.evaluate("window.caught") is None
    assert len(face.page.context.pages) == 1
    assert face.page.locator("#messages script, #messages iframe, #messages svg, #messages img").count() == 0
    hrefs = face.page.locator("#messages a").evaluate_all("links => links.map(link => link.protocol)")
    assert set(hrefs) == {"http:"}
    face.screen("desk-hostile")


@contextmanager
def other_site(frame: str) -> Iterator[str]:
    """A page of another origin on this machine that tries to frame ``frame``; its address."""
    server = SandboxServer()
    page = f'<!doctype html><title>Other</title><iframe width="900" height="500" src="{frame}"></iframe>'
    server.app.add_url_rule("/other", view_func=lambda: page)
    with server:
        yield f"{server.url}/other"


def test_another_site_can_neither_frame_nor_drive_the_desk(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Здравствуйте")
    face = browser_page()
    face.allow("frame-ancestors|status of 40[34]|ERR_BLOCKED|CORS policy|ERR_FAILED")
    with other_site(f"{shop.server.url}/desk") as address:
        face.page.goto(address)
        until(lambda: face.listens() and any("frame-ancestors" in text for text in face.complaints), what="a refusal")
        post = "url => fetch(url, {method: 'POST', mode: 'no-cors', body: '{}'}).then(() => 'sent')"
        assert face.page.evaluate(post, f"{shop.server.url}/_sandbox/reset") == "sent"
        hear = "url => new Promise(done => { new EventSource(url).onerror = () => done('refused') })"
        assert face.page.evaluate(hear, f"{shop.server.url}/desk/events") == "refused"
    assert len(shop.server.chats()) == 1


def test_the_page_that_may_frame_the_desk_does(browser_page: OpenPage):
    face = browser_page()
    face.allow("favicon|status of 404")
    with (
        SandboxServer(desk_frames=("http://127.0.0.1:*",)) as server,
        other_site(f"{server.url}/desk") as address,
    ):
        face.page.goto(address)
        expect(face.page.frame_locator("iframe").get_by_text("Пока никто не написал.")).to_be_visible()
        face.page.goto("about:blank")


def test_without_scripts_the_desk_says_what_it_needs(shop: Caller, browser_page: OpenPage):
    face = browser_page(language="en", java_script_enabled=False)
    face.page.goto(f"{shop.server.url}/desk")
    expect(face.page.get_by_role("heading", name="Operator's desk")).to_be_visible()
    assert "The desk needs JavaScript" in (face.page.locator("noscript").text_content() or "")


def test_what_the_browser_complains_of_is_not_overlooked(shop: Caller, browser_page: OpenPage):
    face = desk(browser_page(), shop)
    face.page.evaluate("console.error('a broken page')")
    face.page.evaluate("setTimeout(() => { throw new Error('a broken script') })")
    until(lambda: face.listens() == 2, what="both are heard")
    assert len(face.unexpected()) == 2
    face.allow("a broken (page|script)")
