"""CSV and TSV: line by line, with quotes and line breaks inside cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO

from connector.providers.table.columns import named
from connector.providers.table.encodings import encoding_of
from connector.providers.table.formats import Damaged, Odd, Row, Table
from connector.providers.table.settings import TableSettings
from connector.speech import Text

LONGEST = 1 << 24  # signs of a cell: beyond it, a quote was never closed
_CANDIDATES = (";", "\t", ",", "|")
_SAMPLE, _ROWS = 1 << 16, 30

_SHAPE = Text(
    "it has {count} cells where the header has {wanted}: a separator or a quote is missing, or one too many",
    "в строке ячеек: {count}, а в заголовке: {wanted}; не хватает разделителя или кавычки либо есть лишние",
)
_QUOTE = Text(
    'a quote (") stands where none may be, or is not closed; rows up to line {last} cannot be read',
    'кавычка (") стоит не на месте или не закрыта; строки до {last} прочесть нельзя',
)
_ENDLESS = Text(
    "a cell does not end; a quote is probably not closed", "ячейка не кончается; видимо, не закрыта кавычка"
)
_LETTERS = Text("its bytes are not {encoding}, or it is cut", "его байты — не {encoding}, либо он обрезан")
_HEADERLESS = Text("it has no header in row {row}", "нет заголовка в строке {row}")


def opened(path: Path, settings: TableSettings, stack: ExitStack, *, separator: str = "") -> Table:
    """The table at ``path``. Raises ``Damaged``."""
    encoding = encoding_of(path, settings.encoding)
    try:
        with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
            skipped, sign = _beginning(file, settings.separator or separator, max(settings.header - 1, 0))
        lines = _Lines(stack.enter_context(path.open(encoding=encoding, errors="surrogateescape", newline="")))
    except UnicodeError:
        raise Damaged(_LETTERS.with_(encoding=encoding)) from None
    csv.field_size_limit(LONGEST)
    for _ in islice(lines, skipped):
        pass
    rows = _Rows(lines, sign, skipped)
    header = rows.header() if settings.header else None
    if settings.header and header is None and lines.last:
        raise Damaged(_HEADERLESS.with_(row=settings.header))
    columns = named(header, settings.rename) if header is not None else None
    guessed = (("encoding", encoding), ("separator", {"\t": "tab"}.get(sign, sign)))
    return Table(rows=rows.read(columns, settings.rename), columns=columns, guessed=guessed)


class _Lines:
    """The lines of a file without NUL, which some old programs fill cells with; ``last`` is the one given last."""

    def __init__(self, file: TextIOWrapper) -> None:
        self._file, self.encoding, self.last = file, file.encoding, ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(LONGEST * 2)
        if not line:
            raise StopIteration
        self.last = line
        return line.replace("\0", "") if "\0" in line else line

    @property
    def whole(self) -> bool:
        """Whether the line given last has its end."""
        return self.last.endswith(("\n", "\r"))


class _Rows:
    def __init__(self, lines: _Lines, separator: str, skipped: int) -> None:
        self._lines, self._skipped = lines, skipped
        self._reader = csv.reader(lines, delimiter=separator, strict=True)

    def header(self) -> list[str] | None:
        """The first row that is not blank."""
        for _, cells, _ in self._cells():
            return cells
        return None

    def read(self, columns: list[str] | None, rename: Mapping[str, str]) -> Iterator[tuple[int, Row]]:
        for line, cells, why in self._cells():
            if cells is None:
                yield line, Odd(why=why or _ENDLESS, values={}, swallowed=self._line > line or not self._lines.whole)
                continue
            if columns is None:
                columns = named([f"column_{place}" for place, _ in enumerate(cells, 1)], rename)
            if len(cells) == len(columns):
                yield line, dict(zip(columns, [cell.strip() or None for cell in cells], strict=True))
            else:
                yield line, self._uneven(line, cells, columns)

    @property
    def _line(self) -> int:
        return self._reader.line_num + self._skipped

    def _cells(self) -> Iterator[tuple[int, list[str] | None, Text | None]]:
        """(first line, cells, why there are none) of each row that is not blank."""
        reader = self._reader
        while True:
            line = self._line + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                why = _ENDLESS if "limit" in str(error) else _QUOTE.with_(last=self._line)
                yield line, None, why
                continue
            except UnicodeError:
                raise Damaged(_LETTERS.with_(encoding=self._lines.encoding)) from None
            if any(cells) and not all(map(str.isspace, filter(None, cells))):
                yield line, cells, None

    def _uneven(self, line: int, cells: Sequence[str], columns: Sequence[str]) -> Row:
        values = {name: cell.strip() or None for name, cell in zip(columns, cells, strict=False)}
        if len(cells) > len(columns) and not any(cell.strip() for cell in cells[len(columns) :]):
            return values
        cut = len(cells) < len(columns) and not self._lines.whole
        why = _SHAPE.with_(count=len(cells), wanted=len(columns))
        return Odd(why=why, values=values, swallowed=cut or self._line > line)


def _beginning(file: IO[str], said: str, skipped: int) -> tuple[int, str]:
    """(lines before the header, separator). Excel tells the separator in a first line ``sep=;``."""
    sample = file.read(_SAMPLE).replace("\0", "")
    if file.read(1):
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    lines = sample.splitlines(keepends=True)
    if not lines:
        return skipped, said or ","
    first = lines[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        return max(skipped, 1), said or first[4]
    return skipped, said or max(_CANDIDATES, key=lambda sign: _fitness(lines[skipped:], sign))


def _fitness(lines: Sequence[str], sign: str) -> tuple[float, int]:
    """How well the sign parts these lines: rows that have as many cells as the first, and how many these are."""
    try:
        rows = [len(row) for row in islice(csv.reader(lines, delimiter=sign), _ROWS) if row]
    except csv.Error:
        return 0.0, 0
    if not rows or rows[0] < 2:
        return 0.0, 0
    return round(sum(count == rows[0] for count in rows) / len(rows), 1), rows[0]
