"""What ``/readyz`` and ``/metrics`` tell of sync jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from prometheus_client.utils import floatToGoString

from connector.journal import Journal, Vault, open_journal
from tests.conftest import SECRET, FakeClock
from tests.unit.webhooks.console.sync_stage import NO_BUYER, REFUSED, began, ended, new, settled, source, went
from tests.unit.webhooks.world import World


@pytest.fixture
def journal(sqlite_url: str, clock: FakeClock) -> Iterator[Journal]:
    opened = open_journal(sqlite_url, Vault([SECRET]), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def shop(world: World, journal: Journal, clock: FakeClock) -> World:
    """A house with one source over a real journal."""
    world.connector.settings.sources["shipments"] = source()
    world.connector.journal, world.connector.clock = journal, clock
    return world


def test_a_source_in_order_is_one_of_the_parts(shop: World, journal: Journal) -> None:
    ended(journal, began(journal, "shipments"))
    assert shop.browser().get("/readyz").json["sources"] == "ok"


def test_a_source_that_needs_a_person_makes_it_degraded_and_ready(shop: World, journal: Journal) -> None:
    ended(journal, began(journal, "shipments"), "failed", cause="sftp.login", hint=REFUSED)
    answer = shop.browser().get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["sources"]) == (200, "degraded", "bad")


def test_a_house_without_sources_does_not_name_them(world: World) -> None:
    assert "sources" not in world.browser().get("/readyz").json
    assert "connector_sync" not in world.browser().get("/metrics").text


def test_metrics_tell_what_runs_did_and_how_the_source_stands(shop: World, journal: Journal, clock: FakeClock) -> None:
    run = began(journal, "shipments", full=True)
    went(journal, run, rows=[new("1"), new("2")], counts={"read": 2, "changed": 2})
    settled(journal, run, "1", "parked", cause="crm.not_found", hint=NO_BUYER)
    ended(journal, run, counts={"created": 1, "parked": 1, "requests": 3})
    ended(journal, began(journal, "shipments"), "failed", cause="x", hint=REFUSED)
    good = clock().timestamp()
    clock.advance(60)
    text = shop.browser().get("/metrics").text
    for line in (
        'connector_sync_lag_seconds{source="shipments"} 60.0',
        f'connector_sync_last_good_timestamp_seconds{{source="shipments"}} {floatToGoString(good)}',
        'connector_sync_rows_parked{source="shipments"} 1.0',
        'connector_sync_rows_waiting{source="shipments"} 1.0',
        'connector_sync_runs_total{source="shipments",state="done"} 1.0',
        'connector_sync_runs_total{source="shipments",state="failed"} 1.0',
        'connector_sync_rows_total{outcome="created",source="shipments"} 1.0',
        'connector_sync_requests_total{source="shipments"} 3.0',
        'connector_sync_state{source="shipments",state="failing"} 1.0',
        'connector_sync_alarm{kind="failing",source="shipments"} 1.0',
        'connector_sync_alarm{kind="late",source="shipments"} 0.0',
        'connector_up{part="sync"} 1.0',
    ):
        assert line in text, line


def test_a_source_that_never_was_good_has_no_lag(shop: World) -> None:
    text = shop.browser().get("/metrics").text
    assert "connector_sync_lag_seconds" not in text
    assert 'connector_sync_runs_total{source="shipments",state="done"} 0.0' in text


def test_a_source_that_is_late_is_told_in_words(shop: World, journal: Journal, clock: FakeClock) -> None:
    ended(journal, began(journal, "shipments"))
    clock.advance(timedelta(hours=3).total_seconds())
    assert shop.browser().get("/readyz").json["sources"] == "bad"
    assert 'connector_sync_alarm{kind="late",source="shipments"} 1.0' in shop.browser().get("/metrics").text
