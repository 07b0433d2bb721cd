"""Reads a table page by page, each from the key of the row before it.

A full read goes along the ids: no change of a row moves it there. It notes the greatest cursor *before* its first row,
so what changes while it reads is told by the next run. A run of changes reads the rows without a cursor along their
ids, then the others along (cursor, id), from the last bookmark less the overlap: a transaction that was committed late
bears an earlier time than what was read already. A bookmark is never beyond the database's own time at the begin of its
run: what changes later is later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from connector.domain.sources import Broken, Desk, Page, Position, Record, Start, identity
from connector.errors import PermanentError
from connector.providers.sql import cursors
from connector.providers.sql.line import Line
from connector.providers.sql.settings import SqlSettings
from connector.providers.sql.shapes import shape_of
from connector.providers.sql.statements import (
    Where,
    behind,
    counted,
    everything,
    filled,
    given,
    greatest,
    named,
    unfilled,
)
from connector.providers.sql.values import Shape, TooLarge, packed, unpacked
from connector.speech import Text

_AT_ONCE = 500  # rows that the driver holds
_NAMELESS = 100  # rows without an id that are told
_NO = frozenset({"", "0", "n", "no", "f", "false", "н", "нет", "00"})
_STREAMED = {"stream_results": True, "yield_per": _AT_ONCE}

_NO_ID = Text("The row has no id: {columns}", "У строки нет идентификатора: {columns}")
_TWICE = Text(
    "The id {id} is there more than once: id: must name columns that are unique together.",
    "Идентификатор {id} встречается не раз: id: должен называть колонки, уникальные вместе.",
)
_NOT_UNIQUE = Text(
    "More than {count} rows have the id {id}: id: must name columns that are unique together.",
    "Больше {count} строк с идентификатором {id}: id: должен называть колонки, уникальные вместе.",
)
_STUCK = Text(
    "The database gives a row again that was read: cursor or id is finer than the driver tells. Round it in query:.",
    "База снова отдаёт прочитанную строку: её cursor или id точнее, чем сообщает драйвер. Округлите его в query:.",
)
_MOVED = Text(
    "The settings of the source changed while it was read; run it again.",
    "Настройки источника изменились во время чтения; запустите его снова.",
)
_LEFT_OUT = Text("Binary data of the column {column} is left out", "Двоичные данные колонки {column} пропущены")


@dataclass(frozen=True, kw_only=True)
class _Way:
    """One stretch of a run: along which columns, which rows, and what comes next."""

    keys: tuple[str, ...]
    where: Where
    then: str = ""


class SqlReader:
    """A table or a query."""

    def __init__(self, desk: Desk) -> None:
        self._settings: SqlSettings = desk.settings
        self._desk, self._line = desk, Line(desk.settings)
        self._known: Shape | None = None
        self._zone = ZoneInfo(self._settings.timezone) if self._settings.timezone else UTC

    def begin(self, bookmark: Position) -> Start:
        """Changes since ``bookmark``, where there is a cursor; else everything."""
        cursor = self._settings.cursor
        with self._line.transaction() as db:
            shape = self._shape(db)
            now = self._now(db)
            if cursor and isinstance(bookmark, dict) and bookmark.get("cursor") == cursor:
                return self._changes(db, shape, unpacked(bookmark["at"]), now)
            top = db.execute(greatest(self._settings, cursor)).scalar() if cursor else None
            top = cursors.bounded(top, now, shape.zone_of(cursor))
            position = {"way": "all", "after": None, "top": packed(top)}
            return Start(position=position, full=True, total=db.execute(counted(self._settings)).scalar())

    def page(self, position: Position, limit: int) -> Page:
        """The next rows of the stretch that ``position`` is in."""
        with self._line.transaction() as db:
            shape = self._shape(db)
            if position["way"] == "nameless":
                return self._nameless(db, shape, position)
            way = _WAYS[position["way"]](self._settings, shape, position)
            after = [unpacked(value) for value in position["after"] or ()]
            if after and len(after) != len(way.keys):
                raise PermanentError("sql.moved", hint=_MOVED)
            where = [*filled(shape.ids), *way.where, *([behind(way.keys, after)] if after else [])]
            wanted = everything(self._settings, where).order_by(*map(named, way.keys)).limit(limit + 1)
            rows = [dict(row) for row in db.execute(wanted, execution_options=_STREAMED).mappings()]
        return self._page(rows, way, shape, position, limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()

    def _shape(self, db: Connection) -> Shape:
        if self._known is None:
            self._known = shape_of(db, self._settings, self._zone)
        return self._known

    def _now(self, db: Connection) -> datetime:
        """The time of the database; of one that cannot be asked our own."""
        told = db.exec_driver_sql(self._line.clock).scalar() if self._line.clock else None
        now: datetime = told if isinstance(told, datetime) else self._desk.clock()
        return now if now.tzinfo else now.replace(tzinfo=UTC)

    def _changes(self, db: Connection, shape: Shape, known: Any, now: datetime) -> Start:
        settings, zone = self._settings, shape.zone_of(self._settings.cursor)
        reached = cursors.bounded(known, now, zone)
        since = cursors.lowered(reached, settings.overlap, settings.number_overlap, zone)
        position = {"way": "unmarked", "after": None, "top": packed(known), "since": packed(since), "now": packed(now)}
        total = db.execute(counted(settings, [named(settings.cursor) >= given(since)])).scalar()
        return Start(position=position, full=False, total=total)

    def _page(self, rows: list[dict[str, Any]], way: _Way, shape: Shape, position: Any, limit: int) -> Page:
        more = len(rows) > limit
        rows = _whole(rows, way.keys, limit) if more else rows
        records, broken, notes = self._read(rows, shape)
        last = [packed(rows[-1][name]) for name in way.keys] if rows else position["after"]
        if rows and last == position["after"]:
            raise PermanentError("sql.stuck", hint=_STUCK)
        following = {**position, "after": last} if more else {**position, "way": way.then, "after": None}
        if position["way"] == "changes" and rows:
            following["top"] = self._reached(rows[-1], shape, position)
        return Page(
            records=records,
            broken=broken,
            position=following,
            ended=not more and not way.then,
            bookmark=self._bookmark(following),
            notes=notes,
        )

    def _reached(self, row: Mapping[str, Any], shape: Shape, position: Any) -> Any:
        """How far changes are read, by what the next run may rely on."""
        zone = shape.zone_of(self._settings.cursor)
        seen = cursors.bounded(row[self._settings.cursor], unpacked(position["now"]), zone)
        return packed(cursors.later(unpacked(position["top"]), seen, zone))

    def _bookmark(self, position: Any) -> Position:
        """Without one the next run reads everything again."""
        top = position.get("top")
        return None if top is None else {"cursor": self._settings.cursor, "at": top}

    def _nameless(self, db: Connection, shape: Shape, position: Any) -> Page:
        """The end of a full read: rows that no id finds."""
        wanted = everything(self._settings, [unfilled(shape.ids)]).limit(_NAMELESS)
        rows = [dict(row) for row in db.execute(wanted).mappings()]
        _, broken, notes = self._read(rows, shape)
        return Page(broken=broken, position=position, ended=True, bookmark=self._bookmark(position), notes=notes)

    def _read(self, rows: Sequence[Mapping[str, Any]], shape: Shape) -> tuple[list[Record], list[Broken], list[Text]]:
        records, broken, notes = list[Record](), list[Broken](), dict[Text, None]()
        for row in rows:
            values, left_out = _values(row, shape)
            notes |= dict.fromkeys(_LEFT_OUT.with_(column=name) for name in left_out)
            name = identity(values, shape.ids)
            where = f"{self._settings.table or self._settings.source}:{name}"
            if not name:
                broken.append(Broken(where=where, why=_NO_ID.with_(columns=", ".join(shape.ids)), values=values))
                continue
            if records and records[-1].id == name:
                notes[_TWICE.with_(id=name)] = None
            records.append(Record(id=name, values=values, gone=self._is_gone(values), where=where))
        return records, broken, list(notes)

    def _is_gone(self, values: Mapping[str, Any]) -> bool:
        deleted = values.get(self._settings.tombstone) if self._settings.tombstone else None
        if deleted is None or isinstance(self._settings.deleted, str):
            return deleted is not None
        return str(deleted).strip().lower() not in _NO


def _values(row: Mapping[str, Any], shape: Shape) -> tuple[dict[str, Any], list[str]]:
    values, left_out = dict[str, Any](), list[str]()
    for name, value in row.items():
        try:
            values[name] = shape.plain(name, value)
        except TooLarge:
            left_out.append(name)
    return values, left_out


def _whole(rows: list[dict[str, Any]], keys: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """The first rows, none of whose equals stays behind the border: nobody would come back for them.

    Texts that differ by their case alone may be equal for the database.
    """
    border = [rows[limit][name] for name in keys]
    cut = limit
    while cut and _folded([rows[cut - 1][name] for name in keys]) == _folded(border):
        cut -= 1
    if cut:
        return rows[:cut]
    if [rows[0][name] for name in keys] == border:
        shown = " ".join(map(str, border))[:100]
        raise PermanentError("sql.not_unique", hint=_NOT_UNIQUE.with_(count=limit, id=shown))
    return rows[:limit]


def _folded(values: Sequence[Any]) -> list[Any]:
    return [value.casefold().rstrip() if isinstance(value, str) else value for value in values]


def _all(settings: SqlSettings, shape: Shape, position: Any) -> _Way:
    return _Way(keys=shape.ids, where=(), then="nameless")


def _unmarked(settings: SqlSettings, shape: Shape, position: Any) -> _Way:
    return _Way(keys=shape.ids, where=[named(settings.cursor).is_(None)], then="changes")


def _changes(settings: SqlSettings, shape: Shape, position: Any) -> _Way:
    since = named(settings.cursor) >= given(unpacked(position["since"]))
    return _Way(keys=(settings.cursor, *shape.ids), where=[since])


_WAYS: dict[str, Callable[[SqlSettings, Shape, Any], _Way]] = {
    "all": _all,
    "unmarked": _unmarked,
    "changes": _changes,
}
