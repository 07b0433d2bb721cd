from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.journal import Vault, open_journal
from connector.sandbox import SandboxServer
from tests.conftest import SECRET
from tests.integration.access.world import CONTENTS, SCOPE, World


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(selfhosted=True, scope=SCOPE, contents=CONTENTS) as server:
        yield server


@pytest.fixture
def world(sandbox: SandboxServer, sqlite_url: str) -> Iterator[World]:
    journal = open_journal(sqlite_url, Vault([SECRET]))
    try:
        yield World(sandbox, journal)
    finally:
        journal.close()
