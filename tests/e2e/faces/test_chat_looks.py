"""How the chat of a site looks: every state in both languages, light and dark, wide and 360 px, and accessible."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.chat_stage import ChatHouse
from tests.e2e.faces.console_stage import LOOKS
from tests.e2e.faces.desk_stage import PNG
from tests.e2e.faces.shop_site import Chat, Embedded, Shop
from tests.e2e.faces.test_chat_away import AWAY
from tests.e2e.faces.test_chat_files import chosen

TALK = {
    "ru": (
        "Здравствуйте! Чем можем помочь?",
        "Коробка пришла мятая. Что делать?",
        "Здравствуйте! Пришлите, пожалуйста, фото и номер заказа.",
        "Заказ 10482, фото прикладываю",
        "Спасибо. Заменим завтра до обеда, курьер позвонит за час: [url=https://acme.example/10482]заказ 10482[/url]",
        "Отлично, жду!",
    ),
    "en": (
        "Hello! How can we help?",
        "The box arrived dented. What shall I do?",
        "Hello! Please send a photo and the number of the order.",
        "Order 10482, here is the photo",
        "Thank you. We replace it tomorrow before noon: [url=https://acme.example/10482]order 10482[/url]",
        "Great, thanks!",
    ),
}
WORDS = {
    "ru": {
        "good": "Хорошо",
        "close": "Закрыть чат",
        "device": "Продолжить на другом устройстве",
        "reach": "Почта или телефон",
    },
    "en": {
        "good": "Good",
        "close": "Close the chat",
        "device": "Continue on another device",
        "reach": "E-mail or phone",
    },
}
Look = tuple[Literal["ru", "en"], bool, int]


def named(look: Look) -> str:
    """As the files of the pictures are named."""
    language, dark, width = look
    return f"{language}-{'dark' if dark else 'light'}-{width}"


@pytest.fixture(params=LOOKS, ids=named)
def look(request: pytest.FixtureRequest) -> Look:
    return request.param


Shown = Callable[[str], None]


@pytest.fixture
def dressed(
    look: Look, shop_site: Shop, chat_house_with: Callable[..., ChatHouse], browser_page: OpenPage
) -> tuple[Chat, ChatHouse, Shown]:
    """A shop's page with a chat, its house, and what judges and pictures a state."""
    language, dark, width = look
    title = {"ru": "Шестерёнка", "en": "Gear Shop"}[language]
    house = chat_house_with(origins=[shop_site.url], greeting=TALK[language][0], title=title)
    shop_site.chat, shop_site.lang = house.url, language
    face = browser_page(language=language, dark=dark, width=width, height=740)
    face.page.goto(shop_site.url)

    def shown(state: str) -> None:
        face.is_accessible()
        face.screen(f"chat-{state}-{named(look)}")

    return Chat(face), house, shown


def test_a_conversation_looks_right(look: Look, dressed: tuple[Chat, ChatHouse, Shown]):
    chat, house, shown = dressed
    words, (_, question, answer, order, promise, last) = WORDS[look[0]], TALK[look[0]]
    chat.open()
    shown("greeting")
    chat.say(question)
    visitor = house.arrived(question)
    house.reply(visitor, answer)
    expect(chat.log.get_by_text(answer)).to_be_visible()
    chosen(chat, "10482.png", "image/png", PNG)
    chat.area.fill(order)
    expect(chat.face.page.locator("connector-chat progress")).to_have_count(0)
    shown("attached")
    chat.area.press("Enter")
    house.arrived(order)
    house.reply(visitor, promise, files=[{"name": "10482.pdf", "content": b"%PDF-1.4" + b"0" * 90_000}])
    expect(chat.log.get_by_role("link", name="10482.pdf")).to_be_visible()
    house.pumping.pause()
    chat.say(last)
    chat.marked(last, "kept")
    shown("talk")
    house.pumping.resume()
    house.arrived(last)
    house.ask_rating(visitor)
    chat.button(words["good"]).click()
    shown("rating")
    chat.button(words["close"]).first.click()
    house.reply(visitor, answer)
    expect(chat.face.page).to_have_title(re.compile(r"^\(1\) "))
    shown("closed")
    page = Chat(chat.face)
    page.face.page.goto(house.url)
    expect(page.log).to_be_visible()
    shown("page")
    page.say(question)
    page.button(words["device"]).click()
    expect(page.face.page.locator("connector-chat input[readonly]")).to_have_value(re.compile("#pass="))
    shown("page-link")


def test_without_a_connection_it_looks_right(look: Look, dressed: tuple[Chat, ChatHouse, Shown]):
    chat, house, shown = dressed
    chat.face.allow(AWAY)
    chat.open()
    house.web.stop()
    chat.say(TALK[look[0]][1])
    expect(chat.face.page.get_by_label(WORDS[look[0]]["reach"])).to_be_visible()
    shown("away")


def test_the_judge_of_accessibility_looks_into_the_chat(embedded: Embedded):
    chat, _ = embedded()
    chat.open().button("Отправить").evaluate("node => { node.title = ''; node.removeAttribute('aria-label'); }")
    with pytest.raises(AssertionError, match="button-name"):
        chat.face.is_accessible()
