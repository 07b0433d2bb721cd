"""The statements. Names and values go through SQLAlchemy; nothing of ours is pasted into a statement as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    FromClause,
    Select,
    TableClause,
    and_,
    bindparam,
    column,
    func,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.types import NullType

from connector.providers.sql.settings import SqlSettings

Where = Sequence[ColumnElement[bool]]


def table_of(settings: SqlSettings, names: Sequence[str] = ()) -> TableClause:
    """The table, in its schema where one is named; ``names`` are columns to be changed."""
    schema, _, name = settings.table.strip().rpartition(".")
    return table(name, *map(named, names), schema=schema or None)


def source_of(settings: SqlSettings) -> FromClause:
    """The table, or the query as one. A colon in the query is a colon, and a comment at its end ends with the line."""
    if not settings.query:
        return table_of(settings)
    return text(settings.query.replace(":", "\\:") + "\n").columns().subquery("source")


def everything(settings: SqlSettings, where: Where = ()) -> Select[Any]:
    """All columns of the rows that fit."""
    return select(text("*")).select_from(source_of(settings)).where(*where)


def counted(settings: SqlSettings, where: Where = ()) -> Select[int]:
    """How many rows fit."""
    return select(func.count()).select_from(source_of(settings)).where(*where)


def greatest(settings: SqlSettings, name: str) -> Select[Any]:
    """The greatest value of a column."""
    return select(func.max(named(name))).select_from(source_of(settings))


def named(name: str) -> ColumnClause[Any]:
    """A column."""
    return column(name)


def given(value: Any) -> ColumnElement[Any]:
    """A value whose type the database finds out by what it is compared with."""
    return bindparam(None, value, type_=NullType(), unique=True)


def behind(names: Sequence[str], values: Sequence[Any]) -> ColumnElement[bool]:
    """``(names) > (values)``, for databases without row values too; the first name alone lets an index be used."""
    first, value = named(names[0]), values[0]
    if len(names) == 1:
        return first > given(value)
    rest = and_(first == given(value), behind(names[1:], values[1:]))
    return and_(first >= given(value), or_(first > given(value), rest))


def filled(names: Sequence[str]) -> list[ColumnElement[bool]]:
    """None of them is NULL."""
    return [named(name).is_not(None) for name in names]


def unfilled(names: Sequence[str]) -> ColumnElement[bool]:
    """One of them is NULL."""
    return or_(*(named(name).is_(None) for name in names))
