"""The chat of a site in a real browser: what a visitor writes is seen by the operator, and the other way round."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from connector.journal.chats import OwnWords
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.chat_stage import ChatHouse
from tests.e2e.faces.desk_stage import PNG
from tests.e2e.faces.shop_site import Chat, Embedded, Shop
from tests.services import until

QUESTION = "Есть ли доставка в Казань?"


def test_a_message_reaches_the_operator_and_its_marks_are_true(embedded: Embedded):
    chat, house = embedded()
    house.pumping.pause()
    chat.open().say(QUESTION)
    chat.marked(QUESTION, "kept")
    house.pumping.resume()
    visitor = house.arrived(QUESTION)
    chat.marked(QUESTION, "delivered")
    house.reply(visitor, "Да, за два дня.")
    expect(chat.log.get_by_text("Да, за два дня.")).to_be_visible()
    chat.marked(QUESTION, "read")
    expect(chat.log.get_by_role("img", name="Прочитано, есть ответ")).to_be_visible()


def test_a_reply_its_edit_its_file_and_its_removal_arrive_live(embedded: Embedded):
    chat, house = embedded()
    visitor = asked(chat, house)
    house.sandbox.fault("fail", method="user.get", status=401, code="insufficient_scope", times=-1)
    house.reply(visitor, "Вот схема", files=[{"name": "схема.png", "content": PNG}, {"name": "а.txt", "content": b"1"}])
    expect(chat.log.get_by_role("img", name="схема.png")).to_be_visible()
    expect(chat.log.get_by_role("link", name="а.txt")).to_be_visible()
    expect(chat.log.locator(".by", has_text="Оператор")).to_have_count(0)
    first = house.reply(visitor, "Да, за [b]два[/b] дня: https://acme.example/tariff")
    expect(chat.log.get_by_text("Да, за два дня")).to_be_visible()
    expect(chat.log.get_by_role("link", name="https")).to_have_attribute("rel", "noopener")
    until(lambda: not any(row["sending"] for row in house.messages(visitor, "operator")), "replies are reported", 20)
    house.sandbox.edit(first, "Нет, за три.")
    expect(chat.log.get_by_text("Нет, за три.")).to_be_visible()
    expect(chat.log.get_by_text("изменено")).to_be_visible()
    house.sandbox.delete(first)
    expect(chat.log.get_by_text("Сообщение удалено")).to_be_visible()
    expect(chat.log.get_by_text("Нет, за три.")).to_have_count(0)


def test_the_conversation_stays_after_a_reload_and_on_another_page(embedded: Embedded, shop_site: Shop):
    chat, house = embedded()
    visitor = asked(chat, house)
    house.reply(visitor, "Да.")
    expect(chat.log.get_by_text("Да.")).to_be_visible()
    chat.face.page.goto(f"{shop_site.url}/cart")
    chat.open()
    expect(chat.rows).to_have_count(2)
    chat.say("А в Уфу?")
    assert house.arrived(QUESTION, "А в Уфу?") == visitor


def test_a_long_conversation_is_read_page_by_page(embedded: Embedded):
    chat, house = embedded()
    visitor = asked(chat, house)
    for number in range(1, 121):
        words = OwnWords(key=f"test:{number:016}", text=f"Сообщение {number:03}")
        house.connector.journal.visitor_said("site", visitor, words)
    chat.face.page.reload()
    chat.open()
    expect(chat.log.get_by_text("Сообщение 120", exact=True)).to_be_in_viewport()
    expect(chat.rows).to_have_count(100)
    chat.button("Более ранние").click()
    expect(chat.rows).to_have_count(121)
    expect(chat.rows.first).to_contain_text(QUESTION)
    expect(chat.rows.nth(1)).to_contain_text("Сообщение 001")
    expect(chat.button("Более ранние")).to_have_count(0)


def test_an_emoji_lands_where_one_writes(embedded: Embedded):
    chat, house = embedded()
    chat.open().area.fill("Спасибо !")
    chat.area.press("ArrowLeft")
    chat.button("Эмодзи").click()
    chat.button("😊").click()
    expect(chat.area).to_have_value("Спасибо 😊!")
    chat.face.screen("chat-emoji-ru-light-1280")
    chat.area.press("Enter")
    house.arrived("Спасибо 😊!")


def test_a_link_continues_it_on_another_device(embedded: Embedded, browser_page: OpenPage):
    chat, house = embedded()
    asked(chat, house)
    chat.button("Продолжить на другом устройстве").click()
    address = chat.face.page.locator("connector-chat input[readonly]")
    expect(address).to_have_value(re.compile("#pass="))
    chat.button("Копировать").click()
    other = Chat(browser_page(width=360))
    other.face.page.once("dialog", lambda dialog: dialog.accept())
    other.face.page.goto(address.input_value())
    expect(other.log.get_by_text(QUESTION)).to_be_visible()
    assert other.face.page.url == house.url
    other.say("Пишу с телефона")
    expect(chat.log.get_by_text("Пишу с телефона")).to_be_visible()
    assert len(house.visitors()) == 1


def test_a_link_is_followed_only_by_whoever_says_so(embedded: Embedded, browser_page: OpenPage):
    chat, house = embedded()
    asked(chat, house)
    chat.button("Продолжить на другом устройстве").click()
    address = chat.face.page.locator("connector-chat input[readonly]")
    expect(address).to_have_value(re.compile("#pass="))
    other = Chat(browser_page())
    other.face.page.once("dialog", lambda dialog: dialog.dismiss())
    other.face.page.goto(address.input_value())
    other.say("Это только моё")
    assert other.face.page.url == house.url
    until(lambda: len(house.visitors()) == 2, "a conversation of their own", 20)
    expect(other.log.get_by_text(QUESTION)).to_have_count(0)


def test_when_all_lines_are_taken_news_comes_by_asking(chat_house: ChatHouse, browser_page: OpenPage):
    chat = Chat(browser_page())
    chat.face.allow("429")
    chat.face.page.route("**/events?*", lambda route: route.fulfill(status=429, json={}))
    chat.face.page.goto(chat_house.url)
    chat.say(QUESTION)
    chat_house.reply(chat_house.arrived(QUESTION), "Да.")
    expect(chat.log.get_by_text("Да.")).to_be_visible(timeout=20_000)


def test_a_reply_to_a_closed_chat_is_counted_and_seen_when_opened(embedded: Embedded):
    chat, house = embedded()
    visitor = asked(chat, house)
    chat.button("Закрыть чат").first.click()
    house.reply(visitor, "Да.")
    house.reply(visitor, "Завтра.")
    expect(chat.button("Открыть чат, 2 непрочитанных")).to_be_visible()
    expect(chat.face.page).to_have_title("(2) Магазин «Шестерёнка»")
    with chat.face.page.expect_response(lambda answer: answer.url.endswith("/seen") and answer.status == 204):
        chat.open()
    expect(chat.face.page).to_have_title("Магазин «Шестерёнка»")
    chat.face.page.reload()
    expect(chat.button("Открыть чат")).to_be_visible()


def test_a_rating_reaches_the_portal_as_a_vote(embedded: Embedded):
    chat, house = embedded()
    visitor = asked(chat, house)
    house.ask_rating(visitor)
    chat.button("Хорошо").click()
    assert any("1 - хорошо" in row["text"] for row in house.messages(visitor))
    expect(chat.face.page.get_by_text("1 - хорошо")).to_have_count(0)
    chat.face.page.get_by_label("Ваш комментарий").fill("быстро")
    chat.face.page.locator("connector-chat .main:visible").click()
    expect(chat.face.page.get_by_text("Спасибо!")).to_be_visible()
    expect(chat.button("Хорошо")).to_have_count(0)
    session = f"site.{visitor}"
    until(lambda: house.sandbox.chat(session)["sessions"][-1]["vote"] == 5, "the portal has the vote", 20)
    assert any("быстро" in row["text"] for row in house.messages(visitor))
    expect(chat.face.page.get_by_text("👍 быстро")).to_be_visible()
    expect(chat.face.page.get_by_text("1 - хорошо")).to_have_count(0)


def test_the_operator_learns_the_page_and_where_the_visitor_came_from(embedded: Embedded, shop_site: Shop):
    chat, house = embedded("/?utm_source=yandex&utm_campaign=gears")
    chat.face.page.goto(f"{shop_site.url}/cart?id=7&access_token=t0p#s3cret")  # the marks are kept for the visit
    visitor = asked(chat, house)
    seen = " ".join(row["text"] for row in house.messages(visitor))
    assert [word for word in ("yandex", "gears", "/cart?id=7") if word not in seen] == []
    assert [word for word in ("t0p", "s3cret") if word in seen] == []


def test_the_site_opens_the_chat_and_tells_who_the_visitor_is(embedded: Embedded, shop_site: Shop):
    shop_site.options = 'data-position="left" data-color="#ffe08a" data-lang="en"'
    chat, house = embedded()
    told = {"name": "Мария Ли", "email": "maria@example.com", "phone": "+79990000000", "html": "<b>"}
    chat.face.page.evaluate("who => { ConnectorChat.identify(who); ConnectorChat.open(); }", told)
    chat.say(QUESTION)
    house.arrived(QUESTION)
    assert "Мария" in str(house.sandbox.chats())
    box = chat.face.page.locator("connector-chat .launch").bounding_box()
    assert box
    assert box["x"] < 100
    expect(chat.face.page.locator("connector-chat .launch")).to_have_css("color", "rgb(0, 0, 0)")
    expect(chat.button("Send")).to_be_visible()
    chat.face.page.evaluate("ConnectorChat.close()")
    expect(chat.area).to_be_hidden()


def asked(chat: Chat, house: ChatHouse) -> str:
    """A question that has reached the portal; its visitor."""
    chat.open().say(QUESTION)
    return house.arrived(QUESTION)
