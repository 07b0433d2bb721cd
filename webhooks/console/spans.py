"""Lengths of time from milliseconds to months, as short as they can be read, and times to the millisecond."""

from __future__ import annotations

from datetime import datetime

from webhooks.console.reading import Reader

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_SHORT = {
    "ms": ("ms", "мс"),
    "s": ("s", "с"),
    "min": ("min", "мин"),
    "h": ("h", "ч"),
    "d": ("d", "дн."),
}


def span(read: Reader, seconds: float) -> str:
    """``12 ms``, ``1.4 s``, ``3 min 20 s``, ``2 h 5 min``, ``4 d 1 h``; nothing is shorter than 0."""
    seconds = max(0.0, seconds)
    if seconds < 0.9995:
        return _part(read, round(seconds * 1000), "ms")
    if seconds < 59.95:
        return _part(read, round(seconds, 1), "s")
    for larger, size, smaller, part in (
        ("d", _DAY, "h", _HOUR),
        ("h", _HOUR, "min", _MINUTE),
        ("min", _MINUTE, "s", 1),
    ):
        whole, rest = divmod(round(seconds / part) * part, size)
        if whole:
            tail = f" {_part(read, int(rest // part), smaller)}" if rest >= part else ""
            return _part(read, int(whole), larger) + tail
    return _part(read, 1, "min")


def clock(read: Reader, at: datetime) -> str:
    """``15:04:05.678`` in the reader's zone."""
    return at.astimezone(read.zone).isoformat(timespec="milliseconds")[11:23]


def _part(read: Reader, value: float, unit: str) -> str:
    return f"{read.number(value)}\N{NO-BREAK SPACE}{read.say(*_SHORT[unit])}"
