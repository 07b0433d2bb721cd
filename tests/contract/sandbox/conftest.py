from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller
from tests.contract.sandbox.listener import Listener


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(burst=0, language="en", event_timeout=2.0, download_timeout=2.0) as server:
        yield server


@pytest.fixture
def app(sandbox: SandboxServer) -> Caller:
    return Caller(sandbox)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        yield server


@pytest.fixture
def desk(app: Caller) -> Caller:
    app.connect()
    return app
