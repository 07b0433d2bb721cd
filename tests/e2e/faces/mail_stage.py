"""A house with mailboxes, their letters and the quarantine, for browsers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.bootstrap import Connector
from tests.e2e.faces.console_stage import housed
from tests.services import Redis
from tests.unit.webhooks.mail_house import YAML, seed


@pytest.fixture
def house(tmp_path: Path, redis_server: Redis) -> Iterator[Connector]:
    """The house with its letters."""
    with housed(tmp_path, redis_server, YAML) as made:
        seed(made)
        yield made
