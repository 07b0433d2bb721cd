"""An installed Bitrix24 with the web in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.portal.world import World, world_of_two
from tests.services import Redis


@pytest.fixture
def world(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[World]:
    with world_of_two(tmp_path, redis_server.url, journal_url) as made:
        made.install()
        yield made
