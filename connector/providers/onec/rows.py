"""An entry of 1C made into a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.sources import Broken, Record, identity
from connector.errors import PermanentError
from connector.providers.onec.settings import OnecSettings
from connector.providers.onec.words import SLUG
from connector.speech import Text

_NO_LIST = Text(
    "1C answered without a list of rows (value): check url and entity of the source.",
    "1С ответила без списка строк (value): проверьте url и entity источника.",
)
_NO_ID = Text(
    "The row has no {columns}, so it cannot be told from others: correct id: of the source. Rows of registers are told "
    "by their dimensions, for example id: [Period, Номенклатура_Key].",
    "В строке нет {columns}, её не отличить от других: исправьте id: источника. Строки регистров различаются "
    "измерениями, например id: [Period, Номенклатура_Key].",
)
_NO_TIME = Text("The date {value} in {column} cannot be read.", "Дата {value} в {column} не читается.")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_NO_DATE = "0001-01-01T00:00:00"  # 1C has no null for dates
_NO_REFERENCE = "00000000-0000-0000-0000-000000000000"


def listed(told: Any) -> list[Mapping[str, Any]]:
    """The entries of an answer. Raises ``PermanentError`` (``onec.shape``)."""
    rows = told.get("value") if isinstance(told, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PermanentError(f"{SLUG}.shape", hint=_NO_LIST)
    return rows


def row_of(entry: Mapping[str, Any], settings: OnecSettings, where: str) -> Record | Broken:
    """One row: without links, dates with their offset, ``None`` for 1C's empty dates and references. Never raises."""
    columns = settings.columns
    id_ = identity(entry, columns)
    if not id_:
        return Broken(where=where, why=_NO_ID.with_(columns=" + ".join(columns)), values=dict(entry))
    try:
        values = {name: _value(name, said, settings.zone) for name, said in entry.items() if _is_column(name)}
    except _NoDateError as error:
        why = _NO_TIME.with_(column=error.args[0], value=error.args[1])
        return Broken(where=where, why=why, id=id_, values=dict(entry))
    return Record(id=id_, values=values, gone=entry.get("DeletionMark") is True, where=where)


class _NoDateError(ValueError):
    """``(column, value)``"""


def _is_column(name: str) -> bool:
    return "@" not in name and not name.startswith("odata.") and not name.endswith("____Presentation")


def _value(name: str, said: Any, zone: ZoneInfo) -> Any:
    if isinstance(said, list):
        return [_value(name, each, zone) for each in said]
    if isinstance(said, dict):
        return {key: _value(key, each, zone) for key, each in said.items() if _is_column(key)}
    if said in (_NO_DATE, _NO_REFERENCE):
        return None
    if not isinstance(said, str) or not _DATE.fullmatch(said):
        return said
    try:
        return datetime.fromisoformat(said).replace(tzinfo=zone).isoformat()
    except (ValueError, OverflowError):
        raise _NoDateError(name, said) from None
