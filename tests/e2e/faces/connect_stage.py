"""The way from nothing to a talking channel, for a browser to walk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.checkup.way import Way, a_way
from tests.services import Redis

__all__ = ["Way", "way"]


@pytest.fixture
def way(tmp_path: Path, redis_server: Redis) -> Iterator[Way]:
    """Nothing is installed yet; people are at the console."""
    with a_way(tmp_path, redis_server.url) as made:
        yield made
