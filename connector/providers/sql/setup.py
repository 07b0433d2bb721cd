"""What ``connector check`` says of a database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exc, inspect

from connector.domain.provider import Finding
from connector.domain.sources import Desk
from connector.errors import ConnectorError
from connector.providers.sql.line import Line
from connector.providers.sql.reading import SqlReader
from connector.providers.sql.settings import SqlSettings
from connector.providers.sql.statements import everything, named, table_of
from connector.speech import Text

_READS = Text("The database answers and its columns fit", "База отвечает, колонки подходят")
_ROW = Text("The first row: {id}", "Первая строка: {id}")
_EMPTY = Text("There are rows", "Строки есть")
_NO_ROWS = Text(
    "There is none yet: look whether it is the right table.", "Пока ни одной: проверьте, та ли это таблица."
)
_UNIQUE = Text("The columns of id: are unique", "Колонки id: уникальны")
_NOT_UNIQUE = Text(
    "No key of the table says so; rows that share an id overwrite each other.",
    "Ключом таблицы это не подтверждено; строки с общим идентификатором затирают друг друга.",
)
_INDEX = Text("An index serves the cursor", "Для cursor есть индекс")
_NO_INDEX = Text(
    "Make an index on ({columns}), or each run reads the whole table.",
    "Создайте индекс по ({columns}), иначе каждый запуск читает всю таблицу.",
)
_MARKED = Text("Every row has a cursor", "У каждой строки есть cursor")
_UNMARKED = Text(
    "Rows without one are read by every run; better give them one: query: with COALESCE(updated_at, created_at).",
    "Строки без него читаются при каждом запуске; лучше дать его: query: с COALESCE(updated_at, created_at).",
)
_ZONE = Text("The zone of times is known", "Часовой пояс времён известен")
_NO_ZONE = Text(
    "Times have no offset and are taken for UTC: set timezone: if they are not.",
    "Времена без смещения считаются UTC: задайте timezone:, если это не так.",
)


def check(desk: Desk) -> list[Finding]:
    """Whether it can be read, a first row, and what would make reading slow or wrong. Raises nothing."""
    try:
        return list(_look(desk, desk.settings))
    except ConnectorError as error:
        return [Finding(_READS, "bad", error.hint, error.cause)]


def _look(desk: Desk, settings: SqlSettings) -> Iterator[Finding]:
    with SqlReader(desk) as reader:
        page = reader.page({"way": "all", "after": None}, 1)
    yield Finding(_READS, "ok", code="sql.reads")
    first = page.records[0].id if page.records else ""
    yield Finding(_ROW.with_(id=first), "ok", code="sql.row") if first else Finding(_EMPTY, "warn", _NO_ROWS, "sql.row")
    line = Line(settings)
    try:
        with line.transaction() as db:
            yield from _cursor(db, settings)
            if settings.table:
                yield from _keys(db, settings)
    finally:
        line.close()


def _cursor(db: Connection, settings: SqlSettings) -> Iterator[Finding]:
    if not settings.cursor:
        return
    unmarked = db.execute(everything(settings, [named(settings.cursor).is_(None)]).limit(1)).first()
    yield Finding(_MARKED, "warn" if unmarked else "ok", _UNMARKED if unmarked else None, "sql.cursor")
    row = db.execute(everything(settings, [named(settings.cursor).is_not(None)]).limit(1)).mappings().first()
    bare = row and isinstance(row[settings.cursor], datetime) and row[settings.cursor].tzinfo is None
    if bare and not settings.timezone:
        yield Finding(_ZONE, "warn", _NO_ZONE, "sql.timezone")


def _keys(db: Connection, settings: SqlSettings) -> Iterator[Finding]:
    """What the table's keys and indexes say; a view has none, and then nothing is said."""
    mine, seen = table_of(settings), inspect(db)
    try:
        primary = seen.get_pk_constraint(mine.name, mine.schema)["constrained_columns"]
        indexes = seen.get_indexes(mine.name, mine.schema)
        uniques = seen.get_unique_constraints(mine.name, mine.schema)
    except (exc.NoSuchTableError, NotImplementedError):  # a view, or a dialect that cannot tell
        return
    if not primary and not indexes:
        return
    rows: list[Any] = [*uniques, *(row for row in indexes if row["unique"])]
    keys = [set(primary), *(set(row["column_names"]) for row in rows)]
    fits = not settings.columns or any(names and names <= {*settings.columns} for names in keys)
    yield Finding(_UNIQUE, "ok" if fits else "warn", None if fits else _NOT_UNIQUE, "sql.unique")
    if settings.cursor:
        served = any(row["column_names"][:1] == [settings.cursor] for row in indexes)
        wanted = ", ".join((settings.cursor, *settings.columns))
        yield Finding(
            _INDEX, "ok" if served else "warn", None if served else _NO_INDEX.with_(columns=wanted), "sql.index"
        )
