"""Lists that are short enough to be built whole: their order and their pages (facts/bitrix24-platform.md §3.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connector.sandbox.answers import Page
from connector.sandbox.crm_tables import PAGE


def rank(name: str) -> Callable[[Mapping[str, Any]], tuple[float, str]]:
    """What rows are sorted by: numbers as numbers, before the texts."""

    def place(row: Mapping[str, Any]) -> tuple[float, str]:
        value = "" if row.get(name) is None else str(row[name])
        return (float(value) if value.isdecimal() else float("inf"), value)

    return place


def paged(rows: list[Any], start: int) -> Page:
    """50 rows from ``start``; -1 takes the first 50 and counts nothing."""
    if start < 0:
        return Page(rows=rows[:PAGE], total=0)
    begin = start // PAGE * PAGE
    following = begin + PAGE if begin + PAGE < len(rows) else None
    return Page(rows=rows[begin : begin + PAGE], total=len(rows), next=following)
