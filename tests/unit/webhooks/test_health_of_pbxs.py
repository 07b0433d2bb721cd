"""What ``/readyz`` and ``/metrics`` tell of telephony."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.telephony.pbx import Past, pbx
from tests.unit.webhooks.world import NOW, World


def stream(world: World, state: str = "connected", *, since: float = 300) -> None:
    world.accounts["office"] = pbx(listens=True, history=Past())
    at = (NOW - timedelta(seconds=since)).isoformat()
    heard = (NOW - timedelta(seconds=4)).isoformat()
    world.journal.links["stream", "office"] = {"state": state, "since": at, "heard": heard, "why": ""}


def test_a_stream_that_is_away_makes_it_degraded_and_ready(world: World) -> None:
    stream(world, "waiting")
    answer = world.browser().get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["streams"]) == (200, "degraded", "bad")


def test_a_connected_stream_is_one_of_the_parts(world: World) -> None:
    stream(world)
    assert world.browser().get("/readyz").json["streams"] == "ok"


def test_a_house_without_streams_does_not_name_them(world: World) -> None:
    world.accounts["hooks"] = pbx("hooks")
    assert "streams" not in world.browser().get("/readyz").json


def test_metrics_tell_how_pbxs_stand(world: World) -> None:
    stream(world)
    world.journal.links["history", "office"] = {"until": (NOW - timedelta(minutes=6)).isoformat()}
    world.journal.links["call.open", "office.1"] = {"at": NOW.isoformat(), "call_id": "x"}
    text = world.browser().get("/metrics").text
    assert 'connector_stream_connected{account="office"} 1.0' in text
    assert 'connector_stream_heard_seconds{account="office"} 4.0' in text
    assert 'connector_calls_open{account="office"} 1.0' in text
    assert 'connector_history_read_seconds{account="office"} 360.0' in text
    assert 'connector_up{part="telephony"} 1.0' in text


def test_metrics_of_a_pbx_that_calls_us_tell_of_no_stream(world: World) -> None:
    world.accounts["hooks"] = pbx("hooks")
    text = world.browser().get("/metrics").text
    assert 'connector_calls_open{account="hooks"} 0.0' in text
    assert "connector_stream_connected" not in text


def test_metrics_without_the_database_miss_that_part_only(world: World) -> None:
    stream(world)
    browser = world.browser()
    world.journal.away = True
    assert 'connector_up{part="telephony"} 0.0' in browser.get("/metrics").text
