"""What people do with sources and their rows at ``/ops/sync``: with a reason, and told in the audit."""

from __future__ import annotations

import pytest

from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.console.sync_stage import VANISHED, began, ended, loaded, source


@pytest.fixture
def shop(console: Console) -> Console:
    """The console of a house with one source."""
    console.connector.settings.sources["shipments"] = source()
    return console


def test_a_parked_record_shows_cause_and_hint_and_can_be_tried_again(shop: Console) -> None:
    loaded(shop)
    browser = shop.signed_in("operator")
    path = "/ops/sync/shipments/record"
    assert "Nobody in the CRM has this e-mail." in browser.get(f"{path}?record=A-2").text
    form = {"record": "A-2", "deed": "retry"}
    assert browser.submit(path, **form).status_code == 400  # without a reason
    answer = browser.submit(path, **form, why="the buyer is there now")
    assert answer.status_code == 303
    row = shop.journal.mirror_row("shipments", "A-2")
    assert row is not None
    assert row.state == "waiting"
    assert shop.journal.open_run("shipments") is not None
    note = shop.journal.audits(limit=1)[0]
    assert (note.who, note.what, note.why, note.target) == (
        "operator",
        "sync.retried",
        "the buyer is there now",
        "record:shipments: A-2",
    )
    assert browser.submit(path, **form, why="again").status_code == 409


def test_ticked_rows_and_all_of_a_cause_are_tried_again_or_let_be(shop: Console) -> None:
    loaded(shop)
    browser, path = shop.signed_in("operator"), "/ops/sync/shipments/parked"
    assert browser.submit(path, which="ticked", deed="retry", why="x").status_code == 400
    answer = browser.submit(path, which="ticked", record="A-9", deed="discard", why="an old row")
    assert (answer.status_code, "many=1" in answer.location) == (303, True)
    answer = browser.submit(path, which="all", cause="crm.not_found", deed="retry", why="buyers are there")
    assert "many=2" in answer.location
    assert shop.journal.sources_seen(["shipments"])["shipments"].parked == 0
    assert shop.journal.audits(limit=1)[0].target == "rows:shipments: 2 crm.not_found"
    assert "Nothing is parked" in browser.get(path).text


@pytest.mark.parametrize(
    ("deed", "what"), [("run", "sync.run"), ("full", "sync.full"), ("pause", "sync.paused"), ("allow", "sync.allowed")]
)
def test_a_deed_needs_a_reason_and_is_in_the_audit(shop: Console, deed: str, what: str) -> None:
    browser = shop.signed_in("operator")
    assert browser.submit("/ops/sync/shipments", deed=deed).status_code == 400
    assert browser.submit("/ops/sync/shipments", deed=deed, why="a test").status_code == 303
    assert shop.journal.audits(limit=1)[0].what == what
    run = shop.journal.open_run("shipments")
    assert (run is None) is (deed == "pause")
    if run is not None:
        assert (run.full, run.allow_gone, run.who) == (deed in ("full", "allow"), deed == "allow", "operator")
    page = browser.get("/ops/audit").text
    assert "source <code><bdi>shipments" in page


def test_a_run_is_cancelled_and_a_pause_ended(shop: Console) -> None:
    browser, path = shop.signed_in("operator"), "/ops/sync/shipments"
    assert browser.submit(path, deed="cancel", why="x").status_code == 409
    began(shop.journal, "shipments")
    assert browser.submit(path, deed="run", why="x").status_code == 409
    browser.submit(path, deed="cancel", why="a wrong file")
    assert shop.journal.source("shipments").wants == "cancel"
    browser.submit(path, deed="pause", why="a move")
    assert shop.journal.source("shipments").paused_by == "operator"
    assert "Paused" in browser.get(path).text
    browser.submit(path, deed="resume", why="moved")
    assert shop.journal.source("shipments").paused_at is None


def test_a_braked_source_asks_for_a_decision(shop: Console) -> None:
    run = began(shop.journal, "shipments", full=True)
    ended(shop.journal, run, "braked", counts={"read": 60}, cause="sync.brake", hint=VANISHED)
    browser = shop.signed_in("operator")
    page = browser.get("/ops/sync/shipments").text
    assert "40 of 100 records would vanish" in page
    assert "Allow the vanished ones" in page
    assert "Allow the vanished ones" not in browser.get("/ops/sync/orders").text


def test_a_row_that_the_source_must_mend_offers_no_new_try(shop: Console) -> None:
    loaded(shop)
    page = shop.signed_in("operator").get("/ops/sync/shipments/record?record=A-9").text
    assert "The source itself has to mend this row" in page
    assert 'value="retry"' not in page
    assert 'value="discard"' in page
