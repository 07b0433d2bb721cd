"""The reader: which files a run reads, and their rows, page by page.

The engine keeps its place (see :mod:`connector.providers.table.course`); what is staged is a cache.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from connector.domain.sources import Broken, Desk, Page, Position, Record, Start
from connector.errors import ConnectorError, TransientError
from connector.providers.table.course import Course
from connector.providers.table.formats import Damaged
from connector.providers.table.listing import Changed, Found, Storage, in_order
from connector.providers.table.settings import TableSettings
from connector.providers.table.settling import Sorted, sort_out, young
from connector.providers.table.staging import manner_of, stage, staged_at, swept
from connector.speech import Text

BETWEEN = 2.0  # seconds, at most, between two looks at files that are new
BYTES = 8 << 20  # of lines in a page, whatever their number

_NOTHING = Text(
    "No file matches `location`, so nothing is taken for gone: look whether files are still put there",
    "Под `location` не подходит ни один файл, поэтому ничего не считается исчезнувшим: проверьте, кладут ли туда файлы",
)
_DAMAGED = Text(
    "{name} was left for later: {why}. It is read again each time; if it stays so, have it written anew",
    "{name} отложен: {why}. Он читается заново каждый раз; если не проходит, пусть его запишут ещё раз",
)
_MOVED = Text("{name} was left for later: it changed while it was read", "{name} отложен: изменился во время чтения")
_VANISHED = Text("{name} vanished before it was read", "{name} исчез до того, как его прочли")
_CUT = Text(
    "{name} has rows that could not be told apart, so nothing is taken for gone in this run: see its broken rows",
    "В {name} есть строки, которые не удалось разделить, поэтому в этом запуске ничего не считается исчезнувшим: "
    "посмотрите его отложенные строки",
)


class TableReader:
    """Reads the files of one source; ``pause`` waits so many seconds."""

    def __init__(self, desk: Desk, storage: Storage, pause: Callable[[float], None] = time.sleep) -> None:
        self._desk, self._storage, self._pause = desk, storage, pause
        self._settings: TableSettings = desk.settings
        self._manner = manner_of(self._settings)
        self._found: dict[str, Found] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._storage.close()

    def begin(self, bookmark: Position) -> Start:
        """The files that are new or changed; where files together hold all records, all of them as soon as one is.

        Raises ``TransientError`` while there is nothing at all where such files were: the source is away.
        """
        kept = bookmark if isinstance(bookmark, dict) and "manner" in bookmark else None  # not another provider's
        known = kept if kept and kept["manner"] == self._manner else None
        seen: dict[str, str] = dict(known["seen"]) if known else {}
        files, sorted_out, notes = self._looked(seen, kept["waiting"] if kept else {})
        present, every = {file.name for file in files}, self._settings.holds == "all"
        if every and seen and not sorted_out.ready and not any(file.size or file.modified is None for file in files):
            raise TransientError("table.nothing", hint=next(iter(sorted_out.notes), _NOTHING))
        vanished = seen.keys() - present
        fresh = [file for file in sorted_out.ready if seen.get(file.name) != file.fingerprint]
        anew = every and bool(known is None or not known["whole"] or vanished or fresh)
        full = anew and bool(sorted_out.ready) and not sorted_out.left and not notes
        if every and not present:
            notes.append(_NOTHING)
        todo = sorted(sorted_out.ready if full else fresh, key=in_order)
        self._found = {file.name: file for file in todo}
        whole = full or not every or (not todo and (known is None or known["whole"]))
        if full or not every:
            seen = {name: mark for name, mark in seen.items() if name in present}
        course = Course(
            full=full, whole=whole, seen=seen, waiting=dict(sorted_out.left), at=0,
            todo=[(file.name, file.fingerprint) for file in todo], notes=[*notes, *sorted_out.notes],
        )  # fmt: skip
        swept(self._desk.folder, [self._lines(name, mark) for name, mark in course.todo], self._desk.clock())
        return Start(position=course.told(self._manner), full=full)

    def page(self, position: Position, limit: int) -> Page:
        """Rows of the file that is being read, and of those after it while there is room."""
        course = Course.of(position)
        if position["manner"] != self._manner:  # read otherwise now: the offset means nothing
            course.whole, course.at = course.whole and not course.at, 0
        notes, course.notes = course.notes, []
        while course.todo and course.count() < limit and course.bytes < BYTES:
            try:
                if self._ready(course):
                    self._read(course, limit)
            except ConnectorError:
                if not course.count():
                    raise
                break  # what was read goes first; the next page tells
            except FileNotFoundError:  # another process swept the lines away
                continue
        notes += course.notes
        course.notes = []
        return Page(
            records=course.rows,
            broken=course.broken,
            position=course.told(self._manner),
            ended=not course.todo,
            bookmark=course.kept(self._manner) if not course.todo else None,
            partial=course.full and not course.whole,
            notes=notes,
        )

    def _looked(
        self, seen: Mapping[str, str], waiting: Mapping[str, tuple[str, float]]
    ) -> tuple[Sequence[Found], Sorted, list[Text]]:
        """(files that are there, which of them are whole, notes); new files are looked at twice."""
        first = second = self._storage.look(seen)
        settle = self._settings.settle
        unproven = (file for file in first.files if file.modified is not None)
        if settle and any(seen.get(file.name) != file.fingerprint for file in unproven):
            self._pause(min(BETWEEN, settle.total_seconds()))
            second = self._storage.look(seen)
        sorted_out = sort_out(first, second, seen, waiting, self._desk.clock(), settle)
        return second.files, sorted_out, list(second.notes)

    def _ready(self, course: Course) -> bool:
        """Whether the lines of the file that is next are here; if not, they are made, or the file is left."""
        name, mark = course.todo[0]
        if self._lines(name, mark).exists():
            return True
        found = self._found.pop(name, None)
        if found is None or found.fingerprint != mark:
            found = self._storage.find(name)
        if found is None:
            course.seen.pop(name, None)
            course.leave(_VANISHED.with_(name=name))
            return False
        if found.fingerprint != mark:
            if young(found, self._desk.clock(), self._settings.settle):
                self._later(course, found)
                return False
            course.whole, course.at = course.whole and not course.at, 0
            course.todo[0] = (name, found.fingerprint)
        return self._staged(course, found)

    def _staged(self, course: Course, found: Found) -> bool:
        try:
            stage(found, self._storage, self._settings, self._lines(found.name, found.fingerprint))
        except Changed:
            self._later(course, found)
        except Damaged as error:
            course.leave(_DAMAGED.with_(name=found.name, why=error.why))
        else:
            return True
        return False

    def _later(self, course: Course, found: Found) -> None:
        course.waiting[found.name] = (found.fingerprint, self._desk.clock().timestamp())
        course.leave(_MOVED.with_(name=found.name))

    def _read(self, course: Course, limit: int) -> None:
        """Rows of the file that is next, up to ``limit`` in all; at its end it is seen."""
        name, mark = course.todo[0]
        decode = json.JSONDecoder().decode
        with self._lines(name, mark).open("rb") as file:
            file.seek(course.at)
            for line in islice(file, limit - course.count() + 1):
                told = decode(line.decode())
                if "t" in told:
                    self._ended(course, told)
                    return
                if course.count() >= limit or course.bytes >= BYTES:
                    return
                course.at += len(line)
                course.bytes += len(line)
                if "b" in told:
                    why = Text(*told["b"])
                    course.broken.append(Broken(where=told["w"], why=why, id=told["i"], values=told["v"]))
                else:
                    course.rows.append(Record(id=told["i"], values=told["v"], where=told["w"]))

    def _ended(self, course: Course, told: Mapping[str, Any]) -> None:
        name, mark = course.todo[0]
        course.notes += [Text(*note) for note in told["t"]]
        if told["s"] and self._settings.holds == "all":
            course.notes.append(_CUT.with_(name=name))
            course.whole = False
        course.seen[name] = mark
        course.next()

    def _lines(self, name: str, fingerprint: str) -> Path:
        return staged_at(self._desk.folder, name, fingerprint, self._manner)
