"""What databases say, as verdicts. By code where there is one; libpq tells what happens before a login in words only,
in the server's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import exc

from connector.errors import PermanentError, TransientError
from connector.providers.sql.settings import SqlSettings
from connector.speech import Text

_LOGIN = Text(
    "The database does not let us in: compare user and password in url with it, and whether it takes logins from here.",
    "База данных не пускает: сверьте имя и пароль в url с нею и проверьте, принимает ли она вход отсюда.",
)
_NO_DATABASE = Text(
    "There is no such database there: compare the end of url.", "Такой базы данных там нет: сверьте конец url."
)
_NO_TABLE = Text(
    "A table does not exist, or our user does not see it: compare table: or query: with the database.",
    "Таблицы нет, или она не видна нашему пользователю: сверьте table: или query: с базой.",
)
_NO_COLUMN = Text(
    "A column does not exist: compare the settings of {source} with the table.",
    "Такой колонки нет: сверьте настройки {source} с таблицей.",
)
_NO_RIGHT = Text(
    "Our user may not do this: give it the right (SELECT; UPDATE for what is writable) and run again.",
    "У нашего пользователя нет права: дайте его (SELECT; UPDATE для writable) и запустите снова.",
)
_READ_ONLY = Text(
    "The query wants to change something; sources are only read. Write a SELECT that changes nothing.",
    "Запрос хочет что-то изменить, а источники только читаются. Напишите SELECT, который ничего не меняет.",
)
_SLOW = Text(
    "The database took longer than timeout of {source}: make an index on cursor and id, or raise timeout.",
    "База отвечала дольше timeout источника {source}: создайте индекс по cursor и id или увеличьте timeout.",
)
_BUSY = Text("The database is busy; it is read again by itself.", "База данных занята; чтение повторится само.")
_AWAY = Text(
    "The database cannot be reached: check that it runs and that host and port in url are right. It is read again by "
    "itself.",
    "База данных недоступна: проверьте, что она запущена и что узел и порт в url верны. Чтение повторится само.",
)
_REFUSED = Text(
    "The database does not take the statement: try table: or query: of {source} by hand. If the type of the cursor "
    "changed, read everything once: connector sync run {source} --full",
    "База не принимает запрос: выполните table: или query: источника {source} вручную. Если сменился тип cursor, "
    "перечитайте всё: connector sync run {source} --full",
)
_NO_FILE = Text(
    "The file of the database is not there or may not be read: compare url.",
    "Файла базы нет, или его нельзя прочитать: сверьте url.",
)
_NOT_SQLITE = Text("The file is no database of SQLite: compare url.", "Файл — не база SQLite: сверьте url.")

# Verdicts: (whether it passes by itself, cause, hint).
_Verdict = tuple[bool, str, Text]
_IN: _Verdict = (False, "sql.login", _LOGIN)
_DATABASE: _Verdict = (False, "sql.no_database", _NO_DATABASE)
_TABLE: _Verdict = (False, "sql.no_table", _NO_TABLE)
_COLUMN: _Verdict = (False, "sql.no_column", _NO_COLUMN)
_RIGHT: _Verdict = (False, "sql.no_right", _NO_RIGHT)
_CHANGES: _Verdict = (False, "sql.read_only", _READ_ONLY)
_TIMEOUT: _Verdict = (True, "sql.slow", _SLOW)
_LOCKED: _Verdict = (True, "sql.busy", _BUSY)
_GONE: _Verdict = (True, "sql.away", _AWAY)
_WRONG: _Verdict = (False, "sql.refused", _REFUSED)

# SQLSTATE, the longest beginning first; PostgreSQL's appendix A.
_STATES: dict[str, _Verdict] = {
    "28": _IN,
    "3D": _DATABASE,
    "42P01": _TABLE,
    "3F000": _TABLE,
    "42703": _COLUMN,
    "42501": _RIGHT,
    "25006": _CHANGES,
    "57014": _TIMEOUT,
    "55P03": _LOCKED,
    "40": _LOCKED,
    "53": _LOCKED,
    "57": _GONE,
    "08": _GONE,
    "58": _GONE,
}
# Numbers of MySQL and MariaDB.
_NUMBERS: dict[int, _Verdict] = {
    **dict.fromkeys((1044, 1045, 1130, 1251, 1698, 2054, 2059, 3118), _IN),
    1049: _DATABASE,
    1146: _TABLE,
    1054: _COLUMN,
    **dict.fromkeys((1142, 1143, 1227, 1370), _RIGHT),
    **dict.fromkeys((1290, 1792), _CHANGES),
    **dict.fromkeys((1317, 1969, 3024), _TIMEOUT),
    **dict.fromkeys((1205, 1213, 1040, 1203, 1226, 1637), _LOCKED),
    **dict.fromkeys((1053, 1077, 1129, 1158, 1159, 1160, 1161, 1927, 2002, 2003, 2005, 2006, 2013, 4031), _GONE),
}
_WORDS: tuple[tuple[re.Pattern[str], _Verdict], ...] = (
    (re.compile(r"authentication failed|role \S+ does not exist|no pg_hba\.conf entry|no password supplied"), _IN),
    (re.compile(r"не прошёл проверку подлинности|роль \S+ не существует|в pg_hba\.conf нет записи"), _IN),
    (re.compile(r"database \S+ does not exist|база данных \S+ не существует"), _DATABASE),
    (re.compile(r"permission denied for database|нет доступа к базе"), _RIGHT),
    (re.compile(r"no such table"), _TABLE),
    (re.compile(r"no such column"), _COLUMN),
    (re.compile(r"readonly database"), _CHANGES),
    (re.compile(r"database (table )?is locked|database schema is locked"), _LOCKED),
    (re.compile(r"^interrupted"), _TIMEOUT),
    (re.compile(r"unable to open database file"), (False, "sql.no_file", _NO_FILE)),
    (re.compile(r"file is not a database"), (False, "sql.no_file", _NOT_SQLITE)),
)


@contextmanager
def told(settings: SqlSettings, broken: Callable[[], None]) -> Iterator[None]:
    """Whatever SQLAlchemy raises as ``TransientError`` or ``PermanentError``. Neither statement nor rows are told.

    ``broken`` is called first: the connection is not to be used again.
    """
    try:
        yield
    except exc.SQLAlchemyError as error:
        broken()
        raise verdict(error, settings) from None


def verdict(error: exc.SQLAlchemyError, settings: SqlSettings) -> TransientError | PermanentError:
    """What an error means for the source."""
    orig: Any = getattr(error, "orig", None)
    passes, cause, hint = _found(error, orig)
    said = str(orig if orig is not None else type(error).__name__).strip().splitlines()[:1]
    hint, detail = hint.with_(source=settings.source), "".join(said)[:300]
    return (
        TransientError(cause, hint=hint, detail=detail) if passes else PermanentError(cause, hint=hint, detail=detail)
    )


def _found(error: exc.SQLAlchemyError, orig: Any) -> _Verdict:
    number = orig.args[0] if orig is not None and orig.args else None
    if isinstance(number, int) and number in _NUMBERS:
        return _NUMBERS[number]
    state = getattr(orig, "sqlstate", None)
    if isinstance(state, str):
        known = [_STATES[state[:length]] for length in (5, 2) if state[:length] in _STATES]
        return known[0] if known else _WRONG
    words = str(orig)
    spoken = [found for pattern, found in _WORDS if pattern.search(words)]
    if spoken:
        return spoken[0]
    away = isinstance(error, exc.OperationalError | exc.InterfaceError) and not isinstance(number, int)
    return _GONE if away or getattr(error, "connection_invalidated", False) else _WRONG
