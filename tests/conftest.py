"""Fixtures that every floor of the tests may use."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

from connector.journal import Vault, open_journal
from tests import services
from tests.pool import Pool

pytest_plugins = ["tests.log_net", "tests.tables", "tests.compiled"]

# No law of ours is about the time of one example: a machine that does other things as well must not break it.
settings.register_profile("house", deadline=None, max_examples=50)
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole houses and browsers first, with the slow files spread evenly over them: several of those at once would
    starve each other. What is short fills the gaps at the end."""
    slow = [*dict.fromkeys(item.path for item in items if item.get_closest_marker("slow"))]
    whole = [*dict.fromkeys(item.path for item in items if {"e2e", "integration"} & {*item.path.parts})]
    houses = [path for path in whole if path not in slow]
    places = {path: number / len(files) for files in (slow, houses) for number, path in enumerate(files)}
    items.sort(key=lambda item: places.get(item.path, 1.0))


def pytest_collection_finish() -> None:
    """Fifteen thousand tests stay to the end: no collection of garbage looks through them again and again."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a passed test printed and logged is told to nobody."""
    report = yield
    if report.passed:
        report.sections.clear()
    return report


SECRET = "a secret key of at least thirty-two characters"


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> FakeClock:
    """A fake clock."""
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[services.Postgres]:
    """One private PostgreSQL cluster for the whole run."""
    with services.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: services.Postgres) -> str:
    """The name of a database that has the schema already."""
    url = postgres_server.create()
    open_journal(url, Vault([SECRET])).close()
    return url.rpartition("/")[2]


@pytest.fixture(scope="session")
def postgres_pool(postgres_server: services.Postgres, postgres_template: str) -> Pool:
    """Databases that have the schema already."""
    return Pool(postgres_server, postgres_template)


@pytest.fixture
def pg_url(postgres_pool: Pool) -> Iterator[str]:
    """An empty PostgreSQL database with the schema in place."""
    url = postgres_pool.take()
    yield url
    postgres_pool.give_back(url)


@pytest.fixture(scope="session")
def redis_process() -> Iterator[services.Redis]:
    """One private redis-server for the whole run."""
    with services.redis() as server:
        yield server


@pytest.fixture
def redis_server(redis_process: services.Redis) -> services.Redis:
    """A running and empty redis-server."""
    redis_process.revive()
    redis_process.flush()
    return redis_process


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that has the schema already."""
    path = tmp_path_factory.mktemp("template") / "connector.db"
    open_journal(f"sqlite:///{path}", Vault([SECRET])).close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with the schema in place."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'connector.db')}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def journal_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database, once of each kind."""
    return str(request.getfixturevalue("pg_url" if request.param == "postgres" else "sqlite_url"))
