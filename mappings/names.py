"""Filters that take a full name apart. Russian names come in any order: Иванов Иван Иванович, Иван Иванов."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from mappings.documented import Filter
from mappings.plain import text

_PATRONYMIC = re.compile(r"(?:[оеё]вич|[оеё]вна|ична|ыч|ильич|кузьмич|лукич|оглы|кызы)$", re.IGNORECASE)
_SURNAME = re.compile(r"(?:[оеё]в|[оеё]ва|[иы]н|[иы]на|[сц]кий|[сц]кая|[сц]кой|енко|[юу]к|их|ых)$", re.IGNORECASE)
_LIKE_SURNAMES = (
    "алина альбина ангелина арина валентин валентина вениамин галина дина екатерина ирина карина каролина константин "
    "кристина лев марина мартин нина полина регина сабина яков"
)
_SON_OF = frozenset({"оглы", "оглу", "кызы"})
_GIVEN = frozenset(_LIKE_SURNAMES.split())
_NAME_LIMIT = 300


class Parts(NamedTuple):
    """A name taken apart; what is not known is empty."""

    first: str = ""
    second: str = ""
    last: str = ""


def taken_apart(value: Any) -> Parts:
    """First, second (patronymic or middle) and last name of a full name."""
    full = text(value)[:_NAME_LIMIT]
    before, comma, after = full.partition(",")
    if comma and before.strip() and after.strip():
        first, *middle = after.replace(",", " ").split()
        return Parts(first, " ".join(middle), " ".join(before.split()))
    words = full.replace(",", " ").split()
    if len(words) > 2 and words[-1].lower() in _SON_OF:
        words[-2:] = [" ".join(words[-2:])]
    if len(words) < 2:
        return Parts(first="".join(words))
    if len(words) == 2:
        return _two(*words)
    if _PATRONYMIC.search(words[-1]):
        return Parts(words[-2], words[-1], " ".join(words[:-2]))
    if _PATRONYMIC.search(words[1]):
        return Parts(words[0], words[1], " ".join(words[2:]))
    return Parts(words[0], " ".join(words[1:-1]), words[-1])


def _two(one: str, other: str) -> Parts:
    if _PATRONYMIC.search(other):
        return Parts(one, other)
    if _is_surname(one) and not _is_surname(other):
        return Parts(other, "", one)
    return Parts(one, "", other)


def _is_surname(word: str) -> bool:
    return word.lower() not in _GIVEN and bool(_SURNAME.search(word))


def first_name(value: Any) -> str:
    """The given name."""
    return taken_apart(value).first


def second_name(value: Any) -> str:
    """The patronymic, or what stands in the middle."""
    return taken_apart(value).second


def last_name(value: Any) -> str:
    """The family name."""
    return taken_apart(value).last


NAMES: Mapping[str, Filter] = {
    "first_name": Filter(
        call=first_name,
        signature="first_name",
        about=("The given name out of a full one", "Имя из полного имени"),
        example="{{ 'Иванов Иван Петрович' | first_name }}",
        gives="Иван",
    ),
    "second_name": Filter(
        call=second_name,
        signature="second_name",
        about=("The patronymic or middle name out of a full one", "Отчество или второе имя из полного имени"),
        example="{{ 'Иванов Иван Петрович' | second_name }}",
        gives="Петрович",
    ),
    "last_name": Filter(
        call=last_name,
        signature="last_name",
        about=("The family name out of a full one", "Фамилия из полного имени"),
        example="{{ 'Анна Шульц' | last_name }}",
        gives="Шульц",
    ),
}
