from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import FakeClock
from tests.integration.telephony.stage import Stage


@pytest.fixture
def stage(journal_url: str, tmp_path: Path, clock: FakeClock) -> Iterator[Stage]:
    """A journal of each kind, the real intake, a PBX of fakes."""
    made = Stage(journal_url, tmp_path, clock)
    yield made
    made.journal.close()
