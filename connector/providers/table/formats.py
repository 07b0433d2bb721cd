"""Formats by suffix, and what a parser of one gives."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.errors import PermanentError
from connector.speech import Text

_BY_SUFFIX: Mapping[str, str] = {
    ".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv", ".xlsx": "xlsx", ".xlsm": "xlsx",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
}  # fmt: skip
PACKED = (".zip", ".gz")
SUFFIXES = (*_BY_SUFFIX, *PACKED)

_UNKNOWN = Text(
    "{name} is of no format that is read here (CSV, TSV, XLSX, JSON, JSON lines, and these in .zip or .gz): narrow "
    "`location`, or say what it is by `format:`; save old .xls workbooks as .xlsx",
    "{name}: такой формат не читается (читаются CSV, TSV, XLSX, JSON, JSON lines и они же в .zip или .gz): сузьте "
    "`location` или укажите `format:`; старые книги .xls сохраните как .xlsx",
)


@dataclass(frozen=True, kw_only=True)
class Odd:
    """A row that cannot be read. ``swallowed``: other rows may have gone down with it, so not all were seen."""

    why: Text
    values: Mapping[str, Any]
    swallowed: bool = False


Row = Mapping[str, Any] | Odd


@dataclass(frozen=True, kw_only=True)
class Table:
    """An opened table: ``(number of the line, row)``, one after the other. ``guessed`` tells how it is read, as
    ``(setting, value)``; ``columns`` are known beforehand where the format has a header.
    """

    rows: Iterator[tuple[int, Row]]
    columns: Sequence[str] | None = None
    guessed: tuple[tuple[str, str], ...] = ()


class Damaged(Exception):
    """The file is half written, cut or spoilt; ``why`` says how that was seen."""

    def __init__(self, why: Text) -> None:
        self.why = why
        super().__init__(why.en)


def format_of(name: str, said: str) -> str:
    """``csv``, ``tsv``, ``xlsx``, ``jsonl`` or ``json``. Raises ``PermanentError`` when nobody knows."""
    found = said or _BY_SUFFIX.get(posixpath.splitext(name.lower())[1], "")
    if not found:
        raise unknown(name)
    return found


def unknown(name: str) -> PermanentError:
    """The file is of no format that is read."""
    return PermanentError("table.format", hint=_UNKNOWN.with_(name=name))
