"""Brings values back: only columns that the settings call writable, only rows that are there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Update, exc, update

from connector.domain.sources import Desk
from connector.errors import PermanentError
from connector.providers.sql.line import Line
from connector.providers.sql.settings import SqlSettings
from connector.providers.sql.shapes import shape_of
from connector.providers.sql.statements import given, named, table_of
from connector.speech import Text

_ARRAYS = frozenset({1009, 1015, 1002, 1014})  # PostgreSQL's text[], varchar[], char[], bpchar[]

_NOT_WRITABLE = Text(
    "The column {column} may not be written: name it in writable: of {source} if it is to be.",
    "Колонку {column} записывать нельзя: укажите её в writable: источника {source}, если нужно.",
)


def write(desk: Desk, changes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The ids whose row was there and took its values. Lists become arrays where the column is one, else a text with
    commas. Raises ``PermanentError`` for a column that is not writable, and nothing is written.
    """
    settings: SqlSettings = desk.settings
    for column in sorted({column for values in changes.values() for column in values}):
        if column not in settings.writable:
            raise PermanentError("sql.not_writable", hint=_NOT_WRITABLE.with_(column=column, source=settings.source))
    line = Line(settings, writing=True)
    try:
        with line.transaction() as db:
            shape = shape_of(db, settings, ZoneInfo(settings.timezone or "UTC"))
            return [name for name, values in changes.items() if values and _written(db, settings, shape, name, values)]
    finally:
        line.close()


def _written(db: Connection, settings: SqlSettings, shape: Any, name: str, values: Mapping[str, Any]) -> bool:
    """Whether the row took them; what the database refuses for one row does not hold up the others."""
    parts = name.split("|") if len(shape.ids) > 1 else [name]
    if len(parts) != len(shape.ids):
        return False
    ready = {column: _ready(value, shape.codes.get(column)) for column, value in values.items()}
    try:
        with db.begin_nested():
            return db.execute(_update(settings, shape.ids, parts, ready)).rowcount > 0
    except (exc.IntegrityError, exc.DataError):
        return False


def _update(settings: SqlSettings, ids: Sequence[str], parts: Sequence[str], values: Mapping[str, Any]) -> Update:
    mine = [named(column) == given(part) for column, part in zip(ids, parts, strict=True)]
    changed = {name: given(value) for name, value in values.items()}
    return update(table_of(settings, tuple(values))).where(*mine).values(changed)


def _ready(value: Any, code: Any) -> Any:
    if isinstance(value, list | tuple | set):
        texts = [str(part) for part in value]
        return texts if code in _ARRAYS else ", ".join(texts)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
