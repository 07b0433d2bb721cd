"""Moments as other systems write them, read into aware times."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

_MILLISECONDS = 10**11  # as seconds this is the year 5138


def moment(value: Any, zone: tzinfo) -> datetime | None:
    """ISO text, or Unix seconds or milliseconds (a number, or digits as text); a time without an offset is in ``zone``.

    ``None``: it is no moment.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    try:
        if text.lstrip("-").replace(".", "", 1).isdecimal() and len(text) > 8:
            number = float(text)
            return datetime.fromtimestamp(number / 1000 if abs(number) >= _MILLISECONDS else number, UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)
