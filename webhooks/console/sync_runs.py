"""``/ops/sync/runs/<number>``: what one run did; ``/ops/sync/<source>/record``: one row and why it is as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.exceptions import NotFound

from connector.bootstrap import Connector
from connector.domain.events import RecordChanged
from connector.domain.sources import SourceSettings
from connector.journal.sync_model import MirrorRow, Run
from connector.logs import mask_credentials
from connector.speech import Text
from connector.sync.deeds import BROKEN
from connector.sync.opening import fingerprint
from connector.sync.progress import Progress, progress
from webhooks.console.masking import masked
from webhooks.console.purse import Purse
from webhooks.console.reading import reader
from webhooks.console.rulings import Rulings
from webhooks.console.showing import Shows, insider
from webhooks.console.sync import settings_of
from webhooks.console.sync_json import run_told
from webhooks.console.sync_words import (
    COUNTED,
    COUNTED_PEOPLE,
    DONE,
    GONE,
    LED,
    OUTCOMES,
    ROWS,
    RUNS,
    TRIGGERS,
    crm_place,
)
from webhooks.console.typed import HIGHEST, cleaned, whole

_PAGE = 50
_WORDS, _VALUES = 18_000, 24_000  # bytes of strangers' texts on a page, of the values of one row
_LONG = 1_200  # bytes of one value
_REASONS = 80  # rows of reasons for one record
LONGEST = 500  # characters of a record's id


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row in a list; ``record`` is its id as it is, ``name`` as it is shown."""

    record: str
    name: str
    where: str
    mark: str
    state: Text
    outcome: Text
    cause: str
    detail: str
    hint: Text | None
    row: MirrorRow


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""
    journal = connector.journal

    @rooms.get("/sync/runs/<int:number>")
    def run(number: int) -> Response:
        found = _run(connector, number)
        inside, after = insider(), cleaned(request.args.get("after", ""), LONGEST)
        rows = journal.mirror_rows(found.source, run=number, after=after, limit=_PAGE + 1) if inside else []
        further = url_for("ops.run", number=number, after=rows[_PAGE - 1].record) if len(rows) > _PAGE else None
        return shows.page(
            "run.html",
            one=found,
            progress=_progress(connector, found),
            counted=COUNTED_PEOPLE if _leads(connector, found.source) else COUNTED,
            runs=RUNS,
            triggers=TRIGGERS,
            insider=inside,
            detail=Purse(_LONG).word(mask_credentials(found.detail), _LONG),
            lines=lines(rows[:_PAGE]),
            further=further,
            paged=bool(after),
            known=found.source in connector.settings.sources,
        )

    @rooms.get("/sync/runs/<int:number>.json")
    def run_json(number: int) -> Response:
        read, found = reader(request, connector.clock()), _run(connector, number)
        return jsonify(at=read.now.isoformat(), run=run_told(found, read, _progress(connector, found)))

    @rooms.get("/sync/<source>/record")
    def record(source: str) -> Response:
        settings, name = settings_of(connector, source), cleaned(request.args.get("record", ""), LONGEST)
        row = journal.mirror_row(source, name)
        if row is None:
            return shows.page("record_lost.html", 404, source=source, name=Purse(_LONG).word(name))
        return shows.page("record.html", **_record(connector, settings, row))


def lines(rows: Sequence[MirrorRow]) -> list[Line]:
    """Rows for a table; strangers' texts are cut to what a page may weigh, and made visible."""
    purse = Purse(_WORDS)
    return [_line(row, purse) for row in rows]


def _line(row: MirrorRow, purse: Purse) -> Line:
    mark, state = ROWS[row.state]
    return Line(
        record=row.record,
        name=purse.word(row.record, 120),
        where=purse.word(row.where, 80),
        mark=mark,
        state=GONE if row.gone and row.state == "done" else state,
        outcome=LED if row.mapping == "access" else OUTCOMES.get(row.outcome, OUTCOMES[""]),
        cause=purse.word(row.cause, 60),
        detail=purse.word(mask_credentials(row.detail[:500]), 160),
        hint=row.hint,
        row=row,
    )


def _run(connector: Connector, number: int) -> Run:
    found = connector.journal.run_of(number) if number < HIGHEST else None
    if found is None:
        raise NotFound
    return found


def _progress(connector: Connector, run: Run) -> Progress | None:
    if not run.open:
        return None
    waiting, _ = connector.journal.waiting_rows(run.source)
    return progress(run, waiting, connector.clock())


def _record(connector: Connector, settings: SourceSettings, row: MirrorRow) -> dict[str, Any]:
    mappings, purse = connector.rulebook.current(), Purse(_VALUES)
    url = connector.settings.portals[row_portal(connector, settings)].url
    words, many = DONE.get(request.args.get("did", "")), whole(request.args.get("many", ""))
    return {
        "source": settings.source,
        "settings": settings,
        "line": _line(row, purse),
        "row": row,
        "values": shown_values(row.values, purse),
        "places": [(kind, number, *crm_place(url, kind, number)) for kind, number in row.crm],
        # Told under the rules in use: those that it was written under are known by their fingerprint alone.
        "ruling": rulings(connector).of_record(event_of(settings, row), mappings),
        "older": bool(row.mapping) and row.mapping != fingerprint(mappings, settings),
        "broken": BROKEN,
        "told": (words, many) if words else None,
    }


def row_portal(connector: Connector, settings: SourceSettings) -> str:
    """The portal's name. Raises ``NotFound`` for one that is not in the settings."""
    if settings.portal not in connector.settings.portals:
        raise NotFound
    return settings.portal


def _leads(connector: Connector, source: str) -> bool:
    """Whether a source leads people by their groups."""
    settings = connector.settings.sources.get(source)
    return settings is not None and settings.access is not None


def shown_values(values: Mapping[str, Any], purse: Purse) -> list[tuple[str, str]]:
    """Columns and values for reading, secrets masked."""
    safe = masked(values)
    told = safe if isinstance(safe, Mapping) else {}
    return [(purse.word(str(name), 120), purse.word(_text(value), _LONG)) for name, value in told.items()]


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def event_of(settings: SourceSettings, row: MirrorRow) -> RecordChanged:
    """The row as its rules see it."""
    return RecordChanged(
        portal=settings.portal, source=settings.rules, record=row.record, values=dict(row.values), gone=row.gone
    )


def rulings(connector: Connector) -> Rulings:
    """Tells what rules make of one row, at length."""
    return Rulings(connector.rulebook, reader(request, connector.clock()), rows=_REASONS, words=_VALUES)
