"""Which rows of a table have a value: so that a filter by equality need not read them all."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
Keys = Callable[[Any], Iterable[str]]


class Indexes:
    """One index per column that was ever asked by equality: built when it is first asked, kept from then on.

    ``keys`` tells the texts that a kept value is equal to. Ids of a value ascend.
    """

    def __init__(self, rows: Mapping[int, Row], keys: Keys) -> None:
        self._rows, self._keys = rows, keys
        self._columns: dict[str, dict[str, list[int]]] = {}

    def having(self, column: str, values: Iterable[str]) -> list[int]:
        """The ids of the rows whose column is equal to one of the values, ascending."""
        held = self._columns.get(column)
        if held is None:
            held = self._columns[column] = {}
            for number, row in self._rows.items():
                self._note(held, number, row.get(column))
        found = [bucket for value in set(values) if (bucket := held.get(value))]
        return found[0] if len(found) == 1 else sorted(set().union(*found))

    def _note(self, held: dict[str, list[int]], number: int, value: Any) -> None:
        for key in set(self._keys(value)):
            bucket = held.setdefault(key, [])
            if bucket and bucket[-1] > number:
                bisect.insort(bucket, number)
            else:
                bucket.append(number)

    def put(self, number: int, row: Row) -> None:
        """A row is there now, with these values."""
        for column, held in self._columns.items():
            self._note(held, number, row.get(column))

    def take(self, number: int, row: Row) -> None:
        """A row, as it still is, is about to change or to go."""
        for column, held in self._columns.items():
            for key in set(self._keys(row.get(column))):
                bucket = held[key]
                bucket.pop(bisect.bisect_left(bucket, number))
                if not bucket:
                    del held[key]

    def forget(self, column: str) -> None:
        """The values of this column changed in many rows: the index is built anew when it is next asked."""
        self._columns.pop(column, None)
