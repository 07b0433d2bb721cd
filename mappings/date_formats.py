"""How dates are written in expressions: ``dd.MM.yyyy HH:mm``, the letters of Unicode, for writing and for reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from mappings.plain import ExpressionError, shown

_PIECE = re.compile(r"'[^']*'|([A-Za-z])\1*|[^A-Za-z']")
_LETTERS = "d dd M MM MMM MMMM LLLL y yy yyyy H HH h hh m mm s ss a E EEE EEEE"
_WRITTEN = frozenset(_LETTERS.split())
_READ: Mapping[str, tuple[str, str]] = {
    "d": ("day", r"\d{1,2}"),
    "dd": ("day", r"\d{1,2}"),
    "M": ("month", r"\d{1,2}"),
    "MM": ("month", r"\d{1,2}"),
    "yy": ("year", r"\d{2}"),
    "yyyy": ("year", r"\d{4}"),
    "H": ("hour", r"\d{1,2}"),
    "HH": ("hour", r"\d{1,2}"),
    "mm": ("minute", r"\d{2}"),
    "ss": ("second", r"\d{2}"),
}
_LONGEST = 60


def writable(format: str) -> str:
    """``format`` itself, checked. Raises ``ExpressionError``."""
    for piece in _pieces(format):
        if piece[0].isascii() and piece[0].isalpha() and piece not in _WRITTEN:
            raise _wrong(format, piece)
    return format


def readable(format: str) -> Callable[[str], datetime | None]:
    """A reader of such texts; what does not fit is nothing. Raises ``ExpressionError`` for a wrong format."""
    parts, names = [], set[str]()
    for piece in _pieces(format):
        name, digits = _READ.get(piece, ("", ""))
        if name in names or (not name and piece[0].isascii() and piece[0].isalpha()):
            raise _wrong(format, piece)
        names.add(name)
        parts.append(f"(?P<{name}>{digits})" if name else re.escape(piece.strip("'")))
        names.discard("")
    if not {"day", "month", "year"} <= names:
        raise _wrong(format, format)
    pattern = re.compile("".join(parts))

    def read(words: str) -> datetime | None:
        found = pattern.fullmatch(words)
        if found is None:
            return None
        values = {name: int(value) for name, value in found.groupdict().items()}
        values["year"] += 2000 if values["year"] < 100 else 0
        try:
            day = values["year"], values["month"], values["day"]
            return datetime(*day, values.get("hour", 0), values.get("minute", 0), values.get("second", 0))
        except ValueError:
            return None

    return read


def _pieces(format: str) -> list[str]:
    pieces = [found[0] for found in _PIECE.finditer(format[:_LONGEST])]
    if not pieces or "".join(pieces) != format or "%" in format:
        raise _wrong(format, "%" if "%" in format else format)
    return pieces


def _wrong(format: str, piece: str) -> ExpressionError:
    return ExpressionError(
        (
            f"`{shown(piece)}` in the date format `{shown(format)}` is not understood",
            f"`{shown(piece)}` в формате даты `{shown(format)}` непонятно",
        ),
        (
            "Use dd day, MM month, yyyy year, HH hour, mm minute, ss second: 'dd.MM.yyyy HH:mm'",
            "Пишите dd — день, MM — месяц, yyyy — год, HH — час, mm — минута, ss — секунда: 'dd.MM.yyyy HH:mm'",
        ),
    )
