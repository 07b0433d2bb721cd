"""The pages of sync in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from connector.bootstrap import Connector
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.console_stage import YAML, housed, in_every_look, signed_in
from tests.e2e.faces.sync_stage import furnished, ruled
from tests.services import Redis
from tests.unit.telephony.pbx import pbx
from tests.unit.webhooks.console.sync_stage import ended, went


@pytest.fixture
def house(tmp_path: Path, redis_server: Redis) -> Iterator[Connector]:
    """A house with sources and a folder of rules."""
    (tmp_path / "rules").mkdir()
    with housed(tmp_path, redis_server, f"{YAML}mappings: ./rules\n") as made:
        ruled(made)
        furnished(made)
        yield made


def test_the_pages_of_sync_are_accessible_and_quiet(console: str, browser_page: OpenPage):
    pages = {
        "sync": "/ops/sync",
        "sync-source": "/ops/sync/shipments",
        "sync-run": "/ops/sync/runs/1",
        "sync-record": "/ops/sync/shipments/record?record=SHP-1015",
        "sync-parked": "/ops/sync/shipments/parked",
        "sync-parked-cause": "/ops/sync/shipments/parked?cause=crm.not_found",
        "sync-rules": "/ops/sync/shipments/rules?record=SHP-1015",
        "sync-overview": "/ops",
    }
    in_every_look(console, browser_page, pages)


def test_the_menu_with_sources_and_calls_stays_in_one_row(house: Connector, console: str, browser_page: OpenPage):
    accounts = house.accounts
    assert isinstance(accounts, dict)
    accounts["office"] = pbx("office", listens=True)
    rows = 'new Set([...document.querySelectorAll("nav li")].map(one => one.getBoundingClientRect().top)).size'
    for language in ("ru", "en"):
        page = signed_in(browser_page(language=language), console, "admin").page
        page.goto(f"{console}/ops/sync")
        assert page.locator("nav li").count() == 11
        assert page.evaluate(rows) == 1


def test_a_run_goes_on_before_ones_eyes(house: Connector, console: str, browser_page: OpenPage):
    page = signed_in(browser_page(language="en"), console, "viewer").page
    page.goto(f"{console}/ops/sync/shipments")
    expect(page.locator("#going")).to_contain_text("82,000 of 200,000")
    run = house.journal.open_run("shipments")
    assert run is not None
    went(house.journal, run, counts={"read": 18_000})
    expect(page.locator("#going")).to_contain_text("100,000 of 200,000", timeout=20_000)
    ended(house.journal, run)
    expect(page.locator("#going")).not_to_contain_text("Running now", timeout=20_000)


def test_a_person_mends_the_rules_tries_them_on_a_row_and_applies_them(
    house: Connector, console: str, browser_page: OpenPage
):
    face = signed_in(browser_page(language="en"), console, "integrator")
    face.allow("400")
    page = face.page
    page.goto(f"{console}/ops/sync/shipments/record?record=SHP-1015")
    page.get_by_role("link", name="Edit the rules and try them on this record").click()
    text = page.locator("#text")
    good = text.input_value()
    text.fill(good.replace("record.number", "record.numbr | upcase"))
    page.get_by_role("button", name="Try, write nothing").click()
    expect(page.get_by_role("alert")).to_contain_text("shipments.yaml:")
    text.fill(good.replace("Отправление", "Shipment"))
    page.get_by_role("button", name="Try, write nothing").click()
    expect(page.locator("#trial")).to_contain_text("Shipment SHP-1015")
    expect(page.locator("#trial")).to_contain_text("crm.item.add")
    assert "SHP-1015" in {row.record for row in house.journal.mirror_rows("shipments", state="parked", limit=1000)}
    page.get_by_label("Why (for the audit)").fill("clearer titles")
    page.get_by_role("button", name="Apply and try parked records again").click()
    expect(page.get_by_role("status").first).to_contain_text("In use now, version")
    folder = house.settings.mappings
    assert folder is not None
    assert "Shipment" in (folder / "shipments.yaml").read_text()
    assert "SHP-1015" in {row.record for row in house.journal.mirror_rows("shipments", state="waiting", limit=1000)}


def test_a_person_gives_a_reason_and_cancels_by_the_keyboard(house: Connector, console: str, browser_page: OpenPage):
    page = signed_in(browser_page(language="ru"), console, "operator").page
    page.goto(f"{console}/ops/sync/shipments")
    page.get_by_label("Причина (для аудита)").focus()
    page.keyboard.type("не тот файл")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Запуск закончится на ближайшем шаге")
    assert house.journal.source("shipments").wants == "cancel"
