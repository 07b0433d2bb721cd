"""Filters for numbers and sums of money."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from babel.core import get_global
from babel.numbers import format_currency

from mappings.contexts import Context
from mappings.documented import Filter
from mappings.faults import nearest
from mappings.lists import elements
from mappings.plain import NUMBER_LIMIT, ExpressionError, number, shown, text, whole, within_limits

_WRITTEN = re.compile(r"[-+]?\d[\d.,]*")
_AROUND = re.compile(r"[\s'’_]+|руб\.?|р\.|[a-z]{3}$|^[a-z]{3}(?=[\d\s+-])|[₽$€£¥%]", re.IGNORECASE)
_LONGEST = 60


def read_number(context: Context, language: str | None = None) -> Callable[[Any], int | float | None]:
    """Numbers as people write them; nothing for what is no number."""
    decimal = "." if _language(language or context.language) == "en" else ","

    def read(value: Any) -> int | float | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return within_limits(value)
        return _read(text(value), decimal)

    return read


def _read(written: str, decimal: str) -> int | float | None:
    words = _AROUND.sub("", written.replace("−", "-").strip()) if len(written) <= _LONGEST else ""
    if not _WRITTEN.fullmatch(words):
        return None
    marks = [letter for letter in words if letter in ".,"]
    point = marks[-1] if marks else ""
    if len(marks) > 1 and marks.count(point) == len(marks):
        point = ""
    if len(marks) == 1 and point == "," and decimal == "." and re.search(r",\d{3}$", words):
        point = ""
    head, _, tail = words.rpartition(point) if point else (words, "", "")
    digits = head.replace(".", "").replace(",", "")
    value = float(f"{digits}.{tail}") if tail else int(digits)
    return value if abs(value) <= NUMBER_LIMIT else None


def money(context: Context, currency: str = "RUB", language: str | None = None) -> Callable[[Any], str]:
    """Sums with the sign of their currency."""
    code, locale = text(currency).upper(), _language(language or context.language)
    known = get_global("all_currencies")
    if code not in known:
        raise ExpressionError(
            (f"Unknown currency `{shown(currency)}`", f"Неизвестная валюта `{shown(currency)}`"),
            nearest(code, known),
        )

    def written(value: Any) -> str:
        amount = number(value)
        return "" if amount is None else format_currency(Decimal(str(amount)), code, locale=locale)

    return written


def rounded(value: Any, digits: int = 0) -> int | float | None:
    """To so many digits after the point, halves away from zero."""
    amount, places = number(value), max(0, min(9, whole(digits)))
    if amount is None:
        return None
    exact = Decimal(str(amount)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return float(exact) if places else int(exact)


def least(value: Any, other: Any = None) -> Any:
    """The smallest of a list, or of two numbers."""
    return min(_numbers(value, other), default=None)


def greatest(value: Any, other: Any = None) -> Any:
    """The greatest of a list, or of two numbers."""
    return max(_numbers(value, other), default=None)


def _numbers(value: Any, other: Any) -> list[int | float]:
    values = list(elements(value)) if isinstance(value, list | tuple) else [value]
    return [found for each in [*values, other] if (found := number(each)) is not None]


def _language(language: Any) -> str:
    if language in ("ru", "en"):
        return str(language)
    raise ExpressionError(
        (f"Unknown language `{shown(language)}`", f"Неизвестный язык `{shown(language)}`"),
        ("Write 'ru' or 'en'", "Напишите 'ru' или 'en'"),
    )


MONEY: Mapping[str, Filter] = {
    "number": Filter(
        call=read_number,
        signature="number(language)",
        about=(
            "A number out of a text such as 1 234,56; nothing when it is none",
            "Число из текста вроде 1 234,56; пусто, если это не число",
        ),
        example="{{ '1 234,56 руб.' | number }}",
        gives=1234.56,
        prepared=True,
    ),
    "money": Filter(
        call=money,
        signature="money(currency='RUB', language)",
        about=("A sum with the sign of its currency", "Сумма со знаком валюты"),
        example="{{ 1234.5 | money('USD', 'en') }}",
        gives="$1,234.50",
        prepared=True,
    ),
    "round": Filter(
        call=rounded,
        signature="round(digits=0)",
        about=("Rounded; halves go away from zero", "Округление; половина — от нуля"),
        example="{{ 2.5 | round }}",
        gives=3,
    ),
    "min": Filter(
        call=least,
        signature="min(other)",
        about=("The smallest number of a list, or of two", "Наименьшее число в списке или из двух"),
        example="{{ [7, 3, 5] | min }}",
        gives=3,
    ),
    "max": Filter(
        call=greatest,
        signature="max(other)",
        about=("The greatest number of a list, or of two", "Наибольшее число в списке или из двух"),
        example="{{ -2 | max(0) }}",
        gives=0,
    ),
}
