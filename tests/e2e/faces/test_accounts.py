"""Accounts in a real browser: how they stand, connecting one, and a test message that is followed to its answer."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.connect_stage import Way
from tests.e2e.faces.console_stage import in_every_look, signed_in

SOON_MS = 30_000


def test_an_account_is_connected_and_tried_out(way: Way, browser_page: OpenPage):
    way.install()
    way.settled()
    way.choose("shop")
    face = signed_in(browser_page(language="en", height=1400), way.url, "integrator")
    page = face.page
    page.get_by_role("link", name="Accounts", exact=True).click()
    page.get_by_role("link", name="shop").click()
    page.locator("#why-join").fill("the first bot")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("told where to deliver")
    expect(page.locator(".pill.bad")).to_have_count(0)
    page.locator("#why-test").fill("does it travel?")
    page.get_by_role("button", name="Send a test message").click()
    expect(page.locator("#travel")).to_contain_text("Bitrix24 has it", timeout=SOON_MS)
    expect(page.locator("#travel")).to_contain_text("No answer yet")
    chat = way.chat("shop")
    assert "Проверочное сообщение" in str(way.sandbox.chat(chat["id"])["messages"])
    way.sandbox.say(chat["id"], "It does", operator=1)
    expect(page.locator("#travel")).to_contain_text("an operator's answer came back", timeout=SOON_MS)
    assert way.host.standins["shop"].heard("~test~") == []
    page.get_by_role("link", name="its trace").click()
    expect(page.locator("main")).to_contain_text("imconnector.send.messages")
    page.get_by_role("link", name="Audit").click()
    expect(page.locator("main")).to_contain_text("does it travel?")


def test_a_message_to_no_line_says_what_to_do(way: Way, browser_page: OpenPage):
    way.install()
    way.settled()
    face = signed_in(browser_page(language="ru", height=1200), way.url, "integrator")
    face.page.goto(f"{way.url}/ops/accounts/app")
    face.page.locator("#why-test").fill("проверка")
    face.page.get_by_role("button", name="Отправить проверочное сообщение").click()
    expect(face.page.locator("#travel")).to_contain_text("нет открытой линии", timeout=SOON_MS)
    face.is_accessible()


def test_every_page_is_accessible_in_every_look(way: Way, browser_page: OpenPage):
    way.install()
    way.settled()
    way.choose("shop")
    way.settled()
    pages = {"accounts": "/ops/accounts", "account": "/ops/accounts/shop?look=yes"}
    in_every_look(way.url, browser_page, pages, name="integrator")


def test_a_viewer_sees_how_accounts_stand_and_no_more(way: Way, browser_page: OpenPage):
    face = signed_in(browser_page(language="en", java_script_enabled=False), way.url, "viewer")
    face.page.goto(f"{way.url}/ops/accounts")
    expect(face.page.locator("#accounts tbody tr")).to_have_count(2)
    assert face.page.get_by_role("link", name="shop").count() == 0
