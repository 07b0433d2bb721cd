"""Any database that SQLAlchemy can read: a table or a SELECT, page by page, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.domain.provider import Finding, Provider
from connector.domain.sources import Desk, Reader, SourceRole
from connector.providers.sql.settings import SqlSettings
from connector.speech import Text


def _open(desk: Desk) -> Reader:
    from connector.providers.sql.reading import SqlReader  # drivers load slowly, and few processes need them

    return SqlReader(desk)


def _check(desk: Desk) -> Sequence[Finding]:
    from connector.providers.sql.setup import check  # as above

    return check(desk)


def _write(desk: Desk, changes: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
    from connector.providers.sql.writing import write  # as above

    return write(desk, changes)


PROVIDER = Provider(
    slug="sql",
    title=Text("Database", "База данных"),
    source=SourceRole(settings=SqlSettings, open=_open, check=_check, write=_write),
)
