"""Excel workbooks, row by row: values as they were last computed, dates as dates."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from connector.errors import PermanentError
from connector.providers.table.columns import named
from connector.providers.table.formats import Damaged, Odd, Row, Table, unknown
from connector.providers.table.settings import TableSettings
from connector.speech import Text

_OLD = b"\xd0\xcf\x11\xe0"  # .xls, and .xlsx under a password
_FORMULA = tuple(start + b"f" + end for start in (b"<", b":") for end in (b">", b" ", b"/"))
_CHUNK, _WIDEST = 1 << 20, 2
_SPOILT = (
    zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, EOFError, OSError,
    zlib.error,
)  # fmt: skip

Lines = Iterator[tuple[int, Sequence[Any], int]]

_PROTECTED = Text(
    "{name} is an old .xls workbook, or one under a password: save it as .xlsx without one",
    "{name} — старая книга .xls или книга с паролем: сохраните её как .xlsx без пароля",
)
_NO_SHEET = Text(
    "{name} has no sheet «{sheet}»; it has {sheets}. Correct `sheet:`",
    "В {name} нет листа «{sheet}»; есть {sheets}. Исправьте `sheet:`",
)
_TOO_LARGE = Text(
    "{name} is larger than {limit} MiB when unpacked: raise `largest`, or have smaller files made",
    "{name} после распаковки больше {limit} МиБ: увеличьте `largest` или разбейте файл на части",
)
_NO_WORKBOOK = Text("it is no whole Excel workbook ({what})", "это не целая книга Excel ({what})")
_UNCOMPUTED = Text(
    "cell {cell} has a formula that was never computed: open the workbook in Excel and save it, or export values",
    "в ячейке {cell} формула, которую ещё не вычисляли: откройте книгу в Excel и сохраните или выгружайте значения",
)
_HEADERLESS = Text("its sheet has no header in row {row}", "на листе нет заголовка в строке {row}")


def opened(path: Path, name: str, settings: TableSettings, stack: ExitStack) -> Table:
    """The sheet of the workbook at ``path``: the one named, else the first. Raises ``Damaged``, ``PermanentError``."""
    with path.open("rb") as file:
        if file.read(4) == _OLD:
            raise PermanentError("table.format", hint=_PROTECTED.with_(name=name))
    formulas = _measured(path, name, settings.largest)
    sheet = _sheet(path, name, settings, stack, formulas=False)
    header = settings.header
    begin, columns = _header(sheet, settings) if header else (1, None)
    rows = _paired(sheet, _sheet(path, name, settings, stack, formulas=True) if formulas else None)
    return Table(rows=_read(rows, begin, columns, settings.rename), columns=columns)


def _header(sheet: Any, settings: TableSettings) -> tuple[int, list[str]]:
    """(first row of data, names of columns): the header is the first row from its own on that is not blank."""
    for line, cells, _ in _paired(sheet, None):
        if line >= settings.header and any(map(_told, cells)):
            return line + 1, named(cells, settings.rename)
    raise Damaged(_HEADERLESS.with_(row=settings.header))


def _read(rows: Lines, begin: int, columns: list[str] | None, rename: Mapping[str, str]) -> Iterator[tuple[int, Row]]:
    for line, cells, missing in rows:
        if line < begin or not (missing or any(map(_told, cells))):
            continue
        if columns is None:
            columns = named([f"column_{place}" for place, _ in enumerate(cells, 1)], rename)
        values = _by_name(columns, cells, rename)
        if missing:
            yield line, Odd(why=_UNCOMPUTED.with_(cell=f"{get_column_letter(missing)}{line}"), values=_texts(values))
        else:
            yield line, values


def _by_name(columns: Sequence[str], cells: Sequence[Any], rename: Mapping[str, str]) -> dict[str, Any]:
    """Short rows end in nothing; what stands beyond the header is called by its place."""
    values = dict.fromkeys(columns)
    for place, cell in enumerate(cells):
        if type(cell) is str:
            cell = cell.replace("\0", "").strip() or None
        if place < len(columns):
            values[columns[place]] = cell
        elif cell is not None:
            own = f"column_{place + 1}"
            values.setdefault(rename.get(own, own), cell)
    return values


def _texts(values: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in values.items()}


def _told(cell: Any) -> bool:
    return cell is not None and (type(cell) is not str or not cell.isspace())


def _uncomputed(cells: Sequence[Any], formulas: Sequence[Any]) -> int:
    """The place (from 1) of the first formula without a value; 0: there is none. A computed empty text is a value."""
    for place, formula in enumerate(formulas):
        written = type(formula) is str and formula.startswith("=") and len(formula) > 1
        if not written and not hasattr(formula, "ref"):
            continue
        cell = cells[place] if place < len(cells) else None
        if cell is None or (cell.value is None and cell.data_type != "str"):
            return place + 1
    return 0


def _paired(sheet: Any, formulas: Any) -> Lines:
    """(row, values, place of a formula without one). Cells are told apart only where there are formulas: it is slow."""
    rows = iter(sheet.iter_rows(values_only=formulas is None))
    others = iter(formulas.iter_rows(values_only=True)) if formulas is not None else None
    line = 0
    while True:
        try:
            cells = next(rows)
            other = next(others, ()) if others is not None else None
        except StopIteration:
            return
        except _SPOILT as error:
            raise Damaged(_NO_WORKBOOK.with_(what=type(error).__name__)) from None
        line += 1
        if other is None:
            yield line, cells, 0
        else:
            yield line, [cell.value for cell in cells], _uncomputed(cells, other)


def _sheet(path: Path, name: str, settings: TableSettings, stack: ExitStack, *, formulas: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that nobody asked for
        try:
            file = stack.enter_context(path.open("rb"))  # of a name it would want the suffix
            book = load_workbook(file, read_only=True, data_only=not formulas, keep_links=False)
        except _SPOILT as error:
            raise Damaged(_NO_WORKBOOK.with_(what=type(error).__name__)) from None
    stack.callback(book.close)
    sheets: dict[str, Any] = {sheet.title: sheet for sheet in book.worksheets}
    wanted = settings.sheet
    seen = [each for each in sheets.values() if each.sheet_state == "visible"]
    sheet = sheets.get(str(wanted)) if wanted != "" else next(iter([*seen, *sheets.values()]), None)
    if sheet is None and isinstance(wanted, int) and 0 < wanted <= len(sheets):
        sheet = list(sheets.values())[wanted - 1]
    if sheet is None:
        hint = _NO_SHEET.with_(name=name, sheet=wanted, sheets=", ".join(list(sheets)[:10]))
        raise PermanentError("table.no_sheet", hint=hint)
    sheet.reset_dimensions()  # some programs write wrong ones, and rows would be left out
    return sheet


def _measured(path: Path, name: str, largest: int) -> bool:
    """Whether there are formulas. Raises ``PermanentError`` for what unpacks to more than ``largest`` MiB."""
    try:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
            # a member never gives more than it says here: the rest is cut off, and its sum is wrong then
            if sum(member.file_size for member in members) > largest << 20:
                raise PermanentError("table.too_large", hint=_TOO_LARGE.with_(name=name, limit=largest))
            if "xl/workbook.xml" not in packed.namelist():
                raise unknown(name)
            return any(_with_formulas(packed, member) for member in members if "/worksheets/" in member.filename)
    except _SPOILT as error:
        raise Damaged(_NO_WORKBOOK.with_(what=type(error).__name__)) from None


def _with_formulas(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    before = b""
    with packed.open(member) as part:
        while chunk := part.read(_CHUNK):
            told = before + chunk
            if any(mark in told for mark in _FORMULA):
                return True
            before = chunk[-_WIDEST:]
    return False
