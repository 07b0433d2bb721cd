"""What ``connector check`` says of a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.domain.provider import Finding
from connector.domain.sources import Broken, Desk, Record
from connector.errors import ConnectorError
from connector.providers.answers import failed
from connector.providers.http_json.reading import HttpReader
from connector.providers.http_json.rows import changed_at, dig
from connector.providers.http_json.settings import HttpJsonSettings
from connector.speech import Text

_ANSWERS = Text("The service answers with a list of rows", "Сервис отвечает списком строк")
_ROWS = Text(
    "The service answers with a list; the first row is {id}, its columns: {columns}",
    "Сервис отвечает списком; первая строка — {id}, её поля: {columns}",
)
_EMPTY = Text("The service answers, but the list is empty", "Сервис отвечает, но список пуст")
_EMPTY_HINT = Text(
    "If there should be rows, check records: and params: of the source.",
    "Если строки должны быть, проверьте records: и params: источника.",
)
_BROKEN = Text(
    "Rows of the first page that cannot be read: {count}", "Строк первой страницы, которые не читаются: {count}"
)
_NO_CHANGED = Text(
    "The first row has no moment at changed.column: {column}", "В первой строке нет времени по changed.column: {column}"
)
_NO_CHANGED_HINT = Text(
    "Correct the path; without it every run asks from the time of the last row that had one.",
    "Исправьте путь; без него каждый запуск отсчитывает от последней строки, где оно было.",
)
_NO_DELETED = Text("The first row has no column {column}", "В первой строке нет поля {column}")
_NO_DELETED_HINT = Text(
    "If tombstones never bear it, correct deleted.column of the source.",
    "Если его нет и у удалённых строк, исправьте deleted.column источника.",
)
_UNSEEN = Text("Records that vanish there are not noticed", "Исчезнувшие там записи не замечаются")
_UNSEEN_HINT = Text(
    "Pages by number or link can miss rows that move meanwhile. Use pages.by offset or cursor, or deleted:, or say "
    "pages.steady: true if no row ever leaves its place.",
    "При страницах по номеру или ссылке сдвинувшиеся строки можно пропустить. Выберите pages.by offset или cursor, "
    "задайте deleted: либо pages.steady: true, если строки никогда не меняют места.",
)


def check(desk: Desk) -> Sequence[Finding]:
    """Reads the beginning of the list. Raises nothing of ours."""
    try:
        with HttpReader(desk) as reader:
            page = reader.page(reader.begin(None).position, 100)
    except ConnectorError as error:
        return [failed(_ANSWERS, error)]
    return [*_of_rows(page.records, page.broken, desk.settings), *_of_pages(desk.settings)]


def _of_rows(records: Sequence[Record], broken: Sequence[Broken], settings: HttpJsonSettings) -> Iterator[Finding]:
    if not records and not broken:
        yield Finding(_EMPTY, "warn", _EMPTY_HINT)
    if broken:
        yield Finding(_BROKEN.with_(count=len(broken)), "warn" if records else "bad", broken[0].why)
    if not records:
        return
    first = records[0]
    yield Finding(_ROWS.with_(id=first.id, columns=", ".join(list(first.values)[:20])), "ok")
    changed, deleted = settings.changed, settings.deleted
    if changed is not None and changed.column and changed_at(first, settings) is None:
        yield Finding(_NO_CHANGED.with_(column=changed.column), "warn", _NO_CHANGED_HINT)
    if deleted is not None and dig(first.values, deleted.column) is None and deleted.is_ is not None:
        yield Finding(_NO_DELETED.with_(column=deleted.column), "warn", _NO_DELETED_HINT)


def _of_pages(settings: HttpJsonSettings) -> Iterator[Finding]:
    if not settings.pages.trusted and settings.deleted is None:
        yield Finding(_UNSEEN, "warn", _UNSEEN_HINT)
