"""A place to run the processes in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.edge.processes import Place
from tests.services import Redis


@pytest.fixture
def place(tmp_path: Path, journal_url: str, redis_server: Redis) -> Iterator[Place]:
    """Settings, a fresh database of each kind, a running Redis."""
    made = Place(tmp_path, journal_url, redis_server.url)
    yield made
    made.close()


@pytest.fixture
def small_place(tmp_path: Path, redis_server: Redis) -> Iterator[Place]:
    """The same on SQLite alone."""
    made = Place(tmp_path, f"sqlite:///{tmp_path}/connector.db", redis_server.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def lasting_place(tmp_path_factory: pytest.TempPathFactory, redis_process: Redis) -> Iterator[Place]:
    """The same for all tests of a file; what came in one of them is to be forgotten before the next: ``empty``."""
    redis_process.revive()
    folder = tmp_path_factory.mktemp("place")
    made = Place(folder, f"sqlite:///{folder}/connector.db", redis_process.url)
    yield made
    made.close()
