"""Cells as JSON values: what a column is declared to be, and what a workbook's own types are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connector.providers.table.settings import Kind, TableSettings
from connector.speech import Text

EXACT = 15  # significant digits that a float keeps, and that Excel shows
LARGEST = 400  # power of ten
_BLANKS = re.compile(r"[\s\u00a0\u202f\u2009']")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)*|[.,]\d+)([eE][+-]?\d{1,3})?")
_ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA")
)
_YES = frozenset(("1", "true", "yes", "y", "да", "д", "истина", "+", "x", "х", "✓"))
_NO = frozenset(("0", "false", "no", "n", "нет", "н", "ложь", "-", "—"))
_CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S")
_FIRST = date(1899, 12, 30)  # of serial numbers: what Excel calls 0, from March 1900 on

_NO_NUMBER = Text("«{value}» in column «{column}» is no number", "«{value}» в столбце «{column}» — не число")
_NO_BOOL = Text(
    "«{value}» in column «{column}» is neither yes nor no", "«{value}» в столбце «{column}» — не да и не нет"
)
_NO_DATE = Text(
    "«{value}» in column «{column}» is no date of a known form; name its form in `dates:`",
    "«{value}» в столбце «{column}» — не дата известного вида; укажите её вид в `dates:`",
)
_NO_CELL = Text(
    "column «{column}» holds the error {value}: mend the formula in the workbook",
    "в столбце «{column}» ошибка {value}: исправьте формулу в книге",
)


class Unfit(Exception):
    """A cell is not what its column is declared to be."""

    def __init__(self, why: Text) -> None:
        self.why = why
        super().__init__(why.en)


Convert = Callable[[Any], Any]  # raises ``ValueError`` for what it is not


class Shaper:
    """Makes JSON values of rows: dates in the source's zone, declared columns as declared, a workbook's errors told."""

    def __init__(self, settings: TableSettings) -> None:
        zone: tzinfo = ZoneInfo(settings.timezone) if settings.timezone else UTC
        made: dict[Kind, tuple[Convert, Text]] = {
            "text": (_text, _NO_CELL),
            "number": (lambda value: number(value, settings.decimal), _NO_NUMBER),
            "bool": (_bool, _NO_BOOL),
            "date": (lambda value: _moment(value, settings.dates, zone).date().isoformat(), _NO_DATE),
            "datetime": (lambda value: _moment(value, settings.dates, zone).isoformat(), _NO_DATE),
        }
        self._typed = {column: made[kind] for column, kind in settings.types.items()}
        self._zone = zone

    def shape(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row as JSON values. Raises :class:`Unfit`."""
        typed = self._typed
        return {
            name: self._declared(name, value) if name in typed and value is not None else self._plain(name, value)
            for name, value in row.items()
        }

    def _declared(self, column: str, value: Any) -> Any:
        convert, otherwise = self._typed[column]
        if type(value) is str and value in _ERRORS:
            raise Unfit(_NO_CELL.with_(column=column, value=value))
        try:
            return convert(value)
        except (ValueError, TypeError, ArithmeticError):
            raise Unfit(otherwise.with_(column=column, value=str(value)[:40])) from None

    def _plain(self, column: str, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            if value[:1] == "#" and value in _ERRORS:
                raise Unfit(_NO_CELL.with_(column=column, value=value))
            return value
        made = _PLAIN.get(kind)
        return made(value, self._zone) if made else value


def exact(value: Decimal) -> int | float | str:
    """A number as JSON: whole ones whole, others as a float that is the very same, else as text."""
    if not value.is_finite() or abs(value.adjusted()) > LARGEST:
        raise ValueError("no number that anybody means")
    if value == value.to_integral_value() and abs(value.adjusted()) < 2 * EXACT:
        return int(value)
    short = len(value.normalize().as_tuple().digits) <= EXACT and abs(value.adjusted()) < 300
    return float(value) if short else format(value, "f")


def number(value: Any, decimal: str) -> int | float | str:
    """A number of what a person or a machine wrote: ``1 234,50`` → 1234.5. ``decimal`` is the sign before the fraction;
    when it is not said: of two different signs the last, of one that is there once that one. Raises ``ValueError``.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return _shown(value)
    text = _BLANKS.sub("", str(value)).replace("\u2212", "-")
    if not _NUMBER.fullmatch(text):
        raise ValueError(value)
    point = decimal or _point(text)
    whole, _, fraction = text.partition(point) if point else (text, "", "")
    other = "." if point == "," else ","
    if (point and point in fraction) or other in fraction or not _grouped(whole, other if point else ",."):
        raise ValueError(value)
    try:
        return exact(Decimal(whole.replace(",", "").replace(".", "") + (f".{fraction}" if fraction else "")))
    except InvalidOperation:
        raise ValueError(value) from None


def _point(text: str) -> str:
    last = max(text.rfind(","), text.rfind("."))
    if last < 0:
        return ""
    sign = text[last]
    both = "," in text and "." in text
    return sign if both or text.count(sign) == 1 else ""


def _grouped(whole: str, signs: str) -> bool:
    """Thousands are parted by threes, or not at all."""
    groups = re.split(f"[{re.escape(signs)}]", whole)
    return len(groups) == 1 or (0 < len(groups[0].lstrip("+-")) <= 3 and all(len(each) == 3 for each in groups[1:]))


def _shown(value: float) -> int | float | str:
    """Without the noise beyond what Excel itself shows."""
    return exact(Decimal(f"{value:.{EXACT}g}"))


def _text(value: Any) -> str:
    if isinstance(value, float):
        return str(_shown(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list | dict):
        raise ValueError
    return str(value)


def _bool(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError(value)


def _moment(value: Any, forms: Sequence[str], zone: tzinfo) -> datetime:
    """A moment; a day is its beginning, and what has no offset is in ``zone``."""
    found = _read_moment(value, forms)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _read_moment(value: Any, forms: Sequence[str]) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, int | float) and not isinstance(value, bool):  # a date that nobody formatted as such
        if not 60 < value < 2_958_466:
            raise ValueError(value)
        return datetime.combine(_FIRST, time()) + timedelta(seconds=round(value * 86_400))
    text = " ".join(str(value).split())
    for form in forms:
        for clock in _CLOCKS if "%H" not in form else _CLOCKS[:1]:
            try:
                return datetime.strptime(text, form + clock)
            except ValueError:
                continue
    return datetime.fromisoformat(text)


def _worked(value: datetime, zone: tzinfo) -> str:
    """A date of a workbook: midnight is a day."""
    if value.time() == time():
        return value.date().isoformat()
    return (value if value.tzinfo else value.replace(tzinfo=zone)).isoformat()


_PLAIN: Mapping[type, Callable[[Any, tzinfo], Any]] = {
    float: lambda value, zone: _shown(value),
    Decimal: lambda value, zone: exact(value),
    datetime: _worked,
    date: lambda value, zone: value.isoformat(),
    time: lambda value, zone: value.isoformat(),
    timedelta: lambda value, zone: str(value),
}
