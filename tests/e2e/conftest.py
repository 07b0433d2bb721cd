from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.house.fixtures import pytest_runtest_makereport, talks
from tests.integration.house.house import TOGETHER, House, running_house

__all__ = ["pytest_runtest_makereport", "running", "talks"]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The house as ``connector run`` starts it from the Procfile."""
    with running_house("sqlite", tmp_path_factory.mktemp("house"), commands=TOGETHER) as running:
        yield running


@pytest.fixture
def house(running: House) -> House:
    return running
