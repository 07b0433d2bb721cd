"""The connect wizard in a real browser: from nothing installed to all green, each step by what really happened."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.faces.browser import Face, OpenPage
from tests.e2e.faces.connect_stage import Way
from tests.e2e.faces.console_stage import in_every_look, signed_in

SOON_MS = 30_000  # a live page is asked for at most every two seconds, a slow one less often
STEPS = ("public", "card", "keys", "installation", "account", "line", "test", "answer")
PROVEN = {"ru": "подтверждено", "en": "proven"}


def turns_green(face: Face, *codes: str, language: str = "ru") -> None:
    """Without anybody touching the page."""
    for code in codes:
        expect(face.page.locator(f"#head-{code} .pill")).to_have_text(PROVEN[language], timeout=SOON_MS)


def pictured(way: Way, browser_page: OpenPage, state: str) -> None:
    in_every_look(way.url, browser_page, {f"connect-{state}": "/ops/connect?account=shop"}, name="integrator")


def test_from_nothing_to_all_green_step_by_step(way: Way, browser_page: OpenPage):
    face = signed_in(browser_page(language="ru", height=1000), way.url, "integrator")
    page = face.page
    page.get_by_role("link", name="Подключение", exact=True).click()
    page.get_by_label("Аккаунт").select_option("shop")
    page.get_by_role("button", name="Показать").click()
    turns_green(face, "public", "keys")
    expect(page.locator("#head-card .pill")).to_have_text("нужно сделать")
    expect(page.locator("#body-card")).to_contain_text(f"{way.url}/bitrix24/install")
    pictured(way, browser_page, "first")

    way.install()
    turns_green(face, "card", "installation")
    expect(page.locator("#head-account .pill")).to_have_text("неверно")
    pictured(way, browser_page, "middle")

    page.get_by_role("textbox", name="Причина (для аудита)").fill("новый бот")
    page.get_by_role("button", name="Подключить").click()
    turns_green(face, "account")
    expect(page.locator("#head-line .pill")).to_have_text("нужно сделать")

    way.choose("shop")
    turns_green(face, "line")

    page.get_by_role("textbox", name="Причина (для аудита)").fill("проверка")
    page.get_by_role("button", name="Отправить проверочное сообщение").click()
    turns_green(face, "test")
    expect(page.locator("#head-answer")).to_contain_text("Ответьте проверочному клиенту")

    way.sandbox.say(way.chat("shop")["id"], "Всё работает", operator=1)
    turns_green(face, *STEPS)
    expect(page.locator("#sum")).to_contain_text("Всё подтверждено")
    assert way.host.standins["shop"].heard("~test~") == []
    assert way.connector.journal.counts()["parked"] == {}
    pictured(way, browser_page, "last")


def test_the_wizard_works_without_scripts(way: Way, browser_page: OpenPage):
    way.install()
    face = signed_in(browser_page(language="en", java_script_enabled=False), way.url, "integrator")
    face.page.goto(f"{way.url}/ops/connect?account=app")
    expect(face.page.locator("#head-card .pill")).to_have_text("proven")
    assert face.page.locator(".copied button").count() == 0


def test_a_value_is_copied_with_one_press(way: Way, browser_page: OpenPage):
    face = browser_page(language="en", permissions=["clipboard-read", "clipboard-write"])
    signed_in(face, way.url, "integrator").page.goto(f"{way.url}/ops/connect")
    face.page.get_by_role("button", name="Copy: Initial installation path").click()
    assert face.page.evaluate("navigator.clipboard.readText()") == f"{way.url}/bitrix24/install"
