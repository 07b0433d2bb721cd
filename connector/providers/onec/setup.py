"""What ``connector check`` says of a list of 1C."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.domain.provider import Finding
from connector.domain.sources import Broken, Desk
from connector.errors import ConnectorError
from connector.providers.answers import failed
from connector.providers.onec import asking
from connector.providers.onec.rows import row_of
from connector.providers.onec.settings import OnecSettings
from connector.speech import Text

_ANSWERS = Text("1C answers with the rows of {entity}", "1С отвечает строками {entity}")
_ROWS = Text(
    "1C answers; {entity} has {count} rows, their columns: {columns}",
    "1С отвечает; в {entity} строк: {count}, поля: {columns}",
)
_EMPTY = Text("1C answers, but {entity} is empty", "1С отвечает, но список {entity} пуст")
_EMPTY_HINT = Text(
    "If there should be rows, check filter: of the source and what its user may see.",
    "Если строки должны быть, проверьте filter: источника и права его пользователя.",
)
_BROKEN = Text("The first row of {entity} cannot be read", "Первая строка {entity} не читается")
_ALL = Text("Every run reads all rows", "Каждый запуск читает все строки")
_ALL_HINT = Text(
    "For large lists name a date of change in changed: (1C has none of its own; DataVersion cannot be compared).",
    "Для больших списков задайте в changed: дату изменения (своей в 1С нет; DataVersion сравнивать нельзя).",
)
_NOT_CHANGED = Text(
    "{column} is the date of a document, not of its change", "{column} — дата документа, а не изменения"
)
_NOT_CHANGED_HINT = Text(
    "Changes of older documents are seen by full reads only: set full_every: of the source.",
    "Изменения старых документов увидит лишь полное чтение: задайте full_every: источника.",
)
_LARGE = 20_000


def check(desk: Desk) -> Sequence[Finding]:
    """Asks for one row and for their number. Raises nothing of ours."""
    settings: OnecSettings = desk.settings
    try:
        entries, count = asking.rows(desk, None, 0, 1), asking.count(desk)
    except ConnectorError as error:
        return [failed(_ANSWERS.with_(entity=settings.entity), error)]
    return [*_of_rows(entries, count, settings), *_of_changes(count, settings)]


def _of_rows(entries: Sequence[Mapping[str, Any]], count: int | None, settings: OnecSettings) -> Iterator[Finding]:
    if not entries:
        yield Finding(_EMPTY.with_(entity=settings.entity), "warn", _EMPTY_HINT)
        return
    row = row_of(entries[0], settings, "1")
    if isinstance(row, Broken):
        yield Finding(_BROKEN.with_(entity=settings.entity), "bad", row.why)
        return
    columns, number = ", ".join(list(row.values)[:20]), "?" if count is None else count
    yield Finding(_ROWS.with_(entity=settings.entity, count=number, columns=columns), "ok")


def _of_changes(count: int | None, settings: OnecSettings) -> Iterator[Finding]:
    if not settings.changed and (count or 0) > _LARGE:
        yield Finding(_ALL, "warn", _ALL_HINT)
    if settings.changed in ("Date", "Period") and settings.full_every is None:
        yield Finding(_NOT_CHANGED.with_(column=settings.changed), "warn", _NOT_CHANGED_HINT)
