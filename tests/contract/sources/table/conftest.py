from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.sources.table.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """An empty folder of files."""
    return Shelf(tmp_path)
