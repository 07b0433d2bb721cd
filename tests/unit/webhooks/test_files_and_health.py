"""``/media``, ``/healthz``, ``/readyz``, ``/metrics`` and the answers to nonsense."""

from __future__ import annotations

import pytest

from connector.checkup import UNTOLD
from tests.unit.webhooks.world import World
from webhooks.app import create_app

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


def put(world: World, name: str, content: bytes) -> str:
    kept = world.connector.media.keep(name, "", [content], limit=10_000)
    return str(kept.url.removeprefix("https://edge.example"))


def test_a_file_comes_with_its_type_and_name(world: World):
    answer = world.browser().get(put(world, "Смета №1.png", PNG))
    assert (answer.status_code, answer.data) == (200, PNG)
    assert answer.content_type == "image/png"
    assert "filename*=UTF-8''%D0%A1%D0%BC%D0%B5%D1%82%D0%B0" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<!doctype html><script>alert(1)</script>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("photo.png", b"<html><body onload=alert(1)>"),
        ("notes.txt", b"plain"),
        ("run.exe", b"MZ\x90\0"),
    ],
)
def test_nothing_that_a_browser_runs_is_shown_inline(world: World, name: str, content: bytes):
    answer = world.browser().get(put(world, name, content))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.content_type.split(";")[0] in ("application/octet-stream", "text/plain")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_part_of_a_file_and_its_head_can_be_asked_for(world: World):
    address, browser = put(world, "a.png", PNG), world.browser()
    part = browser.get(address, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, PNG[:4])
    head = browser.head(address)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(PNG)))


def test_a_bad_link_is_404_and_an_old_one_410(world: World, clock):
    address, browser = put(world, "a.png", PNG), world.browser()
    assert browser.get(address[:-1]).status_code == 404
    assert browser.get("/media/ж.é").status_code == 404
    clock.advance(3 * 3600)
    assert browser.get(address).status_code == 410


def test_alive_is_alive(world: World):
    assert world.browser().get("/healthz").json == {"status": "ok"}


@pytest.mark.parametrize(("proxies", "untold"), [(0, True), (1, False)])
def test_a_proxy_that_we_were_not_told_of_is_told(world: World, proxies: int, untold: bool):
    browser = create_app(world.connector, proxies=proxies).test_client()
    assert UNTOLD not in browser.get("/healthz").headers
    assert (UNTOLD in browser.get("/healthz", headers={"X-Forwarded-For": "203.0.113.7"}).headers) is untold


def test_ready_names_each_part(world: World):
    answer = world.browser().get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "journal": "ok", "spool": "ok", "redis": "ok"}


def test_without_redis_it_is_degraded_and_ready(world: World):
    world.redis.away = True
    answer = world.browser().get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["redis"]) == (200, "degraded", "bad")


def test_without_the_database_the_spool_keeps_it_ready(world: World):
    browser = world.browser()
    world.journal.away = True
    assert browser.get("/readyz").status_code == 200


def test_without_both_it_is_not_ready(world: World, tmp_path):
    browser = world.browser()
    world.journal.away = True
    world.connector.settings.var = tmp_path / "gone"
    answer = browser.get("/readyz")
    assert (answer.status_code, answer.json["journal"], answer.json["spool"]) == (503, "bad", "bad")


def test_metrics_tell_depths_from_the_journal_and_counts_from_the_edge(world: World):
    browser = world.browser()
    browser.post("/hooks/ghost", data=b"{}")
    text = browser.get("/metrics").text
    assert 'connector_deliveries_waiting{destination="portal:main"} 3.0' in text
    assert 'connector_oldest_waiting_seconds{destination="portal:main"} 12.5' in text
    assert "connector_envelopes_parked 4.0" in text
    assert 'connector_silence_missed_requests{sender="account:shop"} 23.0' in text
    assert 'connector_replies_found_total{portal="main"} 0.0' in text
    assert 'connector_budget{portal="main",what="burst"}' in text
    assert 'connector_envelopes_total{account="",cause="account.unknown",outcome="refused"}' in text


def test_metrics_say_which_part_is_away(world: World):
    browser = world.browser()
    world.journal.away = True
    text = browser.get("/metrics").text
    assert 'connector_up{part="journal"} 0.0' in text
    assert 'connector_up{part="spool"} 1.0' in text


def test_nothing_at_an_address_is_said_in_both_languages(world: World):
    answer = world.browser().get("/nowhere")
    assert (answer.status_code, answer.json["error"]) == (404, "http.404")
    assert answer.json["hint_ru"]


def test_a_large_body_is_refused_everywhere(world: World):
    answer = world.browser().post("/bitrix24/events", data=b"x" * 5000)
    assert (answer.status_code, answer.json["error"]) == (413, "body.too_large")
