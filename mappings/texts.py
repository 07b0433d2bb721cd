"""Filters for texts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mappings.bbcode import FILTER
from mappings.documented import Filter
from mappings.plain import TEXT_LIMIT, dumped, sized, text, too_large, whole

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def lower(value: Any) -> str:
    """Small letters."""
    return some(value).lower()[:TEXT_LIMIT]


def upper(value: Any) -> str:
    """Capital letters."""
    return some(value).upper()[:TEXT_LIMIT]


def title(value: Any) -> str:
    """Every word with a capital letter."""
    return _WORD.sub(lambda word: word[0].capitalize(), some(value))[:TEXT_LIMIT]


def trim(value: Any) -> str:
    """Without blanks around."""
    return some(value).strip()


def replace(value: Any, old: str, by: str = "") -> str:
    """Every ``old`` in ``value`` becomes ``by``."""
    words, old, by = some(value), text(old), text(by)
    if not old:
        return words
    if len(by) > len(old) and len(words) + words.count(old) * (len(by) - len(old)) > TEXT_LIMIT:
        too_large()
    return words.replace(old, by)


def split(value: Any, by: str = ",") -> list[str]:
    """The parts of ``value`` between ``by``, trimmed, without empty ones."""
    words, by = some(value), text(by)
    parts = words.split(by) if by else words.split()
    return list(sized([part.strip() for part in parts if part.strip()]))


def cut(value: Any, length: int = 100) -> str:
    """At most ``length`` characters; what was cut ends with …."""
    words, length = text(value), max(1, whole(length))
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def words(value: Any, count: int = 5) -> str:
    """The first ``count`` words."""
    wanted = max(0, min(TEXT_LIMIT, whole(count)))
    return " ".join(some(value).split(None, wanted)[:wanted])


def contains(value: Any, part: str) -> bool:
    """Whether ``part`` stands in ``value``, no matter in which letters."""
    return text(part).casefold() in some(value).casefold()


def startswith(value: Any, part: str) -> bool:
    """Whether ``value`` begins with ``part``, no matter in which letters."""
    return some(value).casefold().startswith(text(part).casefold())


def endswith(value: Any, part: str) -> bool:
    """Whether ``value`` ends with ``part``, no matter in which letters."""
    return some(value).casefold().endswith(text(part).casefold())


def in_list(value: Any, items: Sequence[Any] | str) -> bool:
    """Whether ``value`` is one of ``items`` (a list, or a text with commas), no matter in which letters."""
    parts = [text(item) for item in items] if isinstance(items, list | tuple) else text(items).split(",")
    wanted = text(value).strip().casefold()
    return bool(wanted) and any(part.strip().casefold() == wanted for part in parts)


def default(value: Any, other: Any = "") -> Any:
    """``value``, or ``other`` when there is nothing (the compiler does it, since a missing name must be seen)."""
    return other if value in (None, "", [], {}) else value


def dump(value: Any) -> str:
    """JSON."""
    return dumped(value)


def some(value: Any) -> str:
    """``value`` as text; of a longer one the first 64 KB, so that one huge letter stops no rule."""
    return text(value)[:TEXT_LIMIT]


TEXTS: Mapping[str, Filter] = {
    "default": Filter(
        call=default,
        signature="default(other)",
        about=(
            "Another value when there is nothing: an unknown name, an empty field, text or list. 0 and false stay",
            "Другое значение, когда ничего нет: неизвестное имя, пустое поле, текст или список. 0 и false остаются",
        ),
        example="{{ '' | default('no name') }}",
        gives="no name",
    ),
    "lower": Filter(
        call=lower,
        signature="lower",
        about=("Small letters", "Строчные буквы"),
        example="{{ 'ВОЗВРАТ' | lower }}",
        gives="возврат",
    ),
    "upper": Filter(
        call=upper,
        signature="upper",
        about=("Capital letters", "Прописные буквы"),
        example="{{ 'vip' | upper }}",
        gives="VIP",
    ),
    "title": Filter(
        call=title,
        signature="title",
        about=("Every word with a capital letter", "Каждое слово с прописной буквы"),
        example="{{ 'анна-мария ШУЛЬЦ' | title }}",
        gives="Анна-Мария Шульц",
    ),
    "trim": Filter(
        call=trim,
        signature="trim",
        about=("Without blanks at the beginning and the end", "Без пробелов в начале и в конце"),
        example="{{ '  A-17 ' | trim }}",
        gives="A-17",
    ),
    "replace": Filter(
        call=replace,
        signature="replace(old, by)",
        about=("Every occurrence of one text becomes another", "Каждое вхождение одного текста заменяется другим"),
        example="{{ 'A-17' | replace('-', '/') }}",
        gives="A/17",
    ),
    "split": Filter(
        call=split,
        signature="split(by=',')",
        about=(
            "A list of the parts, trimmed, without empty ones; split('') gives the words",
            "Список частей без пробелов по краям и без пустых; split('') — слова",
        ),
        example="{{ 'red, green,' | split }}",
        gives=["red", "green"],
    ),
    "cut": Filter(
        call=cut,
        signature="cut(length=100)",
        about=("At most so many characters; … marks the cut", "Не больше стольких знаков; обрезанное кончается на …"),
        example="{{ 'Where is my order?' | cut(9) }}",
        gives="Where is…",
    ),
    "words": Filter(
        call=words,
        signature="words(count=5)",
        about=("The first words", "Первые слова"),
        example="{{ 'Where is my order?' | words(2) }}",
        gives="Where is",
    ),
    "contains": Filter(
        call=contains,
        signature="contains(part)",
        about=(
            "Whether the part stands in the text; letters may be small or capital",
            "Есть ли часть в тексте; регистр не важен",
        ),
        example="{{ 'Прошу Возврат' | contains('возврат') }}",
        gives=True,
    ),
    "startswith": Filter(
        call=startswith,
        signature="startswith(part)",
        about=(
            "Whether the text begins so; letters may be small or capital",
            "Начинается ли текст так; регистр не важен",
        ),
        example="{{ 'VIP-17' | startswith('vip') }}",
        gives=True,
    ),
    "endswith": Filter(
        call=endswith,
        signature="endswith(part)",
        about=(
            "Whether the text ends so; letters may be small or capital",
            "Кончается ли текст так; регистр не важен",
        ),
        example="{{ 'anna@acme.ru' | endswith('@acme.ru') }}",
        gives=True,
    ),
    "in_list": Filter(
        call=in_list,
        signature="in_list(items)",
        about=(
            "Whether the text is one of the list or of a text with commas; letters may be small or capital",
            "Входит ли текст в список или в текст через запятую; регистр не важен",
        ),
        example="{{ 'msk' | in_list('MSK, SPB') }}",
        gives=True,
    ),
    "dump": Filter(
        call=dump,
        signature="dump",
        about=("The value as JSON", "Значение в виде JSON"),
        example="{{ {'a': [1, 2]} | dump }}",
        gives='{"a": [1, 2]}',
    ),
    FILTER: Filter(
        call=some,
        signature=FILTER,
        about=(
            "BBCode of the value counts; without it a text in BBCode shows the value as typed. Comes last",
            "BBCode в значении действует; без него текст на BBCode показывает значение как набрано. Ставится последним",
        ),
        example="{{ '[b]new[/b]' | bbcode }}",
        gives="[b]new[/b]",
    ),
}
