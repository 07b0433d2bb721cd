"""Which storage a location means."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connector.domain.sources import Desk, Reader
from connector.providers.table.bucket import s3
from connector.providers.table.listing import Storage
from connector.providers.table.local import Local
from connector.providers.table.reading import TableReader
from connector.providers.table.sftp import Sftp
from connector.providers.table.web import Web


def storage_of(desk: Desk) -> Storage:
    """The storage of the desk's source. Raises ``PermanentError`` when what it needs is not installed."""
    return _BY_SCHEME[desk.settings.address.scheme](desk)


def opened(desk: Desk) -> Reader:
    """A reader of the desk's source; nothing is asked yet."""
    return TableReader(desk, storage_of(desk))


def _web(desk: Desk) -> Storage:
    desk.folder.mkdir(parents=True, exist_ok=True)
    return Web(desk.settings, desk.http, desk.folder, desk.clock)


_BY_SCHEME: Mapping[str, Callable[[Desk], Storage]] = {
    "file": lambda desk: Local(desk.settings.address.path),
    "sftp": lambda desk: Sftp(desk.settings),
    "http": _web,
    "https": _web,
    "s3": lambda desk: s3(desk.settings),
}
