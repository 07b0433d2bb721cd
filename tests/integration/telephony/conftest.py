from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.providers.asterisk.standin import AmiServer
from tests.conftest import FakeClock
from tests.integration.telephony.ami_home import Home
from tests.integration.telephony.exchange import Exchange, exchange
from tests.integration.telephony.stage import Stage
from tests.services import Redis


@pytest.fixture
def stage(journal_url: str, tmp_path: Path, clock: FakeClock) -> Iterator[Stage]:
    """A journal of each kind, the real intake, a PBX of fakes."""
    made = Stage(journal_url, tmp_path, clock)
    yield made
    made.journal.close()


@pytest.fixture
def office(tmp_path: Path, sqlite_url: str, redis_server: Redis) -> Iterator[Exchange]:
    """The whole connector with a PBX, and a portal to play with."""
    with exchange(tmp_path, redis_server, sqlite_url) as made:
        yield made


@pytest.fixture
def ami() -> Iterator[AmiServer]:
    """A pretend Asterisk."""
    with AmiServer() as server:
        yield server


@pytest.fixture
def home(journal_url: str, tmp_path: Path, ami: AmiServer) -> Iterator[Home]:
    """A machine that may listen to it, with a journal of each kind."""
    made = Home(journal_url, tmp_path, ami)
    yield made
    made.stop.set()
    made.real.close()
