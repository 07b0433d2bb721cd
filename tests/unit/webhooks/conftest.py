"""A world for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import FakeClock
from tests.unit.webhooks.world import World


@pytest.fixture
def world(tmp_path: Path, clock: FakeClock) -> World:
    """One portal that is installed, two accounts."""
    made = World(tmp_path, clock)
    made.install()
    return made
