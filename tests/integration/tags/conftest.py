from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.journal import Vault, open_journal
from connector.sandbox import SandboxServer
from tests.conftest import SECRET
from tests.integration.access.world import SCOPE
from tests.integration.tags.world import World


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    journal = open_journal(sqlite_url, Vault([SECRET]))
    with SandboxServer(selfhosted=True, scope=SCOPE) as sandbox:
        try:
            yield World(sandbox, journal)
        finally:
            journal.close()
