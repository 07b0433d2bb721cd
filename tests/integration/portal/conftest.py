"""One Bitrix24 for each test, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.portal.world import World, world_of_two
from tests.services import Redis


@pytest.fixture
def world(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[World]:
    with world_of_two(tmp_path, redis_server.url, journal_url) as made:
        yield made
