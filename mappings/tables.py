"""CSV files as tables to look things up in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from mappings.contexts import Table
from mappings.documents import MAX_BYTES, decoded
from mappings.faults import Fault, Said

MAX_ROWS = 100_000
_MEND_CELLS: Said = (
    "Give every row as many cells as the header has; a cell with the delimiter stands in quotes",
    "В каждой строке должно быть столько же ячеек, сколько в заголовке; ячейку с разделителем берут в кавычки",
)


def table(file: str, content: bytes | str) -> tuple[Table, list[Fault]]:
    """The rows by their first cell, and all that is wrong. The header is needed; ``,`` or ``;`` divides cells."""
    text, fault = decoded(file, content, MAX_BYTES)
    if fault is not None:
        return {}, [fault]
    header, _, _ = text.partition("\n")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    reading = _Reading(file)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                reading.take(reader.line_num, [cell.strip() for cell in row])
            if len(reading.rows) > MAX_ROWS:
                reading.wrong(reader.line_num, *_too_many())
                break
    except csv.Error:
        said = "This is not correct CSV", "Это неправильный CSV"
        reading.wrong(reader.line_num, said, ("Look at the quotes of this row", "Проверьте кавычки в этой строке"))
    if not reading.header and not reading.faults:
        said = "The table is empty", "Таблица пуста"
        reading.wrong(1, said, ("Begin it with a row of column names", "Начните её со строки с именами столбцов"))
    return reading.rows, reading.faults


def _too_many() -> tuple[Said, Said]:
    said = f"There are more than {MAX_ROWS:,} rows", f"Здесь больше {MAX_ROWS} строк"
    return said, ("Keep only what rules look for", "Оставьте только то, что ищут правила")


class _Reading:
    """Rows as they come."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.header: list[str] = []
        self.rows: dict[str, dict[str, str]] = {}
        self.lines: dict[str, int] = {}
        self.faults: list[Fault] = []

    def take(self, line: int, cells: list[str]) -> None:
        if not self.header:
            self.header = cells
            for said, mend in _wrong_header(cells):
                self.wrong(line, said, mend)
            return
        if len(cells) != len(self.header):
            said = (
                f"The row has {len(cells)} cells, the header {len(self.header)}",
                f"В строке {len(cells)} яч., а в заголовке {len(self.header)}",
            )
            self.wrong(line, said, _MEND_CELLS)
            return
        key = cells[0]
        if key in self.rows:
            first = self.lines[key]
            said = f"The key {key[:40]} again", f"Повторяется ключ {key[:40]}"
            self.wrong(line, said, (f"It is on line {first}: keep one", f"Он есть в строке {first}: оставьте один"))
            return
        self.rows[key], self.lines[key] = dict(zip(self.header, cells, strict=True)), line

    def wrong(self, line: int, said: Said, mend: Said) -> None:
        self.faults.append(Fault(file=self.file, line=max(line, 1), column=1, path="", said=said, mend=mend))


def _wrong_header(cells: list[str]) -> Iterator[tuple[Said, Said]]:
    if "" in cells:
        said = "A column without a name", "Столбец без имени"
        yield said, ("Name every column in the first row", "Назовите каждый столбец в первой строке")
    for name in sorted({cell for cell in cells if cell and cells.count(cell) > 1}):
        said = f"Two columns are called {name[:40]}", f"Два столбца называются {name[:40]}"
        yield said, ("Give each its own name", "Дайте каждому своё имя")
