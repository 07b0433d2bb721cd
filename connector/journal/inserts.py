"""The two statements of the way in, written by hand: they run for every request.

SQLite takes one statement with as many rows as there are; PostgreSQL takes all rows as one JSON document, so that its
statement is always the same. One statement per batch is what makes a shared commit cheap (facts/measurements.md §4).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection

from connector.journal.rows import DELIVERY, ENVELOPE

_TYPES = {
    "received_at": "float8",
    "created_at": "float8",
    "due_at": "float8",
    "position": "int8",
    "attempts": "int4",
}
_UNLESS_KNOWN = " ON CONFLICT (account, dedupe_key) DO NOTHING RETURNING trace"


def add_envelopes(db: Connection, rows: Sequence[tuple[Any, ...]]) -> set[str]:
    """Insert what is new by (account, dedupe key); the traces that went in. Repeats within ``rows`` count once."""
    return {row[0] for row in _run(db, "envelopes", ENVELOPE, _UNLESS_KNOWN, rows)}


def add_deliveries(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert all, with ids in the order of ``rows``."""
    if rows:
        _run(db, "deliveries", DELIVERY, "", rows)


def _run(
    db: Connection, table: str, columns: tuple[str, ...], ending: str, rows: Sequence[tuple[Any, ...]]
) -> list[Any]:
    if db.dialect.name == "sqlite":
        statement = _sqlite(table, columns, ending, len(rows))
        result = db.exec_driver_sql(statement, tuple(value for row in rows for value in row))
    else:
        result = db.exec_driver_sql(_postgres(table, columns, ending), (_document(columns, rows),))
    return list(result) if ending else []


@cache
def _sqlite(table: str, columns: tuple[str, ...], ending: str, count: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * count)}{ending}"


@cache
def _postgres(table: str, columns: tuple[str, ...], ending: str) -> str:
    typed = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in columns)
    values = ", ".join("decode(body, 'base64')" if name == "body" else name for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} "
        f"FROM json_to_recordset(%s::json) AS given({typed}, nth int4) ORDER BY nth{ending}"
    )


def _document(columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> str:
    given = [dict(zip(columns, row, strict=True), nth=nth) for nth, row in enumerate(rows)]
    if "body" in columns:
        for row in given:
            row["body"] = base64.b64encode(row["body"]).decode()
    return json.dumps(given)
