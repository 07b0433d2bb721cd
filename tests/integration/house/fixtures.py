"""What tests share: a house per kind of database for the session, and new conversations for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.house.house import House, running_house
from tests.integration.house.talk import Talks

__all__ = ["house", "postgres_house", "pytest_runtest_makereport", "sqlite_house", "talks"]


@pytest.fixture(scope="session")
def sqlite_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_house("sqlite", tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running_house("postgresql", tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def house(sqlite_house: House) -> Iterator[House]:
    """The shared house, back in good order after the test."""
    yield sqlite_house
    sqlite_house.sandbox.start()
    sqlite_house.sandbox.clear_faults()


@pytest.fixture
def talks(house: House) -> Talks:
    return Talks(house)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    running = getattr(item, "funcargs", {}).get("house")
    if report.failed and isinstance(running, House):
        report.sections.append(("the house", running.logs()))
