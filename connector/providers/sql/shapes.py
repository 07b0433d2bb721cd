"""What the rows of a source look like, and whether the settings fit them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from sqlalchemy import Connection, literal_column

from connector.errors import PermanentError
from connector.providers.sql.settings import SqlSettings
from connector.providers.sql.statements import everything
from connector.providers.sql.values import Shape
from connector.settings.mistakes import did_you_mean
from connector.speech import Text

_NO_COLUMN = Text("There is no column {column} ({key}:): {near}", "Колонки {column} нет ({key}:): {near}")


def shape_of(db: Connection, settings: SqlSettings, zone: tzinfo) -> Shape:
    """Read from the database itself. Raises ``PermanentError`` for a column of the settings that is not there."""
    result = db.execute(everything(settings, [literal_column("1") == 0]))
    described = result.cursor.description if result.cursor is not None else ()
    codes = dict(zip(result.keys(), [column[1] for column in described or ()], strict=False))
    result.close()
    for key, names in _wanted(settings):
        for name in names:
            if name not in codes:
                hint = _NO_COLUMN.with_(column=name, key=key, near=did_you_mean(name, codes))
                raise PermanentError("sql.no_column", hint=hint)
    ids = settings.columns or tuple(codes)[:1]
    return Shape(codes=codes, ids=ids, zone=zone, mysql=db.dialect.name in ("mysql", "mariadb"))


def _wanted(settings: SqlSettings) -> Iterable[tuple[str, tuple[str, ...]]]:
    yield "id", settings.columns
    yield "cursor", (settings.cursor,) if settings.cursor else ()
    yield "deleted", (settings.tombstone,) if settings.tombstone else ()
    yield "writable", settings.writable
