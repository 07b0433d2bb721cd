"""Moments in expressions: an aware datetime or ISO 8601 text; without a zone it is in that of the settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_datetime

from mappings.contexts import Context
from mappings.date_formats import readable, writable
from mappings.faults import nearest
from mappings.plain import ExpressionError, number, shown, text

_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{1,60}")
_HOURS = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–—]\s*([01]?\d|2[0-4]):([0-5]\d)")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_WEEKEND = {6: 2, 7: 1}
_USUAL = ("dd.MM.yyyy HH:mm:ss", "dd.MM.yyyy HH:mm", "dd.MM.yyyy", "dd/MM/yyyy", "yyyy-MM-dd HH:mm:ss")


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """``value`` as an aware moment; nothing is nothing. Raises ``ExpressionError`` for what is none."""
    if value is None or value == "":
        return None
    found = value if isinstance(value, datetime) else _of_text(value)
    if found is None:
        raise ExpressionError(
            (f"`{shown(value)}` is not a moment", f"`{shown(value)}` — не момент времени"),
            (
                "Write 2026-03-01T10:00:00+03:00, or read it with `| parse_date('dd.MM.yyyy')`",
                "Пишите 2026-03-01T10:00:00+03:00 или прочитайте фильтром `| parse_date('dd.MM.yyyy')`",
            ),
        )
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _of_text(value: Any) -> datetime | None:
    if isinstance(value, date):
        return datetime.combine(value, time())
    if not isinstance(value, str) or not 10 <= len(value.strip()) <= 40:
        return None
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        return None


def written(context: Context, format: str = "dd.MM.yyyy", zone: str | None = None) -> Callable[[Any], str]:
    """A moment as text."""
    pattern, place = writable(text(format)), zone_of(context, zone)

    def write(value: Any) -> str:
        found = moment(value, place)
        return format_datetime(_at(found, place), pattern, locale=context.language) if found else ""

    return write


def local(context: Context, zone: str | None = None) -> Callable[[Any], datetime | None]:
    """The moment by the clocks of a zone."""
    place = zone_of(context, zone)
    return lambda value: _at(found, place) if (found := moment(value, place)) else None


def hour(context: Context, zone: str | None = None) -> Callable[[Any], int | None]:
    """The hour by the clocks of a zone."""
    place = zone_of(context, zone)
    return lambda value: _at(found, place).hour if (found := moment(value, place)) else None


def weekday(context: Context, zone: str | None = None) -> Callable[[Any], int | None]:
    """The day of the week in a zone, 1 is Monday."""
    place = zone_of(context, zone)
    return lambda value: _at(found, place).isoweekday() if (found := moment(value, place)) else None


def plus(context: Context, days: float = 0, hours: float = 0, minutes: float = 0) -> Callable[[Any], datetime | None]:
    """The moment so much later; days keep the hour of the clock."""
    place = zone_of(context, None)
    try:
        whole_days = timedelta(days=number(days) or 0)
        rest = timedelta(hours=number(hours) or 0, minutes=number(minutes) or 0)
    except OverflowError:
        raise _far() from None

    def later(value: Any) -> datetime | None:
        found = moment(value, place)
        if found is None:
            return None
        try:
            moved = found.astimezone(place) + whole_days
            return (moved.astimezone(ZoneInfo("UTC")) + rest).astimezone(place)
        except OverflowError:
            raise _far() from None

    return later


def next_workday(context: Context, at: str = "10:00", zone: str | None = None) -> Callable[[Any], datetime | None]:
    """The next day from Monday to Friday, at that time."""
    place, hours = zone_of(context, zone), _TIME.fullmatch(text(at))
    if hours is None:
        raise ExpressionError(
            (f"`{shown(at)}` is not a time", f"`{shown(at)}` — не время"), ("Write '10:00'", "Пишите '10:00'")
        )
    clock = time(int(hours[1]), int(hours[2]))

    def following(value: Any) -> datetime | None:
        found = moment(value, place)
        if found is None:
            return None
        day = _at(found, place).date()
        if day.year > 9990:
            raise _far()
        day += timedelta(days=1)
        return datetime.combine(day + timedelta(days=_WEEKEND.get(day.isoweekday(), 0)), clock, place)

    return following


def parse_date(context: Context, format: str = "", zone: str | None = None) -> Callable[[Any], datetime | None]:
    """Text as a moment; nothing for what cannot be read."""
    place = zone_of(context, zone)
    readers = [readable(each) for each in ([text(format)] if format else _USUAL)]

    def read(value: Any) -> datetime | None:
        if isinstance(value, datetime | date) or value is None:
            return moment(value, place)
        words = text(value).strip()[:60]
        if not format and (found := _of_text(words)):
            return moment(found, place)
        found = next((found for reader in readers if (found := reader(words))), None)
        return found.replace(tzinfo=place) if found else None

    return read


def within(context: Context, hours: str, zone: str | None = None) -> Callable[[Any], bool]:
    """Whether the clocks of the zone show a time in ``20:00-08:00``, over midnight too."""
    place, edges = zone_of(context, zone), _HOURS.fullmatch(text(hours).strip())
    if edges is None:
        raise ExpressionError(
            (f"`{shown(hours)}` are not hours", f"`{shown(hours)}` — не часы"),
            ("Write from-to: '20:00-08:00'", "Пишите от-до: '20:00-08:00'"),
        )
    start, end = (int(edges[one]) * 60 + int(edges[two]) for one, two in ((1, 2), (3, 4)))

    def inside(value: Any) -> bool:
        found = moment(value, place)
        if found is None:
            return False
        found = _at(found, place)
        now = found.hour * 60 + found.minute
        return start <= now < end if start < end else now >= start or now < end

    return inside


def workday(context: Context, zone: str | None = None) -> Callable[[Any], bool]:
    """Whether it is Monday to Friday in the zone."""
    day = weekday(context, zone)
    return lambda value: (day(value) or 7) < 6


def _at(found: datetime, place: ZoneInfo) -> datetime:
    """The moment by the clocks of ``place``."""
    try:
        return found.astimezone(place)
    except OverflowError:
        raise _far() from None


def zone_of(context: Context, zone: Any) -> ZoneInfo:
    """The zone of that name, or of the settings. Raises ``ExpressionError`` naming the nearest."""
    key = text(zone or context.zone)
    with suppress(OSError, ValueError, LookupError):
        if _ZONE.fullmatch(key):
            return ZoneInfo(key)
    raise ExpressionError(
        (f"Unknown zone `{shown(key)}`", f"Неизвестный часовой пояс `{shown(key)}`"),
        nearest(key, available_timezones() if _ZONE.fullmatch(key) else ("Europe/Moscow", "Asia/Yekaterinburg", "UTC")),
    )


def _far() -> ExpressionError:
    return ExpressionError(
        ("The moment is too far away", "Момент слишком далёк"),
        ("Add days, hours or minutes: `| plus(days=2)`", "Прибавляйте дни, часы или минуты: `| plus(days=2)`"),
    )
