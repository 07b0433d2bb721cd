"""Plain values of expressions: what each kind may be taken for, and how large it may grow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NoReturn

from mappings.faults import Said

TEXT_LIMIT = 64 * 1024
"""Characters of what an expression makes, and of a text that a pattern is tried on."""
LIST_LIMIT = 10_000
NUMBER_LIMIT = 10**15
DEPTH_LIMIT = 50
SEEN_LIMIT = 200

_KINDS: tuple[tuple[type | tuple[type, ...], Said], ...] = (
    (bool, ("true or false", "да или нет")),
    ((int, float), ("a number", "число")),
    (str, ("a text", "текст")),
    ((list, tuple), ("a list", "список")),
    (Mapping, ("a set of fields", "набор полей")),
    ((datetime, date), ("a moment", "момент времени")),
)


class ExpressionError(Exception):
    """``said`` is what is wrong, ``mend`` what to do; ``offset`` is where in the text of the expression, from 0."""

    def __init__(self, said: Said, mend: Said, offset: int = 0) -> None:
        self.said, self.mend, self.offset = said, mend, offset
        super().__init__(f"{said[0]}. {mend[0]}")


def kind(value: object) -> Said:
    """What ``value`` is, in words."""
    if value is None:
        return "nothing", "пусто"
    return next((words for types, words in _KINDS if isinstance(value, types)), ("something else", "нечто другое"))


def shown(value: object) -> str:
    """``value`` in at most 40 characters, for a sentence."""
    words = "" if value is None else value if isinstance(value, str) else str(seen(value))
    return words if len(words) <= 40 else words[:39] + "…"


def text(value: Any) -> str:
    """``value`` as text: nothing is ``''``, a moment is ISO 8601. Raises ``ExpressionError`` for lists and fields."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, int):
        return str(value) if -(10**100) < value < 10**100 else _too_great()
    if isinstance(value, datetime | date):
        return value.isoformat()
    en, ru = kind(value)
    raise ExpressionError(
        (f"A text is needed, but this is {en}", f"Нужен текст, а это {ru}"),
        (
            "Take one element or field, or make a text of it with `| join(', ')` or `| dump`",
            "Возьмите один элемент или поле либо превратите в текст: `| join(', ')` или `| dump`",
        ),
    )


def number(value: Any) -> int | float | None:
    """``value`` as a number; a text of digits counts, nothing is ``None``. Raises ``ExpressionError`` otherwise."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return within_limits(value)
    if isinstance(value, str) and len(value) <= 40:
        try:
            return within_limits(float(value) if set(value) & set(".eE") else int(value))
        except ValueError:
            return no_number(value)
    return no_number(value)


def whole(value: Any) -> int:
    """``value`` as a whole number. Raises ``ExpressionError`` when it is none."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else no_number(value)


def within_limits(value: int | float) -> int | float:
    """``value`` itself. Raises ``ExpressionError`` beyond 10^15 and for what is no number at all."""
    return value if -NUMBER_LIMIT <= value <= NUMBER_LIMIT else _too_great()


def sized(value: Any) -> Any:
    """``value`` itself. Raises ``ExpressionError`` when it is too large for a result."""
    if (len(value) if isinstance(value, str) else weight(value, TEXT_LIMIT)) > TEXT_LIMIT:
        too_large()
    return value


def too_large() -> NoReturn:
    """Raises what is said of a result beyond 64 KB."""
    raise ExpressionError(
        ("The result is larger than 64 KB", "Результат больше 64 КБ"),
        ("Shorten it, for example with `| cut(1000)`", "Сократите его, например `| cut(1000)`"),
    )


def weight(value: Any, enough: int) -> int:
    """About how many characters ``value`` has; counting ends beyond ``enough``. Raises for too long a list."""
    total, waiting = 0, [value]
    while waiting and total <= enough:
        value = waiting.pop()
        total += len(value) if isinstance(value, str) else 1
        if isinstance(value, Mapping):
            waiting.extend(value.keys())
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            if len(value) > LIST_LIMIT:
                too_long()
            waiting.extend(value)
    return total


def too_long() -> NoReturn:
    """Raises what is said of a list of more than 10,000 elements."""
    raise ExpressionError(
        ("The list has more than 10,000 elements", "В списке больше 10 000 элементов"),
        ("Take a part of it, for example `[:100]`", "Возьмите его часть, например `[:100]`"),
    )


def dumped(value: Any) -> str:
    """``value`` as JSON; moments are ISO 8601. Raises ``ExpressionError`` when it is too large."""
    return json.dumps(sized(value), ensure_ascii=False, default=text)


def seen(value: Any) -> Any:
    """``value`` for an explanation: plain JSON, at most 200 characters."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | datetime | date):
        return _shortened(text(value))
    if isinstance(value, list | tuple) and len(value) > SEEN_LIMIT:
        value = value[:SEEN_LIMIT]
    if weight(value, 20 * SEEN_LIMIT) > 20 * SEEN_LIMIT:
        return f"{kind(value)[0]} ({len(value)})"
    words = json.dumps(value, ensure_ascii=False, default=str)
    return json.loads(words) if len(words) <= SEEN_LIMIT else _shortened(words)


def no_number(value: Any) -> NoReturn:
    """Raises what is said of a value that is no number."""
    raise ExpressionError(
        (f"`{shown(value)}` is not a number", f"`{shown(value)}` — не число"),
        (
            "Make it a number with `| number`, or give a value for this case with `| default(0)`",
            "Превратите в число фильтром `| number` или задайте значение на этот случай: `| default(0)`",
        ),
    )


def _shortened(words: str) -> str:
    return words if len(words) <= SEEN_LIMIT else words[: SEEN_LIMIT - 1] + "…"


def _too_great() -> NoReturn:
    raise ExpressionError(
        ("The number is beyond 10^15", "Число больше 10^15"),
        ("Keep long identifiers as texts, in quotes", "Длинные идентификаторы храните как текст, в кавычках"),
    )
