"""The calls and the PBXs of the console in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from connector.bootstrap import Connector
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.console_stage import HOSTILE, YAML, housed, in_every_look, signed_in
from tests.services import Redis
from tests.unit.telephony.pbx import Past, pbx
from tests.unit.webhooks.console.calls_stage import finished, going

WAITING = ["Connection refused by 10.0.0.5:5038", "10.0.0.5:5038 не принимает соединение"]


@pytest.fixture
def house(tmp_path: Path, redis_server: Redis) -> Iterator[Connector]:
    """A house with a chat, a PBX that calls us and one that is listened to."""
    with housed(tmp_path, redis_server, YAML) as made:
        accounts = made.accounts
        assert isinstance(accounts, dict)
        accounts["office"] = pbx("office", listens=True, history=Past())
        accounts["cloud"] = pbx("cloud", lines={"74951234567": {"name": "Москва"}})
        yield made


def seed(house: Connector) -> None:
    """A stream that is away, calls that go on, and one finished call of each sort."""
    journal, now = house.journal, house.clock()
    since = (now - timedelta(minutes=12)).isoformat()
    journal.remember("stream", "office", {"state": "waiting", "since": since, "heard": since, "why": WAITING})
    journal.remember("history", "office", {"until": (now - timedelta(minutes=14)).isoformat(), "why": ""})
    going(journal, "1732800001.7")
    going(journal, "1732800002.9", answered="102", account="cloud")
    missed = {"status": "304", "talk": 0, "missed": True, "employee": "", "user": 1}
    finished(journal, "1", recording="done")
    finished(journal, "2", account="cloud", name="", phone="+74957654321", recording="waiting", talk=3671)
    finished(journal, "3", recording="parked", direction="outgoing", name="Иван Константинопольский")
    finished(journal, "4", **missed, cause="after_hours")
    finished(journal, "5", **{**missed, "cause": "cancelled", "phone": ""})
    finished(journal, "6", direction="outgoing", status="486", talk=0, past=True)
    finished(journal, "7", direction="internal", phone="102", name="", line="", user=0)
    finished(journal, "8", name=HOSTILE, phone="+79990000000")


def test_the_pages_of_telephony_are_accessible_and_quiet(house: Connector, console: str, browser_page: OpenPage):
    seed(house)
    pages = {"calls": "/ops/calls", "phone-accounts": "/ops/accounts", "phone-account": "/ops/accounts/office"}
    in_every_look(console, browser_page, pages, name="operator")


def test_no_calls_look_friendly(house: Connector, console: str, browser_page: OpenPage):
    in_every_look(console, browser_page, {"calls-empty": "/ops/calls"}, name="viewer")


def test_a_person_finds_a_missed_call_and_its_trace(house: Connector, console: str, browser_page: OpenPage):
    seed(house)
    page = signed_in(browser_page(language="ru"), console, "operator").page
    page.get_by_role("link", name="Звонки").click()
    page.get_by_label("Какие").select_option("yes")
    page.get_by_role("button", name="Показать").click()
    expect(page.locator("#finished tbody tr")).to_have_count(2)
    page.locator("#finished tbody tr").last.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Трасса")
    expect(page.locator("main")).to_contain_text("звонок закрыт")


def test_a_call_that_comes_in_appears_by_itself(house: Connector, console: str, browser_page: OpenPage):
    page = signed_in(browser_page(language="en"), console, "operator").page
    page.goto(f"{console}/ops/calls")
    expect(page.locator("#finished")).to_contain_text("No calls here.")
    finished(house.journal, "1")
    going(house.journal, "2")
    expect(page.locator("#finished")).to_contain_text("+79001234567", timeout=20_000)
    expect(page.locator("#going")).to_contain_text("rings")


def test_the_calls_at_400_px_need_no_sideways_scroll(house: Connector, console: str, browser_page: OpenPage):
    seed(house)
    for language in ("ru", "en"):
        face = signed_in(browser_page(language=language, width=400, height=1800), console, "operator")  # type: ignore[arg-type]
        face.page.goto(f"{console}/ops/calls")
        face.is_accessible()
        face.screen(f"console-calls-{language}-400")


def test_the_menu_with_calls_stays_in_one_row(house: Connector, console: str, browser_page: OpenPage):
    rows = 'new Set([...document.querySelectorAll("nav li")].map(one => one.getBoundingClientRect().top)).size'
    for language in ("ru", "en"):
        face = signed_in(browser_page(language=language, width=1280), console, "admin")  # type: ignore[arg-type]
        face.page.goto(f"{console}/ops/calls")
        assert face.page.evaluate(rows) == 1
        assert face.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


def test_the_way_to_a_pbx_is_accessible(house: Connector, console: str, browser_page: OpenPage):
    seed(house)
    pages = {"phone-way": "/ops/connect?portal=main&account=office", "hooks-way": "/ops/connect?account=cloud"}
    in_every_look(console, browser_page, pages, name="integrator")
