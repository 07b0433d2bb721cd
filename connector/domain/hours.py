"""Working hours as people write them: ``mon-fri 9:00-18:00, sat 10-15``, in Russian too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connector.speech import Text

DAY, WEEK = 24 * 60, 7 * 24 * 60  # minutes
LONGEST = 500
_WRONG = Text("`{part}` is neither a day nor hours", "`{part}` — не день и не часы")
_EXAMPLE = Text(
    "write days and hours, for example mon-fri 9:00-18:00, sat 10-15",
    "напишите дни и часы, например пн-пт 9:00-18:00, сб 10-15",
)
_NO_HOURS = Text("`{part}` has no hours", "у `{part}` нет часов")
_EMPTY = Text("`{part}` ends when it begins", "`{part}` кончается, когда начинается")
_ROUND = Text("write 0-24 for the whole day", "для целого дня напишите 0-24")
_LONG = Text("working hours of more than 500 signs", "рабочие часы длиннее 500 знаков")

_DAYS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("mon", "monday", "пн", "понедельник"), (0,)),
        **dict.fromkeys(("tue", "tues", "tuesday", "вт", "вторник"), (1,)),
        **dict.fromkeys(("wed", "wednesday", "ср", "среда"), (2,)),
        **dict.fromkeys(("thu", "thur", "thurs", "thursday", "чт", "четверг"), (3,)),
        **dict.fromkeys(("fri", "friday", "пт", "пятница"), (4,)),
        **dict.fromkeys(("sat", "saturday", "сб", "суббота"), (5,)),
        **dict.fromkeys(("sun", "sunday", "вс", "воскресенье"), (6,)),
        **dict.fromkeys(("weekdays", "workdays", "будни"), tuple(range(5))),
        **dict.fromkeys(("weekend", "weekends", "выходные"), (5, 6)),
        **dict.fromkeys(("daily", "everyday", "ежедневно"), tuple(range(7))),
    }
)
_ALWAYS = frozenset({"24/7", "круглосуточно", "always"})
_CLOCK = r"([01]?\d|2[0-4])(?:[:.]([0-5]\d))?"
_SPAN = re.compile(rf"{_CLOCK}-{_CLOCK}")
_DASH = re.compile(r"\s*[-–—−]\s*")
_PART = re.compile(r"[,;\s]+")


class Span(NamedTuple):
    """``day`` 0 is Monday; ``begin`` and ``end`` are minutes of that day, ``end`` beyond 1440 is after midnight."""

    day: int
    begin: int
    end: int


@lru_cache(maxsize=256)
def parse_hours(text: str) -> tuple[Span, ...]:
    """The spans of a week; none for an empty text, which means: always.

    Hours belong to the days before them, or to the days of the hours before, or to every day. Raises ``ValueError``
    with what is wrong and how to write it, as ``Text``.
    """
    if len(text) > LONGEST:
        raise ValueError(_LONG, _EXAMPLE)
    spans: list[Span] = []
    days: tuple[int, ...] = ()
    named = ""
    for part in filter(None, _PART.split(_DASH.sub("-", text.strip().lower()))):
        if part in _ALWAYS:
            spans += _on(range(7), 0, DAY)
        elif (more := _days(part)) is not None:
            days, named = (*days, *more) if named else more, part
        else:
            spans += _on(days or range(7), *_hours(part))
            named = ""
    if named:
        raise ValueError(_NO_HOURS.with_(part=_quoted(named)), _EXAMPLE)
    return tuple(sorted(set(spans)))


def is_open(spans: Iterable[Span], at: datetime, zone: ZoneInfo) -> bool:
    """Whether ``at`` (aware) lies in one of ``spans`` by the clocks of ``zone``."""
    local = at.astimezone(zone)
    now = local.weekday() * DAY + local.hour * 60 + local.minute
    starts = ((span.day * DAY + span.begin, span.end - span.begin) for span in spans)
    return any((now - start) % WEEK < length for start, length in starts)


def next_opening(spans: Iterable[Span], at: datetime, zone: ZoneInfo) -> datetime:
    """``at`` when that is within ``spans``, else the first moment after it that is; without spans ``at`` itself."""
    spans = tuple(spans)
    if not spans or is_open(spans, at, zone):
        return at
    today = at.astimezone(zone).date()
    return min(opening for opening in _openings(spans, today, zone) if opening > at)


def _openings(spans: Iterable[Span], today: date, zone: ZoneInfo) -> Iterator[datetime]:
    for span in spans:
        for week in (0, 7):
            day = today + timedelta(days=(span.day - today.weekday()) % 7 + week)
            yield datetime.combine(day, time(span.begin // 60, span.begin % 60), zone)


def _days(part: str) -> tuple[int, ...] | None:
    """The days that ``mon``, ``mon-fri`` or ``sat-mon`` names; ``None`` when it names none."""
    first, dash, last = part.partition("-")
    if first not in _DAYS or (dash and last not in _DAYS):
        return None
    if not dash:
        return _DAYS[first]
    begin, end = _DAYS[first][0], _DAYS[last][-1]
    return tuple((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _hours(part: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(part)
    if found is None:
        raise ValueError(_WRONG.with_(part=_quoted(part)), _EXAMPLE)
    begin, end = (int(found[n]) * 60 + int(found[n + 1] or 0) for n in (1, 3))
    if max(begin, end) > DAY or begin == DAY:
        raise ValueError(_WRONG.with_(part=_quoted(part)), _EXAMPLE)
    if begin == end:
        raise ValueError(_EMPTY.with_(part=_quoted(part)), _ROUND)
    return begin, end if end > begin else end + DAY


def _on(days: Iterable[int], begin: int, end: int) -> list[Span]:
    return [Span(day, begin, end) for day in days]


def _quoted(part: str) -> str:
    return part[:40]
