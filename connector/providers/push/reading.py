"""Reads what was pushed, in the order in which it was written into the journal.

A place is ``[created_at, trace]``. A request that was written late (another process took longer) lies before the place
of the last run: so a run begins ``overlap`` before it, and knows by their traces what it has read of that time. What it
does not know any more it reads again: rows that are told twice are the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from types import TracebackType
from typing import Any, Self

from connector.domain.sources import Broken, Desk, Kept, Page, Position, Record, Start, identity
from connector.errors import Refused
from connector.providers.push.rows import Row, kind_of, rows
from connector.speech import Text

_AT_ONCE = 100  # requests
_KNOWN = 256  # traces that a place remembers

_NO_ID = Text("Row {number} has no id: {columns}", "В строке {number} нет идентификатора: {columns}")
_FIRST = Text("its first column is empty", "первая колонка пуста")
_UNREADABLE = Text("The kept request cannot be read: {why}", "Сохранённый запрос не читается: {why}")


@dataclass(frozen=True, kw_only=True)
class Place:
    """``at`` and ``trace`` of the last request that is read; of those behind it so many first rows are read as
    ``parts`` says. ``known`` are those read of late, by when they were written; ``top`` is the latest of all."""

    at: float = 0.0
    trace: str = ""
    parts: Mapping[str, int] = field(default_factory=dict)
    known: tuple[tuple[float, str], ...] = ()
    top: float = 0.0

    @staticmethod
    def of(value: Position) -> Place:
        """The place that :meth:`plain` wrote; the beginning for anything else."""
        if not isinstance(value, dict):
            return Place()
        known = tuple((float(at), str(trace)) for at, trace in value.get("known", ()))
        told = {name: value[name] for name in ("at", "trace", "parts", "top") if name in value}
        return Place(**told, known=known)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "known": [list(pair) for pair in self.known]}

    def behind(self, kept: Kept, overlap: float) -> Place:
        """The place once ``kept`` is read to its end."""
        at = kept.at.timestamp()
        top = max(self.top, at)
        known = sorted(pair for pair in (*self.known, (at, kept.trace)) if pair[0] >= top - overlap)
        parts = {trace: count for trace, count in self.parts.items() if trace != kept.trace}
        return Place(at=at, trace=kept.trace, parts=parts, known=tuple(known[-_KNOWN:]), top=top)


@dataclass(kw_only=True)
class _Batch:
    """What a page gathers."""

    records: list[Record] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.records) + len(self.broken)


class PushReader:
    """A run never sees everything: what is not told anew is not gone."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._settings = desk, desk.settings
        self._overlap = desk.settings.overlap.total_seconds()

    def begin(self, bookmark: Position) -> Start:
        """``overlap`` before the place of the last run."""
        place = Place.of(bookmark)
        since = max(0.0, place.top - self._overlap)
        return Start(position=replace(place, at=since, trace="", parts={}).plain(), full=False)

    def page(self, position: Position, limit: int) -> Page:
        """Requests to their end while there is room, and of a large one as many rows as fit."""
        place, batch = Place.of(position), _Batch()
        waiting = self._desk.kept(place.at, place.trace, _AT_ONCE)
        known = {trace for _, trace in place.known}
        for kept in waiting:
            if kept.trace in known:
                place = replace(place, at=kept.at.timestamp(), trace=kept.trace)
                continue
            first = place.parts.get(kept.trace, 0)
            taken = self._take(kept, first, limit - len(batch), batch)
            if taken is not None:
                return _page(batch, replace(place, parts={**place.parts, kept.trace: first + taken}))
            place = place.behind(kept, self._overlap)
            if len(batch) >= limit:
                return _page(batch, place)
        return _page(batch, place, ended=not waiting)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def _take(self, kept: Kept, first: int, room: int, batch: _Batch) -> int | None:
        """Rows of a request from ``first`` on; how many were taken if some are left, ``None`` if it is read."""
        try:
            found = rows(kept.body, kind_of(kept.content_type, kept.body), self._settings.separator)
            some = list(islice(found, first, first + room + 1))
        except Refused as refused:  # the settings or the program changed since it was let in
            batch.broken.append(Broken(where=f"push {kept.trace}", why=_UNREADABLE.with_(why=refused.hint)))
            return None
        for number, row in enumerate(some[:room], first + 1):
            self._sort(row, number, f"push {kept.trace}:{number}", batch)
        return room if len(some) > room else None

    def _sort(self, row: Row, number: int, where: str, batch: _Batch) -> None:
        columns: Sequence[str] = self._settings.columns
        name = row.id or identity(row.values, columns)
        if row.why is not None:
            batch.broken.append(Broken(where=where, why=row.why, id=name, values=row.values))
        elif not name:
            why = _NO_ID.with_(number=number, columns=", ".join(columns) or _FIRST)
            batch.broken.append(Broken(where=where, why=why, values=row.values))
        else:
            batch.records.append(Record(id=name, values=row.values, gone=row.gone, where=where))


def _page(batch: _Batch, place: Place, *, ended: bool = False) -> Page:
    plain = place.plain()
    return Page(records=batch.records, broken=batch.broken, position=plain, ended=ended, bookmark=plain)
