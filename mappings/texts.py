"""Filters for texts and lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.documented import Filter
from mappings.plain import text


def lower(value: Any) -> str:
    """Small letters."""
    return text(value).lower()


def default(value: Any, other: Any = "") -> Any:
    """``value``, or ``other`` (the compiler does it, so that a missing name is seen)."""
    return value or other


TEXTS: Mapping[str, Filter] = {
    "lower": Filter(
        call=lower,
        signature="lower",
        about=("Small letters", "Строчные буквы"),
        example="{{ 'ABC' | lower }}",
        gives="abc",
    ),
    "default": Filter(
        call=default,
        signature="default(other)",
        about=("Small letters", "Строчные буквы"),
        example="{{ '' | default('x') }}",
        gives="x",
    ),
}
