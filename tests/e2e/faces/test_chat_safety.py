"""The chat of a site under attack: hostile operators and visitors, other sites; and for who uses the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.chat_stage import ChatHouse
from tests.e2e.faces.shop_site import Chat, Embedded, Shop
from tests.e2e.faces.test_desk_safety import HOSTILE

STRANGE = """async ([base, body]) => {
  const headers = { "Content-Type": "application/json" };
  try { return (await fetch(base + "/visitors", { method: "POST", body, headers })).status; }
  catch { return "refused"; }
}"""
FRAME = "url => document.body.append(Object.assign(document.createElement('iframe'), { src: url }))"


def test_hostile_names_texts_and_files_run_nothing(embedded: Embedded):
    chat, house = embedded(greeting="<svg onload=window.caught='greeting'>")
    chat.open()
    for payload in HOSTILE:
        chat.say(payload)
    visitor = house.arrived(HOSTILE[-1])
    for employee in house.sandbox.portal.users.values():
        employee.name, employee.last_name = HOSTILE[1], HOSTILE[2]
    for payload in HOSTILE:
        name = payload.replace("/", "∕")[:80]
        house.reply(visitor, payload, files=[{"name": f"{name}.svg", "content": b"<svg onload='window.caught=1'/>"}])
    house.reply(visitor, "[url=javascript:window.caught='u']press[/url] [url=https://acme.example]go[/url]")
    expect(chat.log.get_by_role("link", name="go")).to_be_visible()
    expect(chat.log.get_by_text(HOSTILE[0], exact=True).first).to_be_visible()
    assert chat.log.locator("script, iframe, object, form").count() == 0
    assert chat.log.locator("svg").count() == 0
    protocols = chat.log.locator("a").evaluate_all("links => links.map(link => link.protocol)")
    assert set(protocols) <= {"http:", "https:"}
    chat.face.page.reload()
    chat.open()
    expect(chat.log.get_by_role("link", name="go")).to_be_visible()
    assert chat.face.page.evaluate("window.caught") is None
    assert len(chat.face.page.context.pages) == 1
    chat.face.screen("chat-hostile-ru-light-1280")


def test_a_hostile_title_of_the_page_runs_nothing(chat_house_with: Callable[..., ChatHouse], browser_page: OpenPage):
    house = chat_house_with(title=HOSTILE[0], greeting=HOSTILE[1])
    chat = Chat(browser_page())
    chat.face.page.goto(house.url)
    expect(chat.log.get_by_text(HOSTILE[1])).to_be_visible()
    assert chat.face.page.evaluate("window.caught") is None
    chat.face.is_accessible()


def test_a_site_that_is_not_named_can_neither_show_nor_use_the_chat(
    shop_site: Shop, chat_house_with: Callable[..., ChatHouse], browser_page: OpenPage
):
    house = chat_house_with(origins=["https://acme.example"])
    shop_site.chat = house.url
    shop_site.policy = ""
    face = browser_page()
    face.allow("CORS|ERR_FAILED|status of 403|frame-ancestors|chrome-error|Unsafe attempt")
    with face.page.expect_event("requestfailed", lambda asked: asked.url.endswith("/look.css")):
        face.page.goto(shop_site.url)
    assert face.page.evaluate(STRANGE, [house.url, "{}"]) == "refused"
    face.page.evaluate(FRAME, house.url)
    face.page.wait_for_function("() => document.querySelector('iframe')")
    face.listens()
    assert not any("widget.js" in frame.content() for frame in face.page.frames[1:])
    expect(face.page.locator("connector-chat")).to_have_count(0)


def test_the_page_works_in_a_frame_of_a_site_that_is_named(
    shop_site: Shop, chat_house_with: Callable[..., ChatHouse], browser_page: OpenPage
):
    house = chat_house_with(origins=[shop_site.url])
    shop_site.chat = house.url + "/nothing-here"
    shop_site.policy = ""
    face = browser_page()
    face.allow("status of 404|MIME type")
    face.page.goto(shop_site.url)
    face.page.evaluate(FRAME, house.url)
    area = face.page.frame_locator("iframe").locator("connector-chat textarea")
    area.fill("Из рамки")
    area.press("Enter")
    house.arrived("Из рамки")


@pytest.mark.parametrize(("language", "words"), [("ru", "Чату нужен JavaScript"), ("en", "This chat needs JavaScript")])
def test_without_scripts_the_page_says_what_it_needs(
    chat_house: ChatHouse, browser_page: OpenPage, language: str, words: str
):
    face = browser_page(language=language, java_script_enabled=False)
    face.page.goto(chat_house.url)
    expect(face.page.get_by_role("heading", name="ACME")).to_be_visible()
    assert words in (face.page.locator("noscript").text_content() or "")
    assert face.page.locator("button, input, textarea, a").count() == 0


def test_the_chat_is_used_by_the_keyboard_alone(embedded: Embedded):
    chat, house = embedded()
    page = chat.face.page
    page.get_by_role("link", name="Корзина").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(chat.area).to_be_focused()
    page.keyboard.type("Первая строка")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("вторая")
    page.keyboard.press("Enter")
    expect(chat.log.get_by_text("Первая строка\nвторая")).to_be_visible()
    house.arrived("вторая")
    page.keyboard.press("Escape")
    expect(chat.area).to_be_hidden()
    expect(page.locator("connector-chat .launch")).to_be_focused()


def test_on_a_phone_the_focus_stays_in_the_chat(embedded: Embedded):
    chat, _ = embedded(look={"width": 360, "height": 640})
    chat.open()
    page = chat.face.page
    page.evaluate("() => { document.querySelector('main a').focus(); }")
    inside = "() => document.activeElement.localName"
    seen = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.add(page.evaluate(inside))
    assert seen <= {"connector-chat", "body"}  # the browser's own bar is reached by way of the body
    box = page.locator("connector-chat dialog").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 360, "height": 640}
    page.keyboard.press("Escape")
    expect(chat.area).to_be_hidden()
    expect(page.locator("connector-chat .launch")).to_be_visible()
