"""Time zones that a person may choose instead of the browser's own."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel import dates

from connector.speech import Language

ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Kaliningrad",
    "Europe/Minsk",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Tbilisi",
    "Asia/Yerevan",
    "Asia/Baku",
    "Asia/Yekaterinburg",
    "Asia/Tashkent",
    "Asia/Almaty",
    "Asia/Bishkek",
    "Asia/Omsk",
    "Asia/Novosibirsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
)


def zones(language: Language, now: datetime) -> list[tuple[str, str]]:
    """``(name, "Moscow, GMT+03:00")``, as they stand at ``now``."""
    locale = "ru_RU" if language == "ru" else "en_GB"
    return [(name, _title(name, locale, now)) for name in ZONES]


def _title(name: str, locale: str, now: datetime) -> str:
    if name == "UTC":
        return name
    zone = ZoneInfo(name)
    city = dates.get_timezone_location(zone, locale=locale, return_city=True)
    return f"{city}, {dates.get_timezone_gmt(now.astimezone(zone), locale=locale)}"
