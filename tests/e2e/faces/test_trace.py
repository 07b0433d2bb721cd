"""The trace pages in the browser: from a name that somebody holds in their hands to the whole story."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from connector.bootstrap import Connector
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.console_stage import in_every_look, signed_in
from tests.e2e.faces.stories import Story, an_hour, carried_out


@pytest.fixture
def told(house: Connector) -> dict[str, Story]:
    return an_hour(house.journal, house.clock())


def test_the_trace_pages_look_right(console: str, told: dict[str, Story], browser_page: OpenPage):
    pages = {"traces": "/ops/trace", "traces-found": "/ops/trace?q=shop.700001", "traces-none": "/ops/trace?q=nothing"}
    pages |= {f"trace-{name}": f"/ops/trace/{story.trace}" for name, story in told.items()}
    in_every_look(console, browser_page, pages, name="operator")


def test_a_request_is_found_and_its_story_opened(console: str, told: dict[str, Story], browser_page: OpenPage):
    face = signed_in(browser_page(language="en"), console, "operator")
    face.page.get_by_role("link", name="Traces").click()
    expect(face.page.locator("#traces tbody tr")).to_have_count(5)
    face.page.get_by_label("Find one request").fill(told["done"].trace[-8:])
    face.page.keyboard.press("Enter")
    face.page.wait_for_url(f"{console}/ops/trace/{told['done'].trace}")
    story = face.page.locator("#trace-story")
    for words in ("request received", "message from a client", "imconnector.send.messages", "delivered", "anna"):
        expect(story).to_contain_text(words)
    expect(story.get_by_text("update_id")).to_be_hidden()
    face.page.get_by_text("Body: JSON").click()
    expect(story.get_by_text("update_id")).to_be_visible()
    assert "hidden-away" not in face.page.content()
    face.screen("console-trace-opened-en-light-1280")
    face.page.get_by_role("link", name="shop.700001").click()
    expect(face.page.locator("#traces tbody tr")).to_have_count(2)


def test_requests_are_filtered(console: str, told: dict[str, Story], browser_page: OpenPage):
    face = signed_in(browser_page(language="ru", width=360), console, "operator")
    face.page.goto(f"{console}/ops/trace")
    face.page.get_by_label("Отправитель").select_option("portal:main")
    face.page.get_by_role("button", name="Показать").click()
    expect(face.page.locator("#traces tbody tr")).to_have_count(1)
    expect(face.page.locator("#traces")).to_contain_text("ответ оператора")
    face.page.get_by_label("Запросы").select_option("ignored")
    face.page.get_by_role("button", name="Показать").click()
    expect(face.page.get_by_text("Здесь запросов нет.")).to_be_visible()


def test_what_is_parked_says_what_to_do(console: str, told: dict[str, Story], browser_page: OpenPage):
    face = signed_in(browser_page(language="ru"), console, "operator")
    face.page.goto(f"{console}/ops/trace/{told['unread'].trace}")
    expect(face.page.locator("#trace-head .note")).to_contain_text("Обновите коннектор и повторите")
    face.page.goto(f"{console}/ops/trace/{told['parked'].trace}")
    note = face.page.locator("#trace-head .note")
    expect(note).to_contain_text("Включите её в Контакт-центре")
    note.get_by_role("link", name="Исправить").click()
    face.page.wait_for_url(re.compile(r"/ops/parked/\d+$"))
    expect(face.page.locator("main")).to_contain_text("Включите её в Контакт-центре")


def test_an_open_story_goes_on_by_itself(
    console: str, house: Connector, told: dict[str, Story], browser_page: OpenPage
):
    face = signed_in(browser_page(language="en"), console, "operator")
    face.page.goto(f"{console}/ops/trace/{told['waits'].trace}")
    expect(face.page.locator("#trace-head .pill")).to_have_text("waits")
    face.page.get_by_text("Body: JSON").click()
    carried_out(house.journal, told["waits"])
    expect(face.page.locator("#trace-head .pill")).to_have_text("delivered", timeout=20_000)
    expect(face.page.locator("#trace-story")).to_contain_text("→ portal:main")
    expect(face.page.locator("#trace-story").get_by_text("update_id")).to_be_visible()
    assert re.search(r"[\d.,]+\s(ms|s)", face.page.locator("#trace-head").inner_text())
