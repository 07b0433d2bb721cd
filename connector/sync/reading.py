"""The first half of a run: pages of the source against the mirror. Only what is new or different is kept to be written.

The page and the position after it go into the journal together, so nothing of the source is lost or read over and over,
wherever the process dies (DESIGN.md §5; docs/adr/0011).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.domain.sources import Broken, Page, Reader, Record, SourceSettings
from connector.journal import Journal, Lease, NewRow, Run
from connector.journal.rows import clean
from connector.journal.sync_model import Mirrored
from connector.speech import Text

BROKEN = "source.broken"
_BROKEN = Text(
    "{where}: {why} Correct it in the source: it is taken when it is read or posted again.",
    "{where}: {why} Исправьте в источнике: её примут, когда прочитают или пришлют снова.",
)
_NO_ID = Text("The row has no id.", "У строки нет id.")
_NO_JSON = Text("Its values are none that can be kept: {why}.", "Её значения нельзя сохранить: {why}.")
_TOO_DEEP = Text("Its values lie more than {most} levels deep.", "Вложенность её значений больше {most} уровней.")
DEEPEST = 50
_LONGEST = 200  # characters of an id
_NAMELESS = Text(
    "Some rows have no id ({place}), so nobody can say which records they are: nothing is taken for gone in this run.",
    "У некоторых строк нет id ({place}), и неясно, какие это записи: в этом запуске пропавших не отмечаем.",
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What reading a page needs. ``enough`` tells when so many rows wait that they should be written first."""

    journal: Journal
    lease: Lease
    settings: SourceSettings


def read(work: Reading, run: Run, reader: Reader, *, go_on: Callable[[], bool]) -> Run:
    """Read pages while ``go_on`` says so; the run as it stands then. Its state is ``writing`` when all was read."""
    if run.position is None:
        run = _begun(work, run, reader)
    while run.state == "reading" and go_on():
        page = sound(reader.page(run.position["at"], work.settings.page))
        run = _kept(work, run, page)
    return run


def sound(page: Page) -> Page:
    """The page as it can be kept: ids as :func:`known_as`, and what nobody can keep or name is broken."""
    records, broken = list[Record](), [_named(row) for row in page.broken]
    for row in page.records:
        why = _wrong(row)
        if why is None:
            records.append(replace(row, id=known_as(row.id)))
        else:
            broken.append(Broken(id=known_as(row.id), where=row.where, why=why))
    return replace(page, records=records, broken=broken)


def _named(row: Broken) -> Broken:
    kept = row.values if _wrong(Record(id="?", values=row.values)) is None else {}
    return replace(row, id=known_as(row.id), values=kept)


def _wrong(row: Record) -> Text | None:
    if not row.id:
        return _NO_ID
    try:
        json.dumps(row.values)
    except (TypeError, ValueError, RecursionError) as error:
        return _NO_JSON.with_(why=str(error)[:100])
    return _TOO_DEEP.with_(most=DEEPEST) if _deeper(row.values, DEEPEST) else None


def _deeper(value: Any, most: int) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(most == 0 or _deeper(each, most - 1) for each in inner if isinstance(each, Mapping | list | tuple))


def known_as(name: str) -> str:
    """What the mirror calls a record: its id, but for one that a database cannot keep or is longer than any id. Always
    the same, and different for different ids.
    """
    kept = clean(name)
    if kept == name and len(name) <= _LONGEST:
        return name
    return f"{kept[: _LONGEST - 21]}~{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:20]}"


def _begun(work: Reading, run: Run, reader: Reader) -> Run:
    source = work.journal.source(run.source)
    start = reader.begin(None if run.full else source.bookmark)
    position = {"at": start.position}
    work.journal.went_on(work.lease, run, position=position, full=start.full, total=start.total, attempts=0)
    return _again(work, run)


def _kept(work: Reading, run: Run, page: Page) -> Run:
    known = work.journal.hashes(run.source, {row.id for row in page.records} | {id_of(row) for row in page.broken})
    seen: list[str] = []
    changed: dict[str, NewRow] = {}
    for row in (*(_broken(each) for each in page.broken), *_rows(work, run, page.records, known)):
        before = known.get(row.record)
        same = before is not None and before.hash == row.hash and before.gone == row.gone
        if same or (row.gone and (before is None or before.gone)):
            changed.pop(row.record, None)
            seen.append(row.record)
        else:
            changed[row.record] = row
    nameless = sum(1 for row in page.broken if not row.id)
    progress: dict[str, Any] = {"position": {"at": page.position}, "attempts": 0}
    if page.ended:
        progress |= {"state": "writing", "position": {"at": None}, "bookmark": page.bookmark}
    if page.partial or nameless:
        progress["full"] = False
    notes = [*page.notes, *([_NAMELESS.with_(place=page.broken[0].where)] if nameless and run.full else [])]
    counts = {
        "read": len(page.records) + len(page.broken),
        "changed": len(changed),
        "same": len(page.records) + len(page.broken) - len(changed),
        "parked": sum(1 for row in changed.values() if row.cause),
        "gone": sum(1 for row in changed.values() if row.gone),
    }
    work.journal.keep_page(
        work.lease, run, changed=list(changed.values()), seen=seen, counts=counts, notes=notes, **progress
    )
    return _again(work, run)


def _rows(work: Reading, run: Run, records: Iterable[Record], known: Mapping[str, Mirrored]) -> Iterable[NewRow]:
    for record in records:
        values: Mapping[str, Any] = record.values
        if record.gone and record.id in known:
            last = work.journal.mirror_row(run.source, record.id)
            values = {**(last.values if last else {}), **values}
        yield NewRow(record=record.id, hash=digest(record.values), values=values, where=record.where, gone=record.gone)


def _broken(row: Broken) -> NewRow:
    hint = _BROKEN.with_(where=row.where, why=row.why.ended())
    said = digest({"broken": row.why.en, **row.values})
    return NewRow(record=id_of(row), hash=said, values=row.values, where=row.where, cause=BROKEN, hint=hint)


def id_of(row: Record | Broken) -> str:
    """What the mirror calls a row: one without an id by its place."""
    return row.id or known_as(f"? {row.where}")


def _again(work: Reading, run: Run) -> Run:
    found = work.journal.run_of(run.id)
    assert found is not None
    return found


def digest(values: Mapping[str, Any]) -> str:
    """A short name for what a record says; the order of its columns means nothing."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:20]
