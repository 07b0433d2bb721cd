"""A scripted 1C for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import FakeClock
from tests.contract.sources.onec.reads import Base
from tests.integration.sources.onec_service import Infobase, onec


@pytest.fixture
def base(tmp_path: Path, clock: FakeClock) -> Iterator[Base]:
    """1C with an empty list of shipments."""
    http = requests.Session()
    http.trust_env = False
    with onec(Infobase(lists={"Document_Отгрузка": []})) as infobase, http:
        yield Base(infobase=infobase, http=http, folder=tmp_path, clock=clock)
