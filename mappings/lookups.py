"""Looking up in the CSV tables of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mappings.contexts import Context
from mappings.documented import Filter
from mappings.faults import nearest
from mappings.plain import ExpressionError, shown, text


def lookup(context: Context, table: str, column: str, default: Any = None) -> Callable[[Any], Any]:
    """The value of ``column`` in the row whose key the value is."""
    rows = context.tables.get(table)
    if rows is None:
        raise ExpressionError(
            (f"Unknown table `{shown(table)}`", f"Неизвестная таблица `{shown(table)}`"),
            nearest(table, context.tables)
            if context.tables
            else (
                "Name the tables in the settings: tables: {vips: vips.csv}",
                "Назовите таблицы в настройках: tables: {vips: vips.csv}",
            ),
        )
    columns = next(iter(rows.values()), None)
    if columns is not None and column not in columns:
        raise ExpressionError(
            (
                f"The table `{shown(table)}` has no column `{shown(column)}`",
                f"В таблице `{shown(table)}` нет столбца `{shown(column)}`",
            ),
            nearest(column, columns),
        )
    return lambda value: rows.get(text(value).strip(), {}).get(column, default)


LOOKUPS: Mapping[str, Filter] = {
    "lookup": Filter(
        call=lookup,
        signature="lookup(table, column, default)",
        about=(
            "What stands in that column of a CSV table in the row of this key",
            "Что стоит в этом столбце таблицы CSV в строке с этим ключом",
        ),
        example="{{ '77' | lookup('regions', 'manager', 1) }}",
        gives="12",
        prepared=True,
        literal=("table", "column"),
    ),
}
