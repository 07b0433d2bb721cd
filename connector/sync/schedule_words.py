"""A schedule in words: ``every 15 min``, ``at 06:30 from Monday to Friday, Europe/Moscow``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from connector.domain.sources import SourceSettings
from connector.speech import Text

_BY_HAND = Text("only by hand", "только вручную")
_WHEN_THEY_COME = Text("when rows come", "когда приходят строки")
_ALSO = Text("{first}, and {then}", "{first}, а также {then}")
_EVERY = Text("every {length}", "каждые {length}")
_AT = Text("at {times}{days}, {zone}", "в {times}{days}, {zone}")
_OTHERWISE = Text("by cron {cron}, {zone}", "по cron {cron}, {zone}")
_MINUTES = Text("every {minutes} min, {zone}", "каждые {minutes} мин, {zone}")
_FULL = Text("; everything anew every {length}", "; всё заново — каждые {length}")
_ON = Text(" on {days}", ", {days}")
_FROM = Text(" from {first} to {last}", ", {first} — {last}")
_DAILY = Text(" daily", " ежедневно")
_NAMED: Mapping[str, str] = MappingProxyType(
    {"@hourly": "0 * * * *", "@midnight": "0 0 * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0"}
)
_DAYS = (
    Text("Sunday", "воскресенье"),
    Text("Monday", "понедельник"),
    Text("Tuesday", "вторник"),
    Text("Wednesday", "среда"),
    Text("Thursday", "четверг"),
    Text("Friday", "пятница"),
    Text("Saturday", "суббота"),
)
_SHORT = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_UNITS = (
    (86400, Text("{count} d", "{count} дн.")),
    (3600, Text("{count} h", "{count} ч")),
    (60, Text("{count} min", "{count} мин")),
    (1, Text("{count} s", "{count} с")),
)


def schedule_in_words(settings: SourceSettings, *, pushed: bool) -> Text:
    """When it runs, and how often everything is read anew. One that is ``pushed`` to runs as soon as rows come."""
    words = _regularly(settings, pushed=pushed)
    if settings.full_every is None:
        return words
    more = _FULL.with_(length=length(settings.full_every))
    return Text(words.en + more.en, words.ru + more.ru)


def _regularly(settings: SourceSettings, *, pushed: bool) -> Text:
    words: Text | None = None
    if settings.every is not None:
        words = _EVERY.with_(length=length(settings.every))
    elif settings.cron:
        words = _of_cron(settings.cron, settings.timezone or "UTC")
    if not pushed:
        return words or _BY_HAND
    return _ALSO.with_(first=_WHEN_THEY_COME, then=words) if words else _WHEN_THEY_COME


def length(time: timedelta) -> Text:
    """``1 h 30 min``; at most two units."""
    rest, parts = round(time.total_seconds()), list[Text]()
    for seconds, unit in _UNITS:
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(unit.with_(count=count))
    few = parts[:2] or [_UNITS[-1][1].with_(count=0)]
    return Text(" ".join(part.en for part in few), " ".join(part.ru for part in few))


def _of_cron(cron: str, zone: str) -> Text:
    minute, hour, day, month, weekday = _NAMED.get(cron, cron).split() if not _rare(cron) else ("?", "", "", "", "")
    if (day, month) != ("*", "*"):
        return _OTHERWISE.with_(cron=f"`{cron}`", zone=zone)
    if (hour, weekday) == ("*", "*") and (step := re.fullmatch(r"\*/(\d+)", minute)):
        return _MINUTES.with_(minutes=step[1], zone=zone)
    days = _days(weekday)
    if days is None or not minute.isdigit() or not re.fullmatch(r"\d+(,\d+)*", hour):
        return _OTHERWISE.with_(cron=f"`{cron}`", zone=zone)
    times = ", ".join(f"{int(each):02}:{int(minute):02}" for each in hour.split(","))
    return _AT.with_(times=times, days=days, zone=zone)


def _rare(cron: str) -> bool:
    return cron.startswith("@") and cron not in _NAMED


def _days(field: str) -> Text | None:
    """``None`` for what is told by cron's own signs."""
    if field == "*":
        return _DAILY
    if span := re.fullmatch(r"(\w+)-(\w+)", field):
        first, last = _day(span[1]), _day(span[2])
        return _FROM.with_(first=first, last=last) if first and last else None
    named = [_day(each) for each in field.split(",")]
    if not all(named):
        return None
    found = [each for each in named if each]
    return _ON.with_(days=Text(", ".join(each.en for each in found), ", ".join(each.ru for each in found)))


def _day(text: str) -> Text | None:
    if text.isdigit() and int(text) <= 7:
        return _DAYS[int(text) % 7]
    return _DAYS[_SHORT.index(text)] if text in _SHORT else None
