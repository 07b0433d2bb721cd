"""Reading a list page by page.

A position: ``place`` (the remote page), ``at`` (the index in it) after the row ``anchor``; ``since`` (what was asked
for), ``began`` (when), ``newest`` (of the rows so far), and what guards against circles and rows that
shift.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from connector.domain.sources import Broken, Desk, Page, Position, Record, Start
from connector.errors import ConnectorError
from connector.providers import answers
from connector.providers.answers import Answer
from connector.providers.http_json import paging
from connector.providers.http_json.paging import Turn
from connector.providers.http_json.rows import changed_at, listed, row_of
from connector.providers.http_json.settings import HttpJsonSettings
from connector.providers.http_json.signing import Signer
from connector.providers.turning import again, mark, once_only, resume
from connector.speech import Text

SLUG = "http_json"
_SEARCHES = 20  # in one run; a list that shifts more often is read on without
_SHIFTED = Text(
    "Rows came or went while the list was read; nothing is taken for gone this time.",
    "Пока список читался, строки в нём сдвинулись; в этот раз ничего не считается исчезнувшим.",
)


@dataclass(frozen=True, kw_only=True)
class _Remote:
    """A page as the service gave it."""

    place: str
    told: Any
    answer: Answer
    rows: Sequence[Record | Broken]


class HttpReader:
    """The reader of one list. The page that was asked for last is kept in memory, as it may be larger than ours."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._settings = desk, desk.settings
        self._signer = Signer(desk.settings, desk.http)
        self._held: _Remote | None = None

    def begin(self, bookmark: Position) -> Start:
        """See :class:`~connector.domain.sources.Reader`. A list in one answer, unchanged since (304), has no rows."""
        settings, began = self._settings, self._desk.clock()
        known = bookmark or {}
        incremental = settings.changed is not None and bool(known.get("newest"))
        since = datetime.fromisoformat(known["newest"]) - settings.overlap if incremental else None
        place = paging.first_place(settings.pages)
        position = {
            "place": dict(place),
            "at": 0,
            "since": since.isoformat() if since else None,
            "began": began.isoformat(),
            "newest": known.get("newest") if incremental else None,
            "shifts": 0,
        }
        if settings.pages.by == "none" and settings.changed is None and (known.get("etag") or known.get("modified")):
            remote = self._unless_same(position, known)
            if remote is None:
                return Start(position={"same": known}, full=False, total=0)
            self._held = remote
        return Start(position=position, full=since is None and settings.pages.trusted)

    def page(self, position: Position, limit: int) -> Page:
        """See :class:`~connector.domain.sources.Reader`."""
        if "same" in position:
            return Page(position=position, ended=True, bookmark=position["same"])
        remote = self._remote(position)
        marks = [mark(row) for row in remote.rows]
        seeking, start = position.get("seeking", False), resume(marks, position["at"], position.get("anchor", ""))
        shifted = seeking or start != position["at"]
        shifts = position.get("shifts", 0) + (shifted and not seeking)
        if start is None and position["place"].get("offset") and (seeking or shifts <= _SEARCHES):
            return Page(position=self._back(position, shifts, len(marks)))
        start = start or 0
        after = {**position, "seeking": False, "shifts": shifts, "again": self._again(position, marks)}
        return self._cut(after, remote, marks, range(start, min(start + limit, len(marks))), shifted)

    def _cut(self, position: dict[str, Any], remote: _Remote, marks: Sequence[str], cut: range, shifted: bool) -> Page:
        rows = remote.rows[cut.start : cut.stop]
        position = {**position, "newest": self._newest(position, rows), **self._counted(position, remote)}
        if cut.stop < len(marks):
            onward: dict[str, Any] | None = {**position, "at": cut.stop, "anchor": marks[cut.stop - 1]}
        elif position["at"] and not rows and not shifted:
            onward = None  # nothing but the anchor
        else:
            onward = self._onward(position, remote, marks)
        ended, partial = onward is None, onward is None and position["shifts"] > 0
        return Page(
            records=[row for row in rows if isinstance(row, Record)],
            broken=[row for row in rows if isinstance(row, Broken)],
            position=position if onward is None else onward,
            ended=ended,
            bookmark=self._bookmark(position, remote.answer) if ended else None,
            partial=partial,
            notes=[_SHIFTED] if partial else [],
        )

    def _onward(self, position: dict[str, Any], remote: _Remote, marks: Sequence[str]) -> dict[str, Any] | None:
        turn = Turn(place=position["place"], told=remote.told, answer=remote.answer, count=len(marks))
        place, seen = paging.next_place(self._settings, turn)
        if place is None:
            return None
        circle = position.get("circle")
        found_there = self._settings.pages.by in ("cursor", "link")  # numbers only grow
        return {
            **position,
            "place": dict(place),
            "at": seen,
            "anchor": marks[-1] if seen else "",
            "head": marks[0] if marks else position.get("head", ""),
            "span": len(marks),
            "circle": once_only(SLUG, circle, place) if found_there else None,
        }

    def _again(self, position: Position, marks: Sequence[str]) -> int:
        times = int(position.get("again", 0))
        if position["at"] > ("offset" in position["place"]):
            return times  # in the middle of a page
        name = self._settings.pages.name or self._settings.pages.next or "Link"
        return again(SLUG, times, marks[:1] == [position.get("head")], name)

    def _counted(self, position: Position, remote: _Remote) -> dict[str, Any]:
        """Where places cannot be held against rows, a list that got shorter has shifted."""
        pages, known = self._settings.pages, position.get("total")
        total = paging.told_total(pages, remote.told)
        if pages.by not in ("page", "link") or total is None:
            return {}
        return {"total": total, "shifts": position["shifts"] + (known is not None and total < known)}

    def _back(self, position: Position, shifts: int, count: int) -> dict[str, Any]:
        """The page before this one, on which the anchor may be by now; as large as the service makes its pages."""
        step = max(count or position.get("span", 0), 2) - 1
        place = {"offset": max(0, position["place"]["offset"] - step)}
        return {**position, "place": place, "at": 0, "head": "", "shifts": shifts, "seeking": True}

    def _newest(self, position: Position, rows: Sequence[Record | Broken]) -> str | None:
        """Never later than the run's beginning: rows that changed behind our back are asked for next time."""
        began = datetime.fromisoformat(position["began"])
        told = [at for row in rows if (at := changed_at(row, self._settings)) is not None]
        if position["newest"] is not None:
            told.append(datetime.fromisoformat(position["newest"]))
        return min(max(told), began).isoformat() if told else None

    def _bookmark(self, position: Position, answer: Answer) -> dict[str, Any]:
        changed = self._settings.changed
        if changed is not None:
            return {"newest": position["newest"] if changed.column else position["began"]}
        if self._settings.pages.by != "none":
            return {}
        said = {"etag": answer.headers.get("etag"), "modified": answer.headers.get("last-modified")}
        return {name: value for name, value in said.items() if value}

    def _remote(self, position: Position) -> _Remote:
        place = json.dumps([position["place"], position["since"]], sort_keys=True)
        if self._held is None or self._held.place != place:
            self._held = None  # not two of them in memory
            answer = self._ask(position, {})
            beyond = answer.status == 404 and position["place"].get("page", 0) > self._settings.pages.first
            if answer.status != 200 and not beyond:
                raise self._refusal(answer)
            self._held = self._read(place, answer, beyond)
        return self._held

    def _unless_same(self, position: Position, known: Position) -> _Remote | None:
        headers = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("modified")}
        answer = self._ask(position, {name: value for name, value in headers.items() if value})
        if answer.status == 304:
            return None
        if answer.status != 200:
            raise self._refusal(answer)
        return self._read(json.dumps([position["place"], position["since"]], sort_keys=True), answer, False)

    def _read(self, place: str, answer: Answer, beyond: bool) -> _Remote:
        told = [] if beyond else answer.data(SLUG)
        found = [] if beyond else listed(told, self._settings)
        name = ", ".join(str(value) for value in json.loads(place)[0].values()) or "1"
        rows = [row_of(row, self._settings, f"{name}:{number}") for number, row in enumerate(found, 1)]
        return _Remote(place=place, told=told, answer=answer, rows=rows)

    def _ask(self, position: Position, more: dict[str, str]) -> Answer:
        answer = self._once(position, more)
        return self._once(position, more) if answer.status == 401 and self._signer.drop() else answer

    def _once(self, position: Position, more: dict[str, str]) -> Answer:
        settings: HttpJsonSettings = self._settings
        place = position["place"]
        own = {name: value.get_secret_value() for name, value in settings.params.items()}
        since = datetime.fromisoformat(position["since"]) if position["since"] else None
        asked = {settings.changed.param: _written(since, settings)} if settings.changed and since else {}
        return answers.ask(
            self._desk.http,
            SLUG,
            place.get("url", settings.url),
            params={**own, **paging.query(settings.pages, place), **({} if "url" in place else asked)},
            headers={**self._signer.headers(), **more},
            mib=settings.largest,
            ca=settings.ca,
        )

    def _refusal(self, answer: Answer) -> ConnectorError:
        return answers.refusal(answer, SLUG, self._desk.clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held = None


def _written(since: datetime, settings: HttpJsonSettings) -> str:
    there, style = since.astimezone(settings.zone), settings.changed.format if settings.changed else "iso"
    ready = {
        "iso": there.isoformat(timespec="seconds"),
        "date": there.date().isoformat(),
        "unix": str(int(since.timestamp())),
        "unix_ms": str(int(since.timestamp()) * 1000),
    }
    return ready[style] if style in ready else there.strftime(style)
