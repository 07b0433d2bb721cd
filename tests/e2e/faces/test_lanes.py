"""The lanes in a real browser."""

from __future__ import annotations

from playwright.sync_api import expect

from connector.bootstrap import Connector
from tests.e2e.faces.bench_stage import MAIN, seed
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.console_stage import in_every_look, signed_in


def test_the_lanes_are_accessible_and_quiet(house: Connector, console: str, browser_page: OpenPage):
    seed(house)
    number = house.journal.waiting_lanes(MAIN)[2].head.id
    pages = {"lanes": "/ops/lanes", "lanes-portal": f"/ops/lanes?destination={MAIN}", "lane": f"/ops/lanes/{number}"}
    in_every_look(console, browser_page, pages, name="operator")


def test_nothing_waiting_looks_friendly(console: str, browser_page: OpenPage):
    in_every_look(console, browser_page, {"lanes-empty": "/ops/lanes"}, name="viewer")


def test_a_person_follows_a_lane_to_a_trace(house: Connector, console: str, browser_page: OpenPage):
    seed(house)
    face = signed_in(browser_page(language="en"), console, "operator")
    page = face.page
    page.get_by_role("link", name="Lanes").click()
    page.get_by_label("Conversation begins with").fill("shop.2003")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="shop.2003").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop.2003")
    expect(page.locator("tbody tr")).to_have_count(7)
    page.locator("tbody tr").nth(2).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Trace")


def test_a_list_stays_fresh_by_itself(house: Connector, console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="en"), console, "operator")
    face.page.goto(f"{console}/ops/lanes")
    expect(face.page.locator("#lanes")).to_contain_text("Nothing waits.")
    seed(house)
    expect(face.page.locator("#lanes")).to_contain_text("shop.2003", timeout=20_000)


def test_a_viewer_sees_no_words_of_clients(house: Connector, console: str, browser_page: OpenPage):
    seed(house)
    face = signed_in(browser_page(language="ru"), console, "viewer")
    face.page.goto(f"{console}/ops/lanes")
    expect(face.page.locator("#lanes")).to_contain_text("сообщение клиента")
    assert "Подскажите" not in face.page.content()
    face.page.locator("#lanes tbody a").first.click()
    expect(face.page.get_by_role("heading", level=1)).to_be_visible()
    assert "Подскажите" not in face.page.content()
