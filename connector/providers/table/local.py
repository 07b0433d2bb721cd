"""Files in a folder of this machine, or one that is mounted here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from connector.errors import PermanentError, TransientError
from connector.providers.table.listing import Changed, Entry, Found, Listing, found_again, looked, wanted
from connector.speech import Text

_CHUNK = 1 << 20
_NO_FOLDER = Text(
    "The folder of `location` is not there: mount it, or correct the path; it is tried again",
    "Папки из `location` нет: подключите её или исправьте путь; попытка повторится сама",
)
_DENIED = Text(
    "{name} may not be read: give the user that the connector runs as the right to read the folder and its files",
    "Прав на чтение {name} нет: дайте пользователю, под которым работает коннектор, право читать папку и файлы в ней",
)
_AWAY = Text(
    "{name} cannot be read just now; it is tried again. If it lasts, look at the mount and the disk",
    "{name} сейчас не читается; попытка повторится. Если не проходит, проверьте подключение и диск",
)


class Local:
    """A storage: one path with wildcards, of a folder, or of a file."""

    def __init__(self, path: str) -> None:
        self._wanted = wanted(os.path.abspath(path) + ("/" if path.endswith("/") else ""), self)

    def look(self, seen: Mapping[str, str]) -> Listing:
        """All files that match."""
        try:
            return looked(self, self._wanted)
        except OSError as error:
            raise _verdict(error, self._wanted.root) from None

    def find(self, name: str) -> Found | None:
        """One file as it is now."""
        try:
            return found_again(self, self._wanted, name)
        except OSError as error:
            raise _verdict(error, name) from None

    def bring(self, found: Found, target: Path) -> None:
        """A copy, of which nothing is left when the file changed meanwhile."""
        try:
            with open(os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                with target.open("wb") as copy:
                    for chunk in iter(lambda: file.read(_CHUNK), b""):
                        copy.write(chunk)
                about, copied = os.fstat(file.fileno()), target.stat().st_size
            now = os.stat(found.path)
        except FileNotFoundError:
            raise Changed from None
        except OSError as error:
            raise _verdict(error, found.name) from None
        same = (now.st_ino, now.st_size, now.st_mtime) == (about.st_ino, copied, found.modified)
        if not same or copied != found.size:
            raise Changed

    def close(self) -> None:
        """Nothing is held."""

    def entries(self, folder: str) -> Iterable[Entry]:
        """What stands in a folder; pipes and devices are left out."""
        with os.scandir(folder) as entries:
            yield from filter(None, (self.entry(each.path) for each in entries))

    def entry(self, path: str) -> Entry | None:
        """What stands there, by what a link leads to."""
        try:
            about = os.stat(path)
        except FileNotFoundError:  # gone since, or a link that leads nowhere
            return None
        kind = stat.S_IFMT(about.st_mode)
        if kind not in (stat.S_IFREG, stat.S_IFDIR):
            return None
        return Entry(
            name=os.path.basename(path),
            folder=kind == stat.S_IFDIR,
            link=os.path.islink(path),
            size=about.st_size,
            modified=about.st_mtime,
        )

    def is_folder(self, path: str) -> bool:
        """Whether it is one; a path that ends in ``/`` means one."""
        return path.endswith("/") or os.path.isdir(path)

    def real(self, path: str) -> str:
        """Without links."""
        return os.path.realpath(path)


def _verdict(error: OSError, name: str) -> Exception:
    if isinstance(error, PermissionError):
        return PermanentError("table.denied", hint=_DENIED.with_(name=name))
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return TransientError("table.no_folder", hint=_NO_FOLDER)
    return TransientError("table.away", hint=_AWAY.with_(name=name), detail=type(error).__name__)
