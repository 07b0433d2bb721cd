"""Rows of the CRM: an ordered table per entity with Bitrix24's filters, order and pages."""

from __future__ import annotations

import bisect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from connector.sandbox.answers import Page
from connector.sandbox.crm_index import Indexes

PAGE = 50
FIRST_ROW = {"activity": 5000}
ENTITIES = ("lead", "contact", "company", "deal", "activity")
MULTIFIELDS = ("PHONE", "EMAIL", "WEB", "IM")
EQUALITIES = frozenset({"", "=", "@"})
# Texts up to this length are mostly ids, flags, stages and moments: many rows share one.
SHARED = 32

Row = dict[str, Any]


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _compare(left: Any, right: Any) -> int:
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        return (a > b) - (a < b)
    return (str(left or "") > str(right or "")) - (str(left or "") < str(right or ""))


def _values(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(item.get("VALUE", "")) if isinstance(item, Mapping) else str(item) for item in value] or [""]
    return ["" if value is None else str(value)]


def _wanted(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else ["" if value is None else str(value)]


def _kept(value: Any) -> str:
    """A value as a row keeps it; short texts are kept once for all rows."""
    text = "" if value is None else str(value)
    return sys.intern(text) if len(text) <= SHARED else text


def _equals(have: Any, want: Any) -> bool:
    return bool(set(_values(have)) & set(_wanted(want)))


def _contains(have: Any, want: Any) -> bool:
    return any(str(want).lower() in value.lower() for value in _values(have))


def _like(have: Any, want: Any) -> bool:
    """SQL's LIKE: ``%`` stands for any text."""
    pattern = ".*".join(re.escape(part) for part in str(want).lower().split("%"))
    return any(re.fullmatch(pattern, value.lower(), re.DOTALL) for value in _values(have))


# Longest prefix first (facts/bitrix24-platform.md §3.5, bitrix24-telephony-crm.md §2.2).
OPERATORS: tuple[tuple[str, Callable[[Any, Any], bool]], ...] = (
    ("!=%", lambda have, want: not _like(have, want)),
    ("!%=", lambda have, want: not _like(have, want)),
    ("=%", _like),
    ("%=", _like),
    ("!@", lambda have, want: not _equals(have, want)),
    (">=", lambda have, want: _compare(have, want) >= 0),
    ("<=", lambda have, want: _compare(have, want) <= 0),
    ("!%", lambda have, want: not _contains(have, want)),
    ("!=", lambda have, want: not _equals(have, want)),
    (">", lambda have, want: _compare(have, want) > 0),
    ("<", lambda have, want: _compare(have, want) < 0),
    ("!", lambda have, want: not _equals(have, want)),
    ("@", _equals),
    ("%", _contains),
    ("=", _equals),
    ("", _equals),
)


def operator(key: str) -> tuple[str, Callable[[Any, Any], bool]]:
    """The prefix of a filter's key and what it asks: ``>ID`` gives ``>`` and that comparison."""
    return next(item for item in OPERATORS if str(key).startswith(item[0]))


def matcher(filters: Mapping[str, Any]) -> Callable[[Row], bool]:
    """A filter map such as ``{">ID": 5, "PHONE": "+7…"}`` as one predicate."""
    checks: list[tuple[str, Callable[[Any, Any], bool], Any]] = []
    for key, want in filters.items():
        prefix, check = operator(key)
        checks.append((str(key)[len(prefix) :], check, want))
    return lambda row: all(check(row.get(name), want) for name, check, want in checks)


class Table:
    """Rows by ascending id. Whoever changes a row does it here, so that what is asked by equality finds it."""

    def __init__(self, first: int, now_text: Callable[[], str]) -> None:
        self._now_text = now_text
        self._ids: list[int] = []
        self._last = first
        self._parts = 0
        self.rows: dict[int, Row] = {}
        self._indexes = Indexes(self.rows, _values)

    def add(self, fields: Mapping[str, Any]) -> int:
        """A new row with the moment of it; its id."""
        now = sys.intern(self._now_text())
        row: Row = {"DATE_CREATE": now, "DATE_MODIFY": now}
        self._write(row, fields)
        return self.put(row)

    def put(self, fields: Mapping[str, Any]) -> int:
        """A new row of exactly these fields and its ID; the ID."""
        self._last += 1
        row = {"ID": str(self._last), **fields}
        self.rows[self._last] = row
        self._ids.append(self._last)
        self._indexes.put(self._last, row)
        return self._last

    def update(self, row_id: int, fields: Mapping[str, Any]) -> bool:
        """Change the named fields; false when there is no such row."""
        row = self.rows.get(row_id)
        if row is None:
            return False
        self._indexes.take(row_id, row)
        self._write(row, fields)
        row["DATE_MODIFY"] = sys.intern(self._now_text())
        self._indexes.put(row_id, row)
        return True

    def amend(self, row_id: int, fields: Row) -> None:
        """Change the named fields of a row as they are given; it was not changed by anybody."""
        row = self.rows[row_id]
        self._indexes.take(row_id, row)
        row |= fields
        self._indexes.put(row_id, row)

    def restore(self, row_id: int, fields: Row) -> None:
        """Make a row what it was."""
        row = self.rows[row_id]
        self._indexes.take(row_id, row)
        row.clear()
        row |= fields
        self._indexes.put(row_id, row)

    def drop(self, column: str) -> None:
        """Take a column away from every row."""
        for row in self.rows.values():
            row.pop(column, None)
        self._indexes.forget(column)

    def delete(self, row_id: int) -> bool:
        """Remove a row; false when there is none."""
        row = self.rows.get(row_id)
        if row is None:
            return False
        self._indexes.take(row_id, row)
        del self.rows[row_id]
        self._ids.pop(bisect.bisect_left(self._ids, row_id))
        return True

    def _write(self, row: Row, fields: Mapping[str, Any]) -> None:
        for key, value in fields.items():
            if key in MULTIFIELDS and isinstance(value, list):
                row[key] = self._merged(key, row.get(key, []), value)
            elif key != "ID":
                row[sys.intern(key)] = value if isinstance(value, list | dict) else _kept(value)

    def _merged(self, kind: str, have: list[Row], sent: Iterable[Any]) -> list[Row]:
        """Multifield rows: without ID one is added, with ID changed, a bare ID or DELETE=Y removes it (§6.5)."""
        kept = {str(item["ID"]): dict(item) for item in have}
        for item in (part for part in sent if isinstance(part, Mapping)):
            number = str(item.get("ID", ""))
            if not number:
                self._parts += 1
                kept[str(self._parts)] = {
                    "ID": str(self._parts),
                    "VALUE": str(item.get("VALUE", "")),
                    "VALUE_TYPE": str(item.get("VALUE_TYPE") or "WORK"),
                    "TYPE_ID": kind,
                }
            elif not item.get("VALUE") or item.get("DELETE") == "Y":
                kept.pop(number, None)
            elif number in kept:
                kept[number] |= {key: str(value) for key, value in item.items()}
        return [item for item in kept.values() if item["VALUE"]]

    def _numbers(self, filters: Mapping[str, Any]) -> list[int]:
        """The ids of the rows that may fit, ascending: those of the rarest of the values asked by equality, if any."""
        after = _number(filters.get(">ID"))
        asked = ((str(key), operator(key)[0], want) for key, want in filters.items())
        equal = ((key[len(prefix) :], _wanted(want)) for key, prefix, want in asked if prefix in EQUALITIES)
        found = min((self._having(column, wanted) for column, wanted in equal), key=len, default=self._ids)
        return found[bisect.bisect_right(found, int(after)) :] if after is not None else found

    def _having(self, column: str, wanted: list[str]) -> list[int]:
        if column != "ID":
            return self._indexes.having(column, wanted)
        return sorted({int(text) for text in wanted if text.isdecimal() and int(text) in self.rows})

    def page(
        self,
        filters: Mapping[str, Any],
        order: Mapping[str, Any],
        select: Iterable[str],
        start: int,
        also: Callable[[Row], bool] = bool,
    ) -> Page:
        """50 rows from offset ``start``; -1 neither counts nor pages (§3.5, §3.6). ``also`` is one more condition."""
        ways = [(str(key).upper(), str(way).upper()) for key, way in order.items()]
        plain = ways in ([], [("ID", "ASC")], [("ID", "DESC")])
        found = self._found(filters, also, backwards=plain and ways[:1] == [("ID", "DESC")])
        if start < 0 and plain:
            return Page(rows=_chosen(list(islice(found, PAGE)), select), total=0)
        everything = list(found)
        for key, way in [] if plain else reversed(ways):
            everything.sort(key=_sort_key(key), reverse=way == "DESC")
        if start < 0:
            return Page(rows=_chosen(everything[:PAGE], select), total=0)
        begin = start // PAGE * PAGE
        following = begin + PAGE if begin + PAGE < len(everything) else None
        return Page(rows=_chosen(everything[begin : begin + PAGE], select), total=len(everything), next=following)

    def _found(self, filters: Mapping[str, Any], also: Callable[[Row], bool], backwards: bool) -> Iterator[Row]:
        fits, numbers = matcher(filters), self._numbers(filters)
        rows = (self.rows[number] for number in (reversed(numbers) if backwards else numbers))
        return (row for row in rows if fits(row) and also(row))


def _sort_key(name: str) -> Callable[[Row], tuple[float, str]]:
    def key(row: Row) -> tuple[float, str]:
        number = _number(row.get(name))
        return (number if number is not None else float("inf"), str(row.get(name) or ""))

    return key


def _chosen(rows: list[Row], select: Iterable[str]) -> list[Row]:
    wanted = {str(name) for name in select}
    if not wanted:
        return [{key: value for key, value in row.items() if key not in MULTIFIELDS} for row in rows]
    if "*" in wanted:
        return [{k: v for k, v in row.items() if k not in MULTIFIELDS or k in wanted} for row in rows]
    return [{key: value for key, value in row.items() if key in wanted or key == "ID"} for row in rows]


class Tables:
    """One table per CRM entity."""

    def __init__(self, now_text: Callable[[], str]) -> None:
        self._now_text = now_text
        self._tables = {name: Table(FIRST_ROW.get(name, 0), now_text) for name in ENTITIES}

    def open(self, entity: str) -> None:
        """One more table, for the rows of a smart process."""
        self._tables.setdefault(entity, Table(0, self._now_text))

    def close(self, entity: str) -> None:
        """The rows of a smart process that is no more."""
        self._tables.pop(entity, None)

    def __getitem__(self, entity: str) -> Table:
        return self._tables[entity]

    def counts(self) -> dict[str, int]:
        """Rows per entity."""
        return {name: len(table.rows) for name, table in self._tables.items()}
