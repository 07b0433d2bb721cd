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
