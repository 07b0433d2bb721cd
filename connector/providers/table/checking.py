"""What ``connector check`` tells of a source of files: the way there, the files, and the first rows of the newest."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from connector.domain.provider import Finding
from connector.domain.sources import Desk
from connector.errors import ConnectorError
from connector.providers.table.formats import Damaged
from connector.providers.table.listing import Changed, Found, Storage, in_order
from connector.providers.table.settling import Sorted, sort_out
from connector.providers.table.staging import Writer, fitting, tables
from connector.providers.table.storages import storage_of
from connector.speech import Text

SAMPLE = 100  # rows

_REACHED = Text("The place of the files can be reached", "Место, где лежат файлы, доступно")
_FILES = Text("Files found: {count}; the newest is {name}", "Найдено файлов: {count}; самый новый — {name}")
_NONE = Text("No file matches `location`", "Под `location` не подходит ни один файл")
_NONE_HINT = Text(
    "Look whether files are put there and whether the pattern is right; names that begin with a dot are not read",
    "Проверьте, кладут ли туда файлы и верен ли шаблон; файлы с точкой в начале имени не читаются",
)
_LEFT = Text("Files left for later: {count}", "Файлов отложено: {count}")
_READ = Text("{name} can be read", "{name} читается")
_HOW = Text("{name} is read with {how}", "{name} читается так: {how}")
_COLUMNS = Text("Columns: {columns}", "Столбцы: {columns}")
_FIRST = Text("The first record is «{id}» ({where})", "Первая запись — «{id}» ({where})")
_NO_ROWS = Text("The file has no rows yet", "В файле пока нет строк")
_BROKEN = Text("Broken rows among the first {count}: {broken}", "Плохих строк среди первых {count}: {broken}")
_FIRST_BROKEN = Text("{where}: {why}", "{where}: {why}")
_AGAIN = Text("Run `connector check` again when it is written", "Повторите `connector check`, когда он будет записан")


def check(desk: Desk) -> Sequence[Finding]:
    """Reachable, files, encoding, separator, columns, first id, files left. Raises nothing: failures are findings."""
    try:
        storage = storage_of(desk)
    except ConnectorError as error:
        return [_failed(_REACHED, error)]
    try:
        return checked(desk, storage)
    finally:
        storage.close()


def checked(desk: Desk, storage: Storage) -> list[Finding]:
    """As :func:`check`, of files in that storage."""
    try:
        listing = storage.look({})
    except ConnectorError as error:
        return [_failed(_REACHED, error)]
    sorted_out = sort_out(listing, listing, {}, {}, desk.clock(), desk.settings.settle)
    findings = [Finding(_REACHED, "ok", code="table.reached")]
    findings += [Finding(note, "warn", code="table.link") for note in listing.notes]
    if not listing.files:
        return [*findings, Finding(_NONE, "warn", hint=_NONE_HINT, code="table.files")]
    newest = max(sorted_out.ready or listing.files, key=in_order)
    findings.append(Finding(_FILES.with_(count=len(listing.files), name=newest.name), "ok", code="table.files"))
    if sorted_out.left:
        findings.append(_left(sorted_out))
    return findings + (_sampled(desk, storage, newest) if sorted_out.ready else [])


def _left(sorted_out: Sorted) -> Finding:
    return Finding(_LEFT.with_(count=len(sorted_out.left)), "warn", hint=sorted_out.notes[0], code="table.left")


def _sampled(desk: Desk, storage: Storage, newest: Found) -> list[Finding]:
    what = _READ.with_(name=newest.name)
    desk.folder.mkdir(parents=True, exist_ok=True)
    raw = desk.folder / f"check-{secrets.token_hex(4)}.raw"
    try:
        storage.bring(newest, raw)
        return _looked_into(desk, raw, newest.name)
    except ConnectorError as error:
        return [_failed(what, error)]
    except Damaged as error:
        return [Finding(what, "bad", hint=error.why, code="table.read")]
    except Changed:
        return [Finding(what, "warn", hint=_AGAIN, code="table.read")]
    finally:
        raw.unlink(missing_ok=True)


def _looked_into(desk: Desk, raw: Path, name: str) -> list[Finding]:
    notes = list[Text]()
    writer, findings = Writer(desk.settings, io.BytesIO()), list[Finding]()
    for inner, table in tables(raw, name, desk.settings, notes):
        if table.columns is not None:
            fitting(inner, table.columns, desk.settings, notes)
        lines = [json.loads(writer.line(f"{inner}:{at}", row)) for at, row in islice(table.rows, SAMPLE)]
        how = ", ".join(f"{setting}: {value}" for setting, value in table.guessed)
        findings.append(
            Finding(_HOW.with_(name=inner, how=how) if how else _READ.with_(name=inner), "ok", code="table.read")
        )
        columns = table.columns or (tuple(lines[0]["v"]) if lines else ())
        findings.append(Finding(_COLUMNS.with_(columns=", ".join(columns)), "ok", code="table.columns"))
        findings += _rows(lines)
        break
    return [*findings, *(Finding(note, "warn", code="table.columns") for note in notes)]


def _rows(lines: Sequence[dict[str, Any]]) -> list[Finding]:
    broken = [line for line in lines if "b" in line]
    first = next((line for line in lines if "b" not in line), None)
    found = [Finding(_NO_ROWS, "warn", code="table.rows")] if not lines else []
    if first:
        found.append(Finding(_FIRST.with_(id=first["i"], where=first["w"]), "ok", code="table.rows"))
    if broken:
        why = _FIRST_BROKEN.with_(where=broken[0]["w"], why=Text(*broken[0]["b"]))
        what = _BROKEN.with_(count=len(lines), broken=len(broken))
        found.append(Finding(what, "warn" if first else "bad", hint=why, code="table.broken"))
    return found


def _failed(what: Text, error: ConnectorError) -> Finding:
    return Finding(what, "bad", hint=error.hint, code=error.cause)
