from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import FakeClock
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
def office(tmp_path: Path, redis_server: Redis) -> Iterator[Exchange]:
    """The whole connector with a PBX, and a portal to play with."""
    with exchange(tmp_path, redis_server, f"sqlite:///{tmp_path / 'journal.db'}") as made:
        yield made
