"""Open pages stay fresh, and never take anything out of a person's hands (webhooks/console/live.py)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from connector.bootstrap import Connector
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.console_stage import signed_in
from tests.e2e.faces.test_overview import hello, house

__all__ = ["house"]

PATIENCE = 20_000
ARRIVED = "#card-account-shop dd"
# A page with all that must survive: a field, a fold, a list of its own and a card beside them.
PLAY = """() => {
  document.querySelector("main").insertAdjacentHTML("beforeend", `
    <div id="play" data-live>
      <p id="old">old</p><input id="half" value=""><details id="fold"><summary>more</summary>text</details>
    </div><div id="beside" data-live>old</div>`);
}"""


def played(page: Page) -> None:
    """The server's page says ``new`` where the open one says ``old``."""

    def answer(route: object) -> None:
        got = route.fetch()  # type: ignore[attr-defined]
        body = got.text().replace(
            "</main>",
            '<div id="play" data-live><p id="old">new</p><input id="half" value="">'
            '<details id="fold"><summary>more</summary>text</details></div><div id="beside" data-live>new</div></main>',
        )
        route.fulfill(response=got, body=body)  # type: ignore[attr-defined]

    page.evaluate(PLAY)
    page.route(f"{page.url}", answer)


@pytest.fixture
def page(console: str, browser_page: OpenPage) -> Page:
    """The overview, listening."""
    face = signed_in(browser_page(language="en"), console)
    expect(face.page.locator("#live")).to_have_text("updates by itself")
    return face.page


def test_figures_change_without_a_reload(house: Connector, page: Page):
    page.evaluate("window.kept = true")
    expect(page.locator(ARRIVED).first).to_have_text("0")
    hello(house)
    expect(page.locator(ARRIVED).first).to_have_text("1", timeout=PATIENCE)
    hello(house)
    expect(page.locator(ARRIVED).first).to_have_text("2", timeout=PATIENCE)
    assert page.evaluate("window.kept")


def test_a_field_somebody_types_in_is_left_alone_and_what_is_beside_it_is_renewed(house: Connector, page: Page):
    played(page)
    page.locator("#half").fill("half a")
    hello(house)
    expect(page.locator("#beside")).to_have_text("new", timeout=PATIENCE)
    expect(page.locator("#old")).to_have_text("old")
    page.locator("h1").click()
    hello(house)
    expect(page.locator(ARRIVED).first).to_have_text("2", timeout=PATIENCE)
    expect(page.locator("#half")).to_have_value("half a")  # changed, though without the focus
    expect(page.locator("#old")).to_have_text("old")


def test_what_has_the_focus_waits_until_it_is_let_go(house: Connector, page: Page):
    played(page)
    page.locator("#half").focus()
    hello(house)
    expect(page.locator("#beside")).to_have_text("new", timeout=PATIENCE)
    expect(page.locator("#half")).to_be_focused()
    page.locator("#half").blur()
    expect(page.locator("#old")).to_have_text("new", timeout=PATIENCE)


def test_what_was_opened_stays_open(house: Connector, page: Page):
    played(page)
    page.evaluate("document.getElementById('fold').open = true")
    hello(house)
    expect(page.locator("#old")).to_have_text("new", timeout=PATIENCE)
    assert page.evaluate("document.getElementById('fold').open")


def test_the_end_of_the_session_is_said_and_nothing_is_asked_any_more(house: Connector, page: Page):
    with house.journal.store.writing() as db:
        db.exec_driver_sql("DELETE FROM sessions")
    expect(page.locator("#live")).to_have_text("signed out: reload the page", timeout=2 * PATIENCE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_a_lost_connection_is_said_and_found_again(house: Connector, console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="ru"), console)
    face.allow("Failed to load resource|ERR_|net::")
    expect(face.page.locator("#live")).to_have_text("обновляется само")
    face.page.context.set_offline(True)
    hello(house)
    expect(face.page.locator("#live")).to_have_text("связь потеряна, пробуем снова", timeout=2 * PATIENCE)
    face.page.context.set_offline(False)
    expect(face.page.locator(ARRIVED).first).to_have_text("1", timeout=2 * PATIENCE)
    expect(face.page.locator("#live")).to_have_text("обновляется само")


def test_a_page_without_live_parts_opens_no_stream(house: Connector, console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="en"), console)
    face.page.goto(f"{console}/ops/nowhere")
    face.allow("404")
    face.page.wait_for_load_state("networkidle")
    expect(face.page.locator("#live")).to_have_text("")
