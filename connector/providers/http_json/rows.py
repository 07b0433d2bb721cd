"""The answer of an API made into rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.domain.sources import Broken, Record, identity
from connector.errors import PermanentError
from connector.providers.http_json.settings import HttpJsonSettings
from connector.providers.moments import moment
from connector.speech import Text

_NO_LIST = Text(
    "There is no list of rows at records: {path} of the answer, which has {found}. Correct records: of the source.",
    "По пути records: {path} в ответе нет списка строк; там {found}. Исправьте records: источника.",
)
_NO_ROW = Text(
    "This entry of the list is no object with columns; see whether records: points at the list of rows.",
    "Этот элемент списка — не объект с полями; проверьте, указывает ли records: на список строк.",
)
_NO_ID = Text(
    "The row has no {columns}, so it cannot be told from others: correct id: of the source, or the row there.",
    "В строке нет {columns}, её не отличить от других: исправьте id: источника или саму строку.",
)
_NO_TIME = Text(
    "{column} of the row is no date and time: correct it there, or changed.column of the source.",
    "{column} в строке — не дата и время: исправьте значение там или changed.column источника.",
)


def dig(told: Any, path: str) -> Any:
    """What stands at ``path`` (``data.items``, ``data.0.rows``), ``None`` if nothing does; an empty path is all."""
    for part in path.split(".") if path else ():
        if isinstance(told, Mapping):
            told = told.get(part)
        elif isinstance(told, list) and part.isdecimal() and int(part) < len(told):
            told = told[int(part)]
        else:
            return None
    return told


def listed(told: Any, settings: HttpJsonSettings) -> list[Any]:
    """The rows of an answer. Raises ``PermanentError`` (``http_json.shape``): an error with 200 is no empty list."""
    found = dig(told, settings.records)
    if isinstance(found, list):
        return found
    parent, _, last = settings.records.rpartition(".")
    above = dig(told, parent)
    if found is None and last and isinstance(above, Mapping) and last in above:
        return []  # null: some services say so of an empty list
    raise PermanentError("http_json.shape", hint=_NO_LIST.with_(path=settings.records or "(—)", found=_shape(told)))


def row_of(told: Any, settings: HttpJsonSettings, where: str) -> Record | Broken:
    """One row. Never raises."""
    if not isinstance(told, dict):
        return Broken(where=where, why=_NO_ROW, values={"value": told})
    columns = settings.columns
    id_ = identity({name: dig(told, name) for name in columns} if columns else told, columns)
    if not id_:
        return Broken(where=where, why=_NO_ID.with_(columns=" + ".join(columns) or "id"), values=told)
    changed = settings.changed.column if settings.changed else ""
    said = dig(told, changed) if changed else None
    if said is not None and moment(said, settings.zone) is None:
        return Broken(where=where, why=_NO_TIME.with_(column=changed), id=id_, values=told)
    gone = settings.deleted is not None and settings.deleted.true_of(dig(told, settings.deleted.column))
    return Record(id=id_, values=told, gone=gone, where=where)


def changed_at(row: Record | Broken, settings: HttpJsonSettings) -> datetime | None:
    """When the row says that it has changed, if it does."""
    column = settings.changed.column if settings.changed else ""
    return moment(dig(row.values, column), settings.zone) if column and isinstance(row, Record) else None


def _shape(told: Any) -> str:
    if isinstance(told, Mapping):
        return "{" + ", ".join(list(map(str, told))[:8]) + "}"
    return {list: "[…]", type(None): "null"}.get(type(told), type(told).__name__)
