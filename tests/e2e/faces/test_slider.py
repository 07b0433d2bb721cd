"""The Contact Center's slider in a real browser: inside the portal's frame, in every look, and what strangers try."""

from __future__ import annotations

import html
from typing import Literal

import pytest
from playwright.sync_api import expect

from connector.demo.house import until
from tests.e2e.faces.browser import Face, OpenPage
from tests.e2e.faces.connect_stage import Way
from tests.e2e.faces.console_stage import LOOKS

SOON_MS = 20_000
ELSEWHERE = "http://evil.example/page"
Language = Literal["ru", "en"]
WORDS = {"ru": ("Подключить", "Отключить", "Подключено"), "en": ("Connect", "Disconnect", "Connected")}


def page_with(address: str, fields: dict[str, str], target: str) -> str:
    """A page that posts the form at once, into its frame or instead of itself."""
    inputs = (f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in fields.items())
    frame = '<iframe name="in" width="500" height="700"></iframe>' if target == "in" else ""
    form = f'<form method="post" target="{target}" action="{html.escape(address)}">{"".join(inputs)}</form>'
    return f"<!doctype html><title>portal</title>{frame}{form}<script>document.forms[0].submit()</script>"


def opened(face: Face, way: Way, *, at: str = "", target: str = "_self", language: Language = "ru") -> Face:
    """The slider of ``shop`` for line 1, posted from a page at ``at`` (the portal's own by default)."""
    place = at or f"{way.sandbox.url}/contact_center/"
    body = page_with(*way.slider_form("shop", lang=language), target)
    face.page.route(place, lambda route: route.fulfill(body=body, content_type="text/html"))
    face.page.goto(place)
    return face


def active(way: Way) -> list[int]:
    """The lines on which the portal calls a connector active."""
    return [row["line"] for row in way.sandbox.state()["statuses"] if row["active"]]


@pytest.fixture
def installed(way: Way) -> Way:
    way.install()
    way.settled()
    return way


def test_inside_the_portal_an_account_is_chosen_and_turns_green_by_itself(installed: Way, browser_page: OpenPage):
    face = browser_page(language="ru")
    face.page.goto(f"{installed.sandbox.url}/contact_center/")
    face.page.get_by_role("link", name="Telegram").first.click()
    inside = face.page.frame_locator("iframe")
    expect(inside.get_by_role("status")).to_contain_text("Не подключено")
    face.screen("sandbox-contact-center-ru-light-1280")
    inside.get_by_role("radio", name="shop").check()
    inside.get_by_role("button", name="Подключить").click()
    expect(inside.get_by_role("status")).to_contain_text("Подключено: shop", timeout=SOON_MS)
    until("the line is active", lambda: active(installed) == [1])
    inside.get_by_role("button", name="Отключить").click()
    expect(inside.get_by_role("status")).to_contain_text("Отключено", timeout=SOON_MS)
    until("no line is active", lambda: active(installed) == [])


def test_every_state_is_accessible_in_every_look(installed: Way, browser_page: OpenPage):
    for language, dark, width in LOOKS:
        look = f"{language}-{'dark' if dark else 'light'}-{width}"
        words = {"ru": ("Подключить", "Отключить", "Подключено"), "en": ("Connect", "Disconnect", "Connected")}[
            language
        ]
        face = opened(browser_page(language=language, dark=dark, width=width), installed, language=language)
        shown(face, f"slider-none-{look}")
        with installed.asleep():
            face.page.get_by_role("button", name=words[0], exact=True).click()
            expect(face.page.locator(".told.wait")).to_be_visible()
            shown(face, f"slider-waiting-{look}")
        expect(face.page.get_by_role("status")).to_contain_text(words[2], timeout=SOON_MS)
        shown(face, f"slider-connected-{look}")
        face.page.get_by_role("button", name=words[1], exact=True).click()
        expect(face.page.locator(".told.wait")).to_have_count(0, timeout=SOON_MS)


def shown(face: Face, name: str) -> None:
    face.is_accessible()
    face.screen(name)


def test_another_site_can_neither_frame_the_page_nor_post_to_it(installed: Way, browser_page: OpenPage):
    face = browser_page(language="en")
    face.allow("frame-ancestors|Framing|403|chrome-error|Failed to load resource|Unsafe attempt")
    opened(face, installed, at=ELSEWHERE, target="in")
    face.page.wait_for_timeout(500)
    assert not any("Which account" in frame.content() for frame in face.page.frames[1:])
    forged = {"ticket": "eyJmb3IiOiJsaW5lIn0.x", "do": "connect", "account": "shop"}
    body = page_with(f"{installed.url}/bitrix24/settings", forged, "_self")
    face.page.route(ELSEWHERE + "2", lambda route: route.fulfill(body=body, content_type="text/html"))
    face.page.goto(ELSEWHERE + "2")
    face.page.wait_for_url(f"{installed.url}/bitrix24/settings")
    expect(face.page.locator("body")).to_contain_text("ticket.forged")
    assert installed.connector.journal.recall("line", "shop") is None


def test_it_works_without_scripts(installed: Way, browser_page: OpenPage):
    face = opened(browser_page(language="en"), installed, language="en")
    assert face.page.locator("script").count() == 0
    face.page.get_by_role("button", name="Connect", exact=True).click()
    expect(face.page.get_by_role("status")).to_contain_text("Connected: shop", timeout=SOON_MS)
