"""``connector demo`` in a real browser: the tour to its end, and three troubles in which nothing is lost or doubled."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.faces.browser import NARROW, OpenPage
from tests.e2e.faces.demo_stage import SLOW, Demo, panes
from tests.e2e.faces.desk_stage import PNG

pytestmark = pytest.mark.timeout(300)
PICTURE = {"name": "счёт.png", "mimeType": "image/png", "buffer": PNG}


def test_one_address_is_printed_and_it_comes_last(demo: Demo):
    assert demo.printed.count("http://") == 1
    assert demo.printed.splitlines()[-1] == demo.url


def test_the_tour_is_walked_to_its_end(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page)
    seen.chats("Добрый день, есть улун?")
    seen.proven("write")
    seen.opens_chat("Добрый день, есть улун?")
    seen.proven("desk")
    seen.replies("Есть, вот счёт", PICTURE)
    expect(seen.shop.get_by_text("Есть, вот счёт")).to_be_visible()
    expect(seen.shop.get_by_role("img", name="счёт.png")).to_be_visible()
    seen.proven("file")
    expect(seen.page.locator("#last")).to_contain_text("мс → доставлено")
    seen.page.locator("#last").click()
    expect(seen.console.locator("h1")).to_contain_text("Трасса")
    seen.proven("story")
    seen.face.screen("demo-tour-story")
    seen.calls("Анна Смирнова")
    expect(seen.desk.locator("#cards")).to_contain_text("Разговор")
    seen.page.get_by_role("button", name="Повесить трубку").click()
    seen.proven("call")
    seen.page.locator("#tab-warehouse").click()
    seen.page.locator("#warehouse-run").click()
    seen.proven("stock")
    seen.page.locator("#tab-shop").click()

    seen.page.locator("#down").click()
    expect(seen.desk.locator("#banner")).to_contain_text("Портал выключен")
    for text in ("Ещё вопрос", "И ещё один"):
        seen.chats(text)
        expect(seen.shop.get_by_text(text, exact=True)).to_be_visible()
    seen.proven("down")
    expect(seen.page.locator("[data-figure=waiting] dd")).to_have_text("5")
    seen.face.screen("demo-tour-down")
    seen.page.locator("#down").click()
    expect(seen.line).to_contain_text("отправлено 5, доставлено 5, задвоено 0, потеряно 0", timeout=SLOW)
    seen.proven("back")
    said = seen.desk.locator("#messages > li").filter(has_text="ещё").all_inner_texts()
    assert [("Ещё вопрос" in text, "И ещё один" in text) for text in said] == [(True, False), (False, True)]
    expect(seen.page.locator("#step")).to_contain_text("connector init")
    seen.face.screen("demo-tour-end")


def test_the_telephone_and_the_operator_talk(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page)
    seen.page.locator("#tab-phone").click()
    seen.phone.get_by_role("button", name="Коробка пришла помятой").click()
    seen.opens_chat("Коробка пришла помятой")
    seen.replies("Пришлём [b]новую[/b]", PICTURE)
    shown = seen.phone.locator(".bubble").filter(has_text="Пришлём")
    expect(shown.locator("b").last).to_have_text("новую")
    expect(shown.get_by_role("img", name="счёт.png")).to_be_visible()
    held = []
    seen.page.route("**/phone/say", lambda route: held.append(route))
    with seen.page.expect_request("**/phone/say"):
        seen.phone.locator("#file").set_input_files({**PICTURE, "name": "коробка.png"})
    seen.phone.get_by_role("button", name="Изменить: Коробка пришла помятой").last.click()
    seen.phone.locator("#text").fill("Коробка пришла мокрой")
    held[0].continue_()
    seen.page.unroute("**/phone/say")
    expect(seen.desk.get_by_role("img").last).to_be_visible()
    expect(seen.phone.get_by_role("img", name="коробка.png")).to_be_visible()
    seen.phone.locator("#send").click()
    expect(seen.desk.locator("#messages")).to_contain_text("Коробка пришла мокрой")
    expect(seen.phone.locator(".bubble").filter(has_text="Коробка пришла мокрой")).to_contain_text("изменено")
    seen.face.screen("demo-phone")


def test_a_letter_is_answered_in_its_thread(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page)
    seen.face.allow("Failed to execute 'postMessage'")  # axe-core knocks at the frames
    seen.page.locator("#tab-mail").click()
    expect(seen.mail.locator("#subject")).to_have_value("Заказ 17")
    seen.face.screen("demo-mail-ready")
    seen.mails("Счёт за март", "Добрый день, пришлите, пожалуйста, счёт.", {**PICTURE, "name": "заказ.png"})
    row = seen.desk.locator("#chats a").filter(has_text="Счёт за март")
    expect(row).to_contain_text("Мария Орлова")
    seen.opens_chat("Счёт за март")
    expect(seen.desk.locator("#client")).to_have_text("Счёт за март")
    expect(seen.desk.locator("#messages b").first).to_have_text("Счёт за март")
    expect(seen.desk.get_by_role("img", name="заказ.png")).to_be_visible()
    seen.desk.locator("#text").fill("Здравствуйте! [b]Вот он[/b].")
    seen.desk.locator("#send").click()
    seen.replies("Оплатите до пятницы.", {"name": "счёт.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"})
    answer = seen.mail.locator(".letter:not(.mine)").filter(has_text="Re: Счёт за март")
    expect(answer).to_have_count(1)
    expect(answer.locator("h2")).to_have_text("Re: Счёт за март")
    for text in ("Вот он.", "Оплатите до пятницы.", "счёт.pdf"):
        expect(answer).to_contain_text(text)
    answer.get_by_text("Заголовки").click()
    expect(answer.locator("dl")).to_contain_text("In-Reply-To")
    seen.face.is_accessible()
    seen.face.screen("demo-mail-answer")
    answer.get_by_role("button", name="Ответить").click()
    seen.mail.locator("#text").fill("Спасибо, оплатил!")
    seen.face.screen("demo-mail-answering")
    seen.mail.locator("#send").click()
    expect(seen.desk.locator("#messages > li").last).to_contain_text("Спасибо, оплатил!")
    expect(seen.desk.locator("#messages > li").last).not_to_contain_text("Оплатите до пятницы")


def test_what_the_warehouse_drops_is_seen_by_the_operator_and_not_by_the_client(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page)
    seen.face.allow("Failed to execute 'postMessage'")  # axe-core knocks at the frames
    told, rows = seen.page.locator("#warehouse-told"), seen.page.locator("#warehouse-rows li")
    seen.page.locator("#tab-warehouse").click()
    expect(seen.page.locator("#customer-name")).to_contain_text("Склад")
    dropped = seen.page.locator("#warehouse-file").input_value()
    fresh = dropped.replace("S-1003", "S-1004")
    seen.page.locator("#warehouse-file").fill(fresh)
    seen.page.locator("#warehouse-try").click()
    expect(told).to_contain_text("Пока ничего не записано")
    expect(rows.filter(has_text="S-1004")).to_have_count(0)
    seen.drops(fresh)
    expect(rows.filter(has_text="S-1004")).to_contain_text("Новая")
    seen.page.locator("#warehouse-run").click()
    expect(told).to_contain_text("ничего не изменилось. Запросов к Битрикс24: 0")
    seen.drops(fresh.replace("S-1002,packed", "S-1002,sent").replace("12.03.2026", "<b>12</b>"))
    expect(rows.filter(has_text="S-1002")).to_contain_text("Отправлена")
    expect(rows.filter(has_text="S-1001")).to_contain_text("отложена")
    expect(rows.filter(has_text="S-1001")).to_contain_text("<b>12</b>")
    seen.face.is_accessible()
    seen.face.screen("demo-warehouse-parked")
    seen.drops(fresh.rpartition("S-1004")[0])
    expect(rows.filter(has_text="S-1004")).to_contain_text("Потеряна")
    expect(rows.filter(has_text="отложена")).to_have_count(0)
    seen.mails("Где посылка?", "Жду вторую неделю.")
    seen.opens_chat("Где посылка?")
    card = seen.desk.locator("#messages > li").filter(has_text="клиент этого не видит")
    for text in ("Отгрузки", "S-1001 · Отправлена · СДЭК 80112345", "S-1002"):
        expect(card).to_contain_text(text)
    seen.replies("Уже в пути.")
    expect(seen.mail.locator(".letter:not(.mine)").last).to_contain_text("Уже в пути.")
    expect(seen.mail.locator("#letters")).not_to_contain_text("S-1001")
    seen.face.screen("demo-warehouse-card")
    seen.drops(dropped)


def test_the_company_is_called_and_calls_back(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page)
    seen.face.allow("Failed to execute 'postMessage'")  # axe-core knocks at the frames
    seen.desk.get_by_role("link", name="Звонки").click()
    seen.calls("Борис Кузнецов")
    expect(seen.desk.locator("#cards > .live, #cards > .talking")).to_have_count(0, timeout=SLOW)
    expect(seen.page.locator("#call-state")).to_have_text("Разговор: Борис Кузнецов")
    expect(seen.page.locator("#call-time")).to_have_text("0:02")
    seen.face.screen("demo-call-talking")
    seen.page.get_by_role("button", name="Повесить трубку").click()
    row = seen.desk.locator("#calls > li").first
    for text in ("Борис Кузнецов", "состоялся", "линия Продажи"):
        expect(row).to_contain_text(text, timeout=SLOW)
    expect(row.locator("audio")).to_be_visible(timeout=SLOW)
    seen.page.locator("#tab-shop").click()
    row.get_by_role("button", name=re.compile("Позвонить по номеру")).click()
    expect(seen.page.locator("#tab-call")).to_have_attribute("aria-selected", "true")
    expect(seen.page.locator("#call-state")).to_have_text("Вам звонит компания: Анна Смирнова")
    seen.face.is_accessible()
    seen.face.screen("demo-call-back")
    seen.page.get_by_role("button", name="Ответить", exact=True).click()
    expect(seen.page.locator("#call-time")).to_have_text("0:01")
    seen.page.get_by_role("button", name="Повесить трубку").click()
    expect(row.get_by_text("Исходящий")).to_be_attached()
    expect(row.locator("audio")).to_be_visible(timeout=SLOW)
    expect(row).to_contain_text("Анна Смирнова")


def test_a_missed_call_is_declined_when_it_is_called_back_by_the_keyboard(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page, language="en")
    seen.desk.get_by_role("link", name="Calls").click()
    seen.page.get_by_role("tab", name="Site").focus()
    seen.page.keyboard.press("ArrowLeft")
    expect(seen.page.get_by_role("tab", name="Warehouse")).to_be_focused()
    seen.page.keyboard.press("ArrowLeft")
    expect(seen.page.get_by_role("tab", name="Phone")).to_be_focused()
    calls, known = seen.desk.locator("#calls > li"), seen.knows_calls()
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Enter")
    expect(seen.page.get_by_role("button", name="Hang up")).to_be_focused()
    expect(seen.page.get_by_role("button", name=re.compile("^Answer as"))).to_have_count(2)
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator("#call-about")).to_contain_text("Nobody talked")
    expect(calls).to_have_count(known + 1, timeout=SLOW)
    row = calls.first
    expect(row).to_contain_text("missed", timeout=SLOW)
    row.get_by_role("button", name=re.compile("^Call ")).click()
    seen.page.get_by_role("button", name="Decline").click()
    expect(row).to_contain_text("declined", timeout=SLOW)


def test_a_killed_worker_loses_nothing_and_doubles_nothing(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page)
    seen.page.locator("#kill").click()
    expect(seen.page.locator("#storm")).to_be_disabled()
    seen.face.screen("demo-kill")
    expect(seen.line).to_contain_text("Worker убит", timeout=SLOW)
    expect(seen.line).to_contain_text("отправлено 12, доставлено 12, задвоено 0, потеряно 0")


def test_a_storm_of_refusals_loses_nothing_and_doubles_nothing(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page, language="en")
    seen.page.locator("#storm").click()
    expect(seen.page.locator("#line")).to_contain_text("QUERY_LIMIT_EXCEEDED")
    expect(seen.page.locator("#figures")).to_contain_text(re.compile(r"Waiting: [1-9]"), timeout=SLOW)
    seen.face.screen("demo-storm")
    expect(seen.line).to_contain_text("429 storm of", timeout=SLOW)
    expect(seen.line).to_contain_text("sent 12, delivered 12, doubled 0, lost 0")


def test_the_tour_is_put_away_and_taken_out_by_the_keyboard(demo: Demo, browser_page: OpenPage):
    seen = panes(demo, browser_page, language="en")
    seen.page.get_by_role("button", name="Hide the tour").focus()
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator("#tour")).to_be_hidden()
    seen.page.reload()
    expect(seen.page.get_by_role("button", name="Show the tour")).to_be_visible()
    seen.page.get_by_role("button", name="Show the tour").focus()
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator("#tour")).to_be_visible()
    seen.page.get_by_role("tab", name="Site").focus()
    seen.page.keyboard.press("ArrowRight")
    expect(seen.page.get_by_role("tab", name="Telegram")).to_be_focused()
    expect(seen.phone.get_by_role("heading", name="Acme shop")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "dark", "width"),
    [("ru", False, 1440), ("en", True, 1100), ("en", False, NARROW), ("ru", True, NARROW)],
)
def test_the_page_looks_right(demo: Demo, browser_page: OpenPage, language: str, dark: bool, width: int):
    seen = panes(demo, browser_page, language=language, dark=dark, width=width, height=860)
    seen.face.allow("Failed to execute 'postMessage'")  # axe-core knocks at the frames
    expect(seen.page.locator("html")).to_have_attribute("lang", language)
    expect(seen.console.locator("html")).to_have_attribute("lang", language)
    expect(seen.desk.locator("html")).to_have_attribute("lang", language)
    seen.face.is_accessible()
    name = f"demo-{language}-{'dark' if dark else 'light'}-{width}"
    seen.face.screen(name)
    seen.page.locator("#tab-phone").click()
    seen.face.is_accessible()
    seen.face.screen(f"{name}-phone")
    seen.page.locator("#tab-mail").click()
    expect(seen.mail.locator("#send")).to_be_visible()
    seen.face.is_accessible()
    seen.face.screen(f"{name}-mail")
    seen.page.locator("#tab-warehouse").click()
    expect(seen.page.locator("#warehouse-file")).to_be_visible()
    seen.face.is_accessible()
    seen.face.screen(f"{name}-warehouse")
    seen.rings()
    expect(seen.page.locator("#call-office")).to_be_visible()
    seen.face.is_accessible()
    seen.face.screen(f"{name}-call")
    seen.page.locator("#call-end").click()
    expect(seen.page.locator("#call-begin")).to_be_visible()
    if width != NARROW:
        return
    for pane in ("console", "desk"):
        seen.page.locator(f"#chooser [data-pane={pane}]").click()
        expect(seen.page.locator(f".pane[data-pane={pane}]")).to_be_in_viewport()
        seen.face.is_accessible()
        seen.face.screen(f"{name}-{pane}")
