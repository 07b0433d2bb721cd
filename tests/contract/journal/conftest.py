"""A journal on each of the two databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connector.journal import Journal, Vault, open_journal
from tests.conftest import SECRET, FakeClock


@pytest.fixture
def opened(journal_url: str, clock: FakeClock) -> Iterator[Callable[[], Journal]]:
    """Opens the same database once more, as another process would."""
    all_opened: list[Journal] = []

    def another() -> Journal:
        all_opened.append(open_journal(journal_url, Vault([SECRET]), clock=clock))
        return all_opened[-1]

    yield another
    for journal in all_opened:
        journal.close()


@pytest.fixture
def journal(opened: Callable[[], Journal]) -> Journal:
    """A fresh journal."""
    return opened()
