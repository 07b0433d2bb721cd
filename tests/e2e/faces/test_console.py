"""The console in a real browser: signing in, every page in both languages, dark and narrow, and what strangers try."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.console_stage import LOOKS, PASSWORD, in_every_look, signed_in

PAGES = {"overview": "/ops", "portals": "/ops/portals", "portal": "/ops/portals/main", "audit": "/ops/audit"}


@pytest.mark.parametrize(("language", "dark", "width"), LOOKS)
def test_the_door_is_accessible_and_quiet(
    console: str, browser_page: OpenPage, language: Literal["ru", "en"], dark: bool, width: int
):
    face = browser_page(language=language, dark=dark, width=width)
    face.page.goto(f"{console}/ops/sign-in")
    face.is_accessible()
    face.screen(f"console-sign-in-{language}-{'dark' if dark else 'light'}-{width}")


def test_every_page_is_accessible_and_quiet(console: str, browser_page: OpenPage):
    in_every_look(console, browser_page, PAGES)


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
