"""The telephone on the operator's desk in a real browser: cards, the list of calls, recordings, click to call."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.contract.sandbox.caller import Caller
from tests.contract.sandbox.phone import CLIENT, finished, ringing, sound
from tests.e2e.faces.browser import NARROW, Face, OpenPage
from tests.e2e.faces.desk_stage import client_says, desk
from tests.integration.house.waiting import until

EXTERNAL = "telephony.externalCall."


def known(shop: Caller, name: str = "Мария", last: str = "Ли", phone: str = CLIENT) -> None:
    """A contact with that number."""
    fields = {"NAME": name, "LAST_NAME": last, "PHONE": [{"VALUE": phone, "VALUE_TYPE": "WORK"}]}
    shop.result("crm.contact.add", fields=fields)


def recorded(shop: Caller, call: str, content: bytes, name: str = "talk.wav") -> None:
    """A recording and a transcript of a finished call."""
    text = base64.b64encode(content).decode()
    shop.result(EXTERNAL + "attachRecord", CALL_ID=call, FILENAME=name, FILE_CONTENT=text)
    said = [
        {"SIDE": "User", "START_TIME": 0, "STOP_TIME": 3, "MESSAGE": "Магазин, здравствуйте!"},
        {"SIDE": "Client", "START_TIME": 3, "STOP_TIME": 9, "MESSAGE": "Добрый день, где мой заказ?"},
    ]
    shop.result("telephony.call.attachTranscription", CALL_ID=call, MESSAGES=said)


def telephone(face: Face, shop: Caller) -> Face:
    """The desk with its list of calls."""
    desk(face, shop)
    face.page.goto(f"{shop.server.url}/desk#calls")
    expect(face.page.locator("#dial")).to_be_visible()
    return face


def cards(face: Face) -> Locator:
    return face.page.locator("#cards > li")


def finish(shop: Caller, call: str, user: int = 1, **fields: Any) -> None:
    shop.result(EXTERNAL + "finish", CALL_ID=call, USER_ID=user, **fields)


def test_a_card_pops_up_at_those_it_is_shown_to_and_leaves_when_hidden(shop: Caller, browser_page: OpenPage):
    known(shop)
    face, colleague = desk(browser_page(), shop), desk(browser_page(language="en"), shop)
    colleague.page.get_by_label("I am").select_option("2")
    call = ringing(shop, LINE_NUMBER="74951234567")
    expect(cards(face)).to_have_count(1)
    for text in ("Входящий звонок", "Мария Ли", CLIENT, "Контакт 1", "линия 74951234567"):
        expect(cards(face)).to_contain_text(text)
    expect(face.page.locator("#ring")).to_have_text(f"Входящий звонок: Мария Ли, {CLIENT}")
    expect(cards(colleague)).to_have_count(0)
    shop.result(EXTERNAL + "show", CALL_ID=call, USER_ID=[1, 2])
    expect(cards(colleague)).to_contain_text("Also at: Анна Смирнова")
    expect(cards(face)).to_contain_text("Также у: Борис Кузнецов")
    face.is_accessible()
    shop.result(EXTERNAL + "hide", CALL_ID=call, USER_ID=1)
    expect(cards(face)).to_have_count(0)
    expect(cards(colleague)).to_contain_text("Talking")
    expect(cards(colleague).locator(".timer")).to_have_text(re.compile(r"^0:0[1-9]$"))


def test_the_result_stays_for_a_moment_and_the_call_is_in_the_list(shop: Caller, browser_page: OpenPage):
    known(shop)
    face = telephone(browser_page(), shop)
    expect(face.page.get_by_text("Звонков пока нет.")).to_be_visible()
    call = ringing(shop)
    row = face.page.locator("#calls > li")
    expect(row).to_contain_text("идёт")
    finish(shop, call, DURATION=95)
    expect(cards(face)).to_contain_text("Звонок завершён")
    expect(cards(face)).to_contain_text("состоялся · разговор 1:35")
    for text in ("Мария Ли", "Анна Смирнова", "состоялся", "1:35"):
        expect(row).to_contain_text(text)
    face.is_accessible()
    expect(cards(face)).to_have_count(0, timeout=15_000)


def test_a_card_that_nobody_hid_stays_until_its_reader_closes_it(shop: Caller, browser_page: OpenPage):
    face = desk(browser_page(), shop)
    call = ringing(shop)
    finish(shop, call, user=2)
    expect(cards(face)).to_contain_text("карточку не скрыли")
    face.page.get_by_role("button", name=f"Закрыть карточку {CLIENT}").click()
    expect(cards(face)).to_have_count(0)
    assert shop.server.phone_call(call)["shown_to"] == []


def test_a_missed_call_is_seen_and_called_back_with_a_click(shop: Caller, browser_page: OpenPage):
    shop.result("telephony.externalLine.add", NUMBER="74951234567", NAME="Продажи")
    finished(shop, 0, SHOW=0)
    face = telephone(browser_page(), shop)
    missed = face.page.locator("#calls > li").last
    expect(missed).to_contain_text("пропущен")
    face.page.get_by_role("button", name=f"Позвонить по номеру {CLIENT}").click()
    expect(cards(face)).to_contain_text("Исходящий звонок")
    (call,) = shop.server.phone_calls(CLIENT, live=True)
    assert (call["user"], call["line"], call["clicked"]) == (1, "74951234567", True)
    finish(shop, call["call_id"], DURATION=20)
    expect(missed).to_contain_text("перезвонили")


def test_a_number_is_dialled_by_the_keyboard_as_the_chosen_operator(shop: Caller, browser_page: OpenPage):
    for number in ("line-1", "line-2"):
        shop.result("telephony.externalLine.add", NUMBER=number)
    face = telephone(browser_page(language="en"), shop)
    face.page.get_by_label("I am").select_option("2")
    face.page.get_by_role("combobox", name="Line").select_option("line-2")
    face.page.get_by_label("Number to call").fill("8 800 555-35-35")
    face.page.get_by_label("Number to call").press("Enter")
    expect(cards(face)).to_contain_text("88005553535")
    expect(face.page.get_by_label("Number to call")).to_have_value("")
    (call,) = shop.server.phone_calls()
    assert (call["user"], call["line"], call["direction"]) == (2, "line-2", "outgoing")


def test_what_cannot_be_dialled_is_explained_and_stays_to_be_mended(shop: Caller, browser_page: OpenPage):
    face = telephone(browser_page(), shop)
    face.allow("status of 400")
    face.page.get_by_label("Номер для звонка").fill("Мария")
    face.page.get_by_role("button", name="Позвонить", exact=True).click()
    expect(face.page.get_by_role("alert")).to_contain_text("нужны номер из цифр")
    expect(face.page.get_by_label("Номер для звонка")).to_have_value("Мария")


def test_a_recording_really_plays_and_the_transcript_can_be_read(shop: Caller, browser_page: OpenPage):
    known(shop)
    call = finished(shop, 0, SHOW=0)
    recorded(shop, call, sound(20.0))
    face = telephone(browser_page(), shop)
    audio = face.page.get_by_label("Запись звонка: Мария Ли")
    until(lambda: audio.evaluate("audio => audio.readyState") >= 1, what="the recording is known")
    assert audio.evaluate("audio => audio.duration") == pytest.approx(20.0, abs=0.1)
    audio.evaluate("audio => audio.play()")
    until(lambda: audio.evaluate("audio => audio.currentTime") > 0.3, what="it plays")
    # What else happens does not stop it.
    ringing(shop, "+79990000000")
    expect(cards(face)).to_have_count(1)
    audio.evaluate("audio => { audio.currentTime = 6 }")
    until(lambda: audio.evaluate("audio => audio.currentTime") > 6.1, what="it plays from the middle")
    face.page.get_by_text("Расшифровка").click()
    finished(shop, 5, TYPE=1, SHOW=0)
    expect(face.page.locator("#calls > li").last).to_contain_text("перезвонили")
    until(lambda: audio.evaluate("audio => audio.currentTime") > 6.6, what="a change of the row does not stop it")
    expect(face.page.get_by_text("Добрый день, где мой заказ?")).to_be_visible()
    face.is_accessible()


def test_a_notice_to_me_is_seen_until_i_dismiss_it(shop: Caller, browser_page: OpenPage):
    face = desk(browser_page(), shop)
    shop.result("im.notify.system.add", USER_ID=1, MESSAGE="Ваш телефон не ответил: [b]+7 999 123-45-67[/b]")
    shop.result("im.notify.system.add", USER_ID=2, MESSAGE="Не мне")
    notices = face.page.locator("#notices > li")
    expect(notices).to_have_count(1)
    expect(notices).to_contain_text("Ваш телефон не ответил: +7 999 123-45-67")
    face.is_accessible()
    face.page.get_by_role("button", name=re.compile("^Скрыть: ")).click()
    expect(notices).to_have_count(0)
    face.page.reload()
    expect(face.page.locator("#me option").first).to_be_attached()
    expect(notices).to_have_count(0)


def test_the_tabs_lead_from_chats_to_calls_and_back(shop: Caller, browser_page: OpenPage):
    client_says(shop, "Здравствуйте")
    face = desk(browser_page(language="en"), shop)
    face.page.get_by_role("link", name="Calls").click()
    expect(face.page.locator("#dial")).to_be_visible()
    expect(face.page.locator("#chats")).to_be_hidden()
    expect(face.page.get_by_role("link", name="Calls")).to_have_attribute("aria-current", "page")
    face.page.get_by_role("link", name="Chats").click()
    expect(face.page.locator("#chats")).to_be_visible()
    expect(face.page.locator("#dial")).to_be_hidden()


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400, NARROW])
def test_the_telephone_looks_right(shop: Caller, browser_page: OpenPage, language: str, dark: bool, width: int):
    for number, name in (("74951234567", "Продажи"), ("74957654321", "Поддержка")):
        shop.result("telephony.externalLine.add", NUMBER=number, NAME=name)
    known(shop)
    known(shop, "Константин", "Константинопольский-Задунайский", "+79995554433")
    talk = finished(shop, 95, SHOW=0, LINE_NUMBER="74951234567")
    recorded(shop, talk, sound(3.0))
    finished(shop, 0, SHOW=0, LINE_NUMBER="74951234567", EXTERNAL_CALL_ID="m")
    finished(shop, 0, "+79995554433", SHOW=0, TYPE=1, STATUS_CODE="486")
    finished(shop, 4000, "+74950000000", SHOW=0, CRM_CREATE=1, LINE_NUMBER="74957654321")
    finished(shop, 5, "102", SHOW=0, TYPE=1)
    shop.result("im.notify", USER_ID=1, MESSAGE="Ваш телефон не ответил: звонок на +7 999 555-44-33 не начат")
    live = ringing(shop, "+79995554433", LINE_NUMBER="74951234567", SHOW=0)
    shop.result(EXTERNAL + "show", CALL_ID=live, USER_ID=[1, 2])
    face = telephone(browser_page(language=language, dark=dark, width=width, height=800), shop)
    expect(face.page.locator("#calls > li")).to_have_count(6)
    expect(cards(face)).to_have_count(1)
    face.page.locator("summary").click()
    face.is_accessible()
    face.page.locator(".telephone").evaluate("list => { list.scrollTop = 0 }")
    face.screen(f"desk-calls-{language}-{'dark' if dark else 'light'}-{width}")
    face.page.goto(f"{shop.server.url}/desk")
    expect(cards(face)).to_have_count(1)
    face.screen(f"desk-card-{language}-{'dark' if dark else 'light'}-{width}")
