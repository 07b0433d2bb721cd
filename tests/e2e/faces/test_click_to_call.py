"""Click to call from end to end: the desk in a browser, the connector's own processes, an Asterisk by a script."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from connector.providers.asterisk.standin import SCENES, Board, Dialogue, Originating, Wish
from tests.contract.sandbox.phone import sound
from tests.e2e.faces.browser import Face, OpenPage
from tests.integration.house.waiting import until
from tests.integration.telephony.manager_house import ManagerHouse, manager_house

MONITOR = "/var/spool/asterisk/monitor"
LINE = {"74951234567": {"name": "Office"}}
# The English ones are those of tests/integration/telephony/test_listen_dial.py and of the desk's own tests.
TALKED = re.compile(r"состоялся · разговор 0:0[3-6]")
#: What the PBX does, the status with which the call ends in Bitrix24, and what who clicked reads.
REFUSALS = {
    "no_answer": (Originating(how="no_answer"), "304", "Ваш телефон 101 не ответил"),
    "busy": (Originating(how="busy"), "486", "Ваш телефон 101 занят или сбросил вызов"),
    "unregistered": (Originating(how="unregistered"), "480", "Ваш телефон 101 не зарегистрирован на АТС"),
    "refused": (
        Originating(how="refused", message="Extension does not exist."),
        "603",
        "АТС отклонила вызов: Extension does not exist. Обратитесь к администратору.",
    ),
    "forbidden": (
        Originating(how="refused", message="Permission denied"),
        "403",
        "добавить originate в write= пользователя AMI connector",
    ),
}


class Office:
    """The house, and the operator at the desk."""

    def __init__(self, house: ManagerHouse) -> None:
        self.house = house

    def desk(self, face: Face) -> Face:
        face.page.goto(f"{self.house.sandbox.url}/desk#calls")
        expect(face.page.locator("#me option").first).to_be_attached()
        return face

    def clicks(self, face: Face, phone: str) -> None:
        face.page.get_by_label("Номер для звонка").fill(phone)
        face.page.get_by_role("button", name="Позвонить", exact=True).click()

    def orders(self, phone: str) -> list[dict[str, str]]:
        """What the PBX was told to dial."""
        return [order for order in self.house.ami.orders if order["Exten"] == phone]

    def calls(self, phone: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.house.sandbox.phone_calls(f"+{phone}")
        return found

    def waiting(self) -> set[str]:
        """The kinds of what is not settled."""
        return {row["kind"] for row in self.house.journal.list("deliveries", state="waiting", limit=100)}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with manager_house(tmp_path_factory.mktemp("office"), language="ru", lines=LINE) as house:
        yield Office(house)


@pytest.fixture
def face(office: Office, browser_page: OpenPage) -> Face:
    """The desk of the operator whose extension is 101."""
    office.house.ami.originating = Originating()
    return office.desk(browser_page())


def cards(face: Face, phone: str) -> Locator:
    """Those of this call: another one's may still be there for its last seconds."""
    return face.page.locator("#cards > li").filter(has_text=phone)


def spoken(office: Office, order: dict[str, str]) -> Dialogue:
    """The call that an ``Originate`` becomes; what was said lies where the PBX keeps it."""
    wish = Wish(client=order["Exten"], call=order["ChannelId"], ring=1.0, talk=5.0, recorded=True)
    dialogue = SCENES["click_answered"](Board(epoch=time.time()), wish)
    kept = office.house.monitor / Path(dialogue.meant[0].recording).relative_to(MONITOR)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(sound(5.0))
    return dialogue


def played(office: Office, frames: Sequence[Any]) -> threading.Thread:
    thread = threading.Thread(target=office.house.ami.play, args=(frames,), kwargs={"speed": 1.0}, daemon=True)
    thread.start()
    return thread


def test_a_number_is_dialled_and_its_call_is_the_one_that_was_clicked(office: Office, face: Face):
    phone = "79161110001"
    office.clicks(face, "+7 916 111-00-01")
    expect(cards(face, phone)).to_contain_text("Исходящий звонок")
    until(lambda: office.orders(phone), what="the PBX is told to dial", seconds=20)
    [order] = office.orders(phone)
    assert (order["Channel"], order["Context"]) == ("PJSIP/101", "from-internal")
    assert order["ChannelId"].startswith("b24-")
    [clicked] = office.calls(phone)
    talk = played(office, spoken(office, order).frames)
    face.screen("click-live")
    face.is_accessible()
    talk.join(30)
    expect(cards(face, phone)).to_contain_text(TALKED, timeout=20_000)
    face.screen("click-over")
    [call] = office.calls(phone)
    assert (call["call_id"], call["status"], call["employee"]) == (clicked["call_id"], "200", 1)
    expect(face.page.locator("#calls > li").filter(has_text=phone)).to_have_count(1)
    row = face.page.locator("#calls > li").filter(has_text=phone)
    expect(row).to_contain_text(re.compile(r"0:0[3-6]"))
    audio = row.locator("audio")
    expect(audio).to_be_attached(timeout=30_000)
    until(lambda: audio.evaluate("audio => audio.readyState") >= 1, what="the recording is known")
    assert audio.evaluate("audio => audio.duration") == pytest.approx(5.0, abs=0.1)
    audio.evaluate("audio => audio.play()")
    until(lambda: audio.evaluate("audio => audio.currentTime") > 0.3, what="it plays")
    expect(cards(face, phone)).to_have_count(0, timeout=15_000)
    face.screen("click-list")
    assert not office.house.troubles()


@pytest.mark.parametrize("why", REFUSALS)
def test_who_clicked_is_told_in_words_why_nothing_rings_and_the_card_goes(office: Office, face: Face, why: str):
    originating, status, words = REFUSALS[why]
    phone = f"7916222000{list(REFUSALS).index(why)}"
    office.house.ami.originating = originating
    office.clicks(face, f"+{phone}")
    notice = face.page.locator("#notices > li").filter(has_text=f"+{phone}")
    expect(notice).to_contain_text(words, timeout=20_000)
    face.screen(f"click-{why}")
    face.is_accessible()
    expect(cards(face, phone)).to_have_count(0, timeout=20_000)
    [call] = office.calls(phone)
    assert (call["live"], call["status"], call["shown_to"]) == (False, status, [])
    assert len(office.orders(phone)) == 1
    assert not office.house.troubles()


def test_an_event_that_comes_twice_rings_once(office: Office, face: Face):
    phone = "79163330001"
    office.house.sandbox.click_to_call(user=1, phone=f"+{phone}", twice=True)
    until(lambda: office.orders(phone), what="the PBX is told to dial", seconds=20)
    assert office.house.sandbox.settle()
    until(lambda: office.waiting() <= {"call.refused"}, what="all that came is done")  # that one is for half an hour on
    assert len(office.orders(phone)) == 1
    [dialogue] = [spoken(office, order) for order in office.orders(phone)]
    office.house.ami.play(dialogue.frames)
    until(lambda: not office.calls(phone)[0]["live"], what="it is over", seconds=20)
    assert len(office.calls(phone)) == 1
