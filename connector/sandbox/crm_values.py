"""Values of CRM fields: as a caller sends them, as the rows keep them, as ``crm.item.*`` shows them.

Rows keep texts, and lists for multiple fields (facts/bitrix24-telephony-crm.md §2.2, bitrix24-platform.md §6.3, §6.4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from types import MappingProxyType
from typing import Any

from connector.sandbox.answers import ApiError
from connector.sandbox.crm_fields import Field
from connector.sandbox.crm_tables import MULTIFIELDS, Row

ZONE = timezone(timedelta(hours=3))
NUMBERS = frozenset(
    {
        "integer",
        "user",
        "employee",
        "enumeration",
        "crm_contact",
        "crm_company",
        "crm_lead",
        "crm_quote",
        "crm_category",
        "crm_entity",
        "iblock_element",
        "iblock_section",
    }
)
_YES, _NO = frozenset({"y", "1", "true"}), frozenset({"n", "0", "false", ""})


def stored(field: Field, value: Any) -> Any:
    """A sent value as the row keeps it.

    Raises ``100`` for one value where the field takes many, ``CRM_FIELD_ERROR_VALUE_NOT_VALID`` for a wrong one.
    """
    if not field.multiple:
        return _one(field, value)
    if value is None or value == "":
        return []
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list):
        kind = {bool: "boolean", int: "integer", float: "double"}.get(type(value), "string")
        raise ApiError("100", f"Expected iterable value for multiple field, but got {kind} instead", 400)
    kept = [text for item in value if (text := _one(field, item)) != ""]
    return list(dict.fromkeys(kept)) if field.kind in NUMBERS else kept


def _one(field: Field, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, list | Mapping):
        raise invalid(field)
    try:
        text = _KEPT.get(_kind(field), _text)(value)
    except ValueError as error:
        raise invalid(field) from error
    if field.user_field and field.kind == "enumeration" and int(text) not in field.user_field.options:
        raise invalid(field)
    return text


def invalid(field: Field) -> ApiError:
    """The refusal of a value that this field cannot take."""
    return ApiError("CRM_FIELD_ERROR_VALUE_NOT_VALID", f'Invalid value for field "{field.name}"', 400)


def _kind(field: Field) -> str:
    if field.kind in NUMBERS:
        return "number"
    return "flag" if field.kind == "boolean" and field.user_field else field.kind


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value)


def _number(value: Any) -> str:
    return str(int(str(value).strip()))


def _double(value: Any) -> str:
    return f"{float(str(value).strip()):.15g}"


def _yes(value: Any) -> str:
    text = str(value).strip().lower()
    if text not in _YES | _NO:
        raise ValueError(text)
    return "Y" if text in _YES else "N"


def moment(value: Any) -> datetime | None:
    """A date or a moment as PHP reads one: without an offset it is the portal's time; None when it is neither."""
    text = str(value).strip()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


def _datetime(value: Any) -> str:
    at = moment(value)
    # What cannot be read leaves the field silently empty (§6.3).
    return at.astimezone(ZONE).isoformat(timespec="seconds") if at else ""


def _date(value: Any) -> str:
    at = moment(value)
    return at.date().isoformat() if at else ""


_KEPT: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "number": _number,
        "double": _double,
        "boolean": _yes,
        "flag": lambda value: "1" if _yes(value) == "Y" else "0",
        "datetime": _datetime,
        "date": _date,
    }
)


def shown(field: Field, row: Row) -> Any:
    """The value of a field as ``crm.item.*`` shows it."""
    value = row.get(field.column)
    if field.multiple:
        return [_told(field, item) for item in value] if isinstance(value, list) else []
    return None if value is None else _told(field, value)


def _told(field: Field, value: Any) -> Any:
    kind = _kind(field)
    if value == "":
        return "" if kind not in _TOLD else None
    return _TOLD.get(kind, str)(value)


def _plain(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _whole(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text


def _midnight(text: str) -> str:
    """A day as the portal shows one: midnight of Greenwich in its own zone (§6.3)."""
    return datetime.combine(date.fromisoformat(text[:10]), time(), UTC).astimezone(ZONE).isoformat()


_TOLD: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "number": _whole,
        "double": _plain,
        "flag": lambda text: "Y" if text == "1" else "N",
        "boolean": str,
        "datetime": str,
        "date": _midnight,
    }
)


def multifields(fm: Any, new: bool) -> Row:
    """``fm`` as the classic multifields.

    A new row takes a list; an update a map whose keys are ``n0`` (add) or the id of a part. A part without ``typeId``
    is skipped silently, and so is a part of an update whose key is neither.
    """
    pairs = fm.items() if isinstance(fm, Mapping) else enumerate(fm) if isinstance(fm, list) else ()
    found: Row = {}
    for key, part in pairs:
        kind = part.get("typeId") if isinstance(part, Mapping) else None
        if kind not in MULTIFIELDS:
            continue
        told = {"VALUE": str(part.get("value") or ""), "VALUE_TYPE": str(part.get("valueType") or "WORK")}
        if not new and not str(key).startswith("n"):
            told["ID"] = str(key)
        if told["VALUE"] or "ID" in told:
            found.setdefault(kind, []).append(told)
    return found
