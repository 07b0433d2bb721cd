"""Cursors: values that grow. Of those that are times it is known how they stand to a clock; they may be texts as well.

``zone`` is always that of times without an offset.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:([T ])\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?")


def moment_of(value: Any, zone: tzinfo) -> datetime | None:
    """The moment that a cursor is; ``None``: it is a number or a word."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    if not isinstance(value, str) or not _ISO.fullmatch(value.strip()):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def alike(value: Any, moment: datetime, zone: tzinfo) -> Any:
    """``moment`` written as ``value`` is; a text loses what is less than a second."""
    if isinstance(value, datetime):
        return moment if value.tzinfo else moment.astimezone(zone).replace(tzinfo=None)
    if isinstance(value, date):
        return moment.astimezone(zone).date()
    known, written = moment_of(value, zone), _ISO.fullmatch(str(value).strip())
    if known is None or written is None:
        return moment
    local = moment.astimezone(known.tzinfo)
    between, offset = written.group(2), written.group(3) or ""
    return f"{local:%Y-%m-%d}{between}{local:%H:%M:%S}{offset}" if between else f"{local:%Y-%m-%d}"


def bounded(value: Any, now: datetime, zone: tzinfo) -> Any:
    """``value``, but not beyond ``now``: a row that claims to be of next year must not hide those of today."""
    if isinstance(value, str) and value.strip() == "infinity":
        return now
    moment = moment_of(value, zone)
    return alike(value, now, zone) if moment is not None and moment > now else value


def lowered(value: Any, overlap: timedelta, number: int, zone: tzinfo) -> Any:
    """``value`` less the overlap, to be compared by "not less". Of a text only what every such text begins with stays:
    what follows the seconds may be written in several ways.
    """
    moment = moment_of(value, zone)
    if moment is not None:
        lower = alike(value, moment - overlap, zone)
        return lower[:19] if isinstance(lower, str) else lower
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value - number
    return value


def later(one: Any, other: Any, zone: tzinfo) -> Any:
    """The later of two; of what cannot be compared ``other``, which was read after ``one``."""
    if one is None or other is None:
        return other if one is None else one
    first, second = moment_of(one, zone), moment_of(other, zone)
    if first is not None and second is not None:
        return one if first > second else other
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return one if numbers and one > other else other
