"""Values that rules gave, in the one form that the rest of the house expects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from mappings.faults import Said, nearest
from mappings.people import e164
from mappings.plain import text as as_text
from mappings.rules import Config

PRIORITIES = ("low", "normal", "high", "urgent")
TAG_LIMIT = 50
_APART = re.compile(r"[\s,]+")
_EMAIL = re.compile(r"[^@\s|]+@[^@\s|]+\.[^@\s|]{2,}")


class UnfitError(Exception):
    """A value of the wrong kind: what it is, and what it should be."""

    def __init__(self, said: Said, mend: Said) -> None:
        self.said, self.mend = said, mend
        super().__init__(said[0])


def number(value: Any) -> int | None:
    """An open line, a user or a group: a whole number from 1 on; nothing is ``None``. Raises ``UnfitError``."""
    if value is None or value == "":
        return None
    found = _whole(value)
    if found is None or found < 1:
        raise _unfit(value, ("Give a whole number from 1 on", "Укажите целое число от 1"))
    return found


def points(value: Any) -> int:
    """A part of the score: a whole number; nothing is 0. Raises ``UnfitError``."""
    found = 0 if value is None or value == "" else _whole(value)
    if found is None:
        raise _unfit(value, ("Give a whole number", "Укажите целое число"))
    return found


def word(value: Any, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """A category or a priority that is ``known``; nothing is ``""``. Raises ``UnfitError``."""
    if value is None or value == "":
        return ""
    if isinstance(value, str) and value in known:
        return value
    raise _unfit(value, nearest(str(value), known))


def tags(value: Any) -> Iterator[str]:
    """Short stable keys: small letters, ``-`` for spaces and commas. A list gives several, nothing gives none.

    Raises ``UnfitError`` for what is no text or longer than ``TAG_LIMIT``.
    """
    for one in value if isinstance(value, list | tuple) else (value,):
        if one is None:
            continue
        if isinstance(one, bool) or not isinstance(one, str | int):
            raise _unfit(one, ("A tag is a text", "Тег — это текст"))
        tag = _APART.sub("-", str(one).lower()).strip("-")
        if len(tag) > TAG_LIMIT:
            most = (f"A tag has at most {TAG_LIMIT} characters", f"В теге не больше {TAG_LIMIT} символов")
            raise _unfit(tag, most)
        if tag:
            yield tag


def text(value: Any) -> str | None:
    """What people read, and ids; nothing and blanks are ``None``. Raises ``ExpressionError`` for lists and fields."""
    return as_text(value).strip() or None


def moment(value: Any, zone: str) -> datetime | None:
    """A deadline, aware: a time, or ISO text; without a zone it is meant in ``zone``; a day means its end of work,
    18:00. Raises ``UnfitError``.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
        except ValueError:
            value = value[:60]
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(18))
    if not isinstance(value, datetime):
        raise _unfit(value, ("Give a time, as in 2026-03-10 18:00", "Укажите время, например 2026-03-10 18:00"))
    return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))


def phones(values: Any, config: Config) -> Iterator[str]:
    """Numbers in E.164 without our own; what is no number is left out. ``values`` as a CRM field has them."""
    for value in spoken(values):
        found = _e164(value, config.country)
        if found and found not in config.own_phones:
            yield found


def emails(values: Any, config: Config) -> Iterator[str]:
    """Addresses in small letters without our own and those of our domains; what is no address is left out."""
    for value in spoken(values):
        found = value.strip().lower()
        own = found in config.own_emails or found[found.rfind("@") :] in config.own_emails
        if _EMAIL.fullmatch(found) and len(found) <= 254 and not own:
            yield found


def spoken(values: Any) -> Iterator[str]:
    """The texts in a value, a list of values, or the portal's ``[{VALUE: …}]``."""
    if isinstance(values, list | tuple):
        for value in values:
            yield from spoken(value)
    elif isinstance(values, Mapping):
        yield from spoken(values.get("VALUE", values.get("value")))
    elif isinstance(values, str | int) and not isinstance(values, bool) and values != "":
        yield str(values)


def every(reading: Callable[[Any], int | None], values: Any) -> list[int]:
    """Each of ``values`` (one or a list) as ``reading`` has it, without nothing and repeats."""
    found = (reading(value) for value in (values if isinstance(values, list | tuple) else (values,)))
    return list(dict.fromkeys(value for value in found if value is not None))


@lru_cache(maxsize=4096)
def _e164(value: str, country: str) -> str:
    return e164(value, country)


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        bare = value.strip()
        return int(bare) if re.fullmatch(r"-?[0-9]{1,15}", bare) else None
    return value if isinstance(value, int) else None


def _unfit(value: Any, mend: Said) -> UnfitError:
    shown = repr(value) if isinstance(value, str) else str(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "…"
    return UnfitError((f"{shown} does not fit here", f"{shown} сюда не подходит"), mend)
