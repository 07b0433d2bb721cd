"""JSON: one object a line, or one list of objects, read piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from connector.providers.table.columns import apart
from connector.providers.table.encodings import encoding_of
from connector.providers.table.formats import Damaged, Odd, Row, Table
from connector.providers.table.settings import TableSettings
from connector.providers.table.values import exact
from connector.speech import Text

_CHUNK, _LONGEST = 1 << 16, 1 << 25  # signs of one object
_BLANK, _LEAD = " \t\r\n,", "["

_NO_JSON = Text("it is no JSON ({what})", "это не JSON ({what})")
_NO_OBJECT = Text("it is no object {{…}} with named values", "это не объект {{…}} с именованными значениями")
_OPEN = Text("its list does not end", "список в нём не закончен")
_NO_LIST = Text(
    "it is neither a list of objects nor one object a line", "это ни список объектов, ни по объекту на строку"
)
_LETTERS = Text("its bytes are not {encoding}, or it is cut", "его байты — не {encoding}, либо он обрезан")


def opened(path: Path, settings: TableSettings, stack: ExitStack, *, listed: bool) -> Table:
    """The objects at ``path``; with ``listed`` they may also be one list. Raises ``Damaged``."""
    encoding = encoding_of(path, settings.encoding)
    file = stack.enter_context(path.open(encoding=encoding, errors="surrogateescape"))
    first = file.read(_CHUNK).lstrip() if listed else ""
    file.seek(0)
    rows = _listed(file) if first.startswith("[") else _lines(file)
    if listed and first and first[0] not in "[{":
        raise Damaged(_NO_LIST)
    return Table(rows=_readable(rows, encoding, settings.rename), guessed=(("encoding", encoding),))


def _readable(rows: Iterator[tuple[int, Row]], encoding: str, rename: Mapping[str, str]) -> Iterator[tuple[int, Row]]:
    try:
        for line, row in rows:
            yield line, row if isinstance(row, Odd) or not rename else _renamed(row, rename)
    except UnicodeError:
        raise Damaged(_LETTERS.with_(encoding=encoding)) from None


def _renamed(row: Mapping[str, Any], rename: Mapping[str, str]) -> dict[str, Any]:
    values = dict[str, Any]()
    for name, value in row.items():
        values[apart(rename.get(name, name), values)] = value
    return values


def _lines(file: IO[str]) -> Iterator[tuple[int, Row]]:
    decoder = _decoder()
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST), ""), 1):
        text = line.strip().strip("\0")
        if not text:
            continue
        try:
            yield number, _object(decoder.decode(text))
        except (ValueError, RecursionError) as error:
            why = _NO_JSON.with_(what=_said(error))
            yield number, Odd(why=why, values={}, swallowed=not line.endswith("\n"))


def _listed(file: IO[str]) -> Iterator[tuple[int, Row]]:
    decoder, buffer, number = _decoder(), "", 0
    chunk = _LEAD
    while chunk:
        chunk = file.read(max(_CHUNK, len(buffer)))
        buffer = (buffer + chunk).lstrip(_BLANK + (_LEAD if not number and not buffer else ""))
        at = 0
        while at < len(buffer) and buffer[at] != "]":
            try:
                value, end = decoder.raw_decode(buffer, at)
            except (ValueError, RecursionError) as error:
                if chunk and len(buffer) - at < _LONGEST:
                    break
                raise Damaged(_OPEN if not chunk else _NO_JSON.with_(what=_said(error))) from None
            if end == len(buffer) and chunk:
                break  # a number may go on
            number += 1
            yield number, _object(value)
            at = end
            while at < len(buffer) and buffer[at] in _BLANK:
                at += 1
        buffer = buffer[at:]
        if buffer.startswith("]"):
            return
    raise Damaged(_OPEN)


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else Odd(why=_NO_OBJECT.with_(), values={})


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_float=lambda text: exact(Decimal(text)), parse_constant=_refused)


def _refused(word: str) -> Any:
    raise ValueError(word)


def _said(error: Exception) -> str:
    return f"{error.msg}, {error.pos}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
