"""The chat of a site when the network or the service is away: nothing written is lost, nothing is sent twice."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.chat_stage import ChatHouse
from tests.e2e.faces.shop_site import Chat, Embedded, Shop
from tests.services import until

AWAY = "ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_FAILED|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_NETWORK"
TOLD = "Нет связи. Сообщения сохранятся и уйдут сами."
BLOCKED = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } });"""


def test_what_is_written_without_a_network_survives_a_reload_and_is_sent_once(embedded: Embedded, shop_site: Shop):
    chat, house = embedded()
    chat.face.allow(AWAY)
    chat.open().say("Первое")
    visitor = house.arrived("Первое")
    cut(chat, house)
    expect(chat.face.page.get_by_text(TOLD)).to_be_visible()
    chat.say("Второе")
    chat.say("Третье")
    chat.marked("Третье", "waiting")
    chat.face.page.reload()
    chat.open()
    expect(chat.log.get_by_text("Третье", exact=True)).to_be_visible()
    joined(chat, house)
    chat.marked("Третье", "delivered")
    expect(chat.face.page.get_by_text(TOLD)).to_have_count(0)
    house.arrived("Первое", "Второе", "Третье", visitor=visitor)
    assert [row["text"].rpartition("\n")[2] for row in house.messages(visitor, "client")] == [
        "Первое",
        "Второе",
        "Третье",
    ]


def test_the_service_down_is_told_and_a_form_becomes_a_message(embedded: Embedded):
    chat, house = embedded()
    chat.face.allow(AWAY)
    house.web.stop()
    chat.open()
    chat.area.fill("Перезвоните, пожалуйста")
    chat.area.press("Enter")
    expect(chat.face.page.get_by_label("Почта или телефон")).to_be_visible()
    chat.face.page.get_by_label("Ваше имя").fill("Мария Ли")
    chat.face.page.get_by_label("Почта или телефон").fill("maria@example.com")
    chat.button("Отправить").click()
    expect(chat.face.page.get_by_label("Ваше имя")).to_be_hidden()
    house.web.start()
    visitor = house.arrived("Перезвоните, пожалуйста")
    chat.marked("Перезвоните, пожалуйста", "delivered")
    assert len(house.messages(visitor, "client")) == 1
    assert "Мария" in str(house.sandbox.chats())


def test_a_service_that_cannot_keep_a_message_gets_it_again(embedded: Embedded):
    chat, house = embedded()
    chat.face.allow("status of 503")
    busy = {"status": 503, "json": {"error": "busy"}}
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*", "Retry-After": "1"}
    chat.face.page.route("**/messages", lambda route: route.fulfill(**busy, headers=headers), times=2)
    chat.open().say("Дойдёт")
    expect(chat.face.page.get_by_text(TOLD)).to_be_visible()
    chat.marked("Дойдёт", "delivered")
    expect(chat.face.page.get_by_text(TOLD)).to_have_count(0)
    assert len(house.messages(house.arrived("Дойдёт"), "client")) == 1


def test_with_storage_blocked_the_chat_works_until_the_page_is_left(
    shop_site: Shop, chat_house_with, browser_page: OpenPage
):
    house = chat_house_with(origins=[shop_site.url])
    shop_site.chat = house.url
    face = browser_page()
    face.page.add_init_script(BLOCKED)
    face.page.goto(shop_site.url)
    chat = Chat(face).open().say("Здравствуйте")
    visitor = house.arrived("Здравствуйте")
    house.reply(visitor, "Слушаю вас")
    expect(chat.log.get_by_text("Слушаю вас")).to_be_visible()


def test_two_tabs_are_one_visitor_and_send_once(embedded: Embedded, shop_site: Shop):
    chat, house = embedded()
    other = Chat(type(chat.face)(chat.face.page.context.new_page()))
    for tab in (chat, other):
        tab.face.allow(AWAY)
    other.face.page.goto(shop_site.url)
    other.open()
    chat.open()
    cut(chat, house)
    chat.say("Из первой")
    other.say("Из второй")
    expect(chat.log.get_by_text("Из второй", exact=True)).to_be_visible()
    joined(chat, house)
    for tab in (chat, other):
        tab.face.page.bring_to_front()
        tab.marked("Из первой", "delivered")
        tab.marked("Из второй", "delivered")
        expect(tab.rows).to_have_count(2)
    assert len(house.visitors()) == 1
    assert len(house.messages(house.visitors()[0], "client")) == 2


def test_two_tabs_that_become_a_visitor_at_the_same_moment_are_one(embedded: Embedded, shop_site: Shop):
    chat, house = embedded()
    other = Chat(type(chat.face)(chat.face.page.context.new_page()))
    other.face.page.goto(shop_site.url)
    held: list[Route] = []
    chat.face.page.context.route(
        "**/visitors", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    for tab, text in ((chat, "Из первой"), (other, "Из второй")):
        tab.open().say(text)
        tab.marked(text, "waiting")
    until(lambda: chat.face.listens() >= 0 and held, "one of them asks")
    chat.face.page.wait_for_timeout(300)  # and the other one waits for it
    [only] = held
    only.continue_()
    chat.marked("Из первой", "delivered")
    other.marked("Из второй", "delivered")
    assert len(held) == len(house.visitors()) == 1


def test_where_a_proxy_holds_the_stream_back_the_chat_asks_instead(embedded: Embedded):
    chat, house = embedded()
    chat.face.page.route("**/events?*", lambda route: None)  # never answered
    chat.open().say("Здравствуйте")
    visitor = house.arrived("Здравствуйте")
    house.reply(visitor, "Слушаю вас")
    expect(chat.log.get_by_text("Слушаю вас")).to_be_visible(timeout=20_000)


def test_a_message_refused_for_good_says_why_and_can_be_changed(embedded: Embedded):
    chat, house = embedded()
    chat.face.allow("status of 400")
    hint = {"error": "x", "hint": {"en": "Too odd", "ru": "Так писать нельзя"}}
    chat.face.page.route(
        "**/messages", lambda route: route.fulfill(status=400, json=hint, headers={"Access-Control-Allow-Origin": "*"})
    )
    chat.open().say("Нечто")
    expect(chat.log.get_by_text("⚠ Так писать нельзя")).to_be_visible()
    chat.face.page.unroute("**/messages")
    chat.button("Исправить").click()
    expect(chat.area).to_have_value("Нечто")
    chat.say("Иначе")
    house.arrived("Иначе")
    assert len(house.messages(house.visitors()[0], "client")) == 1


def test_a_pass_that_is_no_longer_good_is_replaced(embedded: Embedded):
    chat, house = embedded()
    chat.face.allow("status of 401")
    chat.open().say("Первое")
    house.arrived("Первое")
    forget = "() => { for (const key in localStorage) if (/pass$/.test(key)) localStorage[key] = '\"a.b\"'; }"
    chat.face.page.evaluate(forget)
    chat.face.page.reload()
    chat.open().say("Второе")
    house.arrived("Второе")
    assert len(house.visitors()) == 2


def cut(chat: Chat, house: ChatHouse) -> None:
    """The network is gone: for the chat's address only, so that the site itself can still be reloaded."""
    house.web.stop()
    chat.face.page.evaluate("dispatchEvent(new Event('offline'))")


def joined(chat: Chat, house: ChatHouse) -> None:
    """The network is back."""
    house.web.start()
    chat.face.page.evaluate("dispatchEvent(new Event('online'))")
    until(lambda: True, "the web listens")
