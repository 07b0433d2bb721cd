"""The console in a real browser: signing in, every page in both languages, dark and narrow, and what strangers try."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from connector import settings
from connector.bootstrap import Connector, build
from connector.journal.users import ROLES
from connector.registry import models
from tests.e2e.faces.browser import NARROW, WIDE, Face, OpenPage
from tests.services import Redis
from webhooks.app import create_app

PASSWORD = "correct horse battery"
HOSTILE = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script>"
YAML = """
portals:
  main: {url: "http://127.0.0.1:1", app: {client_id: local.1, client_secret: secret}}
accounts:
  shop: {provider: telegram, portal: main, line: 1, token: "1:abc", secret: s3cret, api_url: "http://127.0.0.1:1"}
"""
PAGES = {"overview": "/ops", "portals": "/ops/portals", "portal": "/ops/portals/main", "audit": "/ops/audit"}


@pytest.fixture
def house(tmp_path: Path, redis_server: Redis) -> Iterator[Connector]:
    """A connector with a user for each role."""
    (tmp_path / "connector.yaml").write_text(YAML, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    env = {"CONNECTOR_SECRET_KEY": "k" * 40, "REDIS_URL": redis_server.url, "CONNECTOR_PUBLIC_URL": url}
    made = build(settings.load(tmp_path / "connector.yaml", env, models()))
    for role in ROLES:
        made.journal.add_user(role, role, PASSWORD, who="root", why="new")
    made.journal.audit(HOSTILE, "replay", HOSTILE, HOSTILE)
    yield made
    made.journal.close()


@pytest.fixture
def console(house: Connector) -> Iterator[str]:
    """Its address."""
    url = house.settings.public_url
    server = make_server("127.0.0.1", int(url.rpartition(":")[2]), create_app(house), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield url
    server.shutdown()


def signed_in(face: Face, console: str, name: str = "admin") -> Face:
    """At the first page, by the keyboard alone."""
    face.page.goto(f"{console}/ops")
    face.page.locator("#name").focus()  # browsers do it by themselves, but not without scripts
    face.page.keyboard.type(name)
    face.page.keyboard.press("Tab")
    face.page.keyboard.type(PASSWORD)
    face.page.keyboard.press("Enter")
    face.page.wait_for_url(f"{console}/ops")
    return face


@pytest.mark.parametrize(
    ("language", "dark", "width"),
    [("ru", False, WIDE), ("en", True, WIDE), ("ru", True, NARROW), ("en", False, NARROW)],
)
def test_every_page_is_accessible_and_quiet(
    console: str, browser_page: OpenPage, language: str, dark: bool, width: int
):
    face = browser_page(language=language, dark=dark, width=width)
    look = f"{language}-{'dark' if dark else 'light'}-{width}"
    face.page.goto(f"{console}/ops/sign-in")
    face.is_accessible()
    face.screen(f"console-sign-in-{look}")
    signed_in(face, console)
    for name, path in PAGES.items():
        face.page.goto(console + path)
        expect(face.page.locator("html")).to_have_attribute("lang", language)
        face.is_accessible()
        face.screen(f"console-{name}-{look}")
    assert "stolen" not in face.page.title()


def test_a_wrong_password_is_said_and_the_way_goes_on(console: str, browser_page: OpenPage):
    face = browser_page(language="en")
    face.allow("401")
    face.page.goto(f"{console}/ops/audit")
    face.page.get_by_label("Name").fill("operator")
    face.page.get_by_label("Password").fill("not this one")
    face.page.get_by_role("button", name="Sign in").click()
    expect(face.page.get_by_role("alert")).to_have_text("The name or the password is wrong")
    face.is_accessible()
    face.page.get_by_label("Password").fill(PASSWORD)
    face.page.keyboard.press("Enter")
    face.page.wait_for_url(f"{console}/ops/audit")
    face.page.get_by_role("button", name="Sign out", exact=True).click()
    face.page.wait_for_url(f"{console}/ops/sign-in")


def test_a_portal_is_mended_with_a_reason_that_the_audit_tells(console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="en", timezone_id="Asia/Tokyo"), console, "operator")
    face.page.get_by_role("link", name="Portals").click()
    face.page.get_by_role("link", name="Check and mend").click()
    face.page.get_by_label("Why").fill("the handlers are gone")
    face.page.get_by_role("button", name="Mend").click()
    expect(face.page.get_by_role("status").first).to_contain_text("being bound anew")
    face.page.get_by_role("link", name="Audit").click()
    expect(face.page.locator(".lines li").first).to_contain_text("the handlers are gone")
    expect(face.page.locator("footer")).to_contain_text("Asia/Tokyo")


def test_all_of_it_works_without_scripts(console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="ru", java_script_enabled=False), console, "viewer")
    face.page.get_by_role("link", name="English").click()
    expect(face.page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(face.page.locator("footer")).to_contain_text("UTC")


def test_another_site_can_neither_frame_nor_post(console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="en"), console)
    face.allow("frame-ancestors|Framing|403|X-Frame-Options|Unsafe attempt|chrome-error")
    other = console.replace("127.0.0.1", "localhost") + "/elsewhere"
    form = f'<form method=post action="{console}/ops/sign-out"><button>go</button></form>'
    body = f'<iframe src="{console}/ops"></iframe>{form}'
    face.page.route(other, lambda route: route.fulfill(body=body, content_type="text/html"))
    face.page.goto(other)
    face.page.wait_for_timeout(300)
    assert not any("Overview" in frame.content() for frame in face.page.frames[1:])
    face.page.get_by_role("button").click()
    face.page.wait_for_url(f"{console}/ops")
    expect(face.page.get_by_role("heading", level=1)).to_have_text("Overview")  # still signed in
