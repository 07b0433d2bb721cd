"""Who works in the pretend Bitrix24, named in the language of the demo."""

from __future__ import annotations

from connector.sandbox.config import LINES, OPERATORS, LineSettings, Operator

_OPERATORS = (
    Operator(id=1, name="Anna", last_name="Smirnova", admin=True),
    Operator(id=2, name="Boris", last_name="Kuznetsov"),
)
_LINES = (
    LineSettings(id=1, name="Sales"),
    LineSettings(id=2, name="Support"),
    LineSettings(id=3, name="Returns"),
)


def operators(language: str) -> tuple[Operator, ...]:
    """The employees who answer."""
    return OPERATORS if language == "ru" else _OPERATORS


def lines(language: str) -> tuple[LineSettings, ...]:
    """The open lines."""
    return LINES if language == "ru" else _LINES
