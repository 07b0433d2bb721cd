"""What a model says of a value that does not fit, in words for the writer of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mappings.choices import WHOLE
from mappings.faults import Said, nearest
from mappings.process_model import CODE, COLOUR, NAME

Words = tuple[Said, Said]
Context = Mapping[str, Any]

_YAML_1_1 = frozenset(("yes", "no", "on", "off", "y", "n"))
_QUOTED = re.compile(r"'([^']*)'")
_EXAMPLES: Mapping[str, str] = {
    "on": "on: message.received",
    "type": "type: 1036",
    "items": "items: 1036",
    "title": 'title: "{{ event.text }}"',
    "system": "system: shop",
}
_OF_PROCESS: Mapping[str, str] = {
    "title": "title: {en: …, ru: …}",
    "name": "name: TRACK_NO",
    "id": "id: NEW",
}


def refusal(kind: str, value: Any, context: Context) -> Words:
    """What is wrong with ``value`` and how to mend it; ``kind`` and ``context`` are pydantic's."""
    return _WORDS.get(kind, _other)(value, context)


def may_be_computed(kind: str, context: Context) -> bool:
    """Whether an expression may stand where this was said of a text with braces."""
    return kind == "string_pattern_mismatch" and context.get("pattern") == WHOLE


def missing(key: str, *, of_process: bool = False) -> Words:
    """A key that has to be there."""
    example = (_OF_PROCESS if of_process else {}).get(key) or _EXAMPLES.get(key, f"{key}: …")
    return (f"The key {key} is missing", f"Нет ключа {key}"), (f"Add {example}", f"Добавьте {example}")


def shown(value: Any) -> Said:
    """A value in a few words."""
    if isinstance(value, str):
        text = value if len(value) <= 40 else value[:39] + "…"
        return (f'"{text}"', f'"{text}"') if text.isprintable() else ('"…"', '"…"')
    if isinstance(value, bool):
        return str(value).lower(), str(value).lower()
    if isinstance(value, dict):
        return "a mapping", "отображение (ключ: значение)"
    if isinstance(value, list):
        return "a list", "список"
    return ("nothing", "пустое значение") if value is None else (str(value)[:40], str(value)[:40])


def _needed(en: str, ru: str, mend: Said) -> Callable[[Any, Context], Words]:
    def words(value: Any, _: Context) -> Words:
        found = shown(value)
        return (f"{en} is needed here, not {found[0]}", f"Здесь {ru}, а не {found[1]}"), mend

    return words


def _text(value: Any, context: Context) -> Words:
    plain = isinstance(value, bool | int | float)
    mend = ("Put it into quotes", "Возьмите значение в кавычки") if plain else ("Write a text", "Напишите текст")
    return _needed("Text", "нужен текст", mend)(value, context)


def _number(value: Any, context: Context) -> Words:
    if isinstance(value, str) and value.strip().isdigit():
        return _needed("A number", "нужно число", ("Take the quotes off", "Уберите кавычки"))(value, context)
    return _needed("A number", "нужно число", ("Write a whole number", "Напишите целое число"))(value, context)


def _pattern(value: Any, context: Context) -> Words:
    if mend := _LIKE.get(str(context.get("pattern"))):
        return (f"{shown(value)[0]} cannot stand here", f"{shown(value)[1]} здесь не годится"), mend
    if context.get("pattern") != WHOLE:
        return (
            (f"{shown(value)[0]} cannot be a name", f"{shown(value)[1]} не годится как имя"),
            ("Use letters, digits, spaces, dots, - and _", "Используйте буквы, цифры, пробелы, точки, - и _"),
        )
    if value.strip().isdigit():
        return _number(value, context)
    return (
        (f"{shown(value)[0]} is neither a number nor an expression", f"{shown(value)[1]} — не число и не выражение"),
        (
            'Write a number, or one expression in quotes: "{{ … }}"',
            'Напишите число или одно выражение в кавычках: "{{ … }}"',
        ),
    )


def _truth(value: Any, context: Context) -> Words:
    if isinstance(value, str) and value.lower() in _YAML_1_1:
        mend = "Write true or false", "Напишите true или false"
    else:
        mend = "Write true, false or a condition", "Напишите true, false или условие"
    return _needed("Yes or no", "нужно «да» или «нет»", mend)(value, context)


def _choice(value: Any, context: Context) -> Words:
    found = shown(value)
    expected = str(context.get("expected", ""))
    words = _QUOTED.findall(expected)
    mend = nearest(str(value), words) if words else (f"Write {expected}", f"Напишите {expected}")
    return (f"{found[0]} is not known here", f"{found[1]} здесь неизвестно"), mend


def _too_small(value: Any, context: Context) -> Words:
    least = context.get("ge", 1)
    mend = f"Write a whole number from {least} on", f"Напишите целое число от {least}"
    return (f"{shown(value)[0]} is too small", f"{shown(value)[1]} — слишком мало"), mend


def _too_long(_: Any, context: Context) -> Words:
    most = context.get("max_length", 60)
    said = f"The text is longer than {most} characters", f"Текст длиннее {most} знаков"
    return said, ("Shorten it", "Сократите его")


def _nothing(*_: Any) -> Words:
    return ("There is nothing in it", "Здесь пусто"), (
        "Write something, or delete the key",
        "Заполните значение или удалите ключ",
    )


def _other(value: Any, _: Context) -> Words:
    found = shown(value)
    return (f"{found[0]} does not fit here", f"{found[1]} сюда не подходит"), (
        "See the example of this key in docs/mappings",
        "Посмотрите пример этого ключа в docs/mappings",
    )


_MAPPING = _needed(
    "A mapping (key: value)",
    "нужно отображение (ключ: значение)",
    ("Write its keys on the lines below, indented", "Напишите его ключи строками ниже, с отступом"),
)
_LIKE: Mapping[str, Said] = {
    NAME: ("Use small letters, digits, - and _", "Используйте строчные латинские буквы, цифры, - и _"),
    CODE: ("Use capital letters, digits and _: TRACK_NO", "Используйте заглавные латинские буквы, цифры и _: TRACK_NO"),
    COLOUR: ('Write it like "#39A8EF"', 'Напишите его так: "#39A8EF"'),
}
_LIST = _needed(
    "A list",
    "нужен список",
    ("Write [a, b], or lines that begin with -", "Напишите [a, b] или строки, которые начинаются с -"),
)
_WORDS: Mapping[str, Callable[[Any, Context], Words]] = {
    "string_type": _text,
    "string_too_short": _nothing,
    "string_too_long": _too_long,
    "string_pattern_mismatch": _pattern,
    "int_type": _number,
    "int_from_float": _number,
    "greater_than_equal": _too_small,
    "bool_type": _truth,
    "literal_error": _choice,
    "too_short": _nothing,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": _MAPPING,
    "list_type": _LIST,
}
