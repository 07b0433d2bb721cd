"""Who may show the console in a frame."""

from __future__ import annotations

import pytest

from connector.settings import ConsoleSettings
from tests.conftest import FakeClock
from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.world import World


@pytest.mark.parametrize("path", ["/ops", "/ops/sign-in", "/ops/nowhere"])
def test_nobody_frames_it_unless_it_is_written(console: Console, path: str):
    answer = console.signed_in().get(path)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_frames_of_the_settings_and_no_others(world: World, journal, clock: FakeClock):
    world.connector.settings.console = ConsoleSettings(frames=("https://intranet.example", "http://127.0.0.1:9"))
    answer = Console(world, journal, clock).signed_in().get("/ops")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://intranet.example http://127.0.0.1:9")
    assert "X-Frame-Options" not in answer.headers


@pytest.mark.parametrize(("place", "samesite"), [("iframe", "SameSite=None"), ("document", "SameSite=Lax")])
def test_signing_in_holds_in_a_configured_frame_of_another_site(
    world: World, journal, clock: FakeClock, place: str, samesite: str
):
    world.connector.settings.console = ConsoleSettings(frames=("https://intranet.example",))
    browser = Console(world, journal, clock).browser()
    browser.client.environ_base["HTTP_SEC_FETCH_DEST"] = place
    cookies = browser.get("/ops/sign-in").headers.getlist("Set-Cookie")
    cookies += browser.sign_in("viewer").headers.getlist("Set-Cookie")
    mine = [set(cookie.split("; ")) for cookie in cookies]
    assert len(mine) > 1
    assert all({samesite, "Secure", "HttpOnly"} <= parts for parts in mine)
    assert all(("Partitioned" in parts) is (place == "iframe") for parts in mine)
    assert browser.get("/ops").status_code == 200
    browser.submit("/ops/sign-out")
    assert browser.session == ""
