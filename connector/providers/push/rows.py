"""The bodies that may be pushed, and the rows in them.

A JSON array of objects; an object with ``records`` (rows) and ``gone`` (ids of rows that are no more); one object per
line; or CSV with a line of names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from connector.errors import Refused
from connector.providers.payload import json_value
from connector.speech import Text

Kind = Literal["json", "lines", "csv"]
_KINDS: dict[str, Kind] = {
    "application/json": "json",
    "application/x-ndjson": "lines",
    "application/ndjson": "lines",
    "application/jsonl": "lines",
    "application/x-jsonlines": "lines",
    "application/json-lines": "lines",
    "text/csv": "csv",
}
_SEPARATORS = (";", "\t", "|", ",")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)

_TYPE = Text(
    "Send JSON (application/json), JSON lines (application/x-ndjson) or CSV (text/csv).",
    "Присылайте JSON (application/json), JSON по строкам (application/x-ndjson) или CSV (text/csv).",
)
_ENCODING = Text(
    "Encode the body in UTF-8, or name its encoding: text/csv; charset=windows-1251.",
    "Кодируйте тело в UTF-8 или назовите кодировку: text/csv; charset=windows-1251.",
)
_SHAPE = Text(
    'The body must be an array of rows, or {"records": [rows], "gone": [ids]}.',
    'Тело — массив строк или {"records": [строки], "gone": [идентификаторы]}.',
)
_NO_ROW = Text("A row must be an object with columns", "Строка должна быть объектом с колонками")
_CUT_LINE = Text("The line is no JSON object: was it cut?", "Это не объект JSON: строка оборвана?")
_NO_CSV = Text("From here on it is no CSV: {why}", "Отсюда это уже не CSV: {why}")
_LONG_LINE = Text("The line has more values than the line of names", "В строке больше значений, чем имён колонок")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: its values, or ``why`` it is none. ``gone``: it tells that the record is no more; then ``id`` may stand
    in for the values."""

    values: dict[str, Any]
    gone: bool = False
    id: str = ""
    why: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a body is written."""

    kind: Kind
    charset: str = "utf-8-sig"


def kind_of(content_type: str, body: bytes) -> Form:
    """The form of a body. Raises ``Refused`` 415. Without a type the first character tells JSON."""
    named = content_type.partition(";")[0].strip().lower()
    found = _CHARSET.search(content_type)
    if not named and body[:64].lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in (b"[", b"{"):
        named = "application/json"
    if named not in _KINDS:
        raise Refused("body.content_type", hint=_TYPE, status=415)
    charset = found.group(1).lower() if found else ""
    return Form(kind=_KINDS[named], charset="utf-8-sig" if charset in ("", "utf-8", "utf8") else charset)


def look(body: bytes, form: Form) -> None:
    """Raises ``Refused`` 400 for a body that has no rows to be read one by one."""
    text = _text(body, form)
    if form.kind == "json":
        _parts(text)


def rows(body: bytes, form: Form, separator: str = "") -> Iterator[Row]:
    """All rows of a body in their order. Raises ``Refused`` where :func:`look` would have."""
    return _READ[form.kind](_text(body, form), separator)


def _text(body: bytes, form: Form) -> str:
    try:
        return body.decode(form.charset)
    except (UnicodeDecodeError, LookupError):
        raise Refused("body.encoding", hint=_ENCODING, status=400) from None


def _parts(text: str) -> tuple[Sequence[Any], Sequence[Any]]:
    """Rows, and what is gone."""
    value = json_value(text)
    if isinstance(value, list):
        return value, ()
    if isinstance(value, dict) and value and value.keys() <= {"records", "gone"}:
        records, gone = value.get("records", []), value.get("gone", [])
        if isinstance(records, list) and isinstance(gone, list):
            return records, gone
    raise Refused("body.shape", hint=_SHAPE, status=400)


def _of_json(text: str, separator: str) -> Iterator[Row]:
    records, gone = _parts(text)
    yield from map(_row, records)
    yield from map(_gone, gone)


def _of_lines(text: str, separator: str) -> Iterator[Row]:
    """A line ``{"gone": [ids]}`` tells what is no more."""
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            value = json_value(line)
        except Refused:
            yield Row(values={}, why=_CUT_LINE)
            continue
        if isinstance(value, dict) and value.keys() == {"gone"} and isinstance(value["gone"], list):
            yield from map(_gone, value["gone"])
        else:
            yield _row(value)


def _of_csv(text: str, separator: str) -> Iterator[Row]:
    """The first line names the columns; an empty value is none."""
    first = text.partition("\n")[0]
    parted = separator or max(_SEPARATORS, key=first.count)
    try:
        for line in csv.DictReader(io.StringIO(text.replace("\0", "\ufffd"), newline=""), delimiter=parted):
            more = line.pop(None, None)
            values = {str(name).strip(): value or None for name, value in line.items()}
            yield Row(values=values, why=_LONG_LINE if more else None)
    except csv.Error as error:
        yield Row(values={}, why=_NO_CSV.with_(why=error))


def _row(value: Any) -> Row:
    return Row(values=value) if isinstance(value, dict) and value else Row(values={}, why=_NO_ROW)


def _gone(value: Any) -> Row:
    if isinstance(value, dict):
        return Row(values=value, gone=True)
    plain = isinstance(value, str | int) and not isinstance(value, bool)
    return Row(values={}, gone=True, id=str(value).strip() if plain else "")


_READ: dict[Kind, Callable[[str, str], Iterator[Row]]] = {"json": _of_json, "lines": _of_lines, "csv": _of_csv}
