"""Rows of a file: CSV, JSON or JSON lines, one record each, as rules see them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from connector.errors import PermanentError
from connector.speech import Text

_UNREADABLE = Text("{path} cannot be read: {why}.", "{path} не читается: {why}.")
_KIND = Text(
    "{path}: records come from .csv, .json (a list) and .jsonl files.",
    "{path}: записи берутся из файлов .csv, .json (список) и .jsonl.",
)
_NO_ID = Text(
    "{path}, row {number}: no {column}. Name the column that identifies a record with --id.",
    "{path}, строка {number}: нет {column}. Укажите колонку, по которой узнают запись: --id.",
)
_NOT_A_ROW = Text(
    "{path}, row {number}: a record is a set of names and values.",
    "{path}, строка {number}: запись — это имена и значения.",
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One record: ``id`` as text, values by column."""

    id: str
    values: dict[str, Any]


def rows(path: Path, *, id_column: str = "", most: int | None = None) -> Iterator[Row]:
    """The records of the file, at most ``most``. ``id_column`` is the first one unless it is named.

    Raises ``PermanentError`` (``source.unreadable``) for what cannot be read, naming the row.
    """
    read = _READ.get(path.suffix.lower())
    if read is None:
        raise PermanentError("source.unreadable", hint=_KIND.with_(path=path.name))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, values in enumerate(islice(read(file), most), start=1):
                yield _row(path, number, values, id_column)
    except (OSError, UnicodeDecodeError, ValueError, csv.Error, RecursionError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise PermanentError("source.unreadable", hint=_UNREADABLE.with_(path=path.name, why=why)) from None


def _row(path: Path, number: int, values: Any, id_column: str) -> Row:
    if not isinstance(values, dict) or not values:
        raise PermanentError("source.unreadable", hint=_NOT_A_ROW.with_(path=path.name, number=number))
    column = id_column or next(iter(values))
    known = values.get(column)
    if known in (None, ""):
        where = {"path": path.name, "number": number, "column": column}
        raise PermanentError("source.unreadable", hint=_NO_ID.with_(**where))
    return Row(id=str(known), values={str(name): value for name, value in values.items() if name is not None})


def _csv(file: TextIO) -> Iterator[Any]:
    beginning = file.readline()
    file.seek(0)
    delimiter = ";" if beginning.count(";") > beginning.count(",") else ","
    return iter(csv.DictReader(file, delimiter=delimiter))


def _json(file: TextIO) -> Iterator[Any]:
    found = json.load(file)
    return iter(found if isinstance(found, list) else [found])


def _lines(file: TextIO) -> Iterator[Any]:
    return (json.loads(line) for line in file if line.strip())


_READ = {".csv": _csv, ".json": _json, ".jsonl": _lines, ".ndjson": _lines}
