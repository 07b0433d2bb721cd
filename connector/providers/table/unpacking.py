"""Files inside ``.zip`` and ``.gz``: unpacked one by one into our own folder, under names of our own."""

from __future__ import annotations

import gzip
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from connector.errors import PermanentError
from connector.providers.table.formats import PACKED, SUFFIXES, Damaged, unknown
from connector.speech import Text

_CHUNK = 1 << 20
# NotImplementedError: packed in a way that the library does not know.
_SPOILT = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError)

_TOO_LARGE = Text(
    "{name} is larger than {limit} MiB when unpacked: raise `largest`, or have smaller files made",
    "{name} после распаковки больше {limit} МиБ: увеличьте `largest` или разбейте файл на части",
)
_PASSWORD = Text(
    "{name} is under a password: have it packed without one", "{name} под паролем: упаковывайте без пароля"
)
_SPOILT_PACK = Text("the archive is cut or spoilt ({what})", "архив обрезан или испорчен ({what})")
_EMPTY_PACK = Text("no file of a known format is in the archive", "в архиве нет файлов известного формата")
_ROAMS = Text(
    "«{inner}» in {name} has a name that leads out of the archive, and is not read: have it packed anew",
    "«{inner}» в {name}: имя ведёт за пределы архива, файл не читается: упакуйте заново",
)


class Limit:
    """How much may come out of one file, in all."""

    def __init__(self, name: str, mebibytes: int) -> None:
        self._name, self._mebibytes, self._left = name, mebibytes, mebibytes << 20

    def take(self, count: int) -> None:
        """So many bytes came. Raises ``PermanentError`` when there are too many."""
        self._left -= count
        if self._left < 0:
            raise PermanentError("table.too_large", hint=_TOO_LARGE.with_(name=self._name, limit=self._mebibytes))


def unpacked(path: Path, name: str, limit: Limit, notes: list[Text]) -> Iterator[tuple[str, Path]]:
    """(name, path) of each table in the file: itself, or what is packed in it; each is gone when the next is asked for.

    Raises ``Damaged``, and ``PermanentError`` for a password or for too much.
    """
    low = name.lower()
    if not low.endswith(PACKED):
        limit.take(path.stat().st_size)
        yield name, path
        return
    target = path.with_name(f"{path.name}.unpacked")
    try:
        yield from (
            _zipped(path, name, target, limit, notes) if low.endswith(".zip") else _gzipped(path, name, target, limit)
        )
    finally:
        target.unlink(missing_ok=True)


def _gzipped(path: Path, name: str, target: Path, limit: Limit) -> Iterator[tuple[str, Path]]:
    inner = name[: -len(".gz")]
    if inner.lower().endswith(".tar"):
        raise unknown(name)
    try:
        with gzip.open(path, "rb") as packed:
            _spill(packed.read, target, limit)
    except _SPOILT as error:
        raise Damaged(_SPOILT_PACK.with_(what=type(error).__name__)) from None
    yield inner, target


def _zipped(path: Path, name: str, target: Path, limit: Limit, notes: list[Text]) -> Iterator[tuple[str, Path]]:
    try:
        packed = zipfile.ZipFile(path)
    except _SPOILT as error:
        raise Damaged(_SPOILT_PACK.with_(what=type(error).__name__)) from None
    with packed:
        meant = [member for member in packed.infolist() if _meant(member)]
        if not meant:
            raise Damaged(_EMPTY_PACK)
        for member in sorted(meant, key=lambda each: each.filename):
            if _roams(member.filename):
                notes.append(_ROAMS.with_(name=name, inner=member.filename[:100]))
                continue
            if member.flag_bits & 1:
                raise PermanentError("table.password", hint=_PASSWORD.with_(name=name))
            try:
                with packed.open(member) as inner:
                    _spill(inner.read, target, limit)
            except _SPOILT as error:
                raise Damaged(_SPOILT_PACK.with_(what=type(error).__name__)) from None
            yield f"{name}/{member.filename}", target


def _meant(member: zipfile.ZipInfo) -> bool:
    short = posixpath.basename(member.filename.replace("\\", "/"))
    known = tuple(suffix for suffix in SUFFIXES if suffix not in PACKED)
    hidden = short.startswith((".", "~$")) or member.filename.startswith("__MACOSX/")
    return not member.is_dir() and not hidden and short.lower().endswith(known)


def _roams(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or ":" in parts[0]


def _spill(read: Callable[[int], bytes], target: Path, limit: Limit) -> None:
    with target.open("wb") as file:
        for chunk in iter(lambda: read(_CHUNK), b""):
            limit.take(len(chunk))
            file.write(chunk)
