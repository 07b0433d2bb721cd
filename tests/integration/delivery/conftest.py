"""An engine on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.journal import Vault, open_journal

from .engine import Engine, MovingClock


@pytest.fixture
def engine(journal_url: str) -> Iterator[Engine]:
    clock = MovingClock()
    journal = open_journal(journal_url, Vault(["k" * 32]), clock=clock)
    yield Engine(journal, clock)
    journal.close()
