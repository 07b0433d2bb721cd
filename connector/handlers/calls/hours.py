"""Whether somebody was to be there: the working hours of a PBX account."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from connector.domain.hours import is_open, next_opening, parse_hours


def open_at(hours: str, at: datetime, zone: str) -> bool:
    """Whether ``at`` (aware) lies within ``hours`` by the clocks of ``zone`` (IANA); without hours always."""
    spans = parse_hours(hours)
    return not spans or is_open(spans, at, ZoneInfo(zone))


def opening(hours: str, at: datetime, zone: str) -> datetime:
    """``at`` when somebody is there, else when somebody comes; by the clocks of ``zone``."""
    place = ZoneInfo(zone)
    return next_opening(parse_hours(hours), at, place).astimezone(place)
