"""Who reads, and how they like it: language, time zone, and dates, numbers and plurals by their rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from flask import Request

from connector.speech import Language, Text

LANGUAGE, ZONE = "ops_language", "ops_zone"
OWN_ZONE = "ops_own_zone"  # chosen by the person; wins over what the browser tells

# One noun in all its forms: by the plural rule of each language (CLDR).
NOUNS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "request": {
        "en": {"one": "request", "other": "requests"},
        "ru": {"one": "запрос", "few": "запроса", "many": "запросов", "other": "запроса"},
    },
    "byte": {
        "en": {"one": "byte", "other": "bytes"},
        "ru": {"one": "байт", "few": "байта", "many": "байт", "other": "байта"},
    },
    "delivery": {
        "en": {"one": "delivery", "other": "deliveries"},
        "ru": {"one": "доставка", "few": "доставки", "many": "доставок", "other": "доставки"},
    },
    "row": {
        "en": {"one": "record", "other": "records"},
        "ru": {"one": "запись", "few": "записи", "many": "записей", "other": "записи"},
    },
    "letter": {
        "en": {"one": "letter", "other": "letters"},
        "ru": {"one": "письмо", "few": "письма", "many": "писем", "other": "письма"},
    },
    "lane_in": {
        "en": {"one": "conversation", "other": "conversations"},
        "ru": {"one": "диалоге", "few": "диалогах", "many": "диалогах", "other": "диалога"},
    },
    "problem": {
        "en": {"one": "thing needs you", "other": "things need you"},
        "ru": {"one": "дело ждёт вас", "few": "дела ждут вас", "many": "дел ждут вас", "other": "дела ждут вас"},
    },
}

_NOW = timedelta(seconds=2)
_SECOND, _MINUTE, _HOUR, _DAY = 1, 60, 3600, 86400
_SHORT = {
    0.001: Text("ms", "мс"),
    _SECOND: Text("s", "с"),
    _MINUTE: Text("min", "мин"),
    _HOUR: Text("h", "ч"),
    _DAY: Text("d", "дн."),
}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Formats for one person; ``now`` is the moment of the page."""

    language: Language
    zone: Any
    now: datetime

    def say(self, en: str | Text, ru: str = "") -> str:
        """The phrase in the reader's language; takes a ``Text`` or both languages."""
        return (en if isinstance(en, Text) else Text(en, ru)).say(self.language)

    def moment(self, at: datetime) -> str:
        """Day and time in the reader's zone."""
        return dates.format_datetime(at, "medium", tzinfo=self.zone, locale=self._locale)

    def ago(self, at: datetime) -> str:
        """``3 minutes ago``, ``just now``."""
        passed = at - self.now
        if passed > -_NOW:
            return self.say("just now", "только что")
        return dates.format_timedelta(passed, add_direction=True, locale=self._locale)

    def ahead(self, at: datetime) -> str:
        """``in 3 minutes``."""
        return dates.format_timedelta(at - self.now, add_direction=True, locale=self._locale)

    def age(self, seconds: float) -> str:
        """``3 minutes``."""
        return dates.format_timedelta(timedelta(seconds=seconds), locale=self._locale)

    def clock(self, at: datetime) -> str:
        """The time of day in the reader's zone."""
        return dates.format_time(at, "short", tzinfo=self.zone, locale=self._locale)

    def typed(self, text: str) -> datetime | None:
        """A time as browsers write it, in the reader's zone; ``None`` for what is none."""
        try:
            at = datetime.fromisoformat(text[:32])
            at = at if at.tzinfo else at.replace(tzinfo=self.zone)
            return at if at.timestamp() > 0 else None
        except (ValueError, OverflowError):
            return None

    def instant(self, at: datetime) -> str:
        """``15:04:05.678`` in the reader's zone."""
        return at.astimezone(self.zone).isoformat(timespec="milliseconds")[11:23]

    def took(self, seconds: float) -> str:
        """``12 ms``, ``1.4 s``, ``3 min 20 s``, ``2 h 5 min``, ``4 d 1 h``; nothing is shorter than 0."""
        if seconds < 0.9995:
            return self._part(max(0, round(seconds * 1000)), 0.001)
        if seconds < 59.95:
            return self._part(round(seconds, 1), _SECOND)
        for unit, part in ((_DAY, _HOUR), (_HOUR, _MINUTE), (_MINUTE, _SECOND)):
            whole, rest = divmod(round(seconds / part) * part, unit)
            if whole:
                return self._part(whole, unit) + (f" {self._part(rest // part, part)}" if rest else "")
        return self._part(1, _MINUTE)

    def number(self, value: float) -> str:
        """Digits in groups; at most one after the point."""
        return numbers.format_decimal(value, format="#,##0.#", locale=self._locale)

    def count(self, value: int, noun: str) -> str:
        """A number with its noun in the right form; ``noun`` is a key of ``NOUNS``."""
        forms = NOUNS[noun][self.language]
        return f"{self.number(value)} {forms.get(self._locale.plural_form(value), forms['other'])}"

    def _part(self, value: float, unit: float) -> str:
        return f"{self.number(value)}\N{NO-BREAK SPACE}{self.say(_SHORT[unit])}"

    @property
    def zone_name(self) -> str:
        """What the zone is called."""
        return str(self.zone)

    @property
    def _locale(self) -> Locale:
        return Locale.parse("ru_RU" if self.language == "ru" else "en_GB")


def reader(request: Request, now: datetime) -> Reader:
    """By the cookies of the browser, else by its own wishes; UTC until it has told its zone."""
    chosen = request.cookies.get(LANGUAGE, "")
    if chosen not in ("en", "ru"):
        chosen = request.accept_languages.best_match(["en", "ru"], "en") or "en"
    zone = _zone(request.cookies.get(OWN_ZONE) or request.cookies.get(ZONE, ""))
    return Reader(language="ru" if chosen == "ru" else "en", zone=zone, now=now)


def _zone(name: str) -> Any:
    """A zone by its IANA name; ``UTC`` for a name that this machine does not know or that is none."""
    try:
        return ZoneInfo(name) if 0 < len(name) < 64 else UTC
    except (ValueError, OSError):  # a path out of the database's folder, or a folder in it
        return UTC
    except KeyError:  # ZoneInfoNotFoundError
        return UTC
