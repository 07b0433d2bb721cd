"""Files in an S3 bucket, or in whatever else fsspec opens."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import fsspec

from connector.errors import ConnectorError, PermanentError, TransientError
from connector.providers.table.listing import Changed, Entry, Found, Listing, found_again, looked, wanted
from connector.providers.table.settings import TableSettings
from connector.speech import Text

_CHUNK = 1 << 20

_MISSING = Text(
    "Reading from S3 needs one more package on every machine of the connector: "
    "`pip install 'bitrix24-connector[s3]'`, then restart",
    "Для чтения из S3 нужен ещё один пакет на каждой машине коннектора: `pip install 'bitrix24-connector[s3]'`, затем "
    "перезапустите",
)
_DENIED = Text(
    "The store does not let us read: check `username` (the key's id), `password` (its secret) and what they may do",
    "Хранилище не даёт читать: проверьте `username` (id ключа), `password` (его секрет) и их права",
)
_NO_BUCKET = Text(
    "There is no such bucket: correct `location`, and `endpoint` when it is not Amazon's",
    "Такого бакета нет: исправьте `location`, а если хранилище не Amazon — и `endpoint`",
)
_AWAY = Text(
    "The store does not answer; it is tried again by itself. If it lasts, look at `endpoint` and the firewall",
    "Хранилище не отвечает; попытка повторится сама. Если не проходит, проверьте `endpoint` и файрвол",
)


def s3(settings: TableSettings) -> Bucket:
    """The bucket of a location ``s3://bucket/…``. Raises ``PermanentError`` when its package is not installed."""
    options: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    if settings.username and settings.password:
        options |= {"key": settings.username, "secret": settings.password.get_secret_value()}
    if settings.endpoint:
        options["endpoint_url"] = settings.endpoint
    try:
        files = fsspec.filesystem("s3", **options)
    except ImportError as error:
        raise PermanentError("table.s3", hint=_MISSING, detail=type(error).__name__) from None
    return Bucket(files, f"/{settings.address.host}{settings.address.path}")


class Bucket:
    """A storage of one of fsspec's file systems; ``path`` begins with the bucket."""

    def __init__(self, files: Any, path: str) -> None:
        self._files, self._path = files, path

    def look(self, seen: Mapping[str, str]) -> Listing:
        """All files that match."""
        try:
            return looked(self, wanted(self._path, self))
        except ConnectorError:
            raise
        except Exception as error:  # each of fsspec's file systems has errors of its own
            _fail(error)

    def find(self, name: str) -> Found | None:
        """One file as it is now."""
        try:
            return found_again(self, wanted(self._path, self), name)
        except ConnectorError:
            raise
        except Exception as error:
            _fail(error)

    def bring(self, found: Found, target: Path) -> None:
        """A copy, of which nothing is left when the file changed meanwhile."""
        try:
            with self._files.open(found.path, "rb") as file, target.open("wb") as copy:
                for chunk in iter(lambda: file.read(_CHUNK), b""):
                    copy.write(chunk)
            now = self.entry(found.path)
        except FileNotFoundError:
            raise Changed from None
        except Exception as error:
            _fail(error)
        if now is None or _mark(now) != (found.size, found.modified, found.tag):
            raise Changed
        if target.stat().st_size != found.size:
            raise Changed

    def close(self) -> None:
        """Nothing is held."""

    def entries(self, folder: str) -> Iterable[Entry]:
        """What stands in a folder; one without objects is not there, and that is no mistake while its bucket is."""
        try:
            found = self._files.ls(folder, detail=True)
        except FileNotFoundError:
            bucket = folder.strip("/").partition("/")[0]
            if not self._files.exists(f"/{bucket}"):
                raise
            return
        for about in found:
            entry = _entry(about)
            if entry.name and about["name"].strip("/") != folder.strip("/"):
                yield entry

    def entry(self, path: str) -> Entry | None:
        """What stands there."""
        try:
            return _entry(self._files.info(path))
        except FileNotFoundError:
            return None

    def is_folder(self, path: str) -> bool:
        """Whether it is one; a path that ends in ``/`` means one."""
        return path.endswith("/") or bool(self._files.isdir(path))

    def real(self, path: str) -> str:
        """There are no links."""
        return path


def _entry(about: Mapping[str, Any]) -> Entry:
    moment = about.get("LastModified") or about.get("mtime") or about.get("created")
    modified = moment.timestamp() if isinstance(moment, datetime) else moment
    return Entry(
        name=posixpath.basename(about["name"].rstrip("/")),
        folder=about.get("type") == "directory",
        size=int(about.get("size") or 0),
        modified=modified,
        tag=str(about.get("ETag") or "").strip('"'),
    )


def _mark(entry: Entry) -> tuple[int, float | None, str]:
    return entry.size, entry.modified, entry.tag


def _fail(error: Exception) -> NoReturn:
    """The words of the store may hold keys and addresses, so they are left out."""
    if isinstance(error, PermissionError):
        raise PermanentError("table.login", hint=_DENIED) from None
    if isinstance(error, FileNotFoundError):
        raise PermanentError("table.no_folder", hint=_NO_BUCKET) from None
    if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError"):
        raise PermanentError("table.login", hint=_DENIED) from None
    raise TransientError("table.away", hint=_AWAY, detail=type(error).__name__) from None
