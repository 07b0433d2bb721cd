"""Filters and orders of ``crm.item.list`` (facts/bitrix24-telephony-crm.md §2.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connector.sandbox.answers import ApiError
from connector.sandbox.crm_fields import Field, named
from connector.sandbox.crm_tables import EQUALITIES, Row, operator
from connector.sandbox.crm_values import moment, stored

Check = Callable[[Row], bool]

# Links are kept beside the row: only the first of them, ``contactId`` and ``companyId``, is a column.
_BESIDE = frozenset({"contactIds", "companyIds", "observers"})


def predicate(fields: Mapping[str, Field], given: Any) -> Check:
    """A filter as one question to a row: conditions of a map join by AND, or by its ``logic``.

    Raises ``INVALID_ARG_VALUE`` for a field that cannot be filtered and for a wrong value.
    """
    pairs = list(given.items()) if isinstance(given, Mapping) else list(enumerate(given or []))
    any_of = any(str(key) == "logic" and str(value).upper() == "OR" for key, value in pairs)
    checks = [_check(fields, str(key), value) for key, value in pairs if str(key) != "logic"]
    if any_of:
        return lambda row: any(check(row) for check in checks)
    return (lambda row: all(check(row) for check in checks)) if checks else bool


def equalities(fields: Mapping[str, Field], given: Any) -> dict[str, Any]:
    """What a filter that :func:`predicate` took asks by equality, and the id to begin after, in the table's columns.

    Every row that fits the filter fits these too: they are for the indexes.
    """
    if not isinstance(given, Mapping) or str(given.get("logic", "")).upper() == "OR":
        return {}
    asked: dict[str, Any] = {}
    for key, value in given.items():
        prefix = operator(str(key))[0]
        field = named(fields, str(key)[len(prefix) :])
        if field and prefix in EQUALITIES and field.kind != "boolean":
            asked["@" + field.column] = _wanted(field, value)
        elif field and field.name == "id" and prefix == ">":
            asked[">ID"] = value
    return asked


def _check(fields: Mapping[str, Field], key: str, value: Any) -> Check:
    if key.isdigit() and isinstance(value, Mapping | list):
        return predicate(fields, value)
    prefix, compare = operator(key)
    field = column(fields, key[len(prefix) :], "filter")
    wanted = value if "%" in prefix else _wanted(field, value)
    return lambda row: compare(_have(field, row), wanted)


def _have(field: Field, row: Row) -> Any:
    value = row.get(field.column)
    if field.kind == "boolean" and not value:
        return "0" if field.user_field else "N"
    return value


def _wanted(field: Field, value: Any) -> Any:
    if isinstance(value, list | Mapping):
        items = list(value.values()) if isinstance(value, Mapping) else value
        return [_wanted(field, item) for item in items]
    if value is None or value == "":
        return ""
    if field.kind == "boolean" and field.user_field and str(value) not in ("0", "1"):
        raise _refused(f"Invalid filter: field '{field.name}' has invalid value")
    if field.kind in ("date", "datetime") and moment(value) is None:
        raise _refused(f"Invalid filter: field '{field.name}' has invalid value")
    if field.kind in ("date", "datetime", "boolean"):
        kept = stored(Field(name=field.name, column=field.column, kind=field.kind, user_field=field.user_field), value)
        return str(kept)
    return str(value)


def column(fields: Mapping[str, Field], name: str, where: str) -> Field:
    """The field of a filter or an order, whose name may be in capitals as well. Raises ``INVALID_ARG_VALUE``."""
    field = named(fields, name)
    if field is None or field.name in _BESIDE:
        raise _refused(f"Invalid {where}: field '{name}' is not allowed in {where}")
    return field


def order(fields: Mapping[str, Field], given: Any) -> dict[str, str]:
    """An order in the columns of the table."""
    ways: dict[str, str] = {}
    for name, way in given.items() if isinstance(given, Mapping) else ():
        held = column(fields, str(name), "order")
        if str(way).upper() not in ("ASC", "DESC"):
            text = f"Invalid order: allowed sort directions are `ASC, DESC`. But got '{way}' for field '{name}'"
            raise _refused(text)
        ways[held.column] = str(way).upper()
    return ways


def _refused(text: str) -> ApiError:
    return ApiError("INVALID_ARG_VALUE", text, 400)
