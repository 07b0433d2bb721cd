from __future__ import annotations

from tests.integration.house.fixtures import house, postgres_house, pytest_runtest_makereport, sqlite_house, talks

__all__ = ["house", "postgres_house", "pytest_runtest_makereport", "sqlite_house", "talks"]
