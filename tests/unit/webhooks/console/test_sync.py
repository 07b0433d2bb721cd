"""``/ops/sync``: sources, runs, records and what is parked, and what people may do with them."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from connector.journal.users import ROLES
from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.console.sync_stage import (
    HOSTILE,
    REFUSED,
    began,
    ended,
    loaded,
    new,
    settled,
    source,
    went,
)
from tests.unit.webhooks.console.test_rulings import published

RULES = """
version: 1
name: shipments
on: record.shipments
crm:
  deal:
    external: {system: warehouse, id: "{{ record.number }}"}
    set: {TITLE: "Order {{ record.number }}", OPPORTUNITY: "{{ record.sum }}"}
"""


@pytest.fixture
def shop(console: Console) -> Console:
    """The console of a house with one source."""
    console.connector.settings.sources["shipments"] = source()
    return console


def test_a_house_without_sources_has_no_such_page_in_its_menu(console: Console) -> None:
    assert 'href="/ops/sync"' not in console.signed_in("viewer").get("/ops").text


def test_the_list_tells_how_each_source_stands(shop: Console) -> None:
    shop.connector.settings.sources["orders"] = source(
        "orders", every=None, cron="30 6 * * 1-5", timezone="Europe/Moscow"
    )
    loaded(shop)
    page = shop.signed_in("viewer").get("/ops/sync").text
    assert 'href="/ops/sync"' in page
    assert "every 15 min" in page
    assert "at 06:30 from Monday to Friday, Europe/Moscow" in page
    assert re.search(r"<dt>records</dt><dd>5</dd>", page)
    assert re.search(r"<dt>parked</dt><dd class=\"alarm\">3</dd>", page)  # no link: that page is for operators
    assert "Run now" not in page
    russian = shop.signed_in("operator", "ru").get("/ops/sync").text
    assert "каждые 15 мин" in russian
    assert "Запустить" in russian


def test_a_source_shows_its_runs_the_newest_first_page_by_page(shop: Console) -> None:
    for _ in range(23):
        ended(shop.journal, began(shop.journal, "shipments"))
    browser = shop.signed_in("viewer")
    page = browser.get("/ops/sync/shipments").text
    assert re.findall(r"№(\d+)</a>", page) == [str(number) for number in range(23, 3, -1)]
    older = html.unescape(re.search(r'href="([^"]+)" rel="next"', page)[1])
    assert re.findall(r"№(\d+)</a>", browser.get(older).text) == ["3", "2", "1"]


def test_an_open_run_shows_how_far_it_is(shop: Console) -> None:
    run = began(shop.journal, "shipments")
    shop.clock.advance(10)
    went(shop.journal, run, counts={"read": 500, "changed": 20, "requests": 3}, total=2000)
    page = shop.signed_in("viewer").get("/ops/sync/shipments").text
    assert 'max="1" value="0.250"' in page
    assert "500 of 2,000, about 30\xa0s left" in page
    assert re.search(r"<dt>rows a second</dt><dd>50</dd>", page)


def test_a_run_tells_its_counts_its_notes_and_the_rows_it_settled(shop: Console) -> None:
    loaded(shop)
    page = shop.signed_in("operator").get("/ops/sync/runs/1").text
    assert "a note" in page
    assert re.search(r"<dt>created in the CRM</dt><dd>1</dd>", page)
    assert page.count("<tr>") == 5  # the head, one created, three parked
    viewers = shop.signed_in("viewer").get("/ops/sync/runs/1").text
    assert "A-1" not in viewers
    assert "a note" in viewers


def test_of_a_source_of_people_it_is_told_what_was_granted_and_revoked(shop: Console) -> None:
    led = {"person": {"email": "mail"}, "targets": [{"group": "sales", "department": 2}]}
    shop.connector.settings.sources["staff"] = source("staff", access=led)
    run = began(shop.journal, "staff")
    went(shop.journal, run, rows=[new("P-1")])
    settled(shop.journal, run, "P-1", outcome="unchanged", mapping="access")
    ended(shop.journal, run, counts={"created": 3, "updated": 1})
    page = shop.signed_in("operator", "ru").get("/ops/sync/staff").text
    assert "Выдано / отозвано" in page
    assert "правила на" not in page
    page = shop.signed_in("operator").get(f"/ops/sync/runs/{run.id}").text
    assert re.search(r"<dt>granted</dt><dd>3</dd>", page)
    assert "CRM" not in page
    assert "taken into account" in page


def test_a_run_that_failed_says_why_and_what_to_do(shop: Console) -> None:
    run = began(shop.journal, "shipments")
    ended(shop.journal, run, "failed", cause="sftp.login", hint=REFUSED, detail="530 Denied")
    for path in ("/ops/sync/runs/1", "/ops/sync", "/ops"):
        page = shop.signed_in("operator", "ru").get(path).text
        assert "исправьте connector.yaml" in page, path
    assert "530 Denied" not in shop.signed_in("viewer").get("/ops/sync/runs/1").text


def test_a_record_shows_its_values_its_rows_in_the_crm_and_why(shop: Console) -> None:
    published(shop, RULES)
    loaded(shop)
    page = shop.signed_in("operator").get("/ops/sync/shipments/record?record=A-1").text
    assert 'href="https://acme.bitrix24.ru/crm/deal/details/17/"' in page
    assert 'href="https://acme.bitrix24.ru/crm/type/1036/details/4/"' in page
    assert "orders.csv:3" in page
    assert "Order A-1" in page
    assert "record.number" in page
    assert "hunter2" not in page


def test_a_record_that_is_not_there_is_said_so(shop: Console) -> None:
    answer = shop.signed_in("operator").get("/ops/sync/shipments/record?record=%3Cb%3E%00")
    assert answer.status_code == 404
    assert "No such record" in answer.text
    assert "<b>" not in answer.text


def test_what_is_parked_is_told_by_cause(shop: Console) -> None:
    loaded(shop)
    browser = shop.signed_in("operator")
    page = browser.get("/ops/sync/shipments/parked").text
    assert re.findall(r'<p class="figure">(\d+)</p>', page) == ["2", "1"]
    page = browser.get("/ops/sync/shipments/parked?cause=crm.not_found").text
    assert "A-2" in page
    assert "A-9" not in page


def test_an_unknown_source_run_or_deed_is_not_there(shop: Console) -> None:
    browser = shop.signed_in("admin")
    for path in (
        "/ops/sync/none",
        "/ops/sync/none/parked",
        "/ops/sync/none/rules",
        "/ops/sync/runs/9",
        f"/ops/sync/runs/{2**70}",
    ):
        assert browser.get(path).status_code == 404, path
    assert browser.submit("/ops/sync/shipments", deed="drop", why="x").status_code == 404


@pytest.mark.parametrize("role", ROLES[1:])
def test_hostile_values_are_shown_as_text(shop: Console, role: str) -> None:
    loaded(shop)
    browser = shop.signed_in(role)
    for path, what in (
        ("/ops/sync/runs/1", {}),
        ("/ops/sync/shipments/parked", {"cause": "crm.not_found"}),
        ("/ops/sync/shipments/record", {"record": HOSTILE}),
    ):
        page = browser.client.get(path, query_string=what, base_url="https://edge.example").text
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page
        assert "\\u202e" in page
        assert "\u202e" not in re.sub(r'(value|href)="[^"]*"', "", page)


def test_a_page_of_long_values_stays_light(shop: Console) -> None:
    run = began(shop.journal, "shipments")
    values = {f"column {number}": "<&>" * 4000 for number in range(200)}
    went(shop.journal, run, rows=[new("A-1", values)])
    assert len(shop.signed_in("operator").get("/ops/sync/shipments/record?record=A-1").text) < 70_000


def test_the_overview_has_a_card_for_each_source(shop: Console) -> None:
    loaded(shop)
    page = shop.signed_in("operator").get("/ops").text
    assert 'id="card-source-shipments"' in page
    assert "3 records" in page


def test_pages_renew_when_a_run_goes_on(shop: Console) -> None:
    before = shop.journal.pulse()
    run = began(shop.journal, "shipments")
    begun = shop.journal.pulse()
    shop.clock.advance(3)
    went(shop.journal, run, counts={"read": 10})
    assert len({before, begun, shop.journal.pulse()}) == 3


def told(answer: Any) -> Any:
    assert answer.mimetype == "application/json"
    return answer.get_json()


def test_programs_read_the_same_as_json(shop: Console) -> None:
    loaded(shop)
    shop.clock.advance(60)
    began(shop.journal, "shipments", trigger="person", who="anna")
    browser = shop.signed_in("viewer")
    one = told(browser.get("/ops/sync.json"))["sources"][0]
    good = (shop.clock() - timedelta(seconds=60)).isoformat()
    assert {
        name: one[name] for name in ("name", "provider", "portal", "state", "schedule", "good_at", "lag_seconds")
    } == {
        "name": "shipments",
        "provider": "table",
        "portal": "main",
        "state": "running",
        "schedule": "every 15 min",
        "good_at": good,
        "lag_seconds": 60.0,
    }
    assert one["counts"] == {"live": 5, "gone": 0, "waiting": 1, "parked": 3}
    assert one["alarms"] == []
    assert one["run"]["progress"] == {"done": 0, "total": None, "rows_per_second": 0.0, "seconds_left": None}
    assert "who" not in one["run"]
    assert one["last"]["state"] == "done"
    found = told(browser.get("/ops/sync/shipments.json"))
    assert [run["id"] for run in found["runs"]] == [2, 1]
    run = told(shop.signed_in("operator").get("/ops/sync/runs/2.json"))["run"]
    assert (run["who"], run["trigger"], run["ended_at"]) == ("anna", "person", None)
    assert browser.get("/ops/sync/none.json").status_code == 404
