"""A file parsed once into lines of JSON of our own, from which pages are read by the offset of their bytes.

The same file, read by the same settings, gives the same lines on every machine. A line is a row (``v`` values, ``i``
id, ``w`` where), a broken one (``b`` why, in both languages), or the last one: ``t`` notes, ``s`` rows were swallowed.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from connector.domain.sources import identity
from connector.errors import PermanentError, TransientError
from connector.providers.table import objects, separated
from connector.providers.table.formats import Odd, Row, Table, format_of
from connector.providers.table.listing import Found, Storage
from connector.providers.table.settings import TableSettings
from connector.providers.table.unpacking import Limit, unpacked
from connector.providers.table.values import Shaper, Unfit
from connector.speech import Text

FORM = 1  # of the lines; another one makes old ones worthless
ABANDONED = 86_400  # seconds
LONGEST = 1_000_000  # signs of a cell
_SHOWN = 200  # signs of a broken row's cell
_MANNER = (
    "location",
    "format",
    "sheet",
    "encoding",
    "separator",
    "decimal",
    "dates",
    "header",
    "rename",
    "types",
    "id",
    "timezone",
)

_NO_COLUMN = Text(
    "{name} has no column «{column}», by which records are known; it has {columns}. Correct `id` or `rename`",
    "В {name} нет столбца «{column}», по которому узнаются записи; есть {columns}. Исправьте `id` или `rename`",
)
_NO_ID = Text("it has no id: {columns} is empty", "нет идентификатора: пусто в {columns}")
_LONG = Text("column «{column}» has more than {most} signs", "в столбце «{column}» больше {most} знаков")
_LETTERS = Text(
    "it has bytes that are no letters of the file's encoding; name the right one in `encoding:`",
    "в ней байты, которых нет в кодировке файла; укажите верную в `encoding:`",
)
_NO_VALUE = Text("it has a value that cannot be kept ({what})", "в ней значение, которое нельзя сохранить ({what})")
_ABSENT = Text(
    "{name} has no column «{column}», which `types` or `rename` speak of",
    "В {name} нет столбца «{column}» из `types` или `rename`",
)
_DISK = Text(
    "The disk of the connector has no room for {name}: free some in {folder}; it is tried again",
    "На диске коннектора нет места для {name}: освободите его в {folder}; попытка повторится",
)


def manner_of(settings: TableSettings) -> str:
    """A short mark of how files are read: when it changes, all are read again."""
    told = [FORM, *(settings.model_dump(mode="json")[name] for name in _MANNER)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def staged_at(folder: Path, name: str, fingerprint: str, manner: str) -> Path:
    """Where a file's lines are kept."""
    told = (name, f"{fingerprint}|{manner}")
    return folder / ("-".join(hashlib.sha256(word.encode()).hexdigest()[:16] for word in told) + ".rows")


def stage(found: Found, storage: Storage, settings: TableSettings, target: Path) -> None:
    """Bring the file and write its lines to ``target``, whole or not at all.

    Raises ``Changed``, ``Damaged``, ``TransientError``, ``PermanentError``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(target.parent).free < found.size * 3:
        raise TransientError("table.disk", hint=_DISK.with_(name=found.name, folder=target.parent))
    scratch = target.with_name(f"{target.stem}.{secrets.token_hex(4)}")
    raw, lines = scratch.with_suffix(".raw"), scratch.with_suffix(".new")
    try:
        storage.bring(found, raw)
        with lines.open("wb") as file:
            Writer(settings, file).write(raw, found.name)
        os.replace(lines, target)
    finally:
        raw.unlink(missing_ok=True)
        lines.unlink(missing_ok=True)


def swept(folder: Path, kept: Sequence[Path], now: datetime) -> None:
    """Remove the lines of files that nobody will ask for, and what a killed process left half done."""
    names = {path.name for path in kept}
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):  # another process sweeps too
            done, old = path.suffix == ".rows", path.stat().st_mtime < now.timestamp() - ABANDONED
            if (done and path.name not in names) or (not done and old):
                path.unlink()


def tables(raw: Path, name: str, settings: TableSettings, notes: list[Text]) -> Iterator[tuple[str, Table]]:
    """(name, table) of each that is in the file. Raises ``Damaged``, ``PermanentError``."""
    for inner, path in unpacked(raw, name, Limit(name, settings.largest), notes):
        kind = format_of(inner, settings.format)
        with ExitStack() as stack:
            yield inner, _opened(kind, path, inner, settings, stack)


def _opened(kind: str, path: Path, name: str, settings: TableSettings, stack: ExitStack) -> Table:
    if kind == "xlsx":
        from connector.providers.table import sheets  # Excel loads slowly, and few processes ever meet it

        return sheets.opened(path, name, settings, stack)
    if kind in ("json", "jsonl"):
        return objects.opened(path, settings, stack, listed=kind == "json")
    return separated.opened(path, settings, stack, separator="\t" if kind == "tsv" else "")


class Writer:
    """Writes the lines of one file."""

    def __init__(self, settings: TableSettings, file: BinaryIO) -> None:
        self._settings, self._file = settings, file
        self._shaper = Shaper(settings)
        self._encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def write(self, raw: Path, name: str) -> None:
        """All rows of the file at ``raw``, then the last line."""
        notes, swallowed = list[Text](), False
        for inner, table in tables(raw, name, self._settings, notes):
            if table.columns is not None:
                fitting(inner, table.columns, self._settings, notes)
            for number, row in table.rows:
                self._file.write(self.line(f"{inner}:{number}", row))
                swallowed = swallowed or (type(row) is Odd and row.swallowed)
        self._put({"t": notes, "s": swallowed})

    def line(self, where: str, row: Row) -> bytes:
        """One row; what cannot be kept is a broken one."""
        if isinstance(row, Odd):
            return self._broken(where, row.why, row.values)
        try:
            values = self._shaper.shape(row)
            key = identity(values, self._settings.columns)
            if not key:
                return self._broken(where, _NO_ID.with_(columns=self._named(values)), values)
            told = self._encode({"w": where, "i": key, "v": values})
            if "\\u0000" in told:
                told = self._encode({"w": where, "i": key.replace("\0", ""), "v": _cleaned(values)})
            if len(told) > LONGEST and (column := _longest(values)):
                return self._broken(where, _LONG.with_(column=column, most=LONGEST), values)
            return told.encode() + b"\n"
        except Unfit as error:
            return self._broken(where, error.why, row)
        except UnicodeEncodeError:
            return self._broken(where, _LETTERS, row)
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            return self._broken(where, _NO_VALUE.with_(what=type(error).__name__), row)

    def _named(self, values: Mapping[str, Any]) -> str:
        return ", ".join(self._settings.columns or tuple(values)[:1])

    def _broken(self, where: str, why: Text, row: Mapping[str, Any]) -> bytes:
        values = {name: _shown(value) for name, value in row.items()}
        told = {"w": where, "i": identity(values, self._settings.columns), "v": values, "b": why}
        return self._encode(told).encode("utf-8", "replace") + b"\n"

    def _put(self, told: Mapping[str, Any]) -> None:
        self._file.write(self._encode(told).encode() + b"\n")


def fitting(name: str, columns: Sequence[str], settings: TableSettings, notes: list[Text]) -> None:
    """Whether the columns are those of the settings. Raises ``PermanentError`` when records have no id."""
    for column in settings.columns:
        if column not in columns:
            hint = _NO_COLUMN.with_(name=name, column=column, columns=", ".join(columns)[:300] or "—")
            raise PermanentError("table.no_column", hint=hint)
    spoken = dict.fromkeys((*settings.rename.values(), *settings.types))
    notes += [_ABSENT.with_(name=name, column=column) for column in spoken if column not in columns]


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    return str(value).replace("\0", "")[:_SHOWN].encode("utf-8", "replace").decode()


def _longest(values: Mapping[str, Any]) -> str:
    return next((name for name, value in values.items() if isinstance(value, str) and len(value) > LONGEST), "")


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {str(name).replace("\0", ""): _cleaned(inner) for name, inner in value.items()}
    return [_cleaned(inner) for inner in value] if isinstance(value, list) else value
