"""Filters for lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.documented import Filter
from mappings.plain import TEXT_LIMIT, ExpressionError, kind, sized, text, too_large


def join(value: Any, by: str = ", ") -> str:
    """The elements as one text; what is empty is left out."""
    parts = [words for part in elements(value) if (words := text(part))]
    if sum(map(len, parts)) + len(parts) * len(text(by)) > TEXT_LIMIT:
        too_large()
    return text(by).join(parts)


def first(value: Any) -> Any:
    """The first element, or letter."""
    return next(iter(elements(value)), None)


def last(value: Any) -> Any:
    """The last element, or letter."""
    found = elements(value)
    return found[-1] if found else None


def length(value: Any) -> int:
    """How many elements, letters or fields."""
    return len(value) if isinstance(value, Mapping) else len(elements(value))


def unique(value: Any) -> list[Any]:
    """Each element once, in the order of first appearance."""
    found: dict[str, Any] = {}
    for part in sized(list(elements(value))):
        found.setdefault(repr(part), part)
    return list(found.values())


def elements(value: Any) -> Any:
    """``value`` when it has elements in order; nothing has none."""
    if value is None:
        return []
    if isinstance(value, str | list | tuple):
        return value
    raise ExpressionError(
        (f"A list is needed, but this is {kind(value)[0]}", f"Нужен список, а это {kind(value)[1]}"),
        (
            "Give a list: [a, b], or make one of a text with `| split`",
            "Дайте список: [a, b] — или получите его из текста: `| split`",
        ),
    )


LISTS: Mapping[str, Filter] = {
    "join": Filter(
        call=join,
        signature="join(by=', ')",
        about=(
            "The elements of a list as one text, without empty ones",
            "Элементы списка одним текстом, пустые пропускаются",
        ),
        example="{{ ['Anna', '', 'Schulz'] | join(' ') }}",
        gives="Anna Schulz",
    ),
    "first": Filter(
        call=first,
        signature="first",
        about=("The first element of a list, the first letter of a text", "Первый элемент списка или первая буква"),
        example="{{ ['a', 'b'] | first }}",
        gives="a",
    ),
    "last": Filter(
        call=last,
        signature="last",
        about=("The last element of a list, the last letter of a text", "Последний элемент списка или последняя буква"),
        example="{{ ['a', 'b'] | last }}",
        gives="b",
    ),
    "length": Filter(
        call=length,
        signature="length",
        about=("How many elements, letters or fields", "Сколько элементов, букв или полей"),
        example="{{ 'order' | length }}",
        gives=5,
    ),
    "unique": Filter(
        call=unique,
        signature="unique",
        about=("Each element of a list once", "Каждый элемент списка один раз"),
        example="{{ ['a', 'b', 'a'] | unique }}",
        gives=["a", "b"],
    ),
}
