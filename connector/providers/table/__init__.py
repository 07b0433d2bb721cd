"""Files of rows: CSV, TSV, XLSX, JSON and JSON lines, from a folder, SFTP, the web or S3."""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.provider import Finding, Provider
from connector.domain.sources import Desk, Reader, SourceRole
from connector.providers.table.settings import TableSettings
from connector.speech import Text


def _open(desk: Desk) -> Reader:
    from connector.providers.table.storages import opened  # paramiko and fsspec load slowly; few need them

    return opened(desk)


def _check(desk: Desk) -> Sequence[Finding]:
    from connector.providers.table.checking import check  # as above

    return check(desk)


PROVIDER = Provider(
    slug="table",
    title=Text("Tables in files", "Таблицы в файлах"),
    source=SourceRole(settings=TableSettings, open=_open, check=_check),
    color="#217346",
)
