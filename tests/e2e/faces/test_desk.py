"""The operator's desk in a real browser: what comes in is seen, what the operator does reaches the portal."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.contract.sandbox.caller import Caller
from tests.e2e.faces.browser import NARROW, OpenPage
from tests.e2e.faces.desk_stage import PNG, client_says, desk, last_message, reported, stored_url
from tests.integration.house.waiting import until


def test_a_message_appears_by_itself_in_a_chat_that_waits_for_an_answer(shop: Caller, browser_page: OpenPage):
    face = desk(browser_page(), shop)
    expect(face.page.get_by_text("Пока никто не написал.")).to_be_visible()
    client_says(shop, "Где мой заказ?")
    client_says(shop, "Алло?")
    row = face.page.locator("#chats li")
    expect(row).to_have_count(1)
    for text in ("Мария Ли", "Алло?", "ACME · Продажи", "новый"):
        expect(row).to_contain_text(text)
    expect(row.get_by_role("img", name="без ответа: 2")).to_have_text("2")
    row.get_by_role("link").click()
    expect(face.page.locator("#messages > li")).to_have_count(2)
    face.is_accessible()


def test_a_link_reads_as_its_words_and_shows_where_it_leads(shop: Caller, browser_page: OpenPage):
    client_says(
        shop,
        "[url=https://example.com/a?b=1]наш [b]каталог[/b][/url], [URL]https://example.com/c[/URL], "
        "[url=https://example.com/d]https://example.org[/url], [url=javascript:window.caught=1]сюда[/url], "
        "[url=ftp://example.com/e]туда[/url], [url=https://example.com/f]без конца",
    )
    face = desk(browser_page(), shop, "c1")
    links = face.page.locator("#messages .words a")
    expect(links).to_have_text(["наш каталог", "https://example.com/c", "https://example.org", "https://example.com/f"])
    leads = links.evaluate_all("all => all.map(one => [one.href, one.title])")
    where = ["https://example.com/a?b=1", "https://example.com/c", "https://example.com/d", "https://example.com/f"]
    assert leads == [[address, address] for address in where]
    words = face.page.locator("#messages .words")
    expect(words).to_contain_text("[url=javascript:window.caught=1]сюда[/url], [url=ftp://example.com/e]туда[/url]")
    assert "[url=https://example.com/a" not in words.inner_text()


def test_a_letter_has_its_name_a_bold_subject_and_unfolds(shop: Caller, browser_page: OpenPage):
    letter = "[b]Счёт за март[/b]\n" + "\n".join(f"Строка {number} длинного письма." for number in range(60))
    files = [stored_url(shop, "договор.pdf", "application/pdf", b"%PDF-1.4")]
    client_says(shop, letter, files=[*files, stored_url(shop, "Счёт за март.eml", "message/rfc822", b"Subject: x")])
    named = {"CONNECTOR": "acme_chat", "LINE": 1, "CHAT_ID": "c1", "USER_ID": "u-c1", "NAME": "Счёт за март"}
    shop.result("imconnector.chat.name.set", **named)
    face = desk(browser_page(), shop, "c1")
    expect(face.page.locator("#client")).to_have_text("Счёт за март")
    expect(face.page.locator("#about")).to_contain_text("Мария Ли · ACME · Продажи")
    row = face.page.locator("#chats li")
    expect(row.locator(".name")).to_have_text("Счёт за март")
    expect(row).to_contain_text("Мария Ли · ACME · Продажи")
    message = last_message(face)
    expect(message.locator("b")).to_have_text("Счёт за март")
    expect(message.locator("a.file")).to_have_text([re.compile("^договор.pdf"), re.compile(r"^Счёт за март\.eml")])
    words = message.locator(".words")
    folded = words.bounding_box()
    face.screen("desk-letter")
    message.get_by_role("button", name="Показать целиком").click()
    whole = words.bounding_box()
    assert folded is not None
    assert whole is not None
    assert whole["height"] > 3 * folded["height"]
    face.is_accessible()
    message.get_by_role("button", name="Свернуть").click()
    assert words.bounding_box() == folded


def test_a_note_of_the_connector_is_no_message_of_the_client(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Где мой заказ?")
    note = "Письмо не дошло до maria@example.com: 550 5.1.1 User unknown. Проверьте адрес и свяжитесь с клиентом иначе."
    chat = shop.server.chats()[0]["id"]
    shop.result("im.message.add", DIALOG_ID=f"chat{chat}", MESSAGE=note, SYSTEM="Y")
    face = desk(browser_page(), shop, "c1")
    expect(last_message(face)).to_have_class("message system")
    expect(last_message(face).locator(".name")).to_have_text("Система")
    expect(last_message(face)).to_contain_text("550 5.1.1 User unknown")
    expect(last_message(face)).to_contain_text("клиент этого не видит")
    face.screen("desk-note")


def test_a_reply_with_a_file_is_sending_until_the_connector_reports_it(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Пришлите счёт")
    face = desk(browser_page(), shop, "c1")
    picture = {"name": "счёт.png", "mimeType": "image/png", "buffer": PNG}
    paper = {"name": "договор.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}
    face.page.locator("#files").set_input_files([picture, paper])
    face.page.get_by_label("Сообщение", exact=True).fill("Вот он: https://example.com/pay?a=1")
    face.is_accessible()
    face.screen("desk-reply")
    face.page.get_by_label("Сообщение", exact=True).press("Enter")
    reply = last_message(face)
    expect(reply).to_contain_text("отправляется")
    (row,) = shop.server.messages("c1", author="operator")
    assert [(file["name"], file["mime"], file["size"]) for file in row["files"]] == [
        ("счёт.png", "image/png", len(PNG)),
        ("договор.pdf", "application/pdf", 8),
    ]
    reported(shop, row["id"])
    expect(reply).to_contain_text("доставлено")
    shown = reply.get_by_role("img", name="счёт.png")
    expect(shown).to_be_visible()
    until(lambda: shown.evaluate("image => image.naturalWidth") == 160, what="the picture is shown")
    expect(reply.get_by_role("link", name="https://example.com/pay?a=1")).to_have_attribute(
        "rel", "noopener noreferrer"
    )
    with face.page.expect_download() as saved:
        reply.get_by_role("link", name=re.compile("договор.pdf")).click()
    assert saved.value.suggested_filename == "договор.pdf"


def test_an_operator_changes_and_deletes_only_what_they_wrote(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Сколько?")
    shop.server.say("c1", "Сто", operator=1)
    shop.server.say("c1", "Я коллега", operator=2)
    face = desk(browser_page(), shop, "c1")
    expect(face.page.get_by_role("button", name=re.compile("^Изменить: "))).to_have_count(1)
    face.page.get_by_role("button", name="Изменить: Сто").click()
    face.page.get_by_label("Сообщение", exact=True).fill("Сто десять")
    face.page.get_by_role("button", name="Сохранить").click()
    expect(face.page.locator("#messages")).to_contain_text("изменено")
    face.page.get_by_role("button", name="Удалить: Сто десять").click()
    face.is_accessible()
    face.screen("desk-delete")
    face.page.get_by_role("dialog").get_by_role("button", name="Удалить").click()
    expect(face.page.get_by_text("Сообщение удалено.")).to_be_visible()
    mine, other = shop.server.messages("c1", author="operator")
    assert (mine["text"], mine["edited"], mine["deleted"]) == ("Сто десять", True, True)
    assert (other["edited"], other["deleted"]) == (False, False)


def test_a_note_stays_inside_and_looks_different(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Здравствуйте")
    face = desk(browser_page(), shop, "c1")
    face.page.get_by_label("Заметка для коллег").check()
    face.page.get_by_label("Сообщение", exact=True).fill("Осторожно, спорит")
    face.page.get_by_role("button", name="Отправить").click()
    expect(last_message(face)).to_contain_text("клиент этого не видит")
    (row,) = shop.server.messages("c1", author="operator")
    assert not row["forwarded"]
    expect(face.page.get_by_label("Заметка для коллег")).not_to_be_checked()


def test_a_dialog_is_taken_transferred_and_finished(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Здравствуйте")
    face = desk(browser_page(language="en"), shop, "c1")
    face.page.get_by_label("I am").select_option("2")
    face.page.get_by_role("button", name="Take").click()
    expect(face.page.locator("#about")).to_contain_text("Борис Кузнецов")
    for target, operator, line in (("Анна Смирнова", 1, 1), ("Возвраты", 1, 3)):
        face.page.get_by_role("button", name="Transfer").click()
        face.page.get_by_role("combobox", name="Transfer the chat to").select_option(target)
        face.is_accessible()
        face.screen("desk-transfer")
        face.page.get_by_role("dialog").get_by_role("button", name="Transfer").click()
        expect(face.page.locator("#about")).to_contain_text(target)
        session = shop.server.chat("c1")["session"]
        assert (session["operator"], session["line"]) == (operator, line)
    face.page.get_by_role("button", name="Finish").click()
    face.page.get_by_role("dialog").get_by_role("button", name="Finish").click()
    expect(face.page.locator("#about")).to_contain_text("closed")
    expect(face.page.get_by_role("button", name="Finish")).to_be_disabled()
    face.page.reload()
    expect(face.page.get_by_label("I am")).to_have_value("2")


def test_a_rating_is_asked_for_and_seen(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Спасибо")
    face = desk(browser_page(), shop, "c1")
    face.page.get_by_role("button", name="Запросить оценку").click()
    expect(face.page.locator("#about")).to_contain_text("ждёт оценки")
    expect(face.page.get_by_role("button", name="Запросить оценку")).to_be_disabled()
    expect(last_message(face)).to_contain_text("Система")
    client_says(shop, "1")
    expect(face.page.locator("#about")).to_contain_text("оценка: хорошо")
    expect(face.page.locator("#about")).to_contain_text("завершён")


def test_a_refusal_is_explained_and_the_text_is_kept(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Здравствуйте")
    face = desk(browser_page(), shop, "c1")
    face.allow("status of 403")
    shop.server.disconnect("acme_chat", 1)
    expect(face.page.locator("#idle")).to_be_visible()
    face.page.get_by_label("Сообщение", exact=True).fill("Добрый день")
    face.page.get_by_role("button", name="Отправить").click()
    expect(face.page.get_by_role("alert")).to_contain_text("коннектор на линии этого чата не работает")
    expect(face.page.get_by_label("Сообщение", exact=True)).to_have_value("Добрый день")


def test_the_desk_comes_back_after_the_portal_was_away(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Здравствуйте")
    face = desk(browser_page(), shop, "c1")
    face.allow("ERR_|status of 50")
    shop.server.stop()
    expect(face.page.locator("#banner")).to_contain_text("Песочница не отвечает")
    shop.server.start()
    expect(face.page.locator("#banner")).to_be_hidden(timeout=20_000)
    shop.server.set_down("unavailable")
    expect(face.page.locator("#banner")).to_contain_text("Портал выключен")


def test_the_keyboard_alone_is_enough_to_answer(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Здравствуйте")
    face = desk(browser_page(), shop)
    link = face.page.locator("#chats a")
    link.focus()
    client_says(shop, "Вы тут?")
    expect(link).to_contain_text("Вы тут?")
    expect(link).to_be_focused()
    face.page.keyboard.press("Enter")
    expect(face.page.locator("#open")).to_be_visible()
    for _ in range(15):
        face.page.keyboard.press("Tab")
        if face.page.evaluate("document.activeElement.id") == "text":
            break
    face.page.keyboard.type("Добрый день")
    face.page.keyboard.press("Shift+Enter")
    face.page.keyboard.type("Слушаю вас")
    face.page.keyboard.press("Enter")
    expect(last_message(face)).to_contain_text("Слушаю вас")
    assert shop.server.messages("c1", author="operator")[0]["text"] == "Добрый день\nСлушаю вас"


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, NARROW])
def test_the_desk_looks_right(shop: Caller, browser_page: OpenPage, language: str, dark: bool, width: int):
    files = [stored_url(shop, "фото.png", "image/png", PNG), stored_url(shop, "акт.pdf", "application/pdf", b"%PDF")]
    client_says(shop, "Коробка пришла мятая, [b]что делать?[/b]", files=files)
    client_says(shop, "Можно вернуть?", chat="c2", name="Константин Константинович Константинопольский")
    shop.server.say("c1", "Добрый день! Сейчас посмотрим: https://example.com/returns/very/long/address/of/a/page")
    shop.server.say("c1", "Второй раз за неделю", note=True)
    shop.server.ask_rating("c1")
    face = desk(browser_page(language=language, dark=dark, width=width, height=740), shop)
    name = f"desk-{language}-{'dark' if dark else 'light'}-{width}"
    expect(face.page.locator("#chats li")).to_have_count(2)
    face.is_accessible()
    face.screen(f"{name}-list")
    face.page.goto(f"{shop.server.url}/desk#{shop.server.chat('c1')['id']}")
    expect(last_message(face)).to_be_visible()
    face.is_accessible()
    face.screen(name)
    if width == NARROW:
        face.page.get_by_role("link", name={"ru": "К чатам", "en": "To the chats"}[language]).click()
        expect(face.page.locator("#chats")).to_be_visible()


def test_a_picture_from_the_clipboard_or_dropped_is_attached(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Какая из них?")
    face = desk(browser_page(), shop, "c1")
    put = """([kind, place, name]) => {
      const data = new DataTransfer();
      data.items.add(new File(["x"], name, { type: "image/png" }));
      const told = { clipboardData: data, dataTransfer: data, cancelable: true, bubbles: true };
      const event = kind === "paste" ? new ClipboardEvent(kind, told) : new DragEvent(kind, told);
      document.querySelector(place).dispatchEvent(event);
    }"""
    face.page.evaluate(put, ["paste", "#text", "снимок.png"])
    face.page.evaluate(put, ["drop", "#messages", "коробка.png"])
    expect(face.page.locator("#picked li")).to_have_count(2)
    face.page.get_by_role("button", name="Отправить").click()
    expect(last_message(face)).to_contain_text("отправляется")
    (row,) = shop.server.messages("c1", author="operator")
    assert [file["name"] for file in row["files"]] == ["снимок.png", "коробка.png"]


def test_the_tab_tells_how_many_chats_wait(shop: Caller, browser_page: OpenPage):
    face = desk(browser_page(), shop)
    expect(face.page).to_have_title("Рабочее место оператора")
    client_says(shop, "Алло?")
    expect(face.page).to_have_title("(1) Рабочее место оператора")
    shop.server.say("c1", "Слушаю")
    expect(face.page).to_have_title("Рабочее место оператора")


def test_what_is_written_while_an_answer_leaves_stays(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Где мой заказ?")
    face, held = desk(browser_page(), shop, "c1"), []
    face.page.route("**/_sandbox/say", lambda route: held.append(route))
    face.page.locator("#text").fill("В пути.")
    face.page.locator("#send").click()
    expect(face.page.locator("#send")).to_be_disabled()
    face.page.locator("#text").fill("Будет завтра.")
    face.page.locator("#files").set_input_files({"name": "счёт.png", "mimeType": "image/png", "buffer": PNG})
    held[0].continue_()
    expect(last_message(face)).to_contain_text("В пути.")
    expect(face.page.locator("#send")).to_be_enabled()
    expect(face.page.locator("#text")).to_have_value("Будет завтра.")
    expect(face.page.locator("#picked")).to_contain_text("счёт.png")
