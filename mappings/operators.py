"""What operators mean in expressions, over plain data only; each takes time bounded by the size of its input."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from mappings.contexts import MISSING
from mappings.faults import Said, nearest
from mappings.plain import LIST_LIMIT, TEXT_LIMIT, ExpressionError, kind, number, shown, sized, text, within_limits

_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
_NUMERIC: Mapping[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "sub": ("-", operator.sub),
    "mul": ("*", operator.mul),
    "div": ("/", operator.truediv),
    "floordiv": ("//", operator.floordiv),
    "mod": ("%", operator.mod),
}


def name(scope: Mapping[str, Any], word: str) -> Any:
    """The value of a first word. Raises ``ExpressionError`` naming the nearest known one."""
    if word in scope:
        return scope[word]
    raise unknown(word, scope, ("name", "имя"))


def field(value: Any, key: Any, path: str) -> Any:
    """``value[key]`` of plain fields or a list; nothing for nothing. ``path`` is how it was written."""
    if value is None:
        return None
    if isinstance(value, Mapping) and isinstance(key, str | int | float | bool | None):
        if key in value:
            return value[key]
        raise unknown(str(key), [str(known) for known in list(value)[:1000]], ("field", "поле"), of=path)
    if isinstance(value, list | tuple | str) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if -len(value) <= key < len(value) else None
    en, ru = kind(value)
    raise ExpressionError(
        (f"`{path}` is {en} and has no `{shown(key)}`", f"`{path}` — {ru}, там нет `{shown(key)}`"),
        ("Take a field of what has fields", "Поле можно взять только у набора полей"),
    )


def part(value: Any, start: Any, stop: Any) -> Any:
    """``value[start:stop]`` of a text or a list."""
    if value is None:
        return None
    if not isinstance(value, str | list | tuple) or not all(
        edge is None or (isinstance(edge, int) and not isinstance(edge, bool)) for edge in (start, stop)
    ):
        raise ExpressionError(
            (
                f"A part can be taken of a text or a list, not of this: {kind(value)[0]}",
                f"Часть можно взять у текста или списка, а тут {kind(value)[1]}",
            ),
            ("Write whole numbers: `event.text[:100]`", "Границы — целые числа: `event.text[:100]`"),
        )
    return value[start:stop] if isinstance(value, str) else list(value[start:stop])


def reach(scope: Mapping[str, Any], word: str, *keys: Any) -> Any:
    """The value at the end of a path, ``MISSING`` when a step of it is not there."""
    if word not in scope:
        return MISSING
    value = scope[word]
    for key in keys:
        value = value.get(key, MISSING) if type(value) is dict and type(key) is str else _step(value, key)
        if value is MISSING:
            return MISSING
    return value


def _step(value: Any, key: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Mapping) and isinstance(key, str | int | float | bool):
        return value.get(key, MISSING)
    if isinstance(value, list | tuple) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return MISSING


def filled(value: Any) -> bool:
    """Whether ``default`` leaves ``value`` alone: it is there and not empty; 0 and false are values."""
    return not (value is MISSING or value is None or value == "" or value == [] or value == {})


def add(first: Any, second: Any) -> Any:
    """``+``: numbers are added, texts and lists are put together; nothing adds nothing."""
    if first is None or second is None:
        return second if first is None else first
    if isinstance(first, str) and isinstance(second, str):
        return joined(first, second)
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        if len(first) + len(second) > LIST_LIMIT:
            sized([*first[: LIST_LIMIT + 1], *second[: LIST_LIMIT + 1]])
        return [*first, *second]
    if _numeric(first) and _numeric(second):
        return within_limits(first + second)
    raise _unfit("+", first, second)


def calculated(sign: str, first: Any, second: Any) -> Any:
    """``-``, ``*``, ``/``, ``//`` and ``%``: numbers only."""
    words, call = _NUMERIC[sign]
    if not (_numeric(first) and _numeric(second)):
        raise _unfit(words, first, second)
    if second == 0 and sign in ("div", "floordiv", "mod"):
        raise ExpressionError(
            ("Division by zero", "Деление на ноль"),
            ("Check the divisor: {{ a / b if b else 0 }}", "Проверьте делитель: {{ a / b if b else 0 }}"),
        )
    return within_limits(call(within_limits(first), within_limits(second)))


def signed(sign: str, value: Any) -> Any:
    """A number with its sign."""
    if not _numeric(value):
        number(value if not isinstance(value, str) else [value])
        return None
    return within_limits(-value if sign == "neg" else value)


def joined(*parts: Any) -> str:
    """``~`` and texts with braces: everything as text, one after another."""
    texts = [text(part) for part in parts]
    if sum(map(len, texts)) > TEXT_LIMIT:
        sized("".join(texts))
    return "".join(texts)


def compared(first: Any, *rest: Any) -> bool:
    """``a < b``, ``a in b`` … and chains of them: ``rest`` is sign, value, sign, value …"""
    for sign, second in zip(rest[::2], rest[1::2], strict=True):
        if not _holds(first, sign, second):
            return False
        first = second
    return True


def _holds(first: Any, sign: str, second: Any) -> bool:
    if sign in ("eq", "ne"):
        return bool((first == second) is (sign == "eq"))
    if sign in ("in", "notin"):
        return _within(first, second) is (sign == "in")
    try:
        return bool(_ORDER[sign](first, second))
    except TypeError:
        (en, ru), (other_en, other_ru) = kind(first), kind(second)
    raise ExpressionError(
        (f"Cannot compare {en} with {other_en}", f"Нельзя сравнить: слева {ru}, справа {other_ru}"),
        (
            "Make both the same kind with `| number` or `| parse_date`, or give a value with `| default(0)`",
            "Приведите к одному виду: `| number` или `| parse_date`; на случай пустого — `| default(0)`",
        ),
    )


def _within(first: Any, second: Any) -> bool:
    if second is None or (first is None and isinstance(second, str)):
        return False
    if isinstance(second, str) and isinstance(first, str):
        return first in second
    if isinstance(second, list | tuple):
        return first in second
    if isinstance(second, frozenset | Mapping):
        return isinstance(first, str | int | float | bool | None) and first in second
    (en, ru), (other_en, other_ru) = kind(first), kind(second)
    raise ExpressionError(
        (f"`in` cannot look for {en} in {other_en}", f"`in` не ищет так: слева {ru}, справа {other_ru}"),
        ("Look for a text in a text, or for a value in a list", "Ищите текст в тексте или значение в списке"),
    )


def unknown(word: str, known: Any, what: Said, of: str = "") -> ExpressionError:
    """There is no such thing; the nearest one is offered."""
    en, ru = nearest(word, known) if known else ("There is nothing in it", "Там ничего нет")
    place, place_ru = (f" in `{of}`", f" в `{of}`") if of else ("", "")
    return ExpressionError(
        (f"Unknown {what[0]} `{shown(word)}`{place}", f"Неизвестное {what[1]} `{shown(word)}`{place_ru}"),
        (en, ru),
    )


def _numeric(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _unfit(sign: str, first: Any, second: Any) -> ExpressionError:
    (en, ru), (other_en, other_ru) = kind(first), kind(second)
    return ExpressionError(
        (f"`{sign}` does not go with {en} and {other_en}", f"`{sign}` не применяется: слева {ru}, справа {other_ru}"),
        (
            "Join texts with ~, make numbers with `| number`",
            "Тексты соединяйте знаком ~, числа получайте фильтром `| number`",
        ),
    )
