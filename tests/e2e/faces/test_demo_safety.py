"""The demo under attack: hostile customers in every pane, and pages of other sites."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.demo_stage import Demo, Panes, panes
from tests.e2e.faces.test_desk_safety import HOSTILE, other_site

pytestmark = pytest.mark.timeout(300)
EVIL = HOSTILE[1]


def hook(demo: Demo, number: int, name: str, text: str) -> None:
    """A Telegram customer of this name writes, past the telephone."""
    connector = re.search(r'href="(http://127\.0\.0\.1:\d+)/ops"', requests.get(demo.url, timeout=10).text)
    assert connector is not None
    secret = demo.settings()["accounts"]["my-telegram"]["secret"]
    person = {"id": 9000 + number, "first_name": name, "last_name": name, "is_bot": False}
    chat = {"id": 9000 + number, "type": "private", "first_name": name}
    message = {"message_id": number + 1, "date": 1_700_000_000, "from": person, "chat": chat, "text": text}
    answer = requests.post(
        f"{connector[1]}/hooks/my-telegram",
        json={"update_id": 5_000_000 + number, "message": message},
        headers={"X-Telegram-Bot-Api-Secret-Token": secret},
        timeout=10,
    )
    assert answer.status_code == 200


def nothing_ran(seen: Panes) -> None:
    """No script of a customer ran in the page or in any of its frames."""
    assert len(seen.page.frames) > 3
    for frame in seen.page.frames:
        assert frame.evaluate("window.caught") is None, frame.url
    assert len(seen.page.context.pages) == 1


def test_hostile_names_messages_and_files_run_nothing_in_any_pane(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page)
    for number, payload in enumerate(HOSTILE):
        hook(demo, number, payload, payload)
    seen.chats(EVIL)
    expect(seen.shop.get_by_text(EVIL, exact=True)).to_be_visible()
    seen.phones(EVIL)
    expect(seen.phone.get_by_text(EVIL, exact=True)).to_be_visible()
    picked = {"name": f"{EVIL}.svg", "mimeType": "image/svg+xml", "buffer": b"<svg onload='window.caught=1'/>"}
    seen.phone.locator("#file").set_input_files(picked)
    expect(seen.phone.get_by_role("link", name=re.compile("onerror"))).to_be_visible()
    seen.mails(EVIL, EVIL, {**picked, "name": f"{EVIL}.html", "mimeType": "text/html"})
    expect(seen.mail.locator(".letter h2").last).to_have_text(EVIL)
    expect(seen.mail.locator(".letter .words").last).to_have_text(EVIL)
    expect(seen.desk.locator("#chats")).to_contain_text(HOSTILE[0])
    seen.opens_chat(EVIL)
    seen.replies(EVIL, {"name": f"{EVIL}.html", "mimeType": "text/html", "buffer": b"<script>window.caught=1</script>"})
    expect(seen.page.locator("#last")).to_be_visible()
    seen.page.locator("#last").click()
    expect(seen.console.locator("h1")).to_contain_text("Трасса")
    for path in ("lanes", "trace", "audit", "accounts"):
        frame = seen.page.frame(name="console")
        assert frame is not None
        frame.goto(frame.url.partition("/ops")[0] + f"/ops/{path}")
        expect(seen.console.locator("h1")).to_be_visible()
        nothing_ran(seen)
    seen.face.screen("demo-hostile")


def test_the_file_of_a_letter_is_only_saved(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page)
    seen.mails("Файл", "Вот он", {"name": "страница.html", "mimeType": "text/html", "buffer": b"<script>1</script>"})
    link = seen.mail.locator(".letter").filter(has_text="Вот он").get_by_role("link", name="страница.html")
    answer = requests.get(demo.url.rstrip("/") + str(link.get_attribute("href")), timeout=10)
    assert (answer.content, answer.headers["Content-Type"]) == (b"<script>1</script>", "application/octet-stream")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    for wrong in ("id=out99&file=0", "id=out0&file=9", "id=out0&file=x", ""):
        assert requests.get(f"{demo.url}mail/file?{wrong}", timeout=10).status_code == 404


@pytest.mark.parametrize(
    "told",
    [{"subject": "s", "text": " "}, {"text": "t", "answers": "in99"}, {"text": "t", "name": "a", "content": "?"}],
    ids=["nothing said", "no such letter", "no base64"],
)
def test_what_no_mail_program_sends_is_refused(demo: Demo, told: dict):
    origin = {"Origin": demo.url.rstrip("/")}
    assert requests.post(f"{demo.url}mail/write", json=told, headers=origin, timeout=10).status_code == 400


@pytest.mark.parametrize(
    "told",
    [{"deed": "erase", "text": "number"}, {"deed": "run", "text": "x" * 50_001}, {"deed": "run", "text": "\ud800"}],
    ids=["another deed", "too much", "no letters"],
)
def test_what_no_warehouse_drops_is_refused(demo: Demo, told: dict):
    origin = {"Origin": demo.url.rstrip("/")}
    assert requests.post(f"{demo.url}warehouse", json=told, headers=origin, timeout=10).status_code == 400


def test_the_visitor_is_signed_in_to_the_console_and_a_stranger_is_not(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page)
    expect(seen.console.get_by_role("heading", level=1)).to_have_text("Обзор")
    cookies = {cookie["name"]: cookie for cookie in seen.page.context.cookies(f"{demo.url}ops")}
    assert cookies["ops_session"]["httpOnly"]
    assert (cookies["ops_session"]["sameSite"], cookies["ops_session"]["path"]) == ("Lax", "/ops")
    port = demo.url.rpartition(":")[2].rstrip("/")
    renamed = requests.get(demo.url, headers={"Host": f"rebound.example:{port}"}, timeout=10)
    assert renamed.status_code == 403
    assert "set-cookie" not in renamed.headers
    across = requests.get(demo.url, headers={"Sec-Fetch-Site": "cross-site"}, timeout=10)
    assert "set-cookie" not in across.headers


def test_another_site_can_neither_frame_the_demo_nor_press_its_buttons(demo: Demo, browser_page: OpenPage):
    face = browser_page()
    face.allow("frame-ancestors|Framing|status of 40[34]|ERR_BLOCKED|CORS policy|ERR_FAILED|favicon")
    with other_site(demo.url) as address:
        face.page.goto(address)
        post = "url => fetch(url, {method: 'POST', mode: 'no-cors', body: '{\"name\": \"kill\"}'}).then(() => 'sent')"
        assert face.page.evaluate(post, f"{demo.url}trouble") == "sent"
        hear = "url => new Promise(done => { new EventSource(url).onerror = () => done('refused') })"
        assert face.page.evaluate(hear, f"{demo.url}events") == "refused"
        assert not any("trouble" in frame.content() for frame in face.page.frames[1:])
    seen = panes(demo, browser_page)
    expect(seen.page.locator("#kill")).to_be_enabled()
    expect(seen.page.locator("#line")).not_to_contain_text("SIGKILL")
