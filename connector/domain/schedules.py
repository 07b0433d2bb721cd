"""Times at which something begins, as people write them: cron's five fields, and the zone that they are meant in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import AfterValidator

from connector.speech import Text

_FIELDS = re.compile(r"[0-9a-z*/,#-]+( [0-9a-z*/,#-]+){4}")
_WORDS = re.compile(r"sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|l")
_NAMED = ("@hourly", "@midnight", "@daily", "@weekly", "@monthly", "@yearly", "@annually")
_ONCE = datetime(2024, 1, 1, tzinfo=UTC)  # a leap year: whatever comes at all comes within 50 years of it

_CRON = Text("five fields of cron that come at some time", "пять полей cron, которые когда-нибудь наступают")
_CRON_MEND = Text(
    "minute, hour, day, month, weekday: for example 30 6 * * 1-5, or @daily",
    "минута, час, день, месяц, день недели: например 30 6 * * 1-5 или @daily",
)
_ZONE = Text("the name of a time zone", "имя часового пояса")
_ZONE_MEND = Text("for example Europe/Moscow or UTC", "например Europe/Moscow или UTC")


def after(cron: str, at: datetime, zone: tzinfo) -> datetime:
    """The first time of ``cron``, read in ``zone``, that is later than ``at``; in UTC.

    A time that a clock skips in spring comes with the skip; one that it has twice in autumn comes twice.
    """
    found: datetime = croniter(cron, at.astimezone(zone), ret_type=datetime).get_next()
    return found.astimezone(UTC)


def zone_of(name: str) -> tzinfo:
    """The zone of that name, UTC for none. Raises ``ValueError`` for a name that is no zone's."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, KeyError):  # a path, a folder of the zones' database, a name that is unknown
        raise ValueError(_ZONE, _ZONE_MEND) from None


def _cron(given: str) -> str:
    """Without names that mean a random time, and without seconds."""
    text = " ".join(given.lower().split())
    if not text:
        return ""
    if text not in _NAMED and (not _FIELDS.fullmatch(text) or re.search("[a-z]", _WORDS.sub("", text))):
        raise ValueError(_CRON, _CRON_MEND)
    try:
        after(text, _ONCE, UTC)
    except ValueError:  # every error of croniter is one
        raise ValueError(_CRON, _CRON_MEND) from None
    return text


def _zone(given: str) -> str:
    zone_of(given)
    return given


Cron = Annotated[str, AfterValidator(_cron)]
Zone = Annotated[str, AfterValidator(_zone)]
