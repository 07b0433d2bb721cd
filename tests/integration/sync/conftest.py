from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.sync.world import World
from tests.integration.sync.world import world as fresh
from tests.services import Redis


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str, redis_server: Redis) -> Iterator[World]:
    with fresh(tmp_path, redis_server, sqlite_url) as made:
        yield made
