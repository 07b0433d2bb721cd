"""Reading a list of 1C page by page.

References cannot be compared (``Ref_Key gt guid'…'`` is answered with 500), and sorting by them means sorting by what
they look like (code, name, date and number), which people change. So pages are told by ``$skip``, counted from the
moment ``since`` where there is a date to go by, and each begins with the last row of the one before: the *anchor*.
Where it is gone from its place, it is sought on the pages before.

A position: ``since`` (1C's own time), ``skip`` (rows from there on that were read, the last of which is ``anchor``),
``newest``, ``began``, ``read``, ``shifts``, ``full``, ``counted`` (whether 1C can tell the number of its rows).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from connector.domain.sources import Broken, Desk, Page, Position, Record, Start
from connector.errors import PermanentError
from connector.providers.onec import asking
from connector.providers.onec.rows import row_of
from connector.providers.onec.settings import OnecSettings
from connector.providers.onec.words import SLUG
from connector.providers.turning import again, mark, resume
from connector.speech import Text

_LONG_AGO = "1900-01-01T00:00:00"  # 1C's empty date is 0001-01-01
_SEARCHES = 20  # in one run; a list that shifts more often is read on without
_SHIFTED = Text(
    "Rows of 1C came, went or moved while they were read; nothing is taken for gone this time.",
    "Пока строки 1С читались, они появлялись, исчезали или сдвигались; в этот раз ничего не считается исчезнувшим.",
)
_NO_CHANGED = Text(
    "The rows have no date {column}: correct changed: of the source in connector.yaml.",
    "В строках нет даты {column}: исправьте changed: источника в connector.yaml.",
)


class OnecReader:
    """The reader of one list."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._settings = desk, desk.settings

    def begin(self, bookmark: Position) -> Start:
        """See :class:`~connector.domain.sources.Reader`. Without ``changed`` every read is a full one."""
        settings: OnecSettings = self._settings
        newest = (bookmark or {}).get("newest") if settings.changed else None
        since = _plain(_read(newest) - settings.overlap) if newest else None
        began = _plain(self._desk.clock().astimezone(settings.zone))
        total = asking.count(self._desk) if since is None else None
        position = {
            "since": since,
            "skip": 0,
            "anchor": "",
            "newest": newest,
            "began": began,
            "read": 0,
            "shifts": 0,
            "full": since is None,
            "counted": total is not None,
        }
        return Start(position=position, full=since is None, total=total)

    def page(self, position: Position, limit: int) -> Page:
        """See :class:`~connector.domain.sources.Reader`."""
        seeking, wanted = bool(position.get("seeking")), min(limit, self._settings.top)
        anchored = int(bool(position["anchor"]) and not seeking)
        skip = position["skip"] - anchored
        entries = asking.rows(self._desk, position["since"], skip, wanted + anchored)
        found = [row_of(entry, self._settings, f"{skip + at}") for at, entry in enumerate(entries, 1)]
        marks = [mark(row) for row in found]
        start = resume(marks, anchored, position["anchor"])
        shifts = position["shifts"] + (start != anchored and not seeking)
        if start is None and skip and (seeking or shifts <= _SEARCHES):
            back = {"skip": max(0, skip - wanted), "seeking": True, "shifts": shifts, "head": ""}
            return Page(position={**position, **back})
        after = {
            **position,
            "seeking": False,
            "shifts": shifts,
            "again": again(SLUG, position.get("again", 0), marks[:1] == [position.get("head")], "$skip"),
            "head": marks[0] if marks else "",
        }
        new = range(start or 0, len(found))
        if not new and start == anchored:
            return self._ended(after)
        return self._went_on(after, entries, found, marks, (new, skip))

    def _went_on(
        self,
        position: dict[str, Any],
        entries: Sequence[Mapping[str, Any]],
        found: Sequence[Record | Broken],
        marks: Sequence[str],
        cut: tuple[range, int],
    ) -> Page:
        new, skip = cut
        rows, moments = [found[at] for at in new], self._moments(entries)
        place = _place(position, moments, skip + len(marks))
        last = moments[-1] if moments and moments[-1] > _LONG_AGO else ""
        newest = [position["newest"], last and min(last, position["began"])]
        return Page(
            records=[row for row in rows if isinstance(row, Record)],
            broken=[row for row in rows if isinstance(row, Broken)],
            position={
                **position,
                **place,
                "anchor": marks[-1] if marks else "",
                "newest": max(filter(None, newest), default=None),
                "read": position["read"] + len(rows),
            },
        )

    def _ended(self, position: dict[str, Any]) -> Page:
        """Nothing is taken for gone unless as many rows were read as there are now."""
        partial = position["full"] and position["shifts"] > 0
        if position["counted"] and not partial:
            partial = asking.count(self._desk) != position["read"]
        return Page(
            position=position,
            ended=True,
            bookmark={"newest": position["newest"]} if self._settings.changed else {},
            partial=partial,
            notes=[_SHIFTED] if partial else [],
        )

    def _moments(self, entries: Sequence[Mapping[str, Any]]) -> list[str]:
        """When each row was changed, in 1C's own time, as it sorts."""
        column = self._settings.changed
        if not column:
            return []
        if entries and not any(isinstance(entry.get(column), str) for entry in entries):
            raise PermanentError(f"{SLUG}.changed", hint=_NO_CHANGED.with_(column=column))
        return [str(entry.get(column) or "")[:19] for entry in entries]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def _place(position: Mapping[str, Any], moments: Sequence[str], until: int) -> dict[str, Any]:
    """Where the next page begins: at the last moment that was seen, behind the rows of that moment; or farther on."""
    last = moments[-1] if moments else ""
    if last and last > (position["since"] or ""):
        return {"since": last, "skip": sum(1 for each in moments if each == last), "head": ""}
    return {"skip": until}


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _plain(moment: datetime) -> str:
    return moment.replace(tzinfo=None, microsecond=0).isoformat()
