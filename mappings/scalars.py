"""Where a character of a text stands in the YAML it was written in."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.|$)")
_BLANK = frozenset("ntrvf_NLP \t")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scalar:
    """A text as it is read and where it begins among ``lines`` (from 0). ``style`` is YAML's: ``' " | >`` or none."""

    lines: Sequence[str]
    line: int
    column: int
    style: str
    text: str


def position(scalar: Scalar, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of ``scalar.text[offset]``.

    YAML changes only white space (and escapes) on its way to a text, so the n-th letter that is not white is the
    n-th one in the file, too.
    """
    wanted = sum(not character.isspace() for character in scalar.text[:offset])
    last = (scalar.line, scalar.column)
    for number, place in enumerate(_letters(scalar)):
        if number == wanted:
            return place[0] + 1, place[1] + 1
        last = place[0], place[1] + 1
    return last[0] + 1, last[1] + 1


def _letters(scalar: Scalar) -> Iterator[tuple[int, int]]:
    """The place of every letter that is not white, from 0."""
    block = scalar.style in ("|", ">")
    for number in range(scalar.line + int(block), len(scalar.lines)):
        line = scalar.lines[number]
        column = scalar.column + (scalar.style in ("'", '"')) if number == scalar.line else 0
        while column < len(line):
            width, white = _letter(line, column, scalar.style)
            if not white:
                yield number, column
            column += width


def _letter(line: str, column: int, style: str) -> tuple[int, bool]:
    """How many characters of the line are one of the text, and whether that is white."""
    if style == '"' and (escape := _ESCAPE.match(line, column)):
        code = escape.group()[1:]
        number = int(code[1:], 16) if len(code) > 1 else 0
        white = chr(number).isspace() if 0 < number <= sys.maxunicode else not code or code in _BLANK
        return len(escape.group()), white
    if style == "'" and line.startswith("''", column):
        return 2, False
    return 1, line[column].isspace()
